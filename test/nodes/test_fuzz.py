# SPDX-License-Identifier: Apache-2.0
"""Mutated messages into every subscription and every service: nothing raises into an executor (which would end the process),
nothing hangs, nothing grows, every set of messages comes out as a result or a counted drop, every service answers with a code of
the list, and the next good frame gives the right pose.

Messages are handed to the callbacks as an executor would, without DDS: it would refuse half of them and slow down all.
"""

import copy
import os
import sys
import time
import traceback
import types
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import rclpy
from geometry_msgs.msg import Point, PointStamped
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from nodes import color_backbone
from nodes.mutated import mutated
from nodes.running_nodes import Robot, rgbd_messages
from rclpy.parameter import Parameter
from sensor_msgs.msg import CompressedImage, PointCloud2, RegionOfInterest
from std_msgs.msg import Header, String

from func_corr_ros import encodings, srv
from func_corr_ros.errors import ErrorCode
from func_corr_ros.nodes.api_page import INPUTS, SERVICES
from func_corr_ros.nodes.correspondence_node import CorrespondenceNode
from func_corr_ros.nodes.diagnostics import memory_megabytes
from func_corr_ros.nodes.func_corr import composed
from func_corr_ros.nodes.messages import header_of, image_message, picture_message, points_message
from func_corr_ros.nodes.observations import Moment
from func_corr_ros.nodes.process import bring_up
from func_corr_ros.nodes.result_messages import keypoints_message, objects_message
from func_corr_ros.nodes.segmentation_node import SegmentationNode
from func_corr_ros.nodes.transfer_node import TransferNode
from func_corr_ros.transfer.demonstration_store import DemonstrationStore

pytestmark = pytest.mark.ros
CODES = {int(code) for code in ErrorCode}
# Those of errors that nobody foresaw.
UNFORESEEN = {ErrorCode.CORRESPONDENCE_UNKNOWN, ErrorCode.TRANSFER_UNKNOWN}
# A message may say that it is as large as it likes; what it holds is what may be allocated, also for a moment.
GROWTH_MB = 400
RUN = 500  # messages of one run of hypothesis
SOON = 120.0  # seconds; one image takes 50 ms, on a busy machine much more


