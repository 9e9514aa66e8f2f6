# SPDX-License-Identifier: Apache-2.0
"""A backbone that keeps what it saw on disk: many heads are scored on the same pictures for the price of one."""
from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32, UInt8

from func_corr_ros.correspondence.backbone import Backbone
from func_corr_ros.provenance import hold_to, provenance, whole_file


class RememberedBackbone:
    """``backbone``, whose features of each picture lie below ``folder`` as float16 once they were asked for.

    ``channels`` are those that are handed out, all for None: heads on fewer blocks read the same files. ``identity`` says what
    the features depend on beside the weights; raises BadSettings where ``folder`` holds others.
    """

    def __init__(
        self, backbone: Backbone, folder: Path, identity: dict[str, object], channels: Sequence[int] | None = None
    ) -> None:
        hold_to(folder, provenance(identity, {backbone.name: backbone.weights_sha256}))
        self._backbone, self._folder = backbone, folder
        self._channels = slice(None) if channels is None else list(channels)
        self.name, self.weights_sha256, self.patch_size = backbone.name, backbone.weights_sha256, backbone.patch_size

    def patch_features(self, images: UInt8[np.ndarray, "b h w 3"]) -> Float32[torch.Tensor, "b c gh gw"]:
        """See :class:`~func_corr_ros.correspondence.backbone.Backbone`."""
        return torch.stack([torch.from_numpy(self._of(image)[self._channels]).float() for image in images])

    def _of(self, image: UInt8[np.ndarray, "h w 3"]) -> np.ndarray:
        shape = "x".join(map(str, image.shape))
        path = self._folder / f"{hashlib.sha256(np.ascontiguousarray(image).tobytes()).hexdigest()[:32]}-{shape}.npy"
        if not path.exists():
            grid = self._backbone.patch_features(image[None])[0].half().cpu().numpy()
            with whole_file(path) as file:
                np.save(file, grid)
        found: np.ndarray = np.load(path)
        return found
