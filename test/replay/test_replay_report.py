# SPDX-License-Identifier: Apache-2.0
"""The page asks nobody for anything, holds what the run holds, and a browser finds the worst frame in one click."""
from __future__ import annotations

import base64
import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from func_corr_ros.replay.replay_pictures import frame_picture, pictured_frames
from func_corr_ros.replay.replay_report import replay_html, shown, worst_moments
from func_corr_ros.replay.run_figures import FIGURES
from func_corr_ros.replay.run_table import FIGURES as RECORDED
from func_corr_ros.replay.run_table import RunTable

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WORST_FRAME = 123


def made_up(n: int) -> tuple[RunTable, dict[str, np.ndarray]]:
    """A run of ``n`` frames at 30 Hz: frame WORST_FRAME is 80 mm off, the others about 3; every 50th is refused."""
    rng = np.random.default_rng(0)
    code = np.where(np.arange(n) % 50 == 49, 304, 0)
    columns = {name: np.full(n, np.nan) for name in FIGURES}
    columns["accepted"] = (code == 0).astype(float)
    columns["pose_mm"] = np.where(code, np.nan, 3.0 + rng.random(n))
    columns["pose_mm"][WORST_FRAME] = 80.0
    columns["jitter_mm"] = np.where(code, np.nan, rng.random(n))
    columns["latency_ms"] = 20.0 + rng.random(n)
    columns["pck"] = (rng.random(n) < 0.8).astype(float)
    figures = {name: np.full(n, 0.8) for name in RECORDED}
    reasons = {304: "NoDepth: 0 of 9 matches </script><b>lift"}
    table = RunTable(
        np.arange(n, dtype=np.int64) * 33_333_333 + 10**18, code.astype(np.int64), np.zeros(n, dtype=bool), figures, {}, {}, {},
        np.full((n, 4, 4), np.nan), {"transfer": columns["latency_ms"]}, reasons,
    )
    return table, columns


def picture(number: int, width: int = 64) -> bytes:
    image = np.full((width * 3 // 4, width, 3), number % 256, dtype=np.uint8)
    return cv2.imencode(".jpg", image)[1].tobytes()


def page(n: int, width: int = 64, pictures: int = 24) -> str:
    table, columns = made_up(n)
    drawn = pictured_frames(n, [moment["frame"] for moment in worst_moments(table, columns)], pictures)
    refused = {"NO_DEPTH": {"count": int((table.code != 0).sum()), "first_frame": 49, "first_reason": table.reasons[304]}}
    return replay_html("red_mug_pour on bag", table, columns, refused, [(frame, picture(frame, width)) for frame in drawn],
                       ["3 frames could not be used"], {"transfer": {"p50": 20.0, "p95": 21.0}}, {"version": "0"})


def data_of(text: str) -> dict[str, Any]:
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])


def test_the_page_asks_nobody_and_holds_the_run() -> None:
    text = page(300)
    assert re.findall(r"""(?:src|href)=["'](?!#|data:)""", text) == [] and "http://" not in text and "https://" not in text
    assert "default-src 'none'" in text and "</script><b>lift" not in text.split('id="data"')[0]
    data = data_of(text)
    values = {item["name"]: np.frombuffer(base64.b64decode(item["values"]), "<f4") for item in data["columns"]}
    np.testing.assert_allclose(values["pose_mm"], made_up(300)[1]["pose_mm"].astype(np.float32))
    assert set(values) == {"accepted", "pose_mm", "jitter_mm", "latency_ms", "pck"} and data["code_names"]["304"] == "NO_DEPTH"
    assert data["stamps"][1] == str(10**18 + 33_333_333), "stamps are too long for a number of the page"
    assert {f"p{frame}" for frame in data["pictures"]} == set(re.findall(r'id="(p\d+)"', text))
    assert WORST_FRAME in data["pictures"] and len(data["pictures"]) == 24


def test_the_worst_come_first_and_each_number_has_its_frame() -> None:
    moments = worst_moments(*made_up(300))
    assert moments[0]["frame"] == WORST_FRAME and moments[0]["words"].startswith(f"frame {WORST_FRAME}: pose_mm 80 mm (")
    assert moments[-1]["words"] == "frame 49: first refusal of NO_DEPTH"
    text = page(300)
    assert f'href="#frame={WORST_FRAME}"' in text and 'href="#frame=49"' in text
    assert "Confidence against what came right" in text and "3 frames could not be used" in text


def test_confidence_is_held_against_frames_that_gave_poses_only() -> None:
    """Refused frames have no keypoints that could be right; a run whose scores tell right from wrong lies on the diagonal."""
    table, columns = made_up(300)
    sure = np.arange(300) % 2 == 0
    table.figures["score"][:] = np.where(table.code != 0, 0.9, sure)
    columns["pck"] = np.where(table.code != 0, 0.0, sure).astype(float)
    text = replay_html("bag", table, columns, {}, [])
    assert "expected calibration error 0.000" in text
    table.figures["score"][:] = np.nan
    assert "calibration error" not in replay_html("bag", table, columns, {}, [])


