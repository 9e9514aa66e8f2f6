# SPDX-License-Identifier: Apache-2.0
"""Labels by the paper's 19 views x 4 samples and by few questions, from one simulated annotator, against exact truth.

    python benchmarks/pseudo_labels.py      objects of the training categories; some minutes of CPU time

Both schemes see the same 19 pictures (geometry only: the simulation looks at true parts) of the same objects, and are answered by
the same annotator with the same errors. Settings were chosen on seeds 500 and 501; these are others.
"""

from __future__ import annotations

import argparse
import multiprocessing
import platform
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from func_corr_ros.data.annotators.simulated import PAPER_LIKE, SimulatedAnnotator
from func_corr_ros.data.objects import CATEGORIES
from func_corr_ros.data.objects.deviations import TAXONOMY_NAMES
from func_corr_ros.data.pseudo_label.answers import Interview
from func_corr_ros.data.pseudo_label.asking import AskSettings, active_answers, latest, paper_answers
from func_corr_ros.data.pseudo_label.box_vote import likely_points, voted
from func_corr_ros.data.pseudo_label.label_views import LabelViewSettings, label_views
from func_corr_ros.data.pseudo_label.neighbourhood import neighbourhood
from func_corr_ros.data.pseudo_label.paper_vote import paper_heat, paper_pixels, paper_points
from func_corr_ros.data.pseudo_label.pixel_labels import nearest_points, part_pixels
from func_corr_ros.data.pseudo_label.shape import prepared
from func_corr_ros.data.render_job import dressed_object
from func_corr_ros.data.splits import UNSEEN_CATEGORIES
from func_corr_ros.data.taxonomy import load_taxonomy
from func_corr_ros.evaluation.label_quality import LabelScore, average_precision, difference_interval, mean_score, overlap
from func_corr_ros.provenance import code_revision, write_json

FIRST_SEED = 40
NOISES = (0.0, 0.5, 1.5, 2.0)
FEW, MANY = AskSettings(), AskSettings(most=18, first=6)
# All parts of an asset in one prompt for each of the first views; the rest part by part, in crops where those are small.
TOGETHER = AskSettings(most=13, first=10, together=True)
PIXEL_VIEWS = (3, 9, 14)
RESULTS = Path(__file__).resolve().parents[1] / "build" / "benchmarks"
Rows = dict[str, list[LabelScore]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=3, help="objects of each category (default: %(default)s)")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    categories = [name for name in CATEGORIES if name not in UNSEEN_CATEGORIES]
    todo = [(category, FIRST_SEED + i) for i in range(arguments.objects) for category in categories]
    with ProcessPoolExecutor(arguments.processes, multiprocessing.get_context("spawn")) as pool:
        found = list(pool.map(measured, todo))
    rows: Rows = defaultdict(list)
    for one in found:
        for name, scores in one.items():
            rows[name] += scores
    print_table(rows)
    table = {name: {**asdict(mean_score(scores)), "parts": [asdict(score) for score in scores]} for name, scores in rows.items()}
    result = {
        "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": platform.node(),
        "revision": code_revision(),
        "noise": asdict(PAPER_LIKE),
        "asking": asdict(FEW),
        "rows": table,
    }
    print("written to", write_json(RESULTS / f"pseudo_labels_{time.strftime('%Y%m%d_%H%M%S')}_{platform.node()}.json", result))


def measured(item: tuple[str, int]) -> Rows:
    """Returns the scores of all parts of one object, by each way; the sweep over noise takes every third object."""
    category, seed = item
    thing, materials = dressed_object(category, seed)
    shape = prepared(f"{category}-{seed}", thing, materials, exact=True, solid=True)
    views = label_views(shape, LabelViewSettings(size=224, supersampling=0))
    around, rows = neighbourhood(shape.points, shape.normals), defaultdict(list)
    parts = tuple(sorted({part for one in thing.function_parts.values() for part in one}))
    taxonomy, name = load_taxonomy(), TAXONOMY_NAMES.get(category, category)
    sweep = NOISES if list(CATEGORIES).index(category) % 3 == 0 else ()
    for number, part in enumerate(parts):
        edge, crop = (part in flags.get(name, ()) for flags in (taxonomy.edge_parts, taxonomy.crop_parts))
        for factor in (1.0, *sweep):
            annotator = SimulatedAnnotator(lambda _: views, PAPER_LIKE.times(factor))
            ask = Interview(shape.name, views, parts, parts, annotator)
            score = partial(scored, shape, views, part)
            for way, values in ways(ask, number, around, edge, crop, factor == 1.0).items():
                rows[f"noise x {factor:g}: {way}"].append(score(*values))
    return dict(rows)


