# SPDX-License-Identifier: Apache-2.0
"""Methods on real camera frames, judged by keypoints that a person marked on mugs, a pitcher and bowls.

    python benchmarks/real_keypoints.py [--methods NAME,NAME] [--frames FOLDER] [--picture FILE]

Each function is asked for the places that serve it: pour-with for the rim, hang-onto for the handle. Every ordered pair of
objects counts; "opposite" pairs have their handles on different sides of the picture. Where the patch grid falls on an object
moves PCK by several points, so every figure is the mean over crops a little larger and smaller. Needs real frames
(../shared/data/rgbd beside the repository). A table of docs/correspondence.md comes from here.
"""
from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Mapping, Sequence
from itertools import permutations
from pathlib import Path

import cv2
import numpy as np

from func_corr_ros.correspondence.baselines import Method, Subject, load_method
from func_corr_ros.evaluation.drawing import ACCEPTED, PAPER, REFUSED, Picture, with_caption
from func_corr_ros.evaluation.marked_keypoints import MarkedObject, load_marked_object, pck
from func_corr_ros.provenance import code_revision, write_json

ROOT = Path(__file__).resolve().parents[1]
SERVING = {
    "pour-with": ("rim_opposite", "rim_handle", "rim_front", "rim_back", "rim_left", "rim_right"),
    "hang-onto": ("handle_top", "handle_mid", "handle_bottom"),
}
# The mask grown or shrunk by so many pixels moves the crop, and with it the patch grid, by a third of a patch.
PLACEMENTS = (-2, 0, 2)
SHOWN = (("pour-with", "red_mug", "pitcher"), ("pour-with", "blue_mug", "red_mug"), ("hang-onto", "blue_mug", "pitcher"))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--methods", default="dino-224,dino-448,soft-argmax,func-corr-s")
    arguments.add_argument("--frames", type=Path, default=ROOT.parent / "shared" / "data" / "rgbd")
    arguments.add_argument("--picture", type=Path, help="where the first and the last method are drawn beside each other")
    asked = arguments.parse_args()
    if not asked.frames.is_dir():
        print(f"no real frames in {asked.frames}: nothing to measure")
        return
    objects = [load_marked_object(path, asked.frames) for path in sorted((ROOT / "test/data/keypoints").glob("*.yaml"))]
    methods = [load_method(name) for name in asked.methods.split(",")]
    print("| method | function | pairs of | points | mean error, % | PCK@10 % | PCK@5 % |\n|---|---|---|---:|---:|---:|---:|")
    rows = []
    for method in methods:
        for (function, group), found in errors_of(method, objects).items():
            row = {"method": method.name, "function": function, "group": group, "points": len(found),
                   "mean": float(np.mean(found)), "pck10": pck(found, 0.1), "pck5": pck(found, 0.05)}
            rows.append(row)
            print(f"| {method.name} | {function} | {group} | {len(found)} | {100 * row['mean']:.1f} | {row['pck10']:.2f} | "
                  f"{row['pck5']:.2f} |", flush=True)
    if asked.picture:
        cv2.imwrite(str(asked.picture), picture_of([methods[0], methods[-1]], objects)[..., ::-1])
    stamp = time.strftime("%Y%m%d_%H%M%S")
    result = {"date": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "machine": platform.node(), "revision": code_revision(), "rows": rows}
    print("written to", write_json(ROOT / "build/benchmarks" / f"real_keypoints_{stamp}_{platform.node()}.json", result))


def errors_of(method: Method, objects: Sequence[MarkedObject]) -> Mapping[tuple[str, str], list[float]]:
    """Returns, by function and group, the distance of every answer from the mark over the target's longer side."""
    errors: dict[tuple[str, str], list[float]] = {}
    for function, names in SERVING.items():
        for grown in PLACEMENTS:
            described = [method.describe(subject_of(one, function, grown)) for one in objects]
            for a, b in permutations(range(len(objects)), 2):
                common = [name for name in names if name in objects[a].points and name in objects[b].points]
                if common:
                    found = method.transfer(described[a], described[b], points_of(objects[a], common)).uv
                    off = np.linalg.norm(found - points_of(objects[b], common), axis=1) / objects[b].longer_side
                    for group in groups_of(objects[a], objects[b]):
                        errors.setdefault((function, group), []).extend(off.tolist())
    return errors


def groups_of(a: MarkedObject, b: MarkedObject) -> list[str]:
    """Returns the names of all groups that a pair counts in."""
    kinds = {a.kind, b.kind}
    across = "bowl and vessel" if "bowl" in kinds else " and ".join(sorted(kinds)) if len(kinds) > 1 else f"{a.kind} to {a.kind}"
    sides = [] if not (a.handle and b.handle) else ["same side" if a.handle == b.handle else "opposite"]
    return ["all", across, *sides]


def subject_of(one: MarkedObject, function: str, grown: int = 0) -> Subject:
    """Returns the object as methods are given it, its mask ``grown`` by so many pixels."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(grown) + 1,) * 2)
    change = cv2.dilate if grown > 0 else cv2.erode
    mask = change(one.mask.astype(np.uint8), kernel).astype(bool) if grown else one.mask
    return Subject(one.image, mask, function, None, f"{one.name}{grown}", one.kind)


def points_of(one: MarkedObject, names: Sequence[str]) -> np.ndarray:
    """Returns the marked pixels called ``names``."""
    return np.array([one.points[name] for name in names], dtype=np.float32)


def picture_of(methods: Sequence[Method], objects: Sequence[MarkedObject]) -> np.ndarray:
    """Returns one row per pair of SHOWN: the marked points of a, and what each method makes of them on b."""
    known, rows = {one.name: one for one in objects}, []
    for function, a, b in SHOWN:
        names = [name for name in SERVING[function] if name in known[a].points and name in known[b].points]
        left = Picture.around(known[a].image, known[a].mask, 480)
        for name in names:
            left.dot(points_of(known[a], [name])[0], PAPER, 8)
        panels = [with_caption(left.rgb, f"{a}: {function}", "marked by hand, as the rings")]
        for method in methods:
            ends = [method.describe(subject_of(known[one], function)) for one in (a, b)]
            found, marked = method.transfer(*ends, points_of(known[a], names)).uv, points_of(known[b], names)
            right = Picture.around(known[b].image, known[b].mask, 480)
            off = np.linalg.norm(found - marked, axis=1) / known[b].longer_side
            for place, mark, error in zip(found, marked, off, strict=True):
                color = ACCEPTED if error <= 0.1 else REFUSED
                right.lines(np.stack([place, mark])[None], color, 2)
                right.dot(place, color, 8)
                right.ring(mark, PAPER, 11)
            panels.append(with_caption(right.rgb, f"{b}: {method.name}", f"off by {100 * off.mean():.0f} % of the object"))
        rows.append(np.hstack(panels))
    return np.vstack(rows)


if __name__ == "__main__":
    main()
