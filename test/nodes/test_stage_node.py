# SPDX-License-Identifier: Apache-2.0
"""What the nodes share: services answer whatever happens, errors get their code, time is bounded, stale is refused."""

import gc
import itertools
import threading
import time

import pytest
from func_corr_ros.srv import ListDemonstrations
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node

from func_corr_ros.errors import ErrorCode, NoMask, OutOfMemory, StaleInput
from func_corr_ros.nodes.observations import Moment
from func_corr_ros.nodes.rgbd_input import SERVICE
from func_corr_ros.nodes.stage_node import MAX_TIMEOUT, StageNode, StageSettings

pytestmark = pytest.mark.ros
LONG = 30.0


class Stage(StageNode):
    """A stage whose one service does what the test tells it to."""

    unknown = ErrorCode.TRANSFER_UNKNOWN

    def __init__(self) -> None:
        super().__init__("stage_test", StageSettings())
        self.task, self.steps = (lambda: None), 1
        self.fails: Exception | None = None
        self.serve(ListDemonstrations, "do", self._do)

    def configure(self) -> None:
        if self.fails is not None:
            raise self.fails

    async def _do(self, request, response) -> None:
        for _ in range(self.steps):
            response.loaded = await self.on_worker("do", lambda: self.task(), self.seconds(0.0)) or ""


@pytest.fixture
def stage(ros):
    node = Stage()
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    spinning = threading.Thread(target=executor.spin)
    spinning.start()
    yield node
    executor.shutdown()
    spinning.join(LONG)
    node.close()
    node.destroy_node()


@pytest.fixture
def ask(stage):
    client = stage.create_client(ListDemonstrations, "~/do", qos_profile=SERVICE)
    assert client.wait_for_service(timeout_sec=LONG)

    def send():
        answer, done = client.call_async(ListDemonstrations.Request()), threading.Event()
        answer.add_done_callback(lambda _: done.set())
        return answer, done

    return send


def answered(sent):
    answer, done = sent
    assert done.wait(LONG)
    return answer.result()


def activate(stage) -> None:
    assert stage.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert stage.trigger_activate() == TransitionCallbackReturn.SUCCESS


def test_what_the_worker_returns_is_the_answer_even_when_nothing_else_happens(stage, ask) -> None:
    activate(stage)
    stage.task = lambda: (time.sleep(0.2), "done")[1]
    answer = answered(ask())
    assert (answer.loaded, answer.error_code) == ("done", 0)


def test_whatever_a_service_raises_is_answered_and_the_next_request_works(stage, ask) -> None:
    activate(stage)
    for error, code in ((NoMask("none"), ErrorCode.NO_MASK), (ValueError("odd"), ErrorCode.TRANSFER_UNKNOWN)):

        def fail(error=error):
            raise error

        stage.task = fail
        answer = answered(ask())
        assert answer.error_code == code and str(error) in answer.error_msg
        assert stage.last_error.startswith(code.name)
    stage.task = lambda: "well"
    assert answered(ask()).loaded == "well"


def test_a_long_request_does_not_keep_the_executor_from_others(stage, ask) -> None:
    activate(stage)
    go = threading.Event()
    stage.task = lambda: str(go.wait(LONG))
    first = ask()
    parameters = threading.Event()
    stage.create_timer(0.01, parameters.set)
    assert parameters.wait(LONG), "the executor was blocked"
    assert not first[1].is_set()
    go.set()
    assert answered(first).loaded == "True"


def test_a_request_of_several_steps_waits_for_one_frame_at_most(stage, ask) -> None:
    """Between two steps the thread is free for a moment, and a camera's next image lies there already."""
    activate(stage)
    begun: list[int] = []
    images = itertools.count()

    def see(image: int) -> None:
        begun.append(image)
        camera.mailbox.put(next(images))
        time.sleep(0.02)

    camera = stage.worker.add_stage("camera", 0, see)
    stage.task, stage.steps = (lambda: begun.append(-1)), 5
    camera.mailbox.put(next(images))
    for _ in range(3):
        answered(ask())
        stage.worker.request("after", lambda: None, LONG).result(LONG)
    steps = [place for place, one in enumerate(begun) if one == -1]
    assert len(steps) == 15 and len(begun) > 18, "images come all the while"
    between = [steps[5 * number + 4] - steps[5 * number] - 4 for number in range(3)]
    assert max(between) <= 1, begun


def test_a_failed_configuration_leaves_the_node_unconfigured_and_can_be_repeated(stage, ask) -> None:
    stage.fails = NoMask("no mask file")
    assert stage.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert not stage.configured and answered(ask()).error_code == ErrorCode.NOT_ACTIVE
    stage.fails = None
    activate(stage)
    assert stage.active


def test_memory_errors_of_every_kind_have_one_code(stage) -> None:
    for error in (MemoryError(), RuntimeError("CUDA out of memory. Tried to allocate"), OutOfMemory("chunk")):
        assert stage.known(error, "match").code == ErrorCode.OUT_OF_MEMORY
    assert stage.known(RuntimeError("shapes differ"), "match").code == ErrorCode.TRANSFER_UNKNOWN


def test_time_is_bounded(stage) -> None:
    default = stage.settings.service_timeout
    assert [stage.seconds(asked) for asked in (5.0, 0.0, -1.0, float("nan"), 1e9)] == [
        5.0,
        default,
        default,
        default,
        MAX_TIMEOUT,
    ]


def test_old_images_and_images_of_the_future_are_stale(stage) -> None:
    now = stage.get_clock().now().nanoseconds
    stage.check_age(Moment(now - 500_000_000, "camera"))
    with pytest.raises(StaleInput, match="max_input_age is 2 s"):
        stage.check_age(Moment(now - 5_000_000_000, "camera"))
    with pytest.raises(StaleInput, match="future"):
        stage.check_age(Moment(now + 60_000_000_000, "camera"))


def test_a_node_that_is_destroyed_leaves_nothing_in_the_graph(ros) -> None:
    context = Context()
    context.init()
    watcher, node = Node("watcher", context=context), Stage()

    def services() -> set[str]:
        return {name for name, _ in watcher.get_service_names_and_types() if name.startswith("/stage_test/")}

    def comes(ready) -> bool:
        end = time.monotonic() + LONG
        while time.monotonic() < end and not ready():
            time.sleep(0.02)
        return ready()

    gc.disable()  # a later collection hides what was left
    try:
        assert comes(lambda: {"/stage_test/get_state", "/stage_test/list_parameters"} <= services())
        node.close()
        node.destroy_node()
        assert comes(lambda: not services()), services()
    finally:
        gc.enable()
        watcher.destroy_node()
        context.try_shutdown()
