# SPDX-License-Identifier: Apache-2.0
"""How well masks are carried from a key image to those after it, on real frames that are moved so that the truth is exact.

    python benchmarks/mask_motion.py             needs rgbd/tabletop_* (FUNC_CORR_DATA)

Two motions of each frame: the camera turns (0.5 deg an image about its centre and 0.5 deg about its axis: a homography, exact
for every pixel), and the object slides (its pixels are pasted 5 px further on, over a picture from which it was painted out). The
key image has the mask that comes with the frame.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.provenance import code_revision, write_json
from func_corr_ros.segmentation.mask_motion import MaskMotion

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("FUNC_CORR_DATA", ROOT.parent / "shared" / "data")) / "rgbd"
IMAGES = 10
TURN_DEG, SLIDE_PX = 0.5, 5.0


def main() -> int:
    folders = sorted(folder for folder in DATA.glob("tabletop_*") if (folder / "mask.png").is_file())
    if not folders:
        raise SystemExit(f"no frames with masks at {DATA}; set FUNC_CORR_DATA")
    rows, seconds, images = [], 0.0, 0
    for folder in folders:
        frame, mask = read(folder)
        for name, motion in (("camera turns", turned), ("object slides", slid)):
            carried = MaskMotion(frame, mask.astype(np.uint16))
            overlaps, found = [], []
            for moved, truth in motion(frame, mask):
                start = time.process_time()
                result = carried.carried(moved)
                seconds, images = seconds + time.process_time() - start, images + 1
                overlaps.append(iou(result.labels == 1, truth))
                found.append(result.found[1])
            rows.append({"frame": folder.name, "motion": name, "iou": overlaps, "found": found})
    print(f"{'frame':<24}{'motion':<16}{'IoU 1':>8}{'IoU 5':>8}{'IoU 10':>8}{'least found':>13}")
    for row in rows:
        print(f"{row['frame']:<24}{row['motion']:<16}{row['iou'][0]:>8.3f}{row['iou'][4]:>8.3f}{row['iou'][-1]:>8.3f}"
              f"{min(row['found']):>13.2f}")
    for name in ("camera turns", "object slides"):
        last = [row["iou"][-1] for row in rows if row["motion"] == name]
        print(f"{name}: IoU after {IMAGES} images, median {np.median(last):.3f}, least {min(last):.3f}")
    print(f"{1e3 * seconds / images:.1f} ms of CPU time an image (cv2 {cv2.__version__}, {cv2.getNumThreads()} threads)")
    result = {"date": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "machine": platform.node(), "revision": code_revision(), "rows": rows,
              "cpu_ms": 1e3 * seconds / images}
    print("written to", write_json(ROOT / f"build/benchmarks/mask_motion_{time.strftime('%Y%m%d_%H%M%S')}.json", result))
    return 0


def turned(frame: RgbdFrame, mask: np.ndarray) -> Iterator[tuple[RgbdFrame, np.ndarray]]:
    """Yields what a camera that turns about its centre sees."""
    for step in range(1, IMAGES + 1):
        turn, _ = cv2.Rodrigues(np.radians(TURN_DEG) * step * np.array([0.3, 1.0, 1.0]))
        warp = frame.camera.matrix @ turn @ np.linalg.inv(frame.camera.matrix)
        size = (frame.camera.width, frame.camera.height)
        color = cv2.warpPerspective(frame.color, warp, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        depth = cv2.warpPerspective(frame.depth, warp, size, flags=cv2.INTER_NEAREST, borderValue=float("nan"))
        yield replace(frame, color=color, depth=depth), warped(mask, warp, size)


def slid(frame: RgbdFrame, mask: np.ndarray) -> Iterator[tuple[RgbdFrame, np.ndarray]]:
    """Yields the picture with the object further and further from where it was, towards the picture's middle."""
    hole = cv2.dilate(mask.astype(np.uint8), np.ones((9, 9), np.uint8))
    empty = cv2.inpaint(frame.color, hole, 5, cv2.INPAINT_TELEA)
    background = np.where(hole > 0, np.float32(np.nan), frame.depth)
    rows, columns = np.nonzero(mask)
    way = np.array([frame.camera.width / 2 - columns.mean(), frame.camera.height / 2 - rows.mean()])
    way = way / max(np.linalg.norm(way), 1e-9) if np.linalg.norm(way) > SLIDE_PX * IMAGES else np.array([1.0, 0.0])
    size = (frame.camera.width, frame.camera.height)
    for step in range(1, IMAGES + 1):
        shift = np.array([[1.0, 0.0, way[0] * SLIDE_PX * step], [0.0, 1.0, way[1] * SLIDE_PX * step]])
        truth = cv2.warpAffine(mask.astype(np.uint8), shift, size, flags=cv2.INTER_NEAREST) > 0
        color = cv2.warpAffine(frame.color, shift, size, flags=cv2.INTER_LINEAR)
        depth = cv2.warpAffine(frame.depth, shift, size, flags=cv2.INTER_NEAREST, borderValue=float("nan"))
        yield replace(frame, color=np.where(truth[..., None], color, empty), depth=np.where(truth, depth, background)), truth


def warped(mask: np.ndarray, warp: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.warpPerspective(mask.astype(np.uint8), warp, size, flags=cv2.INTER_NEAREST) > 0


def iou(first: np.ndarray, second: np.ndarray) -> float:
    return float((first & second).sum() / max((first | second).sum(), 1))


def read(folder: Path) -> tuple[RgbdFrame, np.ndarray]:
    about = json.loads((folder / "frame.json").read_text())
    counts = cv2.imread(str(folder / "depth.png"), cv2.IMREAD_UNCHANGED)
    depth = np.where(counts == about["depth_invalid"], np.nan, counts * about["depth_scale_m_per_count"]).astype(np.float32)
    color = cv2.cvtColor(cv2.imread(str(folder / "color.png")), cv2.COLOR_BGR2RGB)
    camera = PinholeCamera.from_matrix(np.array(about["K"]), about["width"], about["height"])
    return RgbdFrame(color, depth, camera, 0, "optical"), cv2.imread(str(folder / "mask.png"), cv2.IMREAD_UNCHANGED) > 0


if __name__ == "__main__":
    sys.exit(main())
