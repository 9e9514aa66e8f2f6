# SPDX-License-Identifier: Apache-2.0
"""A run is no worse than itself; a shift of known size is found, in the right direction, and only noise is called the same."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from replay.compared_runs import write_run

from func_corr_ros.errors import BadRecording, BadSettings
from func_corr_ros.evaluation.scores import COLUMNS
from func_corr_ros.replay.run_comparison import BETTER, SAME, WORSE, Samples, compared, read_samples
from func_corr_ros.replay.run_figures import block_interval


def samples(values: np.ndarray, higher: bool = False, functions: tuple[str, ...] | None = None, kind: str = "replay") -> Samples:
    n = len(values)
    key, block = tuple(str(i) for i in range(n)), np.arange(n, dtype=np.int64) // 5
    return Samples(kind, key, functions or ("pour-with",) * n, block, {"error": values}, {"error": higher})


def test_a_shift_is_found_and_its_direction_judged(rng: np.random.Generator) -> None:
    before = rng.normal(10.0, 3.0, 200)
    after = before + 1.0 + rng.normal(0.0, 0.5, 200)
    (worse,) = compared(samples(before), samples(after))
    assert worse.verdict == WORSE and worse.regression and worse.n == 200
    assert worse.change == pytest.approx(np.mean(after - before)) and worse.interval[0] < worse.change < worse.interval[1]
    assert abs(worse.change - 1.0) < 0.15 and worse.interval[1] - worse.interval[0] < 0.3
    (better,) = compared(samples(before, higher=True), samples(after, higher=True))
    assert better.verdict == BETTER and not better.regression
    (back,) = compared(samples(after), samples(before))
    assert back.verdict == BETTER and back.change == pytest.approx(-worse.change)


def test_the_tolerance_is_what_a_change_may_be(rng: np.random.Generator) -> None:
    before = rng.normal(10.0, 3.0, 100)
    a, b = samples(before), samples(before + 1.0)
    assert not compared(a, b, {"error": 1.5})[0].regression and compared(a, b, {"error": 0.5})[0].regression
    assert compared(a, b, {"error": 1.5})[0].verdict == WORSE
    with pytest.raises(BadSettings, match="--tolerance speed: no such figure; valid: error"):
        compared(a, b, {"speed": 1.0})


def test_noise_is_the_same_nineteen_times_of_twenty() -> None:
    verdicts = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        before = rng.normal(0.0, 1.0, 150)
        verdicts.append(compared(samples(before), samples(before + rng.normal(0.0, 1.0, 150)))[0].verdict)
    assert 0.88 <= verdicts.count(SAME) / 200 <= 0.98  # a bootstrap of 30 blocks is a little too narrow


def test_frames_that_hang_together_do_not_count_as_many() -> None:
    """A noise shared within each second: an interval over frames would be five times too narrow."""
    shared = np.repeat(np.random.default_rng(0).normal(0.0, 1.0, 40), 25)
    stamps = np.arange(1000) * 40_000_000
    low, high = block_interval(shared, stamps)
    expected = 2 * 1.96 * np.std(shared[::25], ddof=1) / np.sqrt(40)
    assert (high - low) == pytest.approx(expected, rel=0.15)


def test_less_than_a_second_of_recording_is_not_certain_of_everything() -> None:
    """Within one block single frames are drawn: a change that is noise is no regression."""
    noise = np.array([0.3, -0.2, 0.4, -0.3, 0.1, -0.2])
    low, high = block_interval(noise, np.arange(6) * 100_000_000)
    assert low < 0.0 < high and high - low > 0.1
    a = replace(samples(np.ones(6)), block=np.zeros(6, dtype=np.int64))
    (verdict,) = compared(a, replace(a, columns={"error": 1.0 + noise}))
    assert verdict.verdict == SAME and not verdict.regression
    (verdict,) = compared(a, replace(a, columns={"error": 3.0 + noise}))
    assert verdict.verdict == WORSE and verdict.regression


def test_functions_have_verdicts_of_their_own_and_rows_are_paired_by_key() -> None:
    values = np.arange(40.0)
    functions = ("pour-with",) * 20 + ("cut-with",) * 20
    a = samples(values, functions=functions)
    order = np.random.default_rng(1).permutation(40)
    change = np.where(np.arange(40) < 20, 2.0, -3.0)
    b = Samples("replay", tuple(a.key[i] for i in order), tuple(functions[i] for i in order), a.block[order],
                {"error": (values + change)[order]}, a.higher)
    found = {verdict.function: verdict for verdict in compared(a, b)}
    assert found["pour-with"].change == pytest.approx(2.0) and found["pour-with"].verdict == WORSE
    assert found["cut-with"].change == pytest.approx(-3.0) and found["cut-with"].verdict == BETTER


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    a, b = samples(np.arange(3.0)), samples(np.arange(3.0), kind="evaluate")
    with pytest.raises(BadSettings, match="compare two of one kind"):
        compared(a, b)
    other = Samples("replay", ("x", "y", "z"), a.function, a.block, a.columns, a.higher)
    with pytest.raises(BadSettings, match="no stamp in common"):
        compared(a, other)
    with pytest.raises(BadRecording, match="holds neither frames.jsonl .* nor scores.csv"):
        read_samples(tmp_path)
    (tmp_path / "frames.jsonl.partial").write_text("")
    with pytest.raises(BadRecording, match="only one that was broken off: run func-corr replay again with the same --out"):
        read_samples(tmp_path)


def test_replayed_runs_are_compared_by_what_lies_in_their_folders(tmp_path: Path) -> None:
    a, b = (read_samples(write_run(tmp_path / name, shift)) for name, shift in (("a", 0.001), ("b", 0.004)))
    found: dict[str, Any] = {verdict.figure: verdict for verdict in compared(a, b)}
    assert found["pose_mm"].verdict == WORSE and found["pose_mm"].change == pytest.approx(3.0, abs=0.1)
    assert found["accepted"].verdict == SAME and found["pose_deg"].verdict == SAME
    assert {verdict.verdict for verdict in compared(a, a)} == {SAME}


def test_evaluations_are_compared_by_pair_and_way(tmp_path: Path) -> None:
    for name, value in (("a", 0.5), ("b", 0.4)):
        (tmp_path / name).mkdir()
        head = ["pair", "way", "function", *COLUMNS]
        lines = [",".join(head)]
        for number in range(8):
            for way in ("ab", "ba"):
                figures = [f"{value + 0.01 * number:.6f}"] * (len(COLUMNS) - 1) + [""]
                lines.append(",".join([f"p{number}", way, "cut-with" if number % 2 else "pour-with", *figures]))
        (tmp_path / name / "scores.csv").write_text("\n".join(lines) + "\n")
    verdicts = compared(read_samples(tmp_path / "a"), read_samples(tmp_path / "b"))
    assert {verdict.function for verdict in verdicts} == {"pour-with", "cut-with"}
    by_figure = {verdict.figure: verdict for verdict in verdicts}
    assert by_figure["normalised_distance"].verdict == BETTER and by_figure["pck@23"].verdict == WORSE
    assert COLUMNS[-1] not in by_figure
