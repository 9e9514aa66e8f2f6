# SPDX-License-Identifier: Apache-2.0
"""Draws pictures of docs/ from real pages in a real browser: of clicking, of annotating, and a replay's report, wide and narrow.

    python tools/page_pictures.py FOLDER      FOLDER: the real frame tabletop_blue_mug (color.png, depth.png, frame.json)

Needs `pip install 'func_corr_ros[browser]'` and a Chromium. The recording is made from the frame: shifted by up to 8 px, with
noise, and without depth in one.
"""
from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from playwright.sync_api import sync_playwright

from func_corr_ros.cli.main import main as func_corr
from func_corr_ros.evaluation.click_server import click_server
from func_corr_ros.evaluation.click_session import ClickSession, Wanted
from func_corr_ros.evaluation.frame_folder import read_frame
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.replay.annotation_server import annotation_server
from func_corr_ros.replay.annotation_session import AnnotationSession
from func_corr_ros.replay.bag_reader import Recording
from func_corr_ros.replay.rgbd_bag import write_bag
from func_corr_ros.segmentation.tabletop import TabletopSegmenter
from func_corr_ros.transfer.demonstration_store import DemonstrationStore, read_demonstration

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
SHOWN = ROOT / "test" / "data" / "demonstrations" / "red_mug_pour"
FRAMES, BLIND, QUALITY = 20, 3, 82
# What the demonstration's keypoints are among the marks of the blue mug.
MARKED_AS = {"outlet": "rim_opposite", "handle": "handle_mid"}
# Where it pours to: beside it, across from its handle.
POURED_TO = (200, 182)
# Its rim, by which it pours, clicked around.
RIM = ((270, 185), (294, 166), (341, 164), (378, 179), (384, 190), (360, 203), (327, 207), (290, 200))


def shaken(frame: RgbdFrame) -> Iterator[tuple[RgbdFrame, tuple[int, int]]]:
    """Yields frames at 10 Hz with how far each is shifted (u, v) [px]."""
    for number in range(FRAMES):
        rng = np.random.default_rng(number)
        u, v = (int(value) for value in rng.integers(-8, 9, 2))
        color = np.roll(frame.color, (v, u), (0, 1)) + rng.normal(0.0, 4.0, frame.color.shape)
        depth = np.roll(frame.depth, (v, u), (0, 1)) + rng.normal(0.0, 1e-3, frame.depth.shape).astype(np.float32)
        taken = replace(frame, color=color.clip(0, 255).round().astype(np.uint8), depth=depth, stamp_ns=(number + 1) * 10**8)
        yield (taken.without_depth() if number == BLIND else taken), (u, v)


def truth(shifts: list[tuple[int, int]]) -> dict[str, Any]:
    """Returns the annotations of the shifted frames, from marks made by hand on the one they were made of."""
    marks = yaml.safe_load((ROOT / "test" / "data" / "keypoints" / "blue_mug.yaml").read_text())["points"]
    points = {name: marks[mark] for name, mark in MARKED_AS.items()}
    return {"function": "pour-with", "frames": [
        {"stamp_ns": (number + 1) * 10**8, "points": {name: [u + shift[0], v + shift[1]] for name, (u, v) in points.items()}}
        for number, shift in enumerate(shifts)
    ]}  # fmt: skip


