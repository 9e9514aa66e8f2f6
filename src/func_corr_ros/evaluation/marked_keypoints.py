# SPDX-License-Identifier: Apache-2.0
"""Keypoints that a person marked on real pictures, and how close a model's matches come to them."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import cv2
import numpy as np
import yaml
from jaxtyping import Bool, Float32, UInt8

from func_corr_ros.correspondence.embedding import Embedding
from func_corr_ros.correspondence.model import FunctionalCorrespondence
from func_corr_ros.errors import BadImage


@dataclass(frozen=True)
class MarkedObject:
    """One object of a picture: its mask and named points (u, v). ``handle`` is left, right, or empty without one."""

    name: str
    kind: str
    handle: str
    image: UInt8[np.ndarray, "h w 3"]
    mask: Bool[np.ndarray, "h w"]
    points: Mapping[str, tuple[float, float]]

    @property
    def longer_side(self) -> int:
        """Longer side of the mask's bounding box in pixels."""
        rows, columns = np.nonzero(self.mask)
        return int(max(np.ptp(rows), np.ptp(columns))) + 1


def load_marked_object(path: Path, frames: Path) -> MarkedObject:
    """Returns the object marked in YAML file ``path``, its picture taken from ``frames/<frame>/color.png``."""
    marked = yaml.safe_load(path.read_text())
    picture = frames / marked["frame"] / "color.png"
    image = cv2.imread(str(picture), cv2.IMREAD_COLOR)
    if image is None:
        raise BadImage(f"{picture} cannot be read; {path} was marked on it")
    mask = filled(marked["outline"], marked.get("holes", []), image.shape[0], image.shape[1])
    points = {name: (float(u), float(v)) for name, (u, v) in marked["points"].items()}
    return MarkedObject(path.stem, marked["kind"], marked.get("handle", ""), image[..., ::-1].copy(), mask, points)


def filled(
    outline: Sequence[Sequence[int | float]], holes: Sequence[Sequence[Sequence[int | float]]], height: int, width: int
) -> Bool[np.ndarray, "h w"]:
    """Returns the mask inside polygon ``outline``, less ``holes``; corners are (u, v) pixels, rounded."""
    mask = np.zeros((height, width), dtype=np.uint8)
    cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], 1)
    for hole in holes:
        cv2.fillPoly(mask, [np.rint(hole).astype(np.int32)], 0)
    return mask.astype(bool)


def keypoint_errors(
    model: FunctionalCorrespondence,
    query: MarkedObject,
    query_embedding: Embedding,
    target: MarkedObject,
    target_embedding: Embedding,
) -> dict[str, float]:
    """Returns, for every point both objects have, its match's distance from where it was marked over the target's longer side."""
    names = [name for name in query.points if name in target.points]
    points = np.array([query.points[name] for name in names], dtype=np.float32)
    found = model.match(query_embedding, target_embedding, points=points).uv_target
    wanted = np.array([target.points[name] for name in names], dtype=np.float32)
    errors = np.linalg.norm(found - wanted, axis=1) / target.longer_side
    return {name: float(error) for name, error in zip(names, errors, strict=True)}


def pck(errors: Sequence[float] | Float32[np.ndarray, " n"], share: float) -> float:
    """Returns the share of keypoints whose error is at most ``share`` of the object's longer side (PCK at ``share``)."""
    return float(np.mean(np.asarray(errors) <= share))


def errors_by_side(model: FunctionalCorrespondence, objects: Sequence[MarkedObject], function: str) -> dict[str, list[float]]:
    """Returns the errors of all ordered pairs of ``objects``, by how their handles lie to each other.

    Keys: "same side" (handles on one side of the picture, plain reference), "opposite" (plain), "opposite, mirrored" (the
    reference mirrored), "no handle" (pairs without handles). Objects with and without a handle are not paired.
    """
    plain, mirrored = ([model.embed(item.image, [item.mask], function, flip)[0] for item in objects] for flip in (False, True))
    groups: dict[str, list[float]] = {"same side": [], "opposite": [], "opposite, mirrored": [], "no handle": []}
    for query, target in permutations(range(len(objects)), 2):
        sides = objects[query].handle, objects[target].handle
        if bool(sides[0]) != bool(sides[1]):
            continue
        if sides[0] == sides[1]:
            compared = [("same side" if sides[0] else "no handle", plain)]
        else:
            compared = [("opposite", plain), ("opposite, mirrored", mirrored)]
        for group, views in compared:
            errors = keypoint_errors(model, objects[query], views[query], objects[target], plain[target])
            groups[group].extend(errors.values())
    return groups
