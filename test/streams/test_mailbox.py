# SPDX-License-Identifier: Apache-2.0
"""One slot: newest only, every replacement counted, no value lost or handed out twice."""

import threading

from func_corr_ros.streams.mailbox import Mailbox


def test_newest_replaces_and_is_counted() -> None:
    box: Mailbox[int] = Mailbox()
    assert [box.put(1), box.put(2), box.put(3)] == [False, True, True]
    assert (box.take(), box.take()) == (3, None)
    assert (box.puts, box.drops) == (3, 2)


def test_falsy_values_are_values() -> None:
    box: Mailbox[int] = Mailbox()
    box.put(0)
    assert bool(box) and box.put(0) and box.take() == 0


def test_clear_is_no_drop() -> None:
    box: Mailbox[int] = Mailbox()
    box.put(1)
    box.clear()
    assert (box.take(), box.drops) == (None, 0)


def test_take_waits_for_another_thread() -> None:
    box: Mailbox[str] = Mailbox()
    threading.Thread(target=box.put, args=("late",)).start()
    assert box.take(timeout=5.0) == "late"


def test_puts_are_taken_or_dropped() -> None:
    box: Mailbox[int] = Mailbox()
    taken: list[int] = []
    done = threading.Event()

    def consume() -> None:
        while not done.is_set() or box:
            value = box.take(timeout=0.01)
            if value is not None:
                taken.append(value)

    consumer = threading.Thread(target=consume)
    consumer.start()
    for value in range(1, 501):
        box.put(value)
    done.set()
    consumer.join(timeout=10.0)
    assert len(taken) + box.drops == 500 and taken == sorted(set(taken)) and taken[-1] == 500


def test_two_mailboxes_share_one_condition() -> None:
    ready = threading.Condition()
    a, b = Mailbox[int](ready), Mailbox[int](ready)
    threading.Thread(target=b.put, args=(7,)).start()
    with ready:
        assert ready.wait_for(lambda: bool(a) or bool(b), timeout=5.0)
    assert b.take() == 7 and a.take() is None
