# SPDX-License-Identifier: Apache-2.0
"""One moment of an RGB-D camera, as every room of the house receives it."""
from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8

from func_corr_ros.errors import BadImage, SizeMismatch
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.depth_image import sample_depth


@dataclass(frozen=True)
class RgbdFrame:
    """Colour and registered depth of the same pixels, with the camera that saw them.

    ``color`` is RGB; ``depth`` is metres along the optical axis, NaN where invalid. ``stamp_ns`` is the colour image's
    time stamp in nanoseconds, ``frame_id`` the optical frame's name. The arrays are not to be written to.
    """

    color: UInt8[np.ndarray, "h w 3"]
    depth: Float32[np.ndarray, "hd wd"]  # named apart from h w: a mismatch is refused below, by name
    camera: PinholeCamera
    stamp_ns: int = 0
    frame_id: str = ""

    def __post_init__(self) -> None:
        if self.color.size == 0:
            raise BadImage(f"the colour image is empty (shape {self.color.shape}); an H x W x 3 image is needed")
        size = (self.camera.height, self.camera.width)
        if self.color.shape[:2] != size or self.depth.shape != size:
            raise SizeMismatch(
                f"colour is {self.color.shape[1]}x{self.color.shape[0]}, depth is {self.depth.shape[1]}x{self.depth.shape[0]}, "
                f"camera is {self.camera.width}x{self.camera.height} px; all three must describe the same pixels "
                "(use the depth that is registered to the colour image)"
            )

    def without_depth(self) -> RgbdFrame:
        """Returns the same frame with every depth invalid."""
        return replace(self, depth=np.full_like(self.depth, np.nan))

    def points_at(self, uv: Float32[np.ndarray, "n 2"]) -> tuple[Float64[np.ndarray, "n 3"], Bool[np.ndarray, " n"]]:
        """Returns the surface points seen at pixels ``uv`` (metres, optical frame; NaN where not valid) and their validity."""
        depth, valid = sample_depth(self.depth, uv)
        points = self.camera.unproject(uv.astype(np.float64), depth.astype(np.float64))
        return np.where(valid[:, None], points, np.nan), valid
