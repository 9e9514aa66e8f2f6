# SPDX-License-Identifier: Apache-2.0
"""One RGB-D frame that lies in a folder: ``color.png``, ``depth.png`` and ``frame.json``, or a demonstration's folder."""
from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from func_corr_ros.errors import BadImage, BadRecording
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.segmentation import given_mask
from func_corr_ros.transfer.demonstration_store import DESCRIPTION, read_demonstration


def read_frame(folder: Path) -> RgbdFrame:
    """Returns the frame in ``folder``.

    ``frame.json`` holds ``K`` (3x3), ``width``, ``height`` and ``depth_scale_m_per_count``; a demonstration's folder
    says the same in its own way. Raises BadRecording, naming file and field, BadImage, BadCamera or SizeMismatch.
    """
    folder = Path(folder)
    if (folder / DESCRIPTION).is_file():
        return read_demonstration(folder).frame
    return read_frame_files(folder / "color.png", folder / "depth.png", folder / "frame.json")


def read_frame_files(color: Path, depth: Path, camera: Path) -> RgbdFrame:
    """Returns the frame of three files, wherever they lie: an 8-bit image, a 16-bit depth image registered to it, and a
    frame.json as above. Raises as :func:`read_frame`.
    """
    pinhole, depth_scale = _described(Path(camera))
    counts = _image(Path(depth), cv2.IMREAD_UNCHANGED)
    if counts.ndim != 2 or counts.dtype != np.uint16:
        raise BadImage(f"{depth} is {counts.dtype} of shape {counts.shape}; one channel of 16 bits is needed")
    metres = np.where(counts > 0, counts * depth_scale, np.nan).astype(np.float32)
    return RgbdFrame(read_color(color), metres, pinhole, frame_id="camera_color_optical_frame")


def read_color(path: Path) -> UInt8[np.ndarray, "h w 3"]:
    """Returns an image file as RGB; raises BadImage where there is none."""
    return np.ascontiguousarray(_image(Path(path), cv2.IMREAD_COLOR)[..., ::-1])


def read_mask(path: Path) -> Bool[np.ndarray, "h w"]:
    """Returns where a mask image is brighter than half its brightest value; raises BadImage where there is none."""
    brightness = given_mask.read_mask(path)
    return brightness > brightness.max() / 2


def _described(path: Path) -> tuple[PinholeCamera, float]:
    try:
        text = json.loads(path.read_text())
        camera = PinholeCamera.from_matrix(np.asarray(text["K"], dtype=np.float64), int(text["width"]), int(text["height"]))
        return camera, float(text["depth_scale_m_per_count"])
    except OSError as error:
        raise BadRecording(
            f"{path} cannot be read ({error.strerror}); a frame is a folder with color.png, depth.png and frame.json, "
            "or a demonstration's folder"
        ) from error
    except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise BadRecording(
            f"{path}: {type(error).__name__}: {error}; K, width, height and depth_scale_m_per_count are needed"
        ) from error


def _image(path: Path, flags: int) -> np.ndarray:
    image = cv2.imread(str(path), flags)
    if image is None:
        raise BadImage(f"{path} is missing or is no image")
    return image
