# SPDX-License-Identifier: Apache-2.0
"""A benchmark of painted boards, whose truth is known, and methods that know everything, or nothing."""
from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from func_corr_ros.correspondence.baselines.dense import pixels_of
from func_corr_ros.correspondence.baselines.method import Discovery, PointMatches, Subject

# Corner (u, v) and side of the board in each view [px].
BOARDS = {"v0": (20, 30, 60), "v1": (70, 10, 80), "v2": (5, 60, 50), "v3": (90, 75, 40)}
PAIRS = (
    ("p0", "cut-with", "v0", "v1"), ("p1", "cut-with", "v1", "v2"),
    ("p2", "pour-with", "v2", "v3"), ("p3", "pour-with", "v3", "v0"),
)
# Pairs of which b does not serve the function: id, function, a, b.
NEGATIVES = (("n0", "cut-with", "v0", "v3"), ("n1", "cut-with", "v1", "v3"), ("n2", "pour-with", "v3", "v1"))
# What of the board serves the function: its left half, on which the truth lies, evenly.
SHARES = np.stack(np.meshgrid(np.linspace(0.05, 0.45, 5), np.linspace(0.05, 0.95, 8)), axis=-1).reshape(-1, 2)


def board_mask(view: str, part: float = 1.0) -> np.ndarray:
    u, v, side = BOARDS[view]
    mask = np.zeros((120, 160), dtype=bool)
    mask[v : v + side, u : u + int(part * side)] = True
    return mask


def board_image(view: str) -> np.ndarray:
    u, v, side = BOARDS[view]
    image = np.full((120, 160, 3), 90, dtype=np.uint8)
    share = np.linspace(20.0, 235.0, side)
    image[v : v + side, u : u + side] = np.stack([*np.meshgrid(share, share), np.full((side, side), 128.0)], axis=-1)
    return image


def on_board(view: str, shares: np.ndarray) -> np.ndarray:
    u, v, side = BOARDS[view]
    return (np.array([u, v]) - 0.5 + side * shares).astype(np.float32)


def shares_of(mask: np.ndarray, uv: np.ndarray) -> np.ndarray:
    first = pixels_of(mask)[0]
    return (uv + 0.5 - first) / float(mask.any(axis=0).sum())


def write_painted_benchmark(
    folder: Path, *, swapped: bool = False, parts: bool = True, negatives: bool = False, **more: Any
) -> Path:
    """Writes the boards; ``swapped`` exchanges a and b everywhere, ``more`` are fields of every pair."""
    for name in ("images", "masks", "parts", "truth"):
        (folder / name).mkdir(parents=True)
    views = {}
    for view in BOARDS:
        cv2.imwrite(str(folder / f"images/{view}.png"), board_image(view)[..., ::-1])
        cv2.imwrite(str(folder / f"masks/{view}.png"), board_mask(view).astype(np.uint8) * 255)
        cv2.imwrite(str(folder / f"parts/{view}.png"), board_mask(view, 0.5).astype(np.uint8) * 255)
        views[view] = {"asset": view, "object": "board", "image": f"images/{view}.png", "mask": f"masks/{view}.png"}
    pairs = []
    for i, (pair_id, function, a, b) in enumerate(PAIRS):
        a, b = (b, a) if swapped else (a, b)
        np.savez(folder / f"truth/{pair_id}.npz", a=on_board(a, SHARES), b=on_board(b, SHARES))
        part = {"part_a": f"parts/{a}.png", "part_b": f"parts/{b}.png"} if parts else {}
        pairs.append({
            "id": pair_id, "function": function, "a": a, "b": b, "truth": f"truth/{pair_id}.npz", "within_category": i == 0,
            "split": "unseen" if i == 3 else "seen", "upright": i < 2, **part, **more,
        })
    head = {"name": "painted", "version": "1", "image_size": [120, 160], "functions": ["cut-with", "pour-with"], "unit": "m"}
    others = [dict(zip(("id", "function", "a", "b"), one, strict=True), split="seen") for one in NEGATIVES]
    for name, value in (("benchmark", head), ("views", views), ("pairs", pairs), *([("negatives", others)] if negatives else [])):
        (folder / f"{name}.json").write_text(json.dumps(value))
    return folder


class Known(NamedTuple):
    """A description that says whose it is, and perhaps a region."""

    mask: np.ndarray
    region: np.ndarray | None
    fallback: bool
    subject: Subject | None = None


class Perfect:
    """Knows that all boards are one board, and where its left half is. Counts what it is asked."""

    name = "perfect"

    def __init__(self, conditioned: bool = False, region: bool = False, offset: float = 0.0) -> None:
        self.identity = {"conditioned": conditioned, "offset": offset}
        self.described: list[tuple[str, str]] = []
        self._region, self._offset = region, offset

    def describe(self, subject: Subject) -> Known:
        self.described.append((subject.key, subject.function))
        return Known(subject.mask, subject.part if self._region else None, False, subject)

    def transfer(self, a: Known, b: Known, points: np.ndarray) -> PointMatches:
        first, side = pixels_of(b.mask)[0], float(b.mask.any(axis=0).sum())
        uv = first - 0.5 + side * shares_of(a.mask, points) + [self._offset, 0.0]
        return PointMatches(uv.astype(np.float32), np.ones(len(points), dtype=np.float32))

    def discover(self, a: Known, b: Known) -> Discovery:
        uv = pixels_of(a.mask)
        left = shares_of(a.mask, uv)[:, 0] < 0.5
        return Discovery(uv[left], self.transfer(a, b, uv[left]).uv, np.ones(int(left.sum()), dtype=np.float32))


class Telling(Perfect):
    """Is sure of every point by ``confidence``, and tells negatives by 0.2 from pairs, which have 0.8."""

    name = "telling"

    def __init__(self, confidence: float = 0.75, offset: float = 0.0, **identity: Any) -> None:
        super().__init__(conditioned=True, offset=offset)
        self.identity = {**self.identity, "confidence": confidence, **identity}
        self.compared: list[tuple[str, str, str]] = []

    def transfer(self, a: Known, b: Known, points: np.ndarray) -> PointMatches:
        sure = np.full(len(points), self.identity["confidence"], dtype=np.float32)
        return PointMatches(super().transfer(a, b, points).uv, sure)

    def discover(self, a: Known, b: Known) -> Discovery:
        asked = a.subject.function, a.subject.key, b.subject.key
        self.compared.append(asked)
        return dataclasses.replace(super().discover(a, b), exists=0.2 if asked in [one[1:] for one in NEGATIVES] else 0.8)


class Silent(Perfect):
    """Has no answer to anything, and predicts a part that is empty."""

    name = "silent"

    def describe(self, subject: Subject) -> Known:
        return Known(subject.mask, np.zeros_like(subject.mask), True)

    def transfer(self, a: Known, b: Known, points: np.ndarray) -> PointMatches:
        return PointMatches(np.full_like(points, np.nan), np.full(len(points), np.nan, dtype=np.float32))

    def discover(self, a: Known, b: Known) -> Discovery:
        nowhere = np.zeros((0, 2), dtype=np.float32)
        return Discovery(nowhere, nowhere, np.zeros(0, dtype=np.float32))
