# SPDX-License-Identifier: Apache-2.0
"""Image encodings of ROS messages and bags as arrays, and back: the one place where 16-bit millimetres become metres.

Works on the plain fields of ``sensor_msgs/Image`` and ``CompressedImage``, so that live nodes and bag files read images with
the same code and without ROS. Everything that does not hold together is refused with BadImage before memory is allocated for it.
"""

from __future__ import annotations

import io
import struct
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Shaped, UInt8, UInt16

from func_corr_ros.errors import BadImage

COLOR_ENCODINGS = ("rgb8", "bgr8", "rgba8", "bgra8", "mono8")
DEPTH_ENCODINGS = ("16UC1", "32FC1")
MASK_ENCODINGS = ("mono8", "8UC1", "16UC1")
_LAYOUT = {  # encoding -> (dtype without byte order, channels)
    "rgb8": ("u1", 3),
    "bgr8": ("u1", 3),
    "rgba8": ("u1", 4),
    "bgra8": ("u1", 4),
    "mono8": ("u1", 1),
    "8UC1": ("u1", 1),
    "16UC1": ("u2", 1),
    "32FC1": ("f4", 1),
    "32FC2": ("f4", 2),
}
_MAX_PIXELS = 64_000_000  # larger than any RGB-D camera; bounds what a compressed message can make us allocate
# header of compressed_depth_image_transport: format enum (int32), then the two parameters of the inverse-depth quantisation
_DEPTH_HEADER = struct.Struct("<iff")


class RawImage(NamedTuple):
    """The fields of ``sensor_msgs/Image`` after its header, in the order that every ``decode_*`` takes them."""

    height: int
    width: int
    encoding: str
    step: int
    is_bigendian: int
    data: Any


def decode_color(height: int, width: int, encoding: str, step: int, is_bigendian: int, data: Any) -> UInt8[np.ndarray, "h w 3"]:
    """Returns RGB (a view of ``data`` where it is rgb8 already); raises BadImage that lists the encodings accepted."""
    pixels = _pixels(RawImage(height, width, encoding, step, is_bigendian, data), COLOR_ENCODINGS, "colour image")
    if encoding == "rgb8":
        return pixels
    red, green, blue = {"bgr8": (2, 1, 0), "bgra8": (2, 1, 0), "rgba8": (0, 1, 2), "mono8": (0, 0, 0)}[encoding]
    rgb = np.empty((height, width, 3), dtype=np.uint8)
    rgb[..., 0], rgb[..., 1], rgb[..., 2] = pixels[..., red], pixels[..., green], pixels[..., blue]
    return rgb


def decode_depth(height: int, width: int, encoding: str, step: int, is_bigendian: int, data: Any) -> Float32[np.ndarray, "h w"]:
    """Returns metres, NaN where the sensor saw nothing (REP-118: 0 of 16UC1 mm; 0, negative or infinite of 32FC1 m)."""
    raw = RawImage(height, width, encoding, step, is_bigendian, data)
    return _metres(_pixels(raw, DEPTH_ENCODINGS, "depth image")[..., 0])


def decode_mask(height: int, width: int, encoding: str, step: int, is_bigendian: int, data: Any) -> Bool[np.ndarray, "h w"]:
    """Returns where a mask is not 0."""
    return _pixels(RawImage(height, width, encoding, step, is_bigendian, data), MASK_ENCODINGS, "mask")[..., 0] != 0


def decode_labels(height: int, width: int, encoding: str, step: int, is_bigendian: int, data: Any) -> UInt16[np.ndarray, "h w"]:
    """Returns a label image (16UC1)."""
    labels = _pixels(RawImage(height, width, encoding, step, is_bigendian, data), ("16UC1",), "label image")[..., 0]
    return labels.astype(np.uint16, copy=False)


def decode_field(height: int, width: int, encoding: str, step: int, is_bigendian: int, data: Any) -> Float32[np.ndarray, "h w c"]:
    """Returns a field of floats such as the flow (32FC2) or the confidence (32FC1)."""
    pixels = _pixels(RawImage(height, width, encoding, step, is_bigendian, data), ("32FC1", "32FC2"), "float field")
    return pixels.astype(np.float32, copy=False)


def decode_compressed_color(format: str, data: Any) -> UInt8[np.ndarray, "h w 3"]:
    """Returns RGB of a JPEG or PNG ``CompressedImage``; a truncated file is refused, not half decoded."""
    return _open_compressed(data, f"compressed colour image (format {format!r})", ("JPEG", "PNG"), "RGB")


