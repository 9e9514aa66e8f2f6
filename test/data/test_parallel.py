# SPDX-License-Identifier: Apache-2.0
"""Work in several processes gives what it gives in one: the same results, in order, and the same error."""
import os

import pytest

from func_corr_ros.data.parallel import each
from func_corr_ros.errors import BadBenchmark
from func_corr_ros.evaluation.benchmark_plan import functions_of


def test_results_come_in_the_order_of_the_items() -> None:
    assert each(abs, [-3, 2, -1], 1, "numbers") == each(abs, [-3, 2, -1], 2, "numbers") == [3, 2, 1]


def test_children_compute_with_one_thread_and_the_parent_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert each(os.getenv, ["OMP_NUM_THREADS"] * 2, 2, "threads") == ["1", "1"]
    assert os.environ["OMP_NUM_THREADS"] == "7"


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_reaches_the_caller(processes: int) -> None:
    with pytest.raises(BadBenchmark, match="no such thing"):
        each(functions_of, ["no such thing", "mug"], processes, "categories")
