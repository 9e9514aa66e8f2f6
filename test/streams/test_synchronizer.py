# SPDX-License-Identifier: Apache-2.0
"""Sets are complete, within the slop, newest only, and a set that never comes is explained by the input that is at fault."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from func_corr_ros.streams.synchronizer import Synchronizer

MS = 1_000_000
START = 1_000_000 * MS


class Clock:
    """A monotonic clock that a test sets by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sync(clock: Clock) -> Synchronizer:
    return Synchronizer(["color", "depth"], ["info"], slop=0.02, clock=clock)


def test_a_set_needs_every_input(sync: Synchronizer) -> None:
    assert sync.add("color", START, "c") is None
    assert sync.add("depth", START + 5 * MS, "d") is None
    assert sync.add("info", START, "i") == {"color": "c", "depth": "d", "info": "i"}
    assert sync.sets == 1


def test_beyond_the_slop_is_no_set(sync: Synchronizer) -> None:
    sync.add("info", START, "i")
    sync.add("color", START, "c")
    assert sync.add("depth", START + 20 * MS + 1, "late") is None
    assert sync.add("depth", START + 20 * MS, "just") is not None


def test_the_nearest_partner_is_taken(sync: Synchronizer) -> None:
    sync.add("info", START, "i")
    sync.add("depth", START - 15 * MS, "far")
    sync.add("depth", START + 2 * MS, "near")
    assert sync.add("color", START, "c") == {"color": "c", "depth": "near", "info": "i"}


def test_the_newest_set_wins_and_older_ones_never_follow(sync: Synchronizer) -> None:
    for index in range(3):
        sync.add("color", START + 100 * index * MS, index)
    for index in range(3):
        sync.add("depth", START + 100 * index * MS, index)
    assert sync.add("info", START, "i") == {"color": 2, "depth": 2, "info": "i"}
    assert sync.add("depth", START + 100 * MS, 1) is None
    assert sync.add("color", START + 100 * MS, 1) is None
    assert sync.states()["color"].unmatched == 3


def test_a_held_input_may_come_once(sync: Synchronizer) -> None:
    sync.add("info", START - 500 * MS, "latched")
    for index in range(3):
        sync.add("color", START + 100 * index * MS, index)
        assert sync.add("depth", START + 100 * index * MS, index) == {"color": index, "depth": index, "info": "latched"}


def test_a_held_input_that_keeps_pace_is_waited_for(sync: Synchronizer) -> None:
    for index in range(3):
        stamp = START + 100 * index * MS
        sync.add("color", stamp, index)
        first = sync.add("depth", stamp, index)
        assert first is None
        assert sync.add("info", stamp, f"info {index}") == {"color": index, "depth": index, "info": f"info {index}"}


def test_a_held_message_that_is_lost_costs_its_set_only(sync: Synchronizer) -> None:
    for name in ("color", "depth", "info"):
        sync.add(name, START, name)
    sync.add("color", START + 100 * MS, 1)
    assert sync.add("depth", START + 100 * MS, 1) is None
    sync.add("color", START + 200 * MS, 2)
    assert sync.add("depth", START + 200 * MS, 2) is None
    assert sync.add("info", START + 200 * MS, "new") == {"color": 2, "depth": 2, "info": "new"}


def test_a_held_input_that_stops_is_used_as_it_was(sync: Synchronizer) -> None:
    for name in ("color", "depth", "info"):
        sync.add(name, START, name)
    sets = []
    for index in range(1, 6):
        sets.append(sync.add("color", START + 100 * index * MS, index))
        sets.append(sync.add("depth", START + 100 * index * MS, index))
    found = [one for one in sets if one is not None]
    assert [one["color"] for one in found] == [3, 4, 5] and {one["info"] for one in found} == {"info"}


def test_a_clock_that_jumps_back_starts_anew(sync: Synchronizer) -> None:
    sync.add("info", START, "i")
    sync.add("color", START, "c")
    assert sync.add("depth", START, "d") is not None
    earlier = START - 60_000 * MS
    sync.add("color", earlier, "c")
    sync.add("info", earlier, "i")
    assert sync.add("depth", earlier, "d") is not None
    assert sync.jumps == 1


def test_waiting_messages_are_bounded(sync: Synchronizer) -> None:
    for index in range(100):
        sync.add("color", START + 33 * index * MS, index)
    assert sync.states()["color"].received == 100
    assert sync.states()["color"].unmatched == 92


@given(
    st.lists(st.tuples(st.sampled_from(["color", "depth"]), st.integers(0, 60)), max_size=60),
    st.integers(0, 5),
)
def test_every_set_is_within_the_slop_and_stamps_increase(arrivals: list[tuple[str, int]], slop_ms: int) -> None:
    sync = Synchronizer(["color", "depth"], slop=slop_ms / 1000, clock=lambda: 0.0)
    sets = [found for name, ms in arrivals if (found := sync.add(name, ms * MS, ms)) is not None]
    assert all(abs(found["color"] - found["depth"]) <= slop_ms for found in sets)
    colors = [found["color"] for found in sets]
    assert colors == sorted(set(colors)) and len(sets) == sync.sets


def test_rate_and_silence(sync: Synchronizer, clock: Clock) -> None:
    for index in range(31):
        clock.now = 100.0 + index / 30
        sync.add("depth", START + index * 33 * MS, index)
    clock.now += 0.5
    state = sync.states()["depth"]
    assert state.rate_hz == pytest.approx(30.0) and state.silence == pytest.approx(0.5)
    assert sync.states()["color"].silence is None
    clock.now += 10.0
    assert sync.states()["depth"].rate_hz == 0.0


def test_complaint_names_what_never_arrived(sync: Synchronizer, clock: Clock) -> None:
    sync.add("color", START, "c")
    clock.now += 2.9
    assert sync.complaint() is None
    clock.now += 0.2
    sync.add("color", START + 3000 * MS, "c")
    assert sync.complaint() == "no message has arrived on 'depth' in 3.1 s"


def test_complaint_names_what_stopped(sync: Synchronizer, clock: Clock) -> None:
    for name in ("info", "color", "depth"):
        sync.add(name, START, name)
    clock.now += 4.0
    sync.add("color", START + 4000 * MS, "c")
    assert sync.complaint() == "no message on 'depth' for 4.0 s"


def test_complaint_measures_the_skew(sync: Synchronizer, clock: Clock) -> None:
    sync.add("info", START, "i")
    for second in range(5):
        clock.now = 100.0 + second
        sync.add("color", START + 1000 * second * MS, "c")
        sync.add("depth", START + (1000 * second + 80) * MS, "d")
    assert sync.states()["depth"].skew == pytest.approx(0.080)
    assert sync.complaint() == "'depth' and 'color' do not match: the nearest stamps are +80.0 ms apart, sync.slop is 20.0 ms"


def test_no_complaint_while_sets_come(sync: Synchronizer, clock: Clock) -> None:
    for second in range(10):
        clock.now = 100.0 + second
        for name in ("info", "color", "depth"):
            sync.add(name, START + 1000 * second * MS, name)
    assert sync.complaint() is None