@contextlib.contextmanager
def served(serving: HTTPServer) -> Iterator[str]:
    """Serves a page for as long as it is looked at."""
    with serving as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def taken(tab: Any, name: str) -> None:
    """Writes what the window shows as a JPEG."""
    picture = cv2.imdecode(np.frombuffer(tab.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    cv2.imwrite(str(IMAGES / name), picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


def annotated(browser: Any, shifts: list[tuple[int, int]]) -> None:
    """Clicks both keypoints and the rim on the first frame, goes on, and takes the picture of what is suggested there."""
    clicked, known = Path("truth_clicked.yaml"), lambda frame_id, stamp_ns: None
    session = AnnotationSession(Recording(Path("bag")), list(MARKED_AS), "pour-with", clicked, known)
    marks = yaml.safe_load((ROOT / "test" / "data" / "keypoints" / "blue_mug.yaml").read_text())["points"]
    with served(annotation_server(session)) as address:
        tab = browser.new_page(viewport={"width": 900, "height": 900})
        tab.goto(address)
        tab.wait_for_selector("#stage img")
        tab.wait_for_timeout(1000)
        box = tab.locator("#stage img").bounding_box()
        part = str(len(MARKED_AS) + 2)
        for key, mark in (*enumerate((marks[name] for name in MARKED_AS.values()), 1), *((part, corner) for corner in RIM)):
            tab.keyboard.press(str(key))
            u, v = (mark[axis] + shifts[0][axis] for axis in (0, 1))
            tab.mouse.click(box["x"] + (u + 0.5) * box["width"] / 640, box["y"] + (v + 0.5) * box["height"] / 480)
            tab.wait_for_timeout(500)
        tab.keyboard.press("ArrowRight")
        tab.wait_for_timeout(1000)
        taken(tab, "annotate.jpg")


def clicked(browser: Any, frame: RgbdFrame) -> None:
    """Records a pour on the real mug by five clicks and a key, and takes the picture of the page before it is kept."""
    wanted = Wanted("my_clicked_mug", "pour-with", "mug")
    session = ClickSession(frame, TabletopSegmenter().segment(frame), wanted, DemonstrationStore(Path("demonstrations")))
    marks = yaml.safe_load((ROOT / "test" / "data" / "keypoints" / "blue_mug.yaml").read_text())["points"]
    with served(click_server(session)) as address:
        tab = browser.new_page(viewport={"width": 1000, "height": 1060})
        tab.goto(address)
        tab.wait_for_selector("html[data-ready=yes]")
        tab.keyboard.press("z")
        # The hand comes from the side, so that the third click is not needed.
        clicks = (("2", marks[MARKED_AS["handle"]]), ("a", None), ("4", marks[MARKED_AS["outlet"]]), ("5", POURED_TO))
        for key, uv in clicks:
            tab.keyboard.press(key)
            tab.wait_for_timeout(500)
            if uv is not None:
                (left, top, width, _), box = session.state()["window"], tab.locator("#picture").bounding_box()
                scale = box["width"] / width
                tab.mouse.click(box["x"] + (uv[0] + 0.5 - left) * scale, box["y"] + (uv[1] + 0.5 - top) * scale)
                tab.wait_for_timeout(1000)
        tab.wait_for_timeout(500)
        taken(tab, "click.jpg")


def reported(browser: Any) -> None:
    """Takes the pictures of the report, wide with the worst frame, and narrow."""
    for name, size in (("replay_report.jpg", (1280, 900)), ("replay_report_narrow.jpg", (360, 900))):
        tab = browser.new_page(viewport={"width": size[0], "height": size[1]})
        tab.goto((Path("out") / "report.html").resolve().as_uri())
        tab.wait_for_selector("html[data-ready=yes]")
        tab.click("#moments button >> nth=0")
        tab.evaluate("window.scrollTo(0, 0)")
        taken(tab, name)


def main() -> int:
    """Makes recording and truth, replays it with what ships, and takes the pictures."""
    frame = read_frame(Path(sys.argv[1]).resolve())
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    made = list(shaken(frame))
    shifts = [shift for _, shift in made]
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        write_bag(Path("bag"), [one for one, _ in made])
        Path("truth.yaml").write_text(yaml.safe_dump(truth(shifts)))
        shown = read_demonstration(SHOWN)
        assert set(MARKED_AS) == {item.name for item in shown.keypoints}, shown.keypoints
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            clicked(browser, frame)
            annotated(browser, shifts)
            words = ["--demonstration", str(SHOWN), "--annotations", "truth.yaml", "--out", "out"]
            if func_corr(["replay", "bag", *words]):
                return 1
            print((Path("out") / "scores.json").read_text())
            reported(browser)
            browser.close()
    return 0


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
