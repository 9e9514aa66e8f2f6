# SPDX-License-Identifier: Apache-2.0
"""The builder makes the same benchmark every time, keeps its promises about pairs and splits, and leaves nothing out silently."""
from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from func_corr_ros.data.functional_truth import TruthPair, surface_pairs
from func_corr_ros.data.object_view import ObjectStage, ObjectView
from func_corr_ros.data.objects import CATEGORIES, FUNCTIONS
from func_corr_ros.data.render_job import ViewTask
from func_corr_ros.data.splits import FIRST_BENCHMARK_SEED, UNSEEN_CATEGORIES, UNSEEN_FUNCTIONS
from func_corr_ros.errors import BadBenchmark
from func_corr_ros.evaluation import benchmark_build, benchmark_plan, benchmark_views
from func_corr_ros.evaluation.benchmark import Benchmark
from func_corr_ros.evaluation.benchmark_build import build
from func_corr_ros.evaluation.benchmark_plan import FunctionPlan
from func_corr_ros.evaluation.benchmark_views import BenchmarkSettings, TabletopView

pytest.importorskip("embreex")
pytest.importorskip("manifold3d")

TINY = BenchmarkSettings(pairs=2, views=3, negatives=4, size=96, supersampling=1)
SOME = {"functions": ("pour-with", "hang-onto"), "categories": ("mug", "pitcher", "jar")}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("built") / "tiny", processes=2, settings=TINY, **SOME)


def hashes(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*") if path.is_file()}


def test_a_rebuild_is_the_same_bit_by_bit_in_any_number_of_processes(built: Path, tmp_path: Path) -> None:
    again = build(tmp_path / "again", processes=1, settings=TINY, **SOME)
    assert hashes(again) == hashes(built)


def test_it_holds_together_and_keeps_its_promises(built: Path) -> None:
    benchmark = Benchmark.open(built)
    benchmark.check()
    assert Counter(pair.function for pair in benchmark.pairs) == {"pour-with": 2, "hang-onto": 2}
    for pair in benchmark.pairs:
        views = [benchmark.views[view_id].description for view_id in (pair.a, pair.b)]
        assert pair.description["categories"] == [view["category"] for view in views]
        assert all(view["seed"] >= FIRST_BENCHMARK_SEED for view in views) and views[0]["seed"] != views[1]["seed"]
        assert pair.description["upright"] == all(abs(view["roll"]) <= 20.0 for view in views)
        truth = pair.truth()
        assert len(truth.a) >= TINY.least_points
        for uv, part in ((truth.a, pair.part_a()), (truth.b, pair.part_b())):
            column, row = np.rint(uv).astype(int).T
            assert part[row, column].mean() > 0.7, "most points lie on the part; those on its outline may round off it"


def test_negatives_are_of_views_that_are_there_and_change_nothing_else(built: Path, tmp_path: Path) -> None:
    benchmark = Benchmark.open(built)
    assert {pair.function for pair in benchmark.negatives} == {"hang-onto"}, "all three pour, and a jar hangs on nothing"
    for pair in benchmark.negatives:
        assert any(pair.a in (one.a, one.b) for one in benchmark.pairs if one.function == "hang-onto")
        assert pair.description["categories"] == [benchmark.views[view].description["category"] for view in (pair.a, pair.b)]
        assert pair.description["categories"][1] == "jar"
    without = build(tmp_path / "without", processes=1, settings=replace(TINY, negatives=0), **SOME)
    assert Benchmark.open(without).negatives == () and Benchmark.open(without).sha256 == benchmark.sha256
    assert {name: value for name, value in hashes(built).items() if name not in ("negatives.json", "manifest.json")} == {
        name: value for name, value in hashes(without).items() if name != "manifest.json"}


def test_truth_in_the_pictures_is_truth_on_the_surfaces(built: Path) -> None:
    benchmark = Benchmark.open(built)
    pair = next(pair for pair in benchmark.pairs if pair.function == "hang-onto")  # no symmetry, no free turn
    a, b = (benchmark.views[view_id] for view_id in (pair.a, pair.b))
    things = [benchmark_views.build(view.description["category"], view.description["seed"]) for view in (a, b)]
    pairs, truth = surface_pairs(*things, pair.function), pair.truth()
    row = [int(np.abs(pairs.a - point).sum(axis=1).argmin()) for point in truth.points]
    for view, points, uv in ((a, pairs.a[row], truth.a), (b, pairs.b[row], truth.b)):
        seen = points @ view.camera_from_object[:3, :3].T + view.camera_from_object[:3, 3]
        projected = seen @ view.K.T
        np.testing.assert_allclose(projected[:, :2] / projected[:, 2:], uv, atol=1e-3)
        column, line = np.rint(uv).astype(int).T
        np.testing.assert_allclose(view.depth[line, column], seen[:, 2], atol=0.004)


def test_a_stopped_build_goes_on(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered = []
    render = benchmark_views.rendered

    def stopping(task: ViewTask, stage: ObjectStage) -> ObjectView:
        if len(rendered) == 2:
            raise KeyboardInterrupt
        rendered.append(task)
        return render(task, stage)

    monkeypatch.setattr(benchmark_views, "rendered", stopping)
    with pytest.raises(KeyboardInterrupt):
        build(tmp_path / "out", processes=1, settings=TINY, **SOME)
    assert not (tmp_path / "out").exists()
    monkeypatch.setattr(benchmark_views, "rendered", render)
    monkeypatch.setattr(benchmark_build, "FunctionPlan", None)  # the pairs are chosen already
    assert hashes(build(tmp_path / "out", processes=1, settings=TINY, **SOME)) == hashes(built)


def test_a_broken_category_is_refused_not_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CATEGORIES, "jar", "func_corr_ros.data.objects.bottles:NoSuchThing")
    with pytest.raises(BadBenchmark, match="category 'jar': AttributeError"):
        build(tmp_path / "out", processes=1, settings=TINY, **SOME)


def test_a_function_of_one_category_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadBenchmark, match=r"hang-onto is served by \['mug'\] only"):
        build(tmp_path / "out", processes=1, settings=TINY, functions=("hang-onto",), categories=("mug",))


