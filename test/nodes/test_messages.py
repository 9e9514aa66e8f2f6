# SPDX-License-Identifier: Apache-2.0
"""Values survive the way into messages and back, and messages that do not hold together are refused by name."""

import array
from dataclasses import replace

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2, RegionOfInterest

from func_corr_ros import encodings
from func_corr_ros.errors import BadCamera, BadImage, SizeMismatch
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.se3 import from_quaternion_xyzw
from func_corr_ros.nodes import messages
from func_corr_ros.nodes.observations import Moment, PointMatches

MOMENT = Moment(1_234_567_890_123_456_789, "camera_color_optical_frame")
CAMERA = PinholeCamera(600.0, 601.0, 319.5, 239.0, 640, 480)
RGB = np.random.default_rng(0).integers(0, 255, (480, 640, 3), dtype=np.uint8)
DEPTH = np.full((480, 640), 0.75, dtype=np.float32)


def rgbd_messages() -> tuple[Image, Image, CameraInfo]:
    color = messages.picture_message(RGB, MOMENT)
    depth = messages.image_message(encodings.encode_depth(DEPTH), MOMENT)
    return color, depth, messages.camera_message(CAMERA, MOMENT)


def test_stamp_and_frame_round_trip() -> None:
    assert messages.moment_of(messages.header_of(MOMENT)) == MOMENT


def test_image_data_is_the_fast_kind_and_exact() -> None:
    message = messages.picture_message(RGB, MOMENT)
    assert isinstance(message.data, array.array) and message.data.typecode == "B"
    assert np.array_equal(messages.color_of(message), RGB)


def test_camera_round_trip() -> None:
    assert messages.camera_of(messages.camera_message(CAMERA, MOMENT)) == CAMERA


def test_the_projection_counts_for_rectified_images() -> None:
    info = messages.camera_message(CAMERA, MOMENT)
    info.p[0] = 500.0
    assert messages.camera_of(info).fx == 500.0
    info.p = [0.0] * 12
    assert messages.camera_of(info).fx == 600.0


def test_a_camera_of_zeros_is_refused() -> None:
    with pytest.raises(BadCamera, match="focal"):
        messages.camera_of(CameraInfo(width=640, height=480))


def test_a_camera_that_is_not_rectified_is_refused() -> None:
    info = messages.camera_message(CAMERA, MOMENT)
    info.d, info.p = [0.1, 0.0, 0.0, 0.0, 0.0], [0.0] * 12
    with pytest.raises(BadCamera, match="rectified"):
        messages.camera_of(info)


def test_frame_of_three_messages() -> None:
    frame = messages.frame_of(*rgbd_messages())
    assert np.array_equal(frame.color, RGB) and np.allclose(frame.depth, 0.75) and frame.camera == CAMERA
    assert (frame.stamp_ns, frame.frame_id) == (MOMENT.stamp_ns, MOMENT.frame_id)


def test_frame_of_compressed_messages() -> None:
    _, _, info = rgbd_messages()
    images = []
    for format, data in (encodings.encode_compressed_color(RGB), encodings.encode_compressed_depth(DEPTH)):
        images.append(CompressedImage(header=messages.header_of(MOMENT), format=format, data=messages.bytes_field(data)))
    frame = messages.frame_of(*images, info)
    assert np.array_equal(frame.color, RGB) and np.allclose(frame.depth, 0.75)


def test_sizes_that_differ_are_refused() -> None:
    color, _, info = rgbd_messages()
    small = messages.image_message(encodings.encode_depth(DEPTH[:240, :320]), MOMENT)
    with pytest.raises(SizeMismatch, match="640x480.*320x240"):
        messages.frame_of(color, small, info)


def test_an_empty_request_means_the_newest_frame() -> None:
    assert messages.frame_in_request(Image(), Image(), CameraInfo()) is None
    assert messages.mask_of(Image()) is None


def test_half_a_request_is_refused() -> None:
    color, depth, info = rgbd_messages()
    with pytest.raises(BadImage, match="colour image of the request is empty"):
        messages.frame_in_request(Image(), depth, info)
    with pytest.raises(BadImage, match="empty"):
        messages.frame_in_request(Image(width=640, height=480, encoding="rgb8"), Image(), info)
    with pytest.raises(BadCamera):
        messages.frame_in_request(color, depth, CameraInfo(width=640, height=480))


