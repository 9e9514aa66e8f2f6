# SPDX-License-Identifier: Apache-2.0
"""Known percentiles, bounded memory, and failures that are timed as well."""

import pytest

from func_corr_ros.streams.stage_timer import StageTimer


def test_percentiles_are_numpys() -> None:
    timer = StageTimer()
    for millisecond in range(101):
        timer.add("match", millisecond / 1000)
    found = timer.percentiles()["match"]
    assert found.p50 == pytest.approx(0.050) and found.p95 == pytest.approx(0.095) and found.count == 101


def test_only_the_window_counts() -> None:
    timer = StageTimer(window=10)
    for seconds in [5.0] * 50 + [1.0] * 10:
        timer.add("lift", seconds)
    assert timer.percentiles()["lift"].p95 == 1.0


def test_a_stage_that_raises_is_timed() -> None:
    timer = StageTimer()
    with pytest.raises(ValueError), timer.time("segment"):
        raise ValueError
    assert timer.percentiles()["segment"].count == 1


def test_no_stage_no_percentiles() -> None:
    assert StageTimer().percentiles() == {}