def ways(ask: Interview, part: int, around: Any, edge: bool, crop: bool, every: bool) -> dict[str, tuple[Any, ...]]:
    """Returns for each way the number of questions, scores of points, chosen points, and how pixels are painted."""
    views, paper = ask.views, paper_answers(ask, part, crop=crop)
    heat = paper_heat(latest(paper), views, around.edge if edge else None)
    counts = len(paper.view)
    found = {"paper": (counts, heat, paper_points(heat), heat), "few questions": _ours(ask, part, around, edge, FEW)}
    if every:
        steps = np.linspace(0.1, 0.95, 18)
        found["paper, best thresholds of all"] = (counts, heat, steps, None)
        vote = voted(latest(paper), views, around, edge=edge, settings=FEW.vote)
        found["the paper's questions, our vote"] = (counts, vote.probability, likely_points(vote.probability, vote.known), None)
        found["18 questions"] = _ours(ask, part, around, edge, MANY)
        few = _ours(ask, part, around, edge, TOGETHER)
        found["10 together, then 3"] = (TOGETHER.first / len(ask.parts) + few[0] - TOGETHER.first, *few[1:])
        found["whole pictures of 112 px"] = _ours(replace(ask, whole_px=112), part, around, edge, FEW)
        found["never closer"] = _ours(ask, part, around, edge, replace(FEW, crop_below=0.0))
        found["4 questions"] = _ours(ask, part, around, edge, replace(FEW, most=4))
    return found


def _ours(ask: Interview, part: int, around: Any, edge: bool, settings: AskSettings) -> tuple[Any, ...]:
    answers = active_answers(ask, part, around, edge=edge, settings=settings)
    vote = voted(answers, ask.views, around, edge=edge, settings=settings.vote)
    return len(answers.view), vote.probability, likely_points(vote.probability, vote.known), None


def scored(
    shape: Any, views: Any, part: str, calls: float, score: np.ndarray, points: np.ndarray, heat: np.ndarray | None
) -> LabelScore:
    truth, index = shape.truth(part), views.part_names.index(part)
    functions = tuple(function for function, names in shape.thing.function_parts.items() if part in names)
    if points.dtype != bool:  # thresholds: the best one of each part, chosen by the truth
        iou = max(overlap(score > each, truth) for each in points)
        return LabelScore(shape.name, shape.thing.category, part, functions, calls, iou, average_precision(score, truth), np.nan)
    masks = [views.mask(view) for view in PIXEL_VIEWS]
    shown, scores, true = [], [], [views.part_index[view] == index for view in PIXEL_VIEWS]
    for view, mask in zip(PIXEL_VIEWS, masks, strict=True):
        uv, seen = views.uv[view], views.seen[view]
        shown.append(part_pixels(points, uv, seen, mask) if heat is None else paper_pixels(heat, uv, seen, mask))
        rows, columns = np.nonzero(mask)
        nearest = nearest_points(uv, seen, np.stack([columns, rows], axis=1).astype(np.float32))
        scores.append(np.append(score, 0.0)[nearest])
    return LabelScore(
        shape.name,
        shape.thing.category,
        part,
        functions,
        calls,
        overlap(points, truth),
        average_precision(score, truth),
        overlap(np.stack(shown), np.stack(true)),
        average_precision(np.concatenate(scores), np.stack(true)[np.stack(masks)]),
    )


def print_table(rows: Rows) -> None:
    print(f"{'':50}{'parts':>6}{'calls':>8}{'IoU, 95 % interval':>24}{'AP':>7}{'pixel IoU':>11}{'pixel AP':>10}")
    for name, scores in sorted(rows.items()):
        one = mean_score(scores)
        interval = f"{one.iou:.3f} ({one.iou_interval[0]:.3f}, {one.iou_interval[1]:.3f})"
        print(f"{name:50}{one.count:>6}{one.calls:>8.1f}{interval:>24}{one.ap:>7.3f}{one.pixel_iou:>11.3f}{one.pixel_ap:>10.3f}")
    first = "noise x 1: "
    for way in sorted(name.removeprefix(first) for name in rows if name.startswith(first) and name != f"{first}paper"):
        mean, low, high = difference_interval(rows[f"{first}{way}"], rows[f"{first}paper"])
        print(f"{way} - paper, IoU of the same parts: {mean:+.3f} ({low:+.3f}, {high:+.3f})")


if __name__ == "__main__":
    main()
