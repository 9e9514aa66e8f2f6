# SPDX-License-Identifier: Apache-2.0
"""Images survive the round trip; what does not hold together is refused by name, before anything is allocated for it."""

import array
import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from func_corr_ros import encodings
from func_corr_ros.encodings import RawImage
from func_corr_ros.errors import BadImage

RGB = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
DEPTH = np.array([[0.5, 1.0, np.nan], [65.535, 0.001, 3.25]], dtype=np.float32)


def test_color_round_trip() -> None:
    assert np.array_equal(encodings.decode_color(*encodings.encode_color(RGB)), RGB)


@pytest.mark.parametrize(
    ("encoding", "stored"),
    [
        ("bgr8", RGB[..., ::-1]),
        ("rgba8", np.dstack([RGB, np.full((4, 5), 9, np.uint8)])),
        ("bgra8", np.dstack([RGB[..., ::-1], np.full((4, 5), 9, np.uint8)])),
    ],
)
def test_color_orders(encoding: str, stored: np.ndarray) -> None:
    channels = stored.shape[2]
    assert np.array_equal(encodings.decode_color(4, 5, encoding, 5 * channels, 0, stored.tobytes()), RGB)


def test_mono_is_grey() -> None:
    grey = encodings.decode_color(2, 2, "mono8", 2, 0, bytes([1, 2, 3, 4]))
    assert np.array_equal(grey, np.repeat([[[1], [2]], [[3], [4]]], 3, axis=2))


def test_the_data_of_a_ros_message_and_of_a_bag() -> None:
    raw = encodings.encode_color(RGB)
    for data in (array.array("B", raw.data), np.frombuffer(raw.data, dtype=np.uint8)):
        assert np.array_equal(encodings.decode_color(*raw._replace(data=data)), RGB)


def test_padded_rows() -> None:
    padded = np.zeros((4, 23), dtype=np.uint8)
    padded[:, :15] = RGB.reshape(4, 15)
    assert np.array_equal(encodings.decode_color(4, 5, "rgb8", 23, 0, padded.tobytes()), RGB)
    depth = np.zeros((2, 5), dtype="<u2")
    depth[:, :3] = [[1, 2, 3], [4, 5, 6]]
    metres = encodings.decode_depth(2, 3, "16UC1", 10, 0, depth.tobytes())
    assert np.allclose(metres, [[0.001, 0.002, 0.003], [0.004, 0.005, 0.006]])


def test_depth_millimetres_are_within_half_a_millimetre() -> None:
    decoded = encodings.decode_depth(*encodings.encode_depth(DEPTH))
    assert decoded.dtype == np.float32
    assert np.array_equal(np.isnan(decoded), np.isnan(DEPTH))
    assert np.nanmax(np.abs(decoded - DEPTH)) <= 0.0005 + 4e-6  # half a count, and float32 at 65 m


def test_depth_metres_are_exact() -> None:
    assert np.array_equal(encodings.decode_depth(*encodings.encode_depth(DEPTH, "32FC1")), DEPTH, equal_nan=True)


def test_depth_that_no_sensor_saw_is_nan() -> None:
    seen = np.array([[0.0, -1.0, np.inf, np.nan, 2.0]], dtype=np.float32)
    decoded = encodings.decode_depth(1, 5, "32FC1", 20, 0, seen.tobytes())
    assert np.array_equal(np.isfinite(decoded), [[False, False, False, False, True]])


def test_depth_beyond_sixteen_bits_is_invalid_not_wrapped() -> None:
    far = np.array([[65.5354, 65.536, 70.0, -0.2]], dtype=np.float32)
    assert np.array_equal(np.isnan(encodings.decode_depth(*encodings.encode_depth(far))), [[False, True, True, True]])


def test_big_endian_depth() -> None:
    assert encodings.decode_depth(1, 1, "16UC1", 2, 1, struct.pack(">H", 1234))[0, 0] == np.float32(1.234)


def test_masks_and_labels_and_fields() -> None:
    mask = np.array([[True, False], [False, True]])
    assert np.array_equal(encodings.decode_mask(*encodings.encode_mask(mask)), mask)
    labels = np.array([[0, 1], [65535, 2]], dtype=np.uint16)
    assert np.array_equal(encodings.decode_labels(*encodings.encode_labels(labels)), labels)
    assert np.array_equal(encodings.decode_mask(*encodings.encode_labels(labels)), labels > 0)
    flow = np.array([[[1.5, np.nan], [3.0, 4.0]]], dtype=np.float32)
    assert np.array_equal(encodings.decode_field(*encodings.encode_field(flow)), flow, equal_nan=True)
    assert encodings.encode_field(flow[..., 0]).encoding == "32FC1"


