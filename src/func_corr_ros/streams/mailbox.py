# SPDX-License-Identifier: Apache-2.0
"""A mailbox with one slot: the newest value replaces the one that nobody took, and what was replaced is counted."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Hands values from one thread to another, newest only. ``ready`` is notified on every put; share one condition among
    mailboxes to wait for whichever fills first.
    """

    def __init__(self, ready: threading.Condition | None = None) -> None:
        self._ready = ready or threading.Condition()
        self._slot: list[T] = []
        self.puts = 0
        self.drops = 0

    def put(self, value: T) -> bool:
        """Stores ``value``; returns True where it replaced one that nobody had taken."""
        with self._ready:
            replaced = bool(self._slot)
            self._slot = [value]
            self.puts += 1
            self.drops += replaced
            self._ready.notify_all()
        return replaced

    def take(self, timeout: float | None = 0.0) -> T | None:
        """Returns the newest value and empties the slot; waits up to ``timeout`` seconds (None: for ever), then returns None."""
        with self._ready:
            self._ready.wait_for(lambda: self._slot, timeout)
            return self._slot.pop() if self._slot else None

    def clear(self) -> None:
        """Empties the slot without counting a drop."""
        with self._ready:
            self._slot = []

    def __bool__(self) -> bool:
        return bool(self._slot)
