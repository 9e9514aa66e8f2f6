# SPDX-License-Identifier: Apache-2.0
"""One thread owns the model: requests first, later stages first, newest only; nothing that fails or hangs ends it."""

import queue
import threading
from collections.abc import Iterator

import pytest

from func_corr_ros.errors import NotActive, Timeout
from func_corr_ros.nodes.inference_thread import MOST_WAITING, InferenceThread

LONG = 10.0  # seconds; how long a test waits for what must come


@pytest.fixture
def errors() -> list[tuple[str, Exception]]:
    return []


@pytest.fixture
def worker(errors: list) -> Iterator[InferenceThread]:
    thread = InferenceThread(lambda stage, error: errors.append((stage, error)))
    yield thread
    thread.stop()


class Held:
    """Work that has begun and waits to be let go, so that a test can fill the queue behind it."""

    def __init__(self, worker: InferenceThread) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        self.answer = worker.request("held", self._wait, LONG)
        assert self.begun.wait(LONG)

    def _wait(self) -> str:
        self.begun.set()
        assert self.go.wait(LONG)
        return "held"


def test_a_request_returns_its_result_from_the_worker_thread(worker: InferenceThread) -> None:
    name = worker.request("who", lambda: threading.current_thread().name, LONG).result(LONG)
    assert name == "inference"


