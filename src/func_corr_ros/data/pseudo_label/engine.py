# SPDX-License-Identifier: Apache-2.0
"""Who does the work of a stage: processes of this machine, or Ray, which may be a cluster. Either gives the same files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from func_corr_ros.data.parallel import each
from func_corr_ros.errors import BadSettings
from func_corr_ros.optional import require

ENGINES = ("local", "ray")
# Items that wait at each actor beside the one in work: enough that none stands idle, few enough that memory stays bounded.
_AHEAD = 1
# So often an item is done again whose worker died; one that kills every worker it is given to stops the run with Ray's error.
_AGAIN = 10


@runtime_checkable
class Engine(Protocol):
    """``each`` returns ``work(item)`` of every item, in their order; the first error stops all and is raised. ``keeps`` says that
    ``work`` loads something dear (a model) and holds it: workers then stay the same from item to item.
    """

    def each(self, work: Callable[[Any], Any], items: Sequence[Any], title: str, *, keeps: bool = False) -> list[Any]:
        """See Engine."""
        ...


@dataclass(frozen=True)
class LocalEngine:
    """See Engine: ``processes`` of this machine."""

    processes: int = 1

    def each(self, work: Callable[[Any], Any], items: Sequence[Any], title: str, *, keeps: bool = False) -> list[Any]:
        """See Engine."""
        return each(work, items, self.processes, title)


@dataclass(frozen=True)
class RayEngine:
    """See Engine: tasks of Ray, actors for what ``keeps``. A worker that dies (a spot machine taken away, say) has its items done
    again by another: files appear whole or not at all, so none is lost and none is there twice.

    ``workers`` tasks or actors at a time; an actor takes ``gpus`` of one GPU. All machines must see the same folders under the
    same names.
    """

    workers: int
    gpus: float = 0.0

    def each(self, work: Callable[[Any], Any], items: Sequence[Any], title: str, *, keeps: bool = False) -> list[Any]:
        """See Engine."""
        ray: Any = require("ray")
        if not ray.is_initialized():
            raise BadSettings("Ray is not running; call inside of ray_engine()")
        count = min(self.workers, len(items))
        if not count:
            return []
        # Tasks on their way are in work at once, an actor takes one after the other.
        send = _actors(ray, work, count, self.gpus) if keeps else _tasks(ray, work)
        try:
            return _drawn(ray, send, items, count * (1 + _AHEAD) if keeps else count, title)
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None


@contextmanager
def ray_engine(workers: int, address: str = "", gpus: float = 0.0) -> Iterator[RayEngine]:
    """Gives an engine on the cluster at ``address`` ("auto": the one this machine belongs to), or on a Ray of our own with as
    many CPUs as ``workers``, which ends with the block. Raises MissingOptional without ``ray``, BadSettings where nobody is at
    ``address``.
    """
    ray: Any = require("ray")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent to anybody
    where = {"address": address} if address else {"address": "local", "num_cpus": workers, "include_dashboard": False}
    try:
        ray.init(log_to_driver=False, configure_logging=False, **where)
    except (ConnectionError, ValueError) as error:
        raise BadSettings(f"no Ray at {address!r} ({error}); start one (ray start --head), or leave the address out") from error
    try:
        yield RayEngine(workers, gpus)
    finally:
        ray.shutdown()


def _tasks(ray: Any, work: Callable[[Any], Any]) -> Callable[[Any, int], Any]:
    # Errors of ours are answers, and are not tried again; items whose worker died are.
    task, shared = ray.remote(max_retries=_AGAIN, num_cpus=1)(_call), ray.put(work)
    return lambda item, slot: task.remote(shared, item)


def _actors(ray: Any, work: Callable[[Any], Any], count: int, gpus: float) -> Callable[[Any, int], Any]:
    kept = ray.remote(max_restarts=-1, max_task_retries=_AGAIN, num_cpus=1, num_gpus=gpus)(_Worker)
    actors = [kept.remote(work) for _ in range(count)]
    return lambda item, slot: actors[slot % count].do.remote(item)


def _call(work: Callable[[Any], Any], item: Any) -> Any:
    return work(item)


class _Worker:
    """An actor: what ``work`` loads stays loaded in its process."""

    def __init__(self, work: Callable[[Any], Any]) -> None:
        self._work = work

    def do(self, item: Any) -> Any:
        """Returns the work's answer about one item."""
        return self._work(item)


def _drawn(ray: Any, send: Callable[[Any, int], Any], items: Sequence[Any], most: int, title: str) -> list[Any]:
    """Returns the answers in order; at most ``most`` items are on their way at a time (back-pressure). A slot is who works."""
    from rich.console import Console
    from rich.progress import Progress, TimeElapsedColumn

    answers: list[Any] = [None] * len(items)
    waiting = iter(enumerate(items))
    free, on_way = list(range(most))[::-1], {}
    with Progress(*Progress.get_default_columns(), TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        bar = progress.add_task(title, total=len(items))
        while True:
            while free and (following := next(waiting, None)) is not None:
                slot = free.pop()
                on_way[send(following[1], slot)] = (following[0], slot)
            if not on_way:
                return answers
            ready, _ = ray.wait(list(on_way), num_returns=1)
            for one in ready:
                index, slot = on_way.pop(one)
                answers[index] = ray.get(one)
                free.append(slot)
                progress.advance(bar)