def test_a_request_may_leave_depth_out() -> None:
    color, _, _ = rgbd_messages()
    frame = messages.frame_in_request(color, Image(), CameraInfo())
    assert frame is not None and np.isnan(frame.depth).all()


def test_prompts() -> None:
    box = RegionOfInterest(x_offset=10, y_offset=20, width=30, height=40)
    prompts = messages.prompts_of([1.0, 2.0], [3.0, 4.0], [], [box])
    assert prompts.points.tolist() == [[1.0, 3.0], [2.0, 4.0]] and prompts.point_labels.tolist() == [1, 1]
    assert prompts.boxes.tolist() == [[10.0, 20.0, 40.0, 60.0]]
    with pytest.raises(SizeMismatch):
        messages.prompts_of([1.0], [], [], [])


def test_named_pixels() -> None:
    assert messages.pixels_of(["a"], [1.0], [2.0]) == {"a": (1.0, 2.0)}
    assert list(messages.pixels_of([], [1.0, 2.0], [2.0, 3.0])) == ["0", "1"]
    for names, u, v in ((["a"], [], []), (["a", "a"], [1.0, 2.0], [1.0, 2.0]), ([], [1.0], [])):
        with pytest.raises(SizeMismatch):
            messages.pixels_of(names, u, v)


def some_points(count: int) -> PointMatches:
    rng = np.random.default_rng(1)
    points = rng.normal(size=(count, 3)).astype(np.float32).astype(np.float64)
    if count:
        points[0] = np.nan
    return PointMatches(
        points,
        *(rng.uniform(0, 640, (count, 2)).astype(np.float32) for _ in range(2)),
        rng.uniform(size=count).astype(np.float32),
    )


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_points_round_trip(count: int) -> None:
    points = some_points(count)
    message = messages.points_message(points, MOMENT)
    assert [field.name for field in message.fields] == [
        "x", "y", "z", "u", "v", "u_ref", "v_ref", "confidence", "part", "part_ref"
    ]
    back = messages.points_of(message)
    for name in ("points", "uv", "uv_reference", "confidence"):
        assert np.array_equal(getattr(back, name), getattr(points, name), equal_nan=True)


def test_points_of_another_cloud_are_refused() -> None:
    with pytest.raises(BadImage, match="confidence"):
        messages.points_of(PointCloud2(width=1, height=1))
    cut = messages.points_message(some_points(10), MOMENT)
    cut.data = cut.data[:-1]
    with pytest.raises(BadImage):
        messages.points_of(cut)
    outside = messages.points_message(some_points(10), MOMENT)
    outside.fields[3].offset = outside.point_step - 3
    with pytest.raises(BadImage, match="for 10x1 points of 40 bytes"):
        messages.points_of(outside)
    with pytest.raises(BadImage):
        messages.points_of(PointCloud2(width=2**32 - 1, height=2**32 - 1, fields=outside.fields))  # of no bytes each


def test_pose_round_trip() -> None:
    transform = from_quaternion_xyzw(np.array([0.5, -0.5, 0.5, 0.5]), np.array([1.0, -2.0, 3.0]))
    assert np.allclose(messages.transform_of(messages.pose_message(transform)), transform, atol=1e-12)


def test_boxes_round_trip() -> None:
    assert messages.box_of(messages.roi_message((3, 4, 50, 60))) == (3, 4, 50, 60)


def test_points_carry_the_part_where_it_is_known() -> None:
    points = some_points(10)
    assert messages.points_of(messages.points_message(points, MOMENT)).part is None
    part = np.random.default_rng(0).uniform(size=(10, 2)).astype(np.float32)
    message = messages.points_message(replace(points, part=part), MOMENT)
    np.testing.assert_array_equal(messages.points_of(message).part, part)
    message.fields = [field for field in message.fields if field.name != "part"]
    assert messages.points_of(message).part is None, "clouds of other makers may lack it"