def test_what_a_request_raises_is_its_answer(worker: InferenceThread) -> None:
    with pytest.raises(ZeroDivisionError):
        worker.request("divide", lambda: 1 // 0, LONG).result(LONG)
    assert worker.request("again", lambda: 7, LONG).result(LONG) == 7


def test_requests_then_later_stages_then_earlier_ones(worker: InferenceThread) -> None:
    done: list[str] = []
    finished = threading.Event()
    early = worker.add_stage("early", 0, lambda value: (done.append(value), finished.set()))
    late = worker.add_stage("late", 2, done.append)
    held = Held(worker)
    early.mailbox.put("early")
    late.mailbox.put("late")
    worker.request("request", lambda: done.append("request"), LONG)
    held.go.set()
    assert finished.wait(LONG)
    assert done == ["request", "late", "early"]


def test_only_the_newest_value_is_worked_on(worker: InferenceThread) -> None:
    done: list[int] = []
    stage = worker.add_stage("stage", 0, done.append)
    held = Held(worker)
    for value in range(5):
        stage.mailbox.put(value)
    held.go.set()
    worker.request("after", lambda: None, LONG).result(LONG)
    while stage.mailbox:
        worker.request("after", lambda: None, LONG).result(LONG)
    worker.request("after", lambda: None, LONG).result(LONG)
    assert done == [4] and stage.mailbox.drops == 4


def test_an_exception_in_a_stage_is_reported_and_the_next_value_works(worker: InferenceThread, errors: list) -> None:
    done: list[int] = []
    good = threading.Event()

    def work(value: int) -> None:
        done.append(10 // value)
        good.set()

    stage = worker.add_stage("divide", 0, work)
    stage.mailbox.put(0)
    worker.request("after", lambda: None, LONG).result(LONG)
    while stage.mailbox:
        worker.request("after", lambda: None, LONG).result(LONG)
    stage.mailbox.put(5)
    assert good.wait(LONG)
    assert [name for name, _ in errors] == ["divide"] and isinstance(errors[0][1], ZeroDivisionError) and done == [2]


def test_a_request_that_waits_too_long_is_answered_and_never_begun(worker: InferenceThread) -> None:
    begun: list[str] = []
    held = Held(worker)
    answer = worker.request("match", lambda: begun.append("match"), 0.05)
    with pytest.raises(Timeout, match="match was not done within 0.05 s"):
        answer.result(LONG)
    held.go.set()
    assert held.answer.result(LONG) == "held"
    worker.request("after", lambda: None, LONG).result(LONG)
    assert begun == []


def test_a_request_that_is_stuck_is_answered_at_its_deadline(worker: InferenceThread) -> None:
    go = threading.Event()
    with pytest.raises(Timeout):
        worker.request("stuck", lambda: go.wait(LONG), 0.05).result(LONG)
    busy = worker.busy()
    assert busy is not None and busy[0] == "stuck"
    go.set()
    assert worker.request("after", lambda: 1, LONG).result(LONG) == 1


def test_a_removed_stage_is_not_worked_on(worker: InferenceThread) -> None:
    done: list[int] = []
    stage = worker.add_stage("stage", 0, done.append)
    worker.remove_stage(stage)
    stage.mailbox.put(1)
    worker.request("after", lambda: None, LONG).result(LONG)
    assert done == []


def test_stop_answers_what_still_waits_and_refuses_what_comes_later() -> None:
    worker = InferenceThread(lambda stage, error: None)
    held = Held(worker)
    waiting = worker.request("waiting", lambda: 1, LONG)
    stopper = threading.Thread(target=worker.stop)
    stopper.start()
    while not worker._stopped:
        pass
    held.go.set()
    stopper.join(LONG)
    assert held.answer.result(LONG) == "held"
    for answer in (waiting, worker.request("late", lambda: 1, LONG)):
        with pytest.raises(NotActive):
            answer.result(LONG)


def test_many_threads_get_their_own_answers(worker: InferenceThread) -> None:
    answers = [worker.request(str(i), lambda i=i: i * i, LONG) for i in range(50)]
    assert [answer.result(LONG) for answer in answers] == [i * i for i in range(50)]


class Frames:
    """Three stages, each of which tells that it has begun and waits to be let go; a frame goes from one to the next."""

    def __init__(self, worker: InferenceThread) -> None:
        self.begun: queue.Queue[str] = queue.Queue()
        self.go: queue.Queue[None] = queue.Queue()
        self.stages = [worker.add_stage(str(rank), rank, lambda value, rank=rank: self._work(rank, value)) for rank in range(3)]

    def _work(self, rank: int, value: str) -> None:
        self.begun.put(f"{value}{rank}")
        self.go.get(timeout=LONG)
        if rank < 2:
            self.stages[rank + 1].mailbox.put(value)


@pytest.mark.parametrize("under_way", [True, False])
def test_no_more_than_one_frame_comes_between_the_steps_of_a_request(worker: InferenceThread, under_way: bool) -> None:
    frames = Frames(worker)
    if under_way:
        frames.stages[0].mailbox.put("a")
        assert frames.begun.get(timeout=LONG) == "a0"
    seen = []
    with worker.serving():
        if not under_way:
            frames.stages[0].mailbox.put("a")
            assert frames.begun.get(timeout=LONG) == "a0"
        frames.stages[0].mailbox.put("b")
        for step in range(5):
            answer = worker.request(f"step {step}", lambda: None, LONG)
            frames.go.put(None)  # without effect on a thread that waits for work
            answer.result(LONG)
            while not frames.begun.empty() or (step < 2 and len(seen) <= step):
                seen.append(frames.begun.get(timeout=LONG))
        assert seen == ["a1", "a2"], "the frame goes on to its end, and the next one waits"
        assert frames.stages[0].mailbox
    assert frames.begun.get(timeout=LONG) == "b0"
    for _ in range(3):
        frames.go.put(None)


def test_the_stream_goes_on_while_a_request_is_served_elsewhere(worker: InferenceThread) -> None:
    done: queue.Queue[str] = queue.Queue()
    stage = worker.add_stage("only", 0, done.put)
    with worker.serving():
        stage.mailbox.put("first")
        assert done.get(timeout=LONG) == "first"
        stage.mailbox.put("second")
        worker.request("step", lambda: None, LONG).result(LONG)
        assert done.empty()
        with worker.elsewhere():
            assert done.get(timeout=LONG) == "second"


def test_requests_that_cannot_be_served_any_more_are_refused_and_forgotten(worker: InferenceThread) -> None:
    held = Held(worker)
    waiting = [worker.request("waiting", lambda: 1, 1.0) for _ in range(MOST_WAITING)]
    with pytest.raises(Timeout, match=f"{MOST_WAITING} requests wait already"):
        worker.request("one more", lambda: 1, LONG).result(0.5)
    for answer in waiting:
        with pytest.raises(Timeout):
            answer.result(LONG)
    later = worker.request("later", lambda: 7, LONG)
    assert len(worker._requests) == 1, "those that are answered hold nothing any more"
    held.go.set()
    assert later.result(LONG) == 7