def peak_megabytes() -> float:
    """The most memory that this process has held since :func:`forget_peak`."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) * 1024 / 1e6


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


class Stub:
    """A message of a package that is on no registry: the fields of the real one, by name and type."""

    def __init__(self, **fields) -> None:
        self.__dict__.update({name: value for name, (_, value) in fields.items()})
        self._kinds = {name: kind for name, (kind, _) in fields.items()}

    def get_fields_and_field_types(self) -> dict[str, str]:
        return self._kinds


class Graph:
    """The composed nodes, and others alone, in this process. ``outcomes`` has what each of them made of what it was handed."""

    def __init__(self, blocks, folder: Path) -> None:
        stored = [Parameter("demonstrations", value=str(folder)), Parameter("demonstration", value="blocks")]
        compressed = [Parameter("input.color_transport", value="compressed"),
                      Parameter("input.depth_transport", value="compressedDepth")]
        self.segmentation, self.correspondence, self.transfer = composed(color_backbone.load)
        self.matcher = CorrespondenceNode(load=color_backbone.load, namespace="alone")
        self.mover = TransferNode(namespace="alone", parameter_overrides=stored)
        self.compressed = SegmentationNode(namespace="compressed", parameter_overrides=compressed)
        detections = [Parameter("detections.enabled", value=True)]
        self.detecting = SegmentationNode(namespace="detecting", parameter_overrides=detections)
        self.nodes = [self.segmentation, self.correspondence, self.transfer, self.matcher, self.mover, self.compressed,
                      self.detecting]
        assert bring_up(self.nodes)
        self.place = blocks.moved(0.05, 0.03, 30.0)
        self.frame = blocks.thinned(blocks.frame(self.place))  # an image takes a tenth of the time
        self.outcomes: dict = {node: [] for node in self.nodes}
        self._counted = {node: (0, 0) for node in self.nodes}  # puts and drops of its mailbox
        self.heard: set[str] = set()
        self.escaped: list[str] = []  # what a stage let through to its thread: nobody hears of it
        for worker in {node.worker for node in self.nodes}:
            worker._on_error = lambda stage, error: self.escaped.append("".join(traceback.format_exception(error)))
        for node in self.nodes:
            if isinstance(node, TransferNode):
                self._listen_to_outputs(node)
            else:
                node.listeners.append(self.outcomes[node].append)

    def close(self) -> None:
        for node in reversed(self.nodes):
            node.close()
            node.destroy_node()

    def _listen_to_outputs(self, node) -> None:
        publish = node._outputs.publish

        def heard(seen, phase) -> None:
            self.outcomes[node].append(seen)
            publish(seen, phase)

        node._outputs.publish = heard

    def account(self) -> Counter:
        """Returns what came of all sets of messages since the last time: results by their code, and drops. None is lost, and no
        error is one that nobody foresaw.
        """
        told: Counter = Counter()
        assert not self.escaped, self.escaped[0]
        for node in self.nodes:
            box, outcomes, (puts, drops) = node.stage.mailbox, self.outcomes[node], self._counted[node]
            sets, dropped = box.puts - puts, box.drops - drops
            where = f"{node.get_fully_qualified_name()}: {node.last_error}"
            assert len(outcomes) == sets - dropped, f"{sets} sets, {dropped} dropped, {len(outcomes)} results of {where}"
            errors = [seen.error for seen in outcomes]
            assert not [one for one in errors if one is not None and one.code in UNFORESEEN and one.__cause__], where
            told.update("an answer without an error" if error is None else error.code.name for error in errors)
            told["dropped"] += dropped
            self._counted[node] = box.puts, box.drops
            outcomes.clear()
        return told

    def deliver(self, node, topic: str, message) -> None:
        self.heard.add(topic.removesuffix("/compressed").removesuffix("/compressedDepth"))
        (subscription,) = (one for one in node.subscriptions if one.topic_name.endswith(f"/{topic}"))
        subscription.callback(message)

    def settle(self) -> None:
        """Waits until no inference thread has anything to do."""
        deadline = time.monotonic() + SOON

        def at_work(worker) -> bool:
            with worker._ready:  # or work is taken up between two looks
                return worker.busy() is not None or any(stage.mailbox for stage in worker._stages)

        for node in self.nodes:
            while at_work(node.worker):
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

    def of_now(self, *messages):
        """Returns the messages with a stamp of their own: those of a moment that has been are not looked at."""
        stamp, made = header_of(Moment(self.now(), "")).stamp, [copy.copy(message) for message in messages]
        for message in made:
            if hasattr(message, "header"):
                message.header = Header(stamp=stamp, frame_id=message.header.frame_id)
        return made

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
    with pytest.MonkeyPatch.context() as patch:
        # A message that travels in place of Detection2DArray, which is not to be had from the registries.
        for name, content in (("vision_msgs", {}), ("vision_msgs.msg", {"Detection2DArray": PointCloud2})):
            module = types.ModuleType(name)
            module.__dict__.update(content)
            patch.setitem(sys.modules, name, module)
        made = Graph(blocks, store.folder)
    answer = made.ask(made.transfer, "load_demonstration", srv.LoadDemonstration.Request(demonstration_id="blocks"))
    assert answer.error_code == 0, answer.error_msg
    shown = blocks.demonstration()
    reference = {"color": picture_message(shown.frame.color, Moment(0, "")),
                 "mask": image_message(encodings.encode_mask(shown.mask), Moment(0, ""))}
    request = srv.SetReference.Request(reference_id="blocks", function=shown.function, **reference)
    answer = made.ask(made.matcher, "set_reference", request)
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


def detections(header: Header, number: int) -> Stub:
    """vision_msgs/Detection2DArray (version 4), as far as it counts."""
    position = Stub(x=("double", 80.0), y=("double", 60.0))
    center = Stub(position=("vision_msgs/Point2D", position), theta=("double", 0.0))
    box = Stub(center=("vision_msgs/Pose2D", center), size_x=("double", 60.0), size_y=("double", 60.0))
    hypothesis = Stub(class_id=("string", "mug"), score=("double", 0.9))
    results = [Stub(hypothesis=("vision_msgs/ObjectHypothesis", hypothesis))]
    one = Stub(bbox=("vision_msgs/BoundingBox2D", box), results=("sequence<vision_msgs/ObjectHypothesisWithPose>", results))
    return Stub(header=("std_msgs/Header", header), detections=("sequence<vision_msgs/Detection2D>", [one] * number))


def stream_cases(graph: Graph, seen, matches):
    """(how to hand the messages over, the messages) of every subscription."""
    color, depth, info = graph.good()
    objects = objects_message(seen, "tabletop", 0.0)
    keypoints, points = keypoints_message(matches), points_message(matches.points, matches.moment)
    click = PointStamped(header=Header(frame_id=color.header.frame_id), point=Point(z=0.5))

    def transfer(first, second) -> None:
        graph.deliver(graph.mover, "keypoints", first)
        graph.deliver(graph.mover, "points", second)

    def detected(given) -> None:
        graph.deliver(graph.detecting, "detections", given)
        graph.show(graph.detecting, *graph.good())

    def words(given) -> None:
        graph.deliver(graph.segmentation, "text_prompt", given)
        graph.show(graph.segmentation, *graph.good())
        graph.settle()
        graph.deliver(graph.segmentation, "text_prompt", String())  # or no later image would have objects

    return {
        "detections": (detected, (detections(color.header, 2),)),
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
    seen, matches = graph.outcomes[graph.segmentation][-1], graph.outcomes[graph.correspondence][-1]
    assert matches.error is None, matches.error
    streams, services = stream_cases(graph, seen, matches), service_cases(graph)
    for hand_over, good in streams.values():
        hand_over(*graph.of_now(*good))
    graph.settle()
    assert graph.heard == {topic for topics in INPUTS.values() for topic in topics}, "a subscription is left out"
    assert {name for _, name, _ in services} == {name for served in SERVICES.values() for name in served}
    assert_healthy(graph, blocks)
    graph.account()
    before, cpu, handed, came, told = memory_megabytes(), time.process_time(), Counter(), Counter(), Counter()
    forget_peak()

    # What nodes remember is not forgotten from one example to the next: a shorter one proves nothing. hypothesis remembers what
    # it has drawn until a run ends: several runs, or it is its memory that grows.
    @settings(max_examples=min(examples, RUN), suppress_health_check=list(HealthCheck), phases=[Phase.generate], database=None)
    @given(st.data())
    def one(data) -> None:
        if data.draw(st.booleans()):
            topic = data.draw(st.sampled_from(sorted(streams)))
            hand_over, good = streams[topic][0], graph.of_now(*streams[topic][1])
            spoilt = data.draw(st.integers(0, len(good) - 1))
            hand_over(*(data.draw(mutated(message)) if index == spoilt else message for index, message in enumerate(good)))
            handed[topic] += 1
        else:
            node, name, good = services[data.draw(st.integers(0, len(services) - 1))]
            answer = graph.ask(node, name, data.draw(mutated(good)))
            assert answer.error_code in CODES and bool(answer.error_msg) == (answer.error_code != 0)
            assert answer.error_code not in UNFORESEEN, f"{name}: {answer.error_msg}"
            told[ErrorCode(answer.error_code).name] += 1
        graph.settle()
        came.update(graph.account())

    for run in range(-(-examples // RUN)):
        seed(run)(one)()  # or each would have the same examples
    grown, peak = memory_megabytes() - before, peak_megabytes() - before
    print(f"\n{sum(handed.values())} into subscriptions: {dict(handed.most_common())}, of which came {dict(came.most_common())}\n"
          f"{sum(told.values())} into services, answered: {dict(told.most_common())}\n{time.process_time() - cpu:.0f} s of CPU "
          f"time, memory grew by {grown:.0f} MB, {peak:.0f} MB at the highest")
    assert max(grown, peak) < GROWTH_MB
    assert_healthy(graph, blocks)


def test_a_hundred_mutated_messages(graph, blocks) -> None:
    fuzz(graph, blocks, 100)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_twenty_thousand_mutated_messages(graph, blocks) -> None:
    fuzz(graph, blocks, int(os.environ.get("MESSAGES", 20_000)))
