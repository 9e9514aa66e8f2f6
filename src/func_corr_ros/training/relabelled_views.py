# SPDX-License-Identifier: Apache-2.0
"""The exact recipe's own views with the pipeline's labels on them: same objects, same pictures, same masks, other labels.

A view is drawn again without its colours, which gives back where the camera stood and what it saw; the labelled points of the
pipeline's cloud then say what each pixel is of. Pictures, and so features, are those that are there.
"""
from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from func_corr_ros.data.objects import CATEGORIES
from func_corr_ros.data.parallel import each
from func_corr_ros.data.pseudo_label.part_labels import read_part_labels
from func_corr_ros.data.pseudo_label.part_phrases import parts_by_function, read_phrases
from func_corr_ros.data.pseudo_label.pixel_labels import nearest_points
from func_corr_ros.data.pseudo_label.shape import read_shape
from func_corr_ros.data.pseudo_label.sources import AssetSource, read_sources
from func_corr_ros.data.pseudo_label.stage import file_of
from func_corr_ros.data.surface_samples import SAMPLES, ServingSamples
from func_corr_ros.errors import BadSettings
from func_corr_ros.provenance import hold_to, provenance, settings_hash
from func_corr_ros.training.training_views import (
    Instance,
    Serving,
    TrainingViewSettings,
    read_instance,
    taken_views,
    view_file,
    write_instance,
)

_STREAM = 32


def relabelled_views(
    pseudo: Path, views: Path, out: Path, settings: TrainingViewSettings, learnt: Sequence[Path], processes: int = 1
) -> tuple[list[int], list[Path]]:
    """Writes the views of ``learnt`` (files below ``views``) with the labels of the pipeline's folder ``pseudo`` to ``out``, and
    returns which of ``learnt`` have some, and their files. Raises BadSettings where ``pseudo`` labelled none of these objects.
    """
    for needed in ("sources.json", "summary.json", "phrases.yaml", "votes"):
        if not (pseudo / needed).exists():
            raise BadSettings(f"{pseudo} has no {needed}; make labels first: func-corr label run --library ... --out {pseudo}")
    hold_to(out, provenance(settings, {"votes": votes_hash(pseudo)}))
    by_file = {view_file(views, one.category, one.seed): one for one in read_sources(pseudo / "sources.json")
               if one.category in CATEGORIES and file_of(pseudo / "votes", one.id).exists()}
    found = [index for index, path in enumerate(learnt) if path in by_file]
    if not found:
        raise BadSettings(f"{pseudo} labelled none of the objects in {views}; label those: func-corr label run --library ... "
                          f"--first-seed {settings.first_seed}")
    items = [(learnt[index], by_file[learnt[index]]) for index in found]
    missing = [item for item in items if not view_file(out, item[1].category, item[1].seed).exists()]
    each(partial(_relabel, pseudo, out, settings), missing, processes, "labels on the training views")
    return found, [view_file(out, one.category, one.seed) for _, one in items]


def votes_hash(pseudo: Path) -> str:
    """Returns what tells the votes of a pipeline's folder from others: all that they, and the stages before, were made with."""
    file = pseudo / "votes" / "provenance.json"
    if not file.is_file():
        raise BadSettings(f"{pseudo} has no votes; make labels first: func-corr label run --library ... --out {pseudo}")
    made = json.loads(file.read_text())
    return settings_hash({name: made[name] for name in ("settings", "sha256")})


def rejected_functions(pseudo: Path, files: Sequence[Path]) -> dict[Path, frozenset[str]]:
    """Returns for each of the ``files`` of relabelled views the functions that cleaning left a part of out."""
    bad: dict[str, set[str]] = {}
    for one in json.loads((pseudo / "summary.json").read_text())["rejected"]:
        bad.setdefault(one["asset"], set()).add(one["part"])
    phrases, known = read_phrases(pseudo / "phrases.yaml"), {}
    for one in read_sources(pseudo / "sources.json"):
        if one.category:
            known[one.category.replace(" ", "-"), f"{one.seed:06d}"] = frozenset(
                function for function, parts in parts_by_function(phrases[one.object]).items()
                if bad.get(one.id, set()) & set(parts)
            )
    return {path: known[path.parent.name, path.stem] for path in files}


def _relabel(pseudo: Path, out: Path, settings: TrainingViewSettings, item: tuple[Path, AssetSource]) -> None:
    path, source = item
    exact, phrases = read_instance(path), read_phrases(pseudo / "phrases.yaml")[source.object]
    shape, votes = read_shape(file_of(pseudo / "shapes", source.id)), read_part_labels(file_of(pseudo / "votes", source.id))
    points, normals = shape.points * shape.metres + shape.middle, shape.normals
    _, taken, _ = taken_views(source.category, source.seed, settings, colour=False)
    if not np.array_equal(np.stack([one.mask for one in taken]), exact.masks):
        raise BadSettings(f"{path} was not made with these settings by this code: its masks are others; make the views anew")
    rng = np.random.default_rng([source.seed, _STREAM])
    places = [one.places(points, normals) for one in taken]
    uv, seen = (np.stack(values) for values in zip(*places, strict=True))
    sets, set_of_point = np.unique(votes.chosen.T, axis=0, return_inverse=True)
    nearest = np.stack([nearest_points(uv[view], seen[view], exact.pixels[view]) for view in range(len(taken))])
    serving, without = {}, []
    for function, parts in sorted(parts_by_function(phrases).items()):
        rows = [votes.parts.index(part) for part in parts if part in votes.parts]
        numbers = np.flatnonzero(votes.chosen[rows].any(axis=0)) if rows else np.zeros(0, dtype=np.int64)
        if len(numbers):
            serves = np.asarray(sets[:, rows].any(axis=1))
            serving[function] = _serving(points, normals, uv, seen, np.resize(rng.permutation(numbers), SAMPLES), serves)
        elif rows:
            without.append(function)
    labelled: Instance = replace(exact, part_of_pixel=np.append(set_of_point.reshape(-1), -1)[nearest], serving=serving,
                                 also_serves=tuple(without))
    write_instance(view_file(out, source.category, source.seed), labelled, {"points": points.astype(np.float32)})


def _serving(
    points: np.ndarray, normals: np.ndarray, uv: np.ndarray, seen: np.ndarray, numbers: np.ndarray, serves: np.ndarray
) -> Serving:
    nowhere = np.full((4, 4), np.nan)
    samples = ServingSamples(nowhere, None, points[numbers], normals[numbers], np.full((1, 3), np.nan),
                             np.zeros(len(numbers), dtype=np.int64))
    return Serving(samples, uv[:, numbers], seen[:, numbers], serves, estimated=True)
