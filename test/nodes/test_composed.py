# SPDX-License-Identifier: Apache-2.0
"""The composed process over real DDS: poses in millimetres, one stamp on all outputs, an error code for every bad input, and
after each of them the next good frame works."""

import numpy as np
import pytest
from rcl_interfaces.srv import ListParameters

from func_corr_ros.errors import ErrorCode
from func_corr_ros.nodes import api_page
from func_corr_ros.nodes.messages import points_of, stamp_ns
from func_corr_ros.nodes.replay_client import OUTPUTS
from func_corr_ros.settings import leaves

pytestmark = pytest.mark.ros


def test_a_good_frame_gives_the_pose_in_millimetres_and_one_stamp_everywhere(robot, blocks, good, loaded, assert_good) -> None:
    stamp = assert_good()
    # lazily made outputs may miss the very first frame: their subscribers are still being discovered
    make, _ = good
    for _ in range(20):
        robot.answer(lambda s: make(s))
        stamp = next((s for s, heard in robot.heard.items() if set(heard) == set(OUTPUTS)), None)
        if stamp is not None:
            break
    assert stamp is not None, {key: sum(key in heard for heard in robot.heard.values()) for key in OUTPUTS}
    heard = robot.heard[stamp]
    assert {message.header.frame_id for message in heard.values()} == {"camera_color_optical_frame"}
    result, info = heard["transfer"], heard["info"]
    assert heard["transferred_pose"].pose == result.phases[1].pose.pose
    assert len(heard["transferred_path"].poses) == 2
    assert info.matches == heard["points"].width and info.model_id == "colors" and not info.conditioned
    assert 0.0 < info.age <= result.age < 30.0
    flow = np.frombuffer(heard["flow"].data, dtype=np.float32).reshape(480, 640, 2)
    points = points_of(heard["points"])
    u, v = points.uv.astype(int).T
    assert np.array_equal(flow[v, u], points.uv_reference) and np.isnan(flow[0, 0]).all()


@pytest.mark.parametrize("name", api_page.NODES)
def test_the_graph_is_what_the_documentation_says(robot, loaded, name: str) -> None:
    published = dict(robot.get_publisher_names_and_types_by_node(name, "/"))
    documented = {f"/{name}/{topic}": [kind.replace("/", "/msg/")] for topic, (kind, _) in api_page.OUTPUTS[name].items()}
    assert {topic: kinds for topic, kinds in published.items() if topic in documented} == documented
    ours = {topic for topic in published if topic.startswith(f"/{name}/") and not topic.endswith("transition_event")}
    assert ours == set(documented)
    served = dict(robot.get_service_names_and_types_by_node(name, "/"))
    documented = {f"/{name}/{service}": [f"func_corr_ros/srv/{kind}"] for service, (kind, _) in api_page.SERVICES[name].items()}
    assert {service: kinds for service, kinds in served.items() if kinds[0].startswith("func_corr_ros/")} == documented
    parameters = robot.call(ListParameters, f"{name}/list_parameters").result.names
    assert {info.name for info in leaves(api_page.NODES[name][1])} <= set(parameters)


def test_bad_input_gives_its_code_and_the_next_good_frame_works(robot, blocks, good, loaded, assert_good, bad, diagnosed) -> None:
    code, spoil = bad
    make, _ = good
    result = robot.answer(lambda stamp: spoil(*make(stamp)))
    assert (result.error_code, result.accepted, len(result.phases)) == (code, False, 0), result.error_msg
    assert result.error_msg
    stamp = stamp_ns(result.header.stamp)
    for key in ("objects", "info"):
        message = robot.wait_for(lambda key=key: robot.heard[stamp].get(key))
        assert (message.error_code, message.error_msg) == (code, result.error_msg)
    assert "transferred_pose" not in robot.heard[stamp]
    said = f"{code.name}: {result.error_msg}"
    for node in ("segmentation_node", "transfer_node"):
        _, values = diagnosed(f"/{node}", lambda status: {pair.key: pair.value for pair in status.values}["last_error"] == said)
        if (node, code) == ("segmentation_node", ErrorCode.NO_DEPTH):
            assert values["depth.valid_share"] == "0.00"
    assert_good()


def test_the_device_and_the_build_of_torch_are_said_once(process, assert_good, loaded) -> None:
    import torch

    assert_good()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    assert process.log.read_text().count(f"colors on {device} (torch {torch.__version__})") == 1


# What operators are promised once a second (docs/troubleshooting.md); of the stages those that have run.
DIAGNOSED = {
    "segmentation_node": {"color.topic", "color.rate_hz", "color.received", "color.unmatched", "depth.rate_hz", "depth.received",
                          "depth.unmatched", "depth.skew_ms", "camera_info.rate_hz", "sync.sets", "sync.ratio",
                          "sync.clock_jumps", "depth.valid_share", "segmenter", "segmenter.fallback", "text_prompt",
                          "followed_px", "transport.p50_ms", "decode.p95_ms", "segment.p50_ms", "segment.p95_ms"},
    "correspondence_node": {"model.name", "model.sha256", "reference", "function", "match.p50_ms", "match.p95_ms"},
    "transfer_node": {"demonstration", "target_frame", "anchor_frames", "lift.p50_ms", "transfer.p50_ms", "transfer.p95_ms"},
}  # fmt: skip
OF_EACH = {"memory_mb", "device_memory_mb", "mailbox.received", "mailbox.dropped", "busy", "last_error", "last_error_age_s",
           "outputs.unheard"}


@pytest.mark.parametrize("node", DIAGNOSED)
def test_the_diagnostics_say_what_operators_are_promised(robot, loaded, assert_good, diagnosed, node: str) -> None:
    assert_good()
    message, values = diagnosed(f"/{node}", lambda status: True)
    assert message == "ok" and set(values) >= DIAGNOSED[node] | OF_EACH, (DIAGNOSED[node] | OF_EACH) - set(values)
    assert int(values["memory_mb"]) > 50 and int(values["mailbox.received"]) > 0
    assert values.get("model.name", "colors") == "colors" and len(values.get("model.sha256", "0" * 64)) == 64
    assert float(values.get("sync.ratio", 1.0)) > 0.5 and abs(float(values.get("depth.skew_ms", 0.0))) < 1.0


def test_a_table_without_objects_is_no_mask(robot, blocks, good, loaded, assert_good, running) -> None:
    empty = blocks.frame(blocks.moved(5.0, 0.0, 0.0))
    result = robot.answer(lambda stamp: running.rgbd_messages(empty, stamp))
    assert result.error_code == ErrorCode.NO_MASK, result.error_msg
    assert_good()


def test_stale_input(robot, blocks, good, loaded, assert_good) -> None:
    make, _ = good
    old = robot.now_ns() - 60_000_000_000
    result = robot.answer(make, stamp=old)
    assert result.error_code == ErrorCode.STALE_INPUT and "max_input_age" in result.error_msg
    assert_good()
