# SPDX-License-Identifier: Apache-2.0
"""Builds our benchmarks: objects that know their functions, alone or on cluttered tables, and the exact truth between them."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from func_corr_ros.data.objects import CATEGORIES, FUNCTIONS
from func_corr_ros.data.parallel import each
from func_corr_ros.errors import BadBenchmark
from func_corr_ros.evaluation.benchmark import Truth
from func_corr_ros.evaluation.benchmark_negatives import negatives_of
from func_corr_ros.evaluation.benchmark_plan import FunctionPlan, functions_of
from func_corr_ros.evaluation.benchmark_views import BenchmarkSettings, PlannedView, SingleView, TabletopView
from func_corr_ros.evaluation.benchmark_writer import BenchmarkWriter
from func_corr_ros.evaluation.mesh_views import MeshViews
from func_corr_ros.provenance import sha256_of_file

VERSION = "1"
VIEWS: dict[str, type[PlannedView]] = {"functional-v1": SingleView, "functional-v1-tabletop": TabletopView}
SIZES = {
    ("functional-v1", "full"): BenchmarkSettings(),
    ("functional-v1", "mini"): BenchmarkSettings(pairs=3, views=4, negatives=3),
    ("functional-v1-tabletop", "full"): BenchmarkSettings(pairs=10, views=8, negatives=5, least_part=32.0),
    ("functional-v1-tabletop", "mini"): BenchmarkSettings(pairs=1, views=2, negatives=1, least_part=32.0, supersampling=1),
}
MESH_SIZES = {"full": BenchmarkSettings(pairs=40, views=40, negatives=10),
              "mini": BenchmarkSettings(pairs=3, views=6, negatives=3, supersampling=1)}
_MESH_NOTES = ("Meshes labelled by hand (data/labelled_meshes.py), truth by functional frames (data/functional_truth.py). "
               "'upright' pairs are rolled by no more than 20 deg.")
_NOTES = (
    "Instances of the parametric library, drawn by seed; truth by functional frames (data/functional_truth.py). 'upright' pairs "
    "are rolled by no more than 20 deg. Splits: 'unseen-category' pairs have an object of a category, 'unseen-function' pairs a "
    "function, that training never sees (data/splits.py)."
)


def build(
    out: Path, name: str = "functional-v1", size: str = "full", processes: int = 2, *, settings: BenchmarkSettings | None = None,
    functions: Sequence[str] = tuple(FUNCTIONS), categories: Sequence[str] = tuple(CATEGORIES),
) -> Path:
    """Builds benchmark ``name`` in ``size`` ("full" or "mini", or any ``settings``) and returns its folder ``out``; a build that
    was stopped goes on where it was. The same code gives the same files, bit by bit, whatever the number of ``processes``.

    Raises BadBenchmark where ``out`` exists, a category cannot be built, or a function has no two categories.
    """
    if (name, size) not in SIZES:
        raise BadBenchmark(f"{name} in size {size!r}; valid: {', '.join(' '.join(key) for key in SIZES)}")
    settings, kind = settings or SIZES[name, size], VIEWS[name]
    served = dict(zip(categories, each(functions_of, categories, processes, "categories"), strict=True))
    head = _head(name, functions, _NOTES, size)
    made_from = {"name": name, "version": VERSION, "functions": list(functions), "categories": list(categories)}
    return _built(BenchmarkWriter(out, {**made_from, **asdict(settings)}), head, settings, kind, served, processes)


def build_from_meshes(
    out: Path, labels: Path, root: Path | None = None, size: str = "full", processes: int = 2, *,
    settings: BenchmarkSettings | None = None,
) -> tuple[Path, tuple[str, ...]]:
    """Builds a benchmark of the meshes that file ``labels`` describes (``data/labelled_meshes.py``; their paths begin in
    ``root``, else beside it) and returns its folder ``out``, and the functions left out because one mesh alone serves them.

    Raises BadBenchmark as :func:`build` does, BadSettings where labels or meshes do not fit.
    """
    kind = MeshViews(str(labels), str(root or Path(labels).parent))
    settings, served = settings or MESH_SIZES[size], kind.served()
    serving = {function: sum(function in functions for functions in served.values()) for function in FUNCTIONS}
    head = _head(Path(labels).stem, [name for name, count in serving.items() if count > 1], _MESH_NOTES, size)
    if not head["functions"]:
        raise BadBenchmark(f"{labels}: no function is served by two meshes; pairs need two")
    made_from = {"labels": sha256_of_file(Path(labels)), "meshes": kind.hashes()}
    made = _built(BenchmarkWriter(out, {**made_from, **asdict(settings)}), head, settings, kind, served, processes)
    return made, tuple(name for name, count in serving.items() if count == 1)


def _head(name: str, functions: Sequence[str], notes: str, size: str) -> dict[str, Any]:
    return {"name": name, "version": VERSION, "image_size": None, "functions": list(functions), "unit": "m", "notes": notes,
            "size": size}


def _built(
    writer: BenchmarkWriter, head: dict[str, Any], settings: BenchmarkSettings, kind: type[PlannedView] | MeshViews,
    served: Mapping[str, tuple[str, ...]], processes: int,
) -> Path:
    functions = head["functions"]
    jobs = [(function, tuple(one for one in served if function in served[one])) for function in functions]
    plans = each(partial(_plan, writer, settings, kind), jobs, processes, "choosing pairs")
    used = {view["id"]: kind(**view) for plan in plans for view in plan["views"]}
    entries = each(partial(_view, writer, settings), list(used.values()), processes, "rendering views")
    kinds = {view_id: view.object_name for view_id, view in used.items()}
    negatives = [entry for function, plan in zip(functions, plans, strict=True)
                 for entry in negatives_of(function, [view["id"] for view in plan["views"]], kinds, settings.negatives)]
    pairs = [pair for plan in plans for pair in plan["pairs"]]
    return writer.finish(head, dict(zip(used, entries, strict=True)), pairs, negatives)


def _plan(
    writer: BenchmarkWriter, settings: BenchmarkSettings, kind: type[PlannedView] | MeshViews, job: tuple[str, tuple[str, ...]]
) -> dict[str, Any]:
    """Chooses one function's pairs and writes their truth; returns the entries of its pairs and the plans of their views."""
    function, categories = job
    step = f"pairs-{function.replace(' ', '-')}"
    if (done := writer.done(step)) is not None:
        return done
    plan = FunctionPlan(function, categories, settings, kind)
    pairs = plan.pairs()
    views = {view.id: view for pair in pairs for view in (pair.a, pair.b)}
    parts = {view_id: writer.write_part(view_id, function, plan.parts[view_id]) for view_id in views}
    entries = []
    for pair in pairs:
        truth = writer.write_truth(pair.id, Truth(pair.truth.a, pair.truth.b, pair.truth.points))
        entries.append(pair.entry({"truth": truth, "part_a": parts[pair.a.id], "part_b": parts[pair.b.id]}))
    result = {"views": [asdict(views[view_id]) for view_id in sorted(views)], "pairs": entries}
    writer.note(step, result)
    return result


def _view(writer: BenchmarkWriter, settings: BenchmarkSettings, view: PlannedView) -> dict[str, Any]:
    """Renders and writes one view; returns its entry."""
    step = f"view-{view.id}"
    if (done := writer.done(step)) is None:
        done = view.write(writer, settings)
        writer.note(step, done)
    return done
