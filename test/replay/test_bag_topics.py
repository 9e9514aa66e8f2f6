# SPDX-License-Identifier: Apache-2.0
"""The right topics are found among those that cameras publish, and what is missing is named."""
import pytest

from func_corr_ros.errors import BadRecording
from func_corr_ros.replay.bag_topics import CAMERA_INFO, COMPRESSED, IMAGE, RgbdTopics, check_topics, find_topics

OURS = {
    "/camera/rgb/image_rect_color": IMAGE, "/camera/rgb/camera_info": CAMERA_INFO, "/camera/depth_registered/image_rect": IMAGE,
}
REALSENSE = {
    "/camera/camera/color/image_raw": IMAGE, "/camera/camera/color/camera_info": CAMERA_INFO,
    "/camera/camera/color/image_raw/compressed": COMPRESSED,
    "/camera/camera/depth/image_rect_raw": IMAGE, "/camera/camera/depth/camera_info": CAMERA_INFO,
    "/camera/camera/aligned_depth_to_color/image_raw": IMAGE, "/camera/camera/aligned_depth_to_color/camera_info": CAMERA_INFO,
    "/camera/camera/infra1/image_rect_raw": IMAGE, "/tf": "tf2_msgs/msg/TFMessage",
}
ZED = {
    "/zed/zed_node/rgb/image_rect_color": IMAGE, "/zed/zed_node/rgb/camera_info": CAMERA_INFO,
    "/zed/zed_node/depth/depth_registered": IMAGE, "/zed/zed_node/depth/camera_info": CAMERA_INFO,
    "/func_corr/overlay": IMAGE, "/func_corr/confidence": IMAGE,
}


def test_our_own_topics() -> None:
    assert find_topics(OURS) == RgbdTopics()


def test_realsense_registered_depth_and_raw_colour_win() -> None:
    found = find_topics(REALSENSE)
    assert found == RgbdTopics("/camera/camera/color/image_raw", "/camera/camera/color/camera_info",
                               "/camera/camera/aligned_depth_to_color/image_raw")


def test_zed_beside_our_own_outputs() -> None:
    assert find_topics(ZED) == RgbdTopics("/zed/zed_node/rgb/image_rect_color", "/zed/zed_node/rgb/camera_info",
                                          "/zed/zed_node/depth/depth_registered")


def test_compressed_topics_when_there_are_no_others() -> None:
    found = find_topics({"/cam/color/image_raw/compressed": COMPRESSED, "/cam/color/camera_info": CAMERA_INFO,
                         "/cam/aligned_depth_to_color/image_raw/compressedDepth": COMPRESSED})
    assert found.color == "/cam/color/image_raw/compressed"
    assert found.depth == "/cam/aligned_depth_to_color/image_raw/compressedDepth"


@pytest.mark.parametrize(("left_out", "what"), [
    ("/camera/rgb/image_rect_color", "colour image"), ("/camera/rgb/camera_info", "camera info"),
    ("/camera/depth_registered/image_rect", "depth image")])
def test_a_missing_topic_is_named_with_those_there_are(left_out: str, what: str) -> None:
    rest = {name: kind for name, kind in OURS.items() if name != left_out}
    with pytest.raises(BadRecording, match=f"no topic looks like the {what}.*{next(iter(rest))}"):
        find_topics(rest)


def test_topics_asked_for_must_be_there_and_be_images() -> None:
    with pytest.raises(BadRecording, match="/other of type .* is needed; it is not in the recording"):
        check_topics(RgbdTopics(color="/other"), OURS)
    with pytest.raises(BadRecording, match="/camera/rgb/camera_info of type .*Image.* it is of type sensor_msgs/msg/CameraInfo"):
        check_topics(RgbdTopics(depth="/camera/rgb/camera_info"), OURS)
    check_topics(RgbdTopics(), OURS)