def test_a_clock_that_was_set_back_does_not_fold_the_timeline() -> None:
    table, columns = made_up(300)
    table.stamp_ns[200:] -= 60 * 10**9
    seconds = np.frombuffer(base64.b64decode(data_of(replay_html("bag", table, columns, {}, []))["seconds"]), "<f4")
    assert (np.diff(seconds) >= 0).all() and seconds[-1] == pytest.approx(298 * 0.033333333, rel=1e-5)


def test_numbers_are_shown_without_exponents() -> None:
    values = {4512.3: "4512", 99.96: "100", 12.345: "12.3", 0.05: "0.05", 0.0: "0", 4e-5: "<0.001"}
    assert {value: shown(value) for value in values} == values


def test_pictured_frames_hold_what_was_wanted_and_spread_the_rest() -> None:
    assert pictured_frames(5, [3], 10) == [0, 1, 2, 3, 4]
    chosen = pictured_frames(18000, [123, 123, 17999, 20000], 100)
    assert {123, 17999} <= set(chosen) and len(chosen) <= 100
    assert max(np.diff(chosen)) < 400 and chosen == sorted(chosen)
    assert pictured_frames(0, []) == []


def test_the_picture_shows_outline_keypoints_and_truth(pipeline, target) -> None:
    from func_corr_ros.replay.frame_record import frame_record

    record = frame_record(pipeline.run(target.frame), pipeline.demonstration, target.frame)
    drawn = frame_picture(target.frame, record)
    bare = frame_picture(target.frame, {**record, "mask": None, "phases": [], "keypoints": {}})
    rings = frame_picture(target.frame, record, {"outlet": np.array([300.0, 30.0])})
    assert drawn.shape == (480, 640, 3)
    changed = np.abs(drawn.astype(int) - bare).sum(axis=2) > 40
    u0, v0 = target.corner
    assert changed[v0 * 2 - 2 : v0 * 2 + 3, u0 * 2 + 40].any(), "the outline's upper edge"
    assert np.argwhere(np.abs(rings.astype(int) - drawn).sum(axis=2) > 40).mean(axis=0) == pytest.approx([60.0, 600.0], abs=3.0)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    if CHROMIUM is None:
        pytest.skip("no Chromium here")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


def opened(browser: Any, path: Path, width: int = 1280, tab: Any = None) -> tuple[Any, list[str]]:
    tab = tab or browser.new_page(viewport={"width": width, "height": 900})
    troubles: list[str] = []
    tab.on("request", lambda request: None if request.url.startswith(("file:", "data:")) else troubles.append(request.url))
    tab.on("pageerror", lambda error: troubles.append(str(error)))
    tab.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
    tab.goto(path.as_uri())
    tab.wait_for_selector("html[data-ready=yes]")
    return tab, troubles


@pytest.mark.slow
def test_a_browser_shows_the_worst_frame_after_one_click_and_keys_work(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(page(300))
    tab, troubles = opened(browser, tmp_path / "report.html")

    def number() -> int:
        return int(tab.input_value("#scrubber"))

    tab.click("#moments button >> nth=0")
    assert number() == WORST_FRAME and tab.inner_text("#caption") == f"Frame {WORST_FRAME}: accepted"
    assert "80 mm" in tab.inner_text("#state")
    assert tab.evaluate("document.getElementById('picture').naturalWidth") == 64
    keys = {"ArrowRight": 124, "ArrowLeft": 123, "Shift+ArrowRight": 153, "r": 199, "Home": 0, "End": 299}
    for key, expected in keys.items():
        tab.keyboard.press(key)
        assert number() == expected, key
    assert "refused: NO_DEPTH" in tab.inner_text("#state")
    tab.keyboard.press("w")
    assert number() == WORST_FRAME
    tab.click('a[href="#frame=49"] >> nth=0')
    assert number() == 49
    canvas = tab.locator("#plots canvas >> nth=0")
    canvas.click(position={"x": canvas.bounding_box()["width"] - 2, "y": 20})
    assert number() > 290
    assert troubles == []


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_sticks_out_of_the_window(browser: Any, tmp_path: Path, width: int) -> None:
    (tmp_path / "report.html").write_text(page(300))
    tab, troubles = opened(browser, tmp_path / "report.html", width)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width and troubles == []


@pytest.mark.slow
def test_ten_minutes_of_frames_load_at_once(browser: Any, tmp_path: Path) -> None:
    """18,000 frames and 240 pictures: what the browser's page process computes until the page is ready takes less than 2 s."""
    (tmp_path / "report.html").write_text(page(18000, 640, 240))
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    session = tab.context.new_cdp_session(tab)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})  # other processes do not lengthen it
    began = time.monotonic()
    tab, troubles = opened(browser, tmp_path / "report.html", tab=tab)
    metrics = {item["name"]: item["value"] for item in session.send("Performance.getMetrics")["metrics"]}
    print(f"wall {time.monotonic() - began:.2f} s", {k: metrics[k] for k in ("ScriptDuration", "LayoutDuration", "TaskDuration")})
    assert 0.01 < metrics["TaskDuration"] < 2.0 and troubles == []
