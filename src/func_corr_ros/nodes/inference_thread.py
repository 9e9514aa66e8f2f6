# SPDX-License-Identifier: Apache-2.0
"""The one thread that owns the models: it answers requests first, then works on the newest value of the latest stage."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from func_corr_ros.errors import NotActive, Timeout
from func_corr_ros.streams.mailbox import Mailbox

T = TypeVar("T")
# Each of them may hold images, and more cannot be served within any deadline.
MOST_WAITING = 200


@dataclass
class Stage:
    """One step of the stream: a mailbox and the work for what lies in it. A higher ``rank`` is nearer to the result."""

    name: str
    rank: int
    mailbox: Mailbox[Any]
    work: Callable[[Any], None]


@dataclass
class _Request:
    name: str
    work: Callable[[], Any]
    answer: Future[Any]


@dataclass(eq=False)
class _Served:
    """A request that is being served, in one step or several, and whether a frame has come in its way."""

    waited: bool


class InferenceThread:
    """Runs every model call of a process, one at a time, so that callers never block on a model.

    Requests go before stages, and later stages before earlier ones: a frame under way is finished before a new one is
    begun. No more than one frame comes between the steps of a request (:meth:`serving`). What a stage raises goes to
    ``on_error`` (stage name, exception) and never ends the thread.
    """

    def __init__(self, on_error: Callable[[str, Exception], object]) -> None:
        self._on_error = on_error
        self._ready = threading.Condition()
        self._stages: list[Stage] = []
        self._requests: deque[_Request] = deque()
        self._served: list[_Served] = []
        self._elsewhere = 0
        self._in_stage = False
        self._stopped = False
        self._running: tuple[str, float] | None = None
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)
        self._thread.start()

    def add_stage(self, name: str, rank: int, work: Callable[[Any], None]) -> Stage:
        """Returns a new stage; whatever is put into its mailbox is worked on, newest only."""
        stage = Stage(name, rank, Mailbox(self._ready), work)
        with self._ready:
            self._stages = sorted([*self._stages, stage], key=lambda item: -item.rank)
        return stage

    def remove_stage(self, stage: Stage) -> None:
        """Forgets ``stage``; work of it that has begun is finished."""
        with self._ready:
            self._stages = [item for item in self._stages if item is not stage]

    def request(self, name: str, work: Callable[[], T], timeout: float) -> Future[T]:
        """Returns the future result of ``work``; it holds Timeout where ``work`` has not ended ``timeout`` seconds from now, or
        where MOST_WAITING others wait already.
        """
        answer: Future[T] = Future()
        late = Timeout(f"{name} was not done within {timeout:g} s; the model is busy, ask again or allow more time (timeout)")
        deadline = threading.Timer(timeout, lambda: _settle(answer, error=late))
        deadline.daemon = True
        answer.add_done_callback(lambda _: deadline.cancel())
        with self._ready:
            if self._stopped:
                _settle(answer, error=NotActive("the inference thread has stopped; the node is shutting down"))
                return answer
            # What is answered, since its deadline has passed, would keep its images until the thread is free again.
            self._requests = deque(waiting for waiting in self._requests if not waiting.answer.done())
            if len(self._requests) >= MOST_WAITING:
                _settle(answer, error=Timeout(f"{name}: {MOST_WAITING} requests wait already; ask again later, and less often"))
                return answer
            self._requests.append(_Request(name, work, answer))
            self._ready.notify_all()
        deadline.start()
        return answer

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serves a request in the body, which may have several steps (:meth:`request`): at most one frame is worked on meanwhile,
        and that which is under way already counts.
        """
        with self._ready:
            served = _Served(self._in_stage or any(stage.mailbox for stage in self._stages[:-1]))
            self._served.append(served)
        try:
            yield
        finally:
            with self._ready:
                self._served.remove(served)
                self._ready.notify_all()

    @contextmanager
    def elsewhere(self) -> Iterator[None]:
        """Lets the stream go on while a request that is served here waits for another process."""
        with self._ready:
            self._elsewhere += 1
            self._ready.notify_all()
        try:
            yield
        finally:
            with self._ready:
                self._elsewhere -= 1

    def busy(self) -> tuple[str, float] | None:
        """Returns the name of the work under way and for how many seconds, or None."""
        running = self._running
        return None if running is None else (running[0], time.monotonic() - running[1])

    def stop(self, timeout: float = 15.0) -> bool:
        """Ends the thread after the work under way and refuses what waits; returns whether it has ended."""
        with self._ready:
            self._stopped = True
            self._ready.notify_all()
        self._thread.join(timeout)
        for request in self._requests:
            _settle(request.answer, error=NotActive("the node was shut down before this request was served"))
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._stopped or self._requests or self._due() is not None)
                if self._stopped:
                    return
                name, job = self._next()
                self._running = (name, time.monotonic())  # before another thread sees an empty mailbox
            job()
            with self._ready:
                self._running, self._in_stage = None, False

    def _next(self) -> tuple[str, Callable[[], None]]:
        if self._requests:
            request = self._requests.popleft()
            return request.name, lambda: _answer(request)
        stage = self._due()
        assert stage is not None  # what has been waited for, under the same lock
        if stage is self._stages[-1]:
            for served in self._served:
                served.waited = True
        value, self._in_stage = stage.mailbox.take(), True
        return stage.name, lambda: self._work(stage, value)

    def _due(self) -> Stage | None:
        """Returns the stage that is next: one of the frame under way, or the first one where a new frame may be begun."""
        stage = next((stage for stage in self._stages if stage.mailbox), None)
        begins = stage is not None and stage is self._stages[-1]
        return None if begins and sum(served.waited for served in self._served) > self._elsewhere else stage

    def _work(self, stage: Stage, value: Any) -> None:
        try:
            stage.work(value)
        except Exception as error:
            self._on_error(stage.name, error)


def _answer(request: _Request) -> None:
    if request.answer.done():  # its deadline has passed while it waited
        return
    try:
        result = request.work()
    except Exception as error:
        _settle(request.answer, error=error)
    else:
        _settle(request.answer, result=result)


def _settle(answer: Future[Any], result: Any = None, error: Exception | None = None) -> None:
    try:
        answer.set_result(result) if error is None else answer.set_exception(error)
    except InvalidStateError:
        pass  # the deadline and the work ended at the same moment: the first one counts
