# SPDX-License-Identifier: Apache-2.0
"""Mutated messages into every subscription and every service: nothing raises into an executor (which would end the process),
nothing hangs, nothing grows, every service answers with a code of the list, and the next good frame gives the right pose.

Messages are handed to the callbacks as an executor would, without DDS: it would refuse half of them and slow down all.
"""

import os
import time
from collections import Counter

import numpy as np
import pytest
import rclpy
from geometry_msgs.msg import Point, PointStamped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nodes import color_backbone
from nodes.mutated import mutated
from nodes.running_nodes import Robot, rgbd_messages
from rclpy.parameter import Parameter
from sensor_msgs.msg import CompressedImage, RegionOfInterest
from std_msgs.msg import Header, String

from func_corr_ros import srv
from func_corr_ros.errors import ErrorCode
from func_corr_ros.nodes.correspondence_node import CorrespondenceNode
from func_corr_ros.nodes.diagnostics import memory_megabytes
from func_corr_ros.nodes.func_corr import composed
from func_corr_ros.nodes.messages import points_message
from func_corr_ros.nodes.process import bring_up
from func_corr_ros.nodes.result_messages import keypoints_message, objects_message
from func_corr_ros.nodes.segmentation_node import SegmentationNode
from func_corr_ros.nodes.transfer_node import TransferNode
from func_corr_ros.transfer.demonstration_store import DemonstrationStore

pytestmark = pytest.mark.ros
CODES = {int(code) for code in ErrorCode}
# A message may say that it is as large as it likes; what it holds is what may be allocated.
GROWTH_MB = 400
SOON = 120.0  # seconds; one image takes 50 ms, on a busy machine much more


class Graph:
    """The composed nodes, and others alone, in this process."""

    def __init__(self, blocks) -> None:
        compressed = [Parameter("input.color_transport", value="compressed"),
                      Parameter("input.depth_transport", value="compressedDepth")]
        self.segmentation, self.correspondence, self.transfer = composed(color_backbone.load)
        self.matcher = CorrespondenceNode(load=color_backbone.load, namespace="alone")
        self.mover = TransferNode(namespace="alone")
        self.compressed = SegmentationNode(namespace="compressed", parameter_overrides=compressed)
        self.nodes = [self.segmentation, self.correspondence, self.transfer, self.matcher, self.mover, self.compressed]
        assert bring_up(self.nodes)
        self.place = blocks.moved(0.05, 0.03, 30.0)
        self.frame = blocks.thinned(blocks.frame(self.place))  # an image takes a tenth of the time
        self.objects, self.matches = [], []
        self.segmentation.listeners.append(self.objects.append)
        self.correspondence.listeners.append(self.matches.append)

    def close(self) -> None:
        for node in reversed(self.nodes):
            node.close()
            node.destroy_node()

    def deliver(self, node, topic: str, message) -> None:
        (subscription,) = (one for one in node.subscriptions if one.topic_name.endswith(f"/{topic}"))
        subscription.callback(message)

    def settle(self) -> None:
        """Waits until no inference thread has anything to do."""
        deadline = time.monotonic() + SOON
        for node in self.nodes:
            while node.worker.busy() is not None or (node.stage is not None and node.stage.mailbox):
                assert time.monotonic() < deadline, f"{node.get_name()} hangs: {node.worker.busy()}"
                time.sleep(0.0005)

    def ask(self, node, name: str, request):
        """Returns the response of a service, its handler driven as an executor would."""
        (service,) = (one for one in node.services if one.srv_name.endswith(f"/{name}"))
        answer = service.callback(request, getattr(srv, type(request).__qualname__.split("_")[0]).Response())
        deadline = time.monotonic() + SOON
        while time.monotonic() < deadline:
            try:
                answer.send(None)
            except StopIteration as done:
                return done.value
            time.sleep(0.0005)
        raise AssertionError(f"{name} did not answer")

    def now(self) -> int:
        return self.segmentation.get_clock().now().nanoseconds

    def good(self):
        return rgbd_messages(self.frame, self.now())

    def show(self, node, color, depth, info, *others) -> None:
        """Hands one set of a camera to a node, and what comes with it."""
        transports = ("/compressed", "/compressedDepth") if node is self.compressed else ("", "")
        self.deliver(node, "rgb/camera_info", info)
        self.deliver(node, f"depth_registered/image_rect{transports[1]}", depth)
        self.deliver(node, f"rgb/image_rect_color{transports[0]}", color)
        for topic, message in others:
            self.deliver(node, topic, message)


@pytest.fixture(scope="module")
def graph(tmp_path_factory, blocks):
    store = DemonstrationStore(tmp_path_factory.mktemp("demonstrations"))
    store.record(blocks.demonstration())
    rclpy.init(args=["--ros-args", "-p", f"transfer_node:demonstrations:={store.folder}", "--log-level", "fatal"])
    made = Graph(blocks)
    answer = made.ask(made.transfer, "load_demonstration", srv.LoadDemonstration.Request(demonstration_id="blocks"))
    assert answer.error_code == 0, answer.error_msg
    yield made
    made.close()
    rclpy.try_shutdown()


def compressed_messages(graph: Graph):
    """The good frame as JPEG-like PNG and compressedDepth."""
    import cv2

    color, depth, info = graph.good()
    _, png = cv2.imencode(".png", graph.frame.color[..., ::-1])
    millimetres = np.nan_to_num(graph.frame.depth * 1000.0).astype(np.uint16)
    _, packed = cv2.imencode(".png", millimetres)
    squeezed = CompressedImage(header=color.header, format="rgb8; png compressed bgr8", data=png.tobytes())
    deep = CompressedImage(header=depth.header, format="16UC1; compressedDepth png", data=bytes(12) + packed.tobytes())
    return squeezed, deep, info


