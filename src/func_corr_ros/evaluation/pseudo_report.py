# SPDX-License-Identifier: Apache-2.0
"""What a run of the pseudo-label pipeline brought: scores, what cleaning gains, best and worst parts, on one page."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Int64, UInt8
from jinja2 import Environment, StrictUndefined

from func_corr_ros.data.pseudo_label.answers import read_answers
from func_corr_ros.data.pseudo_label.label_views import LabelViews, read_label_views
from func_corr_ros.data.pseudo_label.part_labels import PartLabels, read_part_labels
from func_corr_ros.data.pseudo_label.part_phrases import read_phrases
from func_corr_ros.data.pseudo_label.pipeline import PseudoLabels
from func_corr_ros.data.pseudo_label.pixel_labels import nearest_points, part_pixels
from func_corr_ros.data.pseudo_label.shape import Shape, read_shape
from func_corr_ros.data.pseudo_label.stage import file_of
from func_corr_ros.evaluation.label_quality import (
    LabelScore,
    MeanScore,
    average_precision,
    by_function,
    by_part,
    mean_score,
    overlap,
)
from func_corr_ros.evaluation.pseudo_page import PAGE
from func_corr_ros.provenance import whole_file, write_json

SHOWN = 6
_FOUND, _MISSED, _EXTRA = (40, 160, 60), (210, 60, 40), (240, 170, 30)
_BOX = (30, 90, 200)


@dataclass(frozen=True)
class ScoredPart:
    """A part with its score (None where the truth is not known), why it was left out ("" where it was kept), and a picture."""

    asset: str
    part: str
    score: LabelScore | None
    reason: str
    picture: str = ""


def label_scores(run: PseudoLabels) -> dict[tuple[str, str], LabelScore]:
    """Returns the score of every part whose truth is known, by (asset, part), kept or not."""
    phrases, found = read_phrases(run.folder / "phrases.yaml"), {}
    for source in run.sources:
        if not file_of(run.folder / "votes", source.id).exists():
            continue
        shape, votes, views = _read(run.folder, source.id)
        answers = read_answers(file_of(run.folder / "answers", source.id))
        functions, nearest = {one.part: one.functions for one in phrases[source.object]}, _nearest(views)
        for index, part in enumerate(votes.parts):
            truth = shape.truth(part)
            if truth is None:
                continue
            true = views.part_index[views.part_index >= 0] == views.part_names.index(part)
            found[source.id, part] = LabelScore(
                source.id,
                source.object,
                part,
                functions[part],
                len(answers.of(part).view),
                overlap(votes.chosen[index], truth),
                average_precision(votes.probability[index].astype(np.float64), truth),
                overlap(np.append(votes.chosen[index], False)[nearest], true),
                average_precision(np.append(votes.probability[index].astype(np.float64), 0.0)[nearest], true),
            )
    return found


def write_pseudo_report(run: PseudoLabels, scores: Mapping[tuple[str, str], LabelScore]) -> Path:
    """Writes ``quality.json`` and ``report.html`` (no scripts, no requests, pictures inside) beside the labels; returns the
    page.
    """
    kept = [one for key, one in scores.items() if key not in run.rejected]
    left = [one for key, one in scores.items() if key in run.rejected]
    means = {"all parts": mean_score(list(scores.values())), "kept by cleaning": mean_score(kept), "left out": mean_score(left)}
    functions = {name: mean_score(some) for name, some in by_function(kept).items()}
    parts = {name: mean_score(some) for name, some in by_part(scores.values()).items()}
    ranked = sorted(scores, key=lambda key: (scores[key].iou, key))
    chosen = {"Best": ranked[::-1][:SHOWN], "Worst": ranked[:SHOWN]}
    unknown = [(source.id, part) for source in run.sources for part in _unscored(run, source.id, scores)][:SHOWN]
    shown = {title: [_shown(run, key, scores) for key in keys] for title, keys in {**chosen, "Truth not known": unknown}.items()}
    write_json(
        run.folder / "quality.json",
        {
            "means": {name: asdict(one) for name, one in means.items()},
            "functions": {name: asdict(one) for name, one in functions.items()},
            "names of parts": {name: asdict(one) for name, one in parts.items()},
            "parts": [{**asdict(one), "kept": key not in run.rejected} for key, one in sorted(scores.items())],
            "calls": run.calls,
        },
    )
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["figure"] = _figure
    page = environment.from_string(PAGE).render(
        run=run, means=_known(means), functions=_known(functions), parts=_known(parts), shown=shown
    )
    with whole_file(run.folder / "report.html") as file:
        file.write(page.encode())
    return run.folder / "report.html"


def part_picture(
    shape: Shape, votes: PartLabels, views: LabelViews, index: int, boxes: np.ndarray, view: int
) -> UInt8[np.ndarray, "h w 3"]:
    """Returns view number ``view``: pixels of the part that were found (green), missed (red) and taken for it (orange), where the
    truth is known, else found ones (green); and the boxes that were drawn in it.
    """
    part = votes.parts[index]
    found = part_pixels(votes.chosen[index], views.uv[view], views.seen[view], views.mask(view))
    true = views.part_index[view] == views.part_names.index(part) if shape.truth(part) is not None else found
    picture = views.color[view].astype(np.float64)
    for where, color in ((found & true, _FOUND), (~found & true, _MISSED), (found & ~true, _EXTRA)):
        picture[where] = 0.35 * picture[where] + 0.65 * np.array(color)
    painted = np.ascontiguousarray(picture.astype(np.uint8))
    for left, top, right, bottom in np.round(boxes).astype(int).tolist():
        cv2.rectangle(painted, (left, top), (right, bottom), _BOX, 1)
    return painted


def _nearest(views: LabelViews) -> Int64[np.ndarray, " k"]:
    """Returns the number of the seen point nearest to each pixel of the object, view by view and row by row."""
    found = []
    for uv, seen, index in zip(views.uv, views.seen, views.part_index, strict=True):
        rows, columns = np.nonzero(index >= 0)
        found.append(nearest_points(uv, seen, np.stack([columns, rows], axis=1).astype(np.float32)))
    return np.concatenate(found)


def _read(folder: Path, asset: str) -> tuple[Shape, PartLabels, LabelViews]:
    return (
        read_shape(file_of(folder / "shapes", asset)),
        read_part_labels(file_of(folder / "votes", asset)),
        read_label_views(file_of(folder / "views", asset)),
    )


def _unscored(run: PseudoLabels, asset: str, scores: Mapping[tuple[str, str], LabelScore]) -> list[str]:
    file = file_of(run.folder / "votes", asset)
    return [part for part in read_part_labels(file).parts if (asset, part) not in scores] if file.exists() else []


def _shown(run: PseudoLabels, key: tuple[str, str], scores: Mapping[tuple[str, str], LabelScore]) -> ScoredPart:
    asset, part = key
    shape, votes, views = _read(run.folder, asset)
    answers, index = read_answers(file_of(run.folder / "answers", asset)).of(part), votes.parts.index(part)
    asked = list(dict.fromkeys(answers.view.tolist()))
    truth = shape.truth(part)
    target = votes.chosen[index] if truth is None else truth
    best = sorted(asked, key=lambda view: -int((views.seen[view] & target).sum()))[:2]
    pictures = [
        part_picture(shape, votes, views, index, answers.box[(answers.view == view) & answers.answered], view) for view in best
    ]
    _, png = cv2.imencode(".jpg", np.concatenate(pictures, axis=1)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    uri = "data:image/jpeg;base64," + base64.b64encode(png.tobytes()).decode("ascii")
    return ScoredPart(asset, part, scores.get(key), run.rejected.get(key, ""), uri)


def _known(means: Mapping[str, MeanScore]) -> dict[str, MeanScore]:
    return {name: one for name, one in means.items() if one.count}


def _figure(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else "not known"


def listed(scores: Sequence[LabelScore]) -> str:
    """Returns one line with the means of ``scores``, for a terminal."""
    one = mean_score(scores)
    return (
        f"{one.count} parts, {_figure(one.calls)} questions each: IoU {_figure(one.iou)} ({_figure(one.iou_interval[0])}, "
        f"{_figure(one.iou_interval[1])}), AP {_figure(one.ap)}; of pixels IoU {_figure(one.pixel_iou)}, "
        f"AP {_figure(one.pixel_ap)}"
    )