def decode_compressed_depth(format: str, data: Any) -> Float32[np.ndarray, "h w"]:
    """Returns metres of a ``compressedDepth`` message (PNG within; 16UC1 millimetres, or 32FC1 as quantised inverse depth)
    or of a plain 16-bit PNG in millimetres.
    """
    what = f"compressed depth image (format {format!r})"
    encoding = format.split(";")[0].strip()
    if "compressedDepth" not in format:
        return _metres(_open_compressed(data, what, ("PNG",), "I;16").astype(np.uint16, copy=False))
    if encoding not in DEPTH_ENCODINGS or "rvl" in format.lower():
        raise BadImage(f"{what} is not supported; valid: '16UC1; compressedDepth png', '32FC1; compressedDepth png'")
    view = memoryview(data).cast("B")
    if len(view) <= _DEPTH_HEADER.size:
        raise BadImage(f"{what} holds {len(view)} bytes; a header of {_DEPTH_HEADER.size} bytes and a PNG are needed")
    _, scale, offset = _DEPTH_HEADER.unpack_from(view)
    counts = _open_compressed(view[_DEPTH_HEADER.size :], what, ("PNG",), "I;16").astype(np.uint16, copy=False)
    if encoding == "16UC1":
        return _metres(counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = np.float32(scale) / (counts.astype(np.float32) - np.float32(offset))
    depth[counts == 0] = np.nan
    return _metres(depth)


def encode_color(rgb: UInt8[np.ndarray, "h w 3"]) -> RawImage:
    """Returns the fields of an rgb8 image."""
    return _raw(rgb, "rgb8")


def encode_depth(depth: Float32[np.ndarray, "h w"], encoding: str = "16UC1") -> RawImage:
    """Returns the fields of a depth image: 16UC1 rounded millimetres (0 invalid or beyond 65.535 m), or 32FC1 metres."""
    if encoding == "32FC1":
        return _raw(depth, encoding)
    if encoding != "16UC1":
        raise BadImage(f"depth cannot be encoded as {encoding!r}; valid: {', '.join(DEPTH_ENCODINGS)}")
    millimetres = np.rint(np.nan_to_num(depth, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float64) * 1000.0)
    return _raw(np.where((millimetres > 0) & (millimetres <= 65535), millimetres, 0).astype(np.uint16), encoding)


def encode_mask(mask: Bool[np.ndarray, "h w"]) -> RawImage:
    """Returns the fields of a mono8 image, 255 on the object."""
    return _raw(mask.astype(np.uint8) * np.uint8(255), "mono8")


def encode_labels(labels: UInt16[np.ndarray, "h w"]) -> RawImage:
    """Returns the fields of a 16UC1 label image."""
    return _raw(labels, "16UC1")


def encode_field(field: Float32[np.ndarray, "h w *c"]) -> RawImage:
    """Returns the fields of a 32FC1 (h, w) or 32FC2 (h, w, 2) image."""
    return _raw(field, "32FC1" if field.ndim == 2 else f"32FC{field.shape[2]}")


def encode_compressed_color(rgb: UInt8[np.ndarray, "h w 3"], format: str = "png") -> tuple[str, bytes]:
    """Returns ``(format, data)`` of a ``CompressedImage``; format is "png" (exact) or "jpeg"."""
    if format not in ("png", "jpeg"):
        raise BadImage(f"colour cannot be compressed as {format!r}; valid: png, jpeg")
    return format, _compress(rgb, format)


def encode_compressed_depth(depth: Float32[np.ndarray, "h w"]) -> tuple[str, bytes]:
    """Returns ``(format, data)`` of a ``compressedDepth`` message of 16UC1 millimetres."""
    raw = encode_depth(depth)
    millimetres = np.frombuffer(raw.data, dtype=np.uint16).reshape(raw.height, raw.width)
    return "16UC1; compressedDepth png", _DEPTH_HEADER.pack(0, 0.0, 0.0) + _compress(millimetres, "png")


def _pixels(raw: RawImage, accepted: tuple[str, ...], what: str) -> Shaped[np.ndarray, "h w c"]:
    if raw.encoding not in accepted:
        raise BadImage(f"the {what} has encoding {raw.encoding!r}; valid: {', '.join(accepted)}")
    kind, channels = _LAYOUT[raw.encoding]
    dtype = np.dtype((">" if raw.is_bigendian else "<") + kind)
    row = raw.width * channels * dtype.itemsize
    if raw.height < 1 or raw.width < 1:
        raise BadImage(f"the {what} is empty ({raw.width}x{raw.height} px)")
    size = memoryview(raw.data).nbytes
    if raw.step < row or size < raw.step * raw.height:
        raise BadImage(
            f"the {what} is broken: {raw.width}x{raw.height} px of {raw.encoding} need a step of at least {row} bytes "
            f"and {max(row, raw.step) * raw.height} bytes of data; step is {raw.step}, data has {size} bytes"
        )
    rows = np.frombuffer(raw.data, dtype=np.uint8, count=raw.step * raw.height).reshape(raw.height, raw.step)[:, :row]
    if raw.step != row and dtype.itemsize > 1:
        rows = np.ascontiguousarray(rows)  # a padded row cannot be reinterpreted as wider numbers in place
    pixels = rows.view(dtype).reshape(raw.height, raw.width, channels)
    return pixels if dtype.isnative else pixels.astype(dtype.newbyteorder("="))


def _metres(counts_or_metres: np.ndarray) -> Float32[np.ndarray, "h w"]:
    depth = counts_or_metres.astype(np.float32)
    if counts_or_metres.dtype == np.uint16:
        depth /= np.float32(1000.0)  # a product with 0.001 would be off by a rounding
    depth[~((depth > 0) & (depth < np.inf))] = np.nan
    return depth


def _raw(pixels: np.ndarray, encoding: str) -> RawImage:
    pixels = np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("<"))
    height, width = pixels.shape[:2]
    return RawImage(height, width, encoding, pixels.nbytes // max(height, 1), 0, pixels.tobytes())


def _open_compressed(data: Any, what: str, formats: tuple[str, ...], mode: str) -> np.ndarray:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data), formats=formats) as image:  # reads the header only
            if image.width * image.height > _MAX_PIXELS:
                raise BadImage(f"the {what} is {image.width}x{image.height} px; at most {_MAX_PIXELS} pixels are accepted")
            if mode == "I;16" and not image.mode.startswith("I"):
                raise BadImage(f"the {what} has mode {image.mode}; a 16-bit PNG is needed")
            return np.asarray(image if mode == "I;16" else image.convert(mode))
    except UnidentifiedImageError as error:
        raise BadImage(f"the {what} is neither of {', '.join(formats)}") from error
    except (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError) as error:
        raise BadImage(f"the {what} cannot be decoded: {error}") from error


def _compress(pixels: np.ndarray, format: str) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    options = {"compress_level": 1} if format == "png" else {"quality": 92}
    Image.fromarray(pixels).save(buffer, format=format.upper(), **options)
    return buffer.getvalue()
