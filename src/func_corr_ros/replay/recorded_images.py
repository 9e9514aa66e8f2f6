# SPDX-License-Identifier: Apache-2.0
"""Messages of an RGB-D camera, as rosbags hands them over, become one frame."""
from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8

from func_corr_ros import encodings
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.rgbd_frame import RgbdFrame


def frame_of(color: Any, depth: Any, info: Any) -> RgbdFrame:
    """Returns the frame of three messages, raw or compressed, of ROS 2 or ROS 1; raises BadImage, BadCamera or SizeMismatch."""
    return RgbdFrame(_color(color), _depth(depth), _camera(info), stamp_ns(color), color.header.frame_id)


def stamp_ns(message: Any) -> int:
    """Returns the stamp in a message's header, in nanoseconds."""
    return int(message.header.stamp.sec) * 1_000_000_000 + int(message.header.stamp.nanosec)


def _color(message: Any) -> UInt8[np.ndarray, "h w 3"]:
    if hasattr(message, "format"):
        return encodings.decode_compressed_color(message.format, message.data)
    return encodings.decode_color(*_raw(message))


def _depth(message: Any) -> Float32[np.ndarray, "h w"]:
    if hasattr(message, "format"):
        return encodings.decode_compressed_depth(message.format, message.data)
    return encodings.decode_depth(*_raw(message))


def _raw(message: Any) -> encodings.RawImage:
    return encodings.RawImage(message.height, message.width, message.encoding, message.step, message.is_bigendian, message.data)


def _camera(info: Any) -> PinholeCamera:
    """Returns the camera of the rectified image: the projection P where it is filled, else K (ROS 1 writes them large)."""
    k, p = (info.k, info.p) if hasattr(info, "k") else (info.K, info.P)
    fx, fy, cx, cy = (p[0], p[5], p[2], p[6]) if p[0] else (k[0], k[4], k[2], k[5])
    return PinholeCamera(float(fx), float(fy), float(cx), float(cy), int(info.width), int(info.height))
