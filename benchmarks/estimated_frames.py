# SPDX-License-Identifier: Apache-2.0
"""How far off partners are that guessed frames find between two objects, by function: against exact frames, and chance.

Distances are over the RMS size of the part; labels are exact, so that only the frames are guessed.
"""
from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np

from func_corr_ros.data.functional_truth import SurfacePairs, free_turn, sample_pairs
from func_corr_ros.data.objects import CATEGORIES
from func_corr_ros.data.render_job import drawn_object
from func_corr_ros.data.splits import UNSEEN_CATEGORIES, UNSEEN_FUNCTIONS, VALIDATION_CATEGORIES
from func_corr_ros.data.surface_samples import ServingSamples, even_points, serving_samples
from func_corr_ros.training.estimated_frame import estimated_samples

SAMPLES, CLOUD, SEED = 128, 4096, 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=12, help="pairs of each function (default: %(default)s)")
    arguments = parser.parse_args()
    rng, kinds = np.random.default_rng(0), defaultdict(list)
    for category in sorted(set(CATEGORIES) - UNSEEN_CATEGORIES - VALIDATION_CATEGORIES):
        for function in set(drawn_object(category, SEED).functional_frames) - UNSEEN_FUNCTIONS:
            kinds[function].append(category)
    rows = []
    for function, names in sorted(kinds.items()):
        pairs = [rng.choice(names, 2, replace=False).tolist() for _ in range(arguments.pairs)] if len(names) > 1 else []
        found = [row for one, other in pairs if (row := errors(function, one, other, rng)) is not None]
        if found:
            guessed, chance = np.mean(found, axis=0)
            print(f"{function:20}{len(found):4} pairs: guessed {guessed:.2f}, chance {chance:.2f}", flush=True)
        rows += found
    mean, median = np.mean(rows, axis=0), np.median(rows, axis=0)
    print(f"all {len(rows)} pairs: guessed {mean[0]:.3f} (median {median[0]:.3f}), chance {mean[1]:.3f} (median {median[1]:.3f})")


def errors(function: str, one: str, other: str, rng: np.random.Generator) -> tuple[float, float] | None:
    """Returns how far off guessed partners and random ones are, for cameras anywhere; None where too few are partners."""
    exact, guessed, eyes = [], [], []
    for category in (one, other):
        thing = drawn_object(category, SEED)
        exact.append(serving_samples(thing, function).first(SAMPLES))
        body = even_points(thing.vertices, thing.faces, CLOUD)[0]
        guessed.append(estimated_samples(exact[-1].points, exact[-1].normals, body))
        around, up = np.radians([rng.uniform(-180.0, 180.0), rng.uniform(-65.0, 80.0)])
        way = np.array([np.cos(around) * np.cos(up), np.sin(around) * np.cos(up), np.sin(up)])
        eyes.append(thing.vertices.mean(axis=0) + 2.0 * np.ptp(thing.vertices, axis=0).max() * way)
    true, found = (sample_pairs(a, b, free_turn(a, b, *eyes)) for a, b in (exact, guessed))
    order = rng.permutation(SAMPLES)
    if len(true.index_a) < 10:
        return None
    off = distance(true, found, exact[1])
    chance = float(np.linalg.norm(exact[1].points[order[true.index_a]] - true.b, axis=1).mean() / size(exact[1]))
    return (off, chance) if off == off else None


def distance(true: SurfacePairs, found: SurfacePairs, b: ServingSamples) -> float:
    partner = dict(zip(true.index_a.tolist(), true.b, strict=True))
    off = [np.linalg.norm(point - partner[index]) for index, point in zip(found.index_a.tolist(), found.b, strict=True)
           if index in partner]
    return float(np.mean(off) / size(b)) if len(off) >= 5 else float("nan")


def size(one: ServingSamples) -> float:
    return float(np.sqrt(np.square(one.points - one.points.mean(axis=0)).sum(axis=1).mean()))


if __name__ == "__main__":
    main()