def stream_cases(graph: Graph, seen, matches):
    """(node, how to hand the messages over, the messages) of every subscription."""
    color, depth, info = graph.good()
    objects = objects_message(seen, "tabletop", 0.0)
    keypoints, points = keypoints_message(matches), points_message(matches.points, matches.moment)
    click = PointStamped(header=Header(frame_id=color.header.frame_id), point=Point(z=0.5))

    def transfer(first, second) -> None:
        graph.deliver(graph.mover, "keypoints", first)
        graph.deliver(graph.mover, "points", second)

    def words(given) -> None:
        graph.deliver(graph.segmentation, "text_prompt", given)
        graph.show(graph.segmentation, *graph.good())
        graph.settle()
        graph.deliver(graph.segmentation, "text_prompt", String())  # or no later image would have objects

    return {
        "words": (words, (String(data="red mug"),)),
        "camera": (lambda *given: graph.show(graph.segmentation, *given), (color, depth, info)),
        "compressed camera": (lambda *given: graph.show(graph.compressed, *given), compressed_messages(graph)),
        "objects": (lambda *given: graph.show(graph.matcher, *given[:3], ("objects", given[3])), (color, depth, info, objects)),
        "matches": (transfer, (keypoints, points)),
        "click": (lambda given: graph.deliver(graph.segmentation, "clicked_point", given), (click,)),
    }


def service_cases(graph: Graph):
    """(node, service, a good request) of every service."""
    color, depth, info = graph.good()
    images = {"color": color, "depth": depth, "camera_info": info}
    pixels = {"keypoint_names": ["rim"], "keypoint_u": [80.0], "keypoint_v": [60.0]}
    box = RegionOfInterest(x_offset=40, y_offset=30, width=60, height=60)
    return [
        (graph.segmentation, "segment", srv.Segment.Request(**images, point_u=[80.0], point_v=[60.0], boxes=[box], timeout=30.0)),
        (graph.correspondence, "set_reference", srv.SetReference.Request(function="pour-with", **pixels, timeout=30.0)),
        (graph.correspondence, "get_correspondence", srv.GetCorrespondence.Request(**images, whole_field=True, timeout=30.0)),
        (graph.transfer, "record_demonstration",
         srv.RecordDemonstration.Request(demonstration_id="mine", function="pour-with", **images, **pixels, timeout=30.0)),
        (graph.transfer, "load_demonstration", srv.LoadDemonstration.Request(demonstration_id="blocks", timeout=30.0)),
        (graph.transfer, "list_demonstrations", srv.ListDemonstrations.Request()),
        (graph.transfer, "transfer_demonstration",
         srv.TransferDemonstration.Request(demonstration_id="blocks", **images, timeout=30.0)),
    ]


def assert_healthy(graph: Graph, blocks) -> None:
    """A good frame gives the right pose after all that."""
    color, depth, info = graph.good()
    request = srv.TransferDemonstration.Request(demonstration_id="blocks", color=color, depth=depth, camera_info=info)
    answer = graph.ask(graph.transfer, "transfer_demonstration", request)
    assert (answer.error_code, answer.result.accepted) == (0, True), answer.error_msg
    # A lattice of every fourth pixel: 16 mm apart on the object.
    Robot.assert_pose(answer.result.phases[1], blocks.truth(graph.place), millimetres=8.0, degrees=4.0)


def fuzz(graph: Graph, blocks, examples: int) -> None:
    graph.show(graph.segmentation, *graph.good())
    graph.settle()
    seen, matches = graph.objects[-1], graph.matches[-1]
    assert matches.error is None, matches.error
    streams, services = stream_cases(graph, seen, matches), service_cases(graph)
    assert_healthy(graph, blocks)
    before, cpu, handed, told = memory_megabytes(), time.process_time(), Counter(), Counter()

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), report_multiple_bugs=False)
    @given(st.data())
    def one(data) -> None:
        if data.draw(st.booleans()):
            topic = data.draw(st.sampled_from(sorted(streams)))
            hand_over, good = streams[topic]
            spoilt = data.draw(st.integers(0, len(good) - 1))
            hand_over(*(data.draw(mutated(message)) if index == spoilt else message for index, message in enumerate(good)))
            handed[topic] += 1
        else:
            node, name, good = services[data.draw(st.integers(0, len(services) - 1))]
            answer = graph.ask(node, name, data.draw(mutated(good)))
            assert answer.error_code in CODES and bool(answer.error_msg) == (answer.error_code != 0)
            told[ErrorCode(answer.error_code).name] += 1
        graph.settle()
        graph.objects.clear()
        graph.matches.clear()

    one()
    grown = memory_megabytes() - before
    print(f"\n{sum(handed.values())} into subscriptions: {dict(handed.most_common())}\n{sum(told.values())} into services, "
          f"answered: {dict(told.most_common())}\n{time.process_time() - cpu:.0f} s of CPU time, memory grew by {grown:.0f} MB")
    assert grown < GROWTH_MB
    unknown = {ErrorCode.CORRESPONDENCE_UNKNOWN.name, ErrorCode.TRANSFER_UNKNOWN.name}
    assert not told.keys() & unknown, f"errors that nobody foresaw: {[node.last_error for node in graph.nodes]}"
    assert_healthy(graph, blocks)


def test_a_hundred_mutated_messages(graph, blocks) -> None:
    fuzz(graph, blocks, 100)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_twenty_thousand_mutated_messages(graph, blocks) -> None:
    fuzz(graph, blocks, int(os.environ.get("MESSAGES", 20_000)))