@pytest.mark.parametrize(
    "decode", [encodings.decode_color, encodings.decode_depth, encodings.decode_mask, encodings.decode_labels]
)
def test_a_wrong_encoding_lists_the_valid_ones(decode) -> None:
    with pytest.raises(BadImage, match="'yuv422'; valid: .*(rgb8|16UC1)"):
        decode(2, 2, "yuv422", 4, 0, bytes(8))


@pytest.mark.parametrize(
    "raw",
    [
        RawImage(0, 0, "rgb8", 0, 0, b""),
        RawImage(4, 0, "rgb8", 0, 0, b""),
        RawImage(4, 5, "rgb8", 15, 0, bytes(59)),
        RawImage(4, 5, "rgb8", 14, 0, bytes(60)),
        RawImage(2**32 - 1, 2**32 - 1, "rgb8", 2**32 - 1, 0, bytes(60)),
        RawImage(2**31, 1, "rgb8", 3, 0, bytes(3)),
    ],
    ids=["empty", "no width", "truncated", "short step", "absurd size", "absurd height"],
)
def test_images_that_do_not_hold_together_are_refused(raw: RawImage) -> None:
    with pytest.raises(BadImage):
        encodings.decode_color(*raw)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.sampled_from([*encodings.COLOR_ENCODINGS, *encodings.DEPTH_ENCODINGS, "", "rgb16"]),
    st.integers(0, 2**32 - 1),
    st.integers(0, 255),
    st.binary(max_size=64),
)
def test_any_fields_decode_or_are_refused(height: int, width: int, encoding: str, step: int, big: int, data: bytes) -> None:
    try:
        image = encodings.decode_color(height, width, encoding, step, big, data)
    except BadImage:
        return
    assert image.shape == (height, width, 3)


def test_png_is_exact_and_jpeg_is_close() -> None:
    smooth = np.dstack([np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)] * 3)
    assert np.array_equal(encodings.decode_compressed_color(*encodings.encode_compressed_color(smooth)), smooth)
    jpeg = encodings.decode_compressed_color(*encodings.encode_compressed_color(smooth, "jpeg"))
    assert np.abs(jpeg.astype(int) - smooth).max() <= 8


def test_compressed_depth_round_trip() -> None:
    decoded = encodings.decode_compressed_depth(*encodings.encode_compressed_depth(DEPTH))
    assert np.array_equal(decoded, encodings.decode_depth(*encodings.encode_depth(DEPTH)), equal_nan=True)


def test_compressed_inverse_depth() -> None:
    # what compressed_depth_image_transport writes for 32FC1: count = a / z + b with a, b in the header
    buffer = io.BytesIO()
    Image.fromarray(np.array([[0, 300, 200]], dtype=np.uint16)).save(buffer, format="PNG")
    data = struct.pack("<iff", 0, 200.0, 100.0) + buffer.getvalue()
    decoded = encodings.decode_compressed_depth("32FC1; compressedDepth png", data)
    assert np.allclose(decoded, [[np.nan, 1.0, 2.0]], equal_nan=True)


def test_truncated_files_are_refused_not_half_decoded() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    for format in ("png", "jpeg"):
        name, data = encodings.encode_compressed_color(noise, format)
        for length in (0, 4, len(data) // 2):
            with pytest.raises(BadImage):
                encodings.decode_compressed_color(name, data[:length])


def test_a_bomb_is_refused_by_its_header() -> None:
    header = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", 60000, 60000, 8, 2, 0, 0, 0, 0)
    with pytest.raises(BadImage):
        encodings.decode_compressed_color("png", header)


@pytest.mark.parametrize("format", ["16UC1; compressedDepth rvl", "16SC1; compressedDepth png", "8UC1; compressedDepth"])
def test_unsupported_compressed_depth_is_refused(format: str) -> None:
    with pytest.raises(BadImage, match="compressedDepth png"):
        encodings.decode_compressed_depth(format, bytes(100))


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_are_refused(data: bytes) -> None:
    with pytest.raises(BadImage):
        encodings.decode_compressed_color("png", data)
    with pytest.raises(BadImage):
        encodings.decode_compressed_depth("16UC1; compressedDepth png", data)


def test_encoders_refuse_what_they_cannot_write() -> None:
    with pytest.raises(BadImage, match="valid: 16UC1, 32FC1"):
        encodings.encode_depth(DEPTH, "mono16")
    with pytest.raises(BadImage, match="valid: png, jpeg"):
        encodings.encode_compressed_color(RGB, "webp")
