# SPDX-License-Identifier: Apache-2.0
"""The same work for each of many items, in several processes, with a bar that says how far it is."""
from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

Item = TypeVar("Item")

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def each(work: Callable[[Any], Any], items: Sequence[Item], processes: int, title: str) -> list[Any]:
    """Returns ``work(item)`` of every item, in their order. With more than one process ``work`` and items must pickle; each
    process computes with one thread. The first error stops all.
    """
    from rich.console import Console
    from rich.progress import track

    bar: dict[str, Any] = {"total": len(items), "description": title, "console": Console(stderr=True)}
    if processes <= 1 or len(items) <= 1:
        return list(track((work(item) for item in items), **bar))
    with _one_thread_each(), ProcessPoolExecutor(min(processes, len(items)), multiprocessing.get_context("spawn")) as pool:
        try:
            return list(track(pool.map(work, items), **bar))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Children read these variables when they start, and only then."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