def test_an_unknown_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadBenchmark, match="functional-v1 in size 'huge'; valid: functional-v1 full, "):
        build(tmp_path / "out", size="huge")


def test_a_plan_mixes_seen_and_unseen_categories() -> None:
    """Of four views one is of a category held out; of functions held out all categories count alike."""
    for function, names, unseen in (("pour-with", ("mug", "pitcher", "decanter"), 5), ("peel-with", ("knife", "scalpel"), 10)):
        order = FunctionPlan(function, names, TINY)._categories
        drawn = [next(order) for _ in range(20)]
        assert sum(name in UNSEEN_CATEGORIES for name in drawn) == unseen
        assert set(drawn) == set(names)


def test_pairs_that_have_too_little_in_common_are_redrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """12 points and a fifth of what either camera sees are enough, no less."""
    points = np.zeros((12, 3), np.float32)
    few, poor, good = (TruthPair(points[:n, :2], points[:n, :2], points[:n], common)
                       for n, common in ((11, 1.0), (12, 0.19), (12, 0.2)))
    answers = iter([few, poor, good])
    monkeypatch.setattr(benchmark_plan, "visible_pairs", lambda a, b, function: next(answers))
    (pair,) = FunctionPlan("hang-onto", ("mug", "pitcher"), replace(TINY, pairs=1)).pairs()
    assert pair.truth is good


def test_a_tabletop_view_is_the_same_object_partly_hidden() -> None:
    view = TabletopView.drawn("mug", 2_000_001, np.random.default_rng(0))
    seen = view.seen(TINY)
    assert seen.mask.shape == (480, 640) and seen.mask.sum() > 1000
    np.testing.assert_array_equal(np.isfinite(seen.depth), seen.mask)
    assert not (seen.part_mask("hang-onto") & ~seen.mask).any() and (seen.face_index[~seen.mask] == -1).all()


@pytest.mark.slow
def test_a_tabletop_benchmark_holds_together(tmp_path: Path) -> None:
    few = BenchmarkSettings(pairs=1, views=2, least_part=32.0, supersampling=1)
    folder = build(tmp_path / "out", "functional-v1-tabletop", settings=few, **SOME)
    benchmark = Benchmark.open(folder)
    benchmark.check()
    for view in (benchmark.views[view_id] for view_id in benchmark.views):
        assert view.image.shape == (480, 640, 3) and 0.005 < np.isnan(view.depth).mean() < 0.6, "holes, as a sensor has them"


@pytest.mark.slow
def test_the_mini_benchmark_is_built_alike_twice(tmp_path: Path) -> None:
    first, second = (build(tmp_path / name, size="mini", processes=2) for name in ("first", "second"))
    assert hashes(first) == hashes(second)
    benchmark = Benchmark.open(first)
    benchmark.check()
    assert Counter(pair.function for pair in benchmark.pairs) == dict.fromkeys(FUNCTIONS, 3)
    assert sum(pair.within_category for pair in benchmark.pairs) <= 0.15 * len(benchmark.pairs)
    splits = Counter(pair.split for pair in benchmark.pairs)
    assert Counter(pair.function for pair in benchmark.negatives) == dict.fromkeys(FUNCTIONS, 3)
    assert splits["unseen-function"] == 3 * len(UNSEEN_FUNCTIONS) and splits["unseen-category"] >= 8 and splits["seen"] >= 24
