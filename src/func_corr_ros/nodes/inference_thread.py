# SPDX-License-Identifier: Apache-2.0
"""The one thread that owns the models: it answers requests first, then works on the newest value of the latest stage."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from typing import Any, TypeVar

from func_corr_ros.errors import NotActive, Timeout
from func_corr_ros.streams.mailbox import Mailbox

T = TypeVar("T")


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


class InferenceThread:
    """Runs every model call of a process, one at a time, so that callers never block on a model.

    Requests go before stages, and later stages before earlier ones: a frame under way is finished before a new one is
    begun. What a stage raises goes to ``on_error`` (stage name, exception) and never ends the thread.
    """

    def __init__(self, on_error: Callable[[str, Exception], object]) -> None:
        self._on_error = on_error
        self._ready = threading.Condition()
        self._stages: list[Stage] = []
        self._requests: deque[_Request] = deque()
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
        """Returns the future result of ``work``; it holds Timeout where ``work`` has not ended ``timeout`` seconds from now."""
        answer: Future[T] = Future()
        late = Timeout(f"{name} was not done within {timeout:g} s; the model is busy, ask again or allow more time (timeout)")
        deadline = threading.Timer(timeout, lambda: _settle(answer, error=late))
        deadline.daemon = True
        answer.add_done_callback(lambda _: deadline.cancel())
        with self._ready:
            if self._stopped:
                _settle(answer, error=NotActive("the inference thread has stopped; the node is shutting down"))
                return answer
            self._requests.append(_Request(name, work, answer))
            self._ready.notify_all()
        deadline.start()
        return answer

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
                self._ready.wait_for(lambda: self._stopped or self._requests or any(stage.mailbox for stage in self._stages))
                if self._stopped:
                    return
                name, job = self._next()
                self._running = (name, time.monotonic())  # before another thread sees an empty mailbox
            job()
            self._running = None

    def _next(self) -> tuple[str, Callable[[], None]]:
        if self._requests:
            request = self._requests.popleft()
            return request.name, lambda: _answer(request)
        stage = next(stage for stage in self._stages if stage.mailbox)
        value = stage.mailbox.take()
        return stage.name, lambda: self._work(stage, value)

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
