# SPDX-License-Identifier: Apache-2.0
"""Clicks on a picture become a whole demonstration or none; what is missing is said in words; a browser does it."""
from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from local_pages import asked, served
from segmentation.ray_cast import FLOOR, TABLE, Box, cast, eye, mug

from func_corr_ros.errors import BadAnnotations, BadDemonstration, DegenerateGeometry, NoDepth, NoMask
from func_corr_ros.evaluation.click_server import click_server
from func_corr_ros.evaluation.click_session import ClickSession, Wanted
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.geometry.se3 import inverse, look_at, transform_points
from func_corr_ros.segmentation.segmenter import Segmentation, ranked
from func_corr_ros.transfer.demonstration_store import DemonstrationStore

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CAMERA = PinholeCamera(fx=250.0, fy=250.0, cx=159.5, cy=119.5, width=320, height=240)
EYE, TARGET = eye(42.0, 0.5), (0.0, 0.0, 0.04)
UP, RIGHT = np.eye(3)[2], np.eye(3)[0]
SCENE = [FLOOR, TABLE, *mug(0.03, 0.0), Box("box", (30, 60, 160), center=(-0.13, 0.03, 0.03), size=(0.05, 0.05, 0.06))]
CAMERA_FROM_WORLD = inverse(look_at(EYE, np.array(TARGET), UP))
# Of the mug, in the world: the handle's outside, and the crest of the rim across from it.
HANDLE, RIM = np.array([0.103, -0.004, 0.048]), np.array([-0.0085, -0.001, 0.095])
WANTED = Wanted("my_mug", "pour-with", "mug")


def pixel(world: np.ndarray) -> list[float]:
    u, v = CAMERA.project(transform_points(CAMERA_FROM_WORLD, world))[0]
    return [float(u), float(v)]


@pytest.fixture(scope="module")
def seen() -> tuple[Any, Segmentation]:
    view = cast(SCENE, EYE, target=TARGET, camera=CAMERA)
    labels = view.mask("mug").astype(np.int32) + 2 * view.mask("box").astype(np.int32)
    return view.frame, ranked(labels, view.table, renumber=False)


@pytest.fixture
def session(seen: tuple[Any, Segmentation], tmp_path: Path) -> ClickSession:
    return ClickSession(*seen, WANTED, DemonstrationStore(tmp_path))


def clicked(session: ClickSession) -> ClickSession:
    session.click("grip", pixel(HANDLE))
    session.choose("grip", "approach", "side")
    session.click("working", pixel(RIM))
    session.click("towards", pixel(RIM - 0.06 * RIGHT))
    return session


def test_clicks_become_a_demonstration_that_is_kept_whole(session: ClickSession, tmp_path: Path) -> None:
    clicked(session).keep()
    shown = DemonstrationStore(tmp_path).load("my_mug")
    assert [phase.name for phase in shown.phases] == ["pregrasp", "grasp", "lift", "action", "retreat"]
    assert (shown.function, shown.object, [item.name for item in shown.keypoints]) == ("pour-with", "mug", ["grip", "working"])
    np.testing.assert_array_equal(shown.mask, session.thing.mask)
    world = {phase.name: inverse(CAMERA_FROM_WORLD) @ phase.camera_from_tool for phase in shown.phases}
    np.testing.assert_allclose(world["action"][:3, 0], -RIGHT, atol=5e-3)
    np.testing.assert_allclose(world["action"][:3, 2], UP, atol=1e-6)
    assert np.linalg.norm(world["action"][:3, 3] - RIM) < 3e-3 and np.linalg.norm(world["grasp"][:3, 3] - HANDLE) < 4e-3
    assert world["grasp"][:3, 2] @ -RIGHT > 0.96, "towards the mug"
    assert session.state()["kept"] == str(tmp_path / "my_mug") and session.state()["missing"] == {}


def test_what_is_missing_is_said_and_nothing_is_written(session: ClickSession, tmp_path: Path) -> None:
    assert session.state()["missing"] == {"grip": "where it is gripped is not clicked yet",
                                          "working": "where it acts is not clicked yet"}
    with pytest.raises(BadDemonstration, match="where it is gripped is not clicked yet"):
        session.keep()
    session.click("grip", pixel(HANDLE))
    session.click("working", pixel(RIM))
    assert "click where its fingers close towards" in session.state()["missing"]["grip"]
    with pytest.raises(DegenerateGeometry, match="fingers close"):
        session.keep()
    assert list(tmp_path.iterdir()) == []


def test_a_click_of_no_use_changes_nothing(session: ClickSession) -> None:
    clicked(session)
    before = session.state()
    hole = replace(session.frame, depth=np.where(np.arange(320) > 0, np.float32(np.nan), session.frame.depth))
    for name, uv, mistake, said in (
        ("grip", [5.0, 200.0], NoMask, "beside the outlined object"),
        ("working", [400.0, 2.0], BadAnnotations, "beside the picture"),
        ("working", [float("nan"), 2.0], BadAnnotations, "beside the picture"),
        ("towards", pixel(RIM), DegenerateGeometry, "at one place"),
        ("object", [5.0, 200.0], NoMask, "no object was found there"),
        ("lid", [5.0, 5.0], BadAnnotations, "is not clicked here"),
    ):
        with pytest.raises(mistake, match=said):
            session.click(name, uv)
    assert session.state() == before
    blind = ClickSession(hole, session._found, WANTED, session.store)
    with pytest.raises(NoDepth, match="no depth of the object"):
        blind.click("grip", pixel(HANDLE))


def test_another_object_forgets_places_on_the_first(session: ClickSession) -> None:
    clicked(session).click("object", pixel(np.array([-0.13, 0.03, 0.06])))
    assert session.state()["clicked"] == [] and set(session.state()["missing"]) == {"grip", "working"}
    np.testing.assert_array_equal(session.thing.mask, session._found.labels == 2)
    session.click("grip", pixel(np.array([-0.13, 0.01, 0.06])))
    session.click("object", pixel(np.array([-0.13, 0.03, 0.06])))
    assert session.state()["clicked"] == ["grip"], "the same object again"


def test_words_and_arrows_change_the_tool_and_a_second_click_means_one_thing(session: ClickSession) -> None:
    session.click("grip", pixel(HANDLE))
    session.click("fingers", pixel(HANDLE + 0.04 * np.eye(3)[1]))
    above = session.pose("grip")
    session.turn("grip", "turn_deg", 5.0)
    session.turn("grip", "deeper", 9.0)
    assert session.state()["turned"]["grip"] == {"turn_deg": 5.0, "tilt_deg": 0.0, "deeper": 0.06}
    assert not np.allclose(session.pose("grip"), above)
    session.choose("grip", "approach", "side")  # the click said how fingers close, not where the hand comes from
    assert session.state()["clicked"] == ["grip"] and session.state()["words"]["grip"]["approach"] == "side"
    for bad in (lambda: session.choose("grip", "approach", "below"), lambda: session.turn("working", "deeper", 1.0),
                lambda: session.turn("grip", "turn_deg", float("inf")), lambda: session.choose("lid", "acts", "down")):
        with pytest.raises(BadAnnotations, match="valid"):
            bad()
    session.click("grip", None)
    assert session.state()["clicked"] == []


def test_nothing_is_replaced_unasked(session: ClickSession, seen: tuple[Any, Segmentation], tmp_path: Path) -> None:
    clicked(session).keep()
    first = (tmp_path / "my_mug" / "demonstration.yaml").read_text()
    with pytest.raises(BadDemonstration, match="'my_mug' exists"):
        ClickSession(*seen, WANTED, session.store)
    session.turn("working", "turn_deg", 5.0)
    with pytest.raises(BadDemonstration, match="exists"):
        session.keep()
    assert (tmp_path / "my_mug" / "demonstration.yaml").read_text() == first
    session.keep(again=True)
    assert (tmp_path / "my_mug" / "demonstration.yaml").read_text() != first
    asked = ClickSession(*seen, replace(WANTED, overwrite=True), session.store)
    clicked(asked).keep()
    assert (tmp_path / "my_mug" / "demonstration.yaml").read_text() == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my_mug"]


def test_keeping_that_fails_leaves_nothing(session: ClickSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("func_corr_ros.transfer.demonstration_store.cv2.imwrite", lambda path, image: "mask" not in path)
    with pytest.raises(BadDemonstration, match="could not be written"):
        clicked(session).keep()
    assert list(tmp_path.iterdir()) == [] and session.state()["kept"] == ""


@pytest.mark.parametrize(("wanted", "said"), [
    (replace(WANTED, id="My mug"), "id 'My mug'"), (replace(WANTED, function="Pour"), "function 'Pour'"),
    (replace(WANTED, tool_link=""), "no tool_link"), (replace(WANTED, gripper_link=""), "no tool_link"),
])  # fmt: skip
def test_bad_names_are_refused_before_anybody_clicks(
    seen: tuple[Any, Segmentation], wanted: Wanted, said: str, tmp_path: Path
) -> None:
    with pytest.raises(BadDemonstration, match=said):
        ClickSession(*seen, wanted, DemonstrationStore(tmp_path))
    with pytest.raises(NoMask, match="shows more of the table"):
        ClickSession(seen[0], replace(seen[1], support=None), WANTED, DemonstrationStore(tmp_path))


def test_the_picture_shows_the_tools_and_its_window_leads_back_to_pixels(session: ClickSession) -> None:
    before = cv2.imdecode(np.frombuffer(session.picture(0), np.uint8), cv2.IMREAD_COLOR)
    after = cv2.imdecode(np.frombuffer(clicked(session).picture(1), np.uint8), cv2.IMREAD_COLOR)
    assert before.shape == (960, 1280, 3) and (np.abs(after.astype(int) - before) > 60).any(axis=-1).mean() > 0.005
    assert session.state()["window"] == (0.0, 0.0, 320.0, 240.0)
    session.zoom()
    left, top, width, height = session.state()["window"]
    large = cv2.imdecode(np.frombuffer(session.picture(2), np.uint8), cv2.IMREAD_COLOR)
    assert width == pytest.approx(height) and width < 240 and large.shape == (960, 960, 3)
    u, v = pixel(RIM)  # the keypoint's yellow dot is drawn where the window says
    x, y = (round(value) for value in ((u + 0.5 - left) * 960 / width - 0.5, (v + 0.5 - top) * 960 / height - 0.5))
    around = large[y - 14 : y + 15, x - 14 : x + 15, ::-1].reshape(-1, 3).astype(int)
    assert (np.abs(around - (255, 150, 40)).max(axis=1) < 60).any() or (np.abs(around - (255, 210, 60)).max(axis=1) < 60).any()


@pytest.fixture
def address(session: ClickSession) -> Iterator[str]:
    with served(click_server(session)) as url:
        yield url


def said(url: str, what: Any, **headers: str) -> tuple[int, bytes]:
    return asked(url + "/state", json.dumps(what).encode(), **headers)


def test_the_page_says_all_over_the_wire(address: str, tmp_path: Path) -> None:
    status, page = asked(address + "/")
    assert status == 200 and b"Show pour-with with a mug" in page and b"http://" not in page and b"https://" not in page
    assert b"horizontal, poured towards" in page and b"crest of the rim" in page
    clicks = [{"click": "grip", "uv": pixel(HANDLE)}, {"place": "grip", "choose": "approach", "word": "side"},
              {"place": "grip", "turn": "turn_deg", "by": -5}, {"zoom": True}, {"click": "working", "uv": pixel(RIM)},
              {"click": "towards", "uv": pixel(RIM - 0.06 * RIGHT)}, {"keep": True, "again": False}]
    for one in clicks:
        status, state = said(address, one)
        assert status == 200, state
    assert json.loads(state)["kept"] == str(tmp_path / "my_mug") and json.loads(state)["turned"]["grip"]["turn_deg"] == -5.0
    assert asked(address + "/picture/7")[1][:2] == b"\xff\xd8"


def test_nonsense_and_strangers_are_refused(address: str, tmp_path: Path) -> None:
    for bad in ({}, [], {"click": "grip"}, {"click": "grip", "uv": 3}, {"click": "grip", "uv": ["a", "b"]},
                {"turn": "x", "by": 1}, {"place": "grip", "turn": "turn_deg", "by": "far"},
                {"place": "grip", "choose": "approach"}, {"keep": True}):
        status, words = said(address, bad)
        assert status == 400 and words, bad
    assert said(address, {"zoom": 1}, Host="evil.example")[0] == 403
    assert said(address, {"zoom": 1}, Origin="http://evil.example")[0] == 403
    assert json.loads(asked(address + "/state")[1])["revision"] == 0 and list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 360])
def test_a_browser_records_by_mouse_and_keys(address: str, session: ClickSession, tmp_path: Path, width: int) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    if CHROMIUM is None:
        pytest.skip("no Chromium here")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": width, "height": 900})
        troubles, strangers = [], []
        tab.on("pageerror", lambda error: troubles.append(str(error)))
        tab.on("request", lambda request: None if request.url.startswith((address, "data:")) else strangers.append(request.url))
        tab.goto(address)
        tab.wait_for_selector("html[data-ready=yes]")

        def click(uv: list[float]) -> None:
            box, (left, top, across, _) = tab.locator("#picture").bounding_box(), session.state()["window"]
            scale = box["width"] / across
            tab.mouse.click(box["x"] + (uv[0] + 0.5 - left) * scale, box["y"] + (uv[1] + 0.5 - top) * scale)

        def told(words: str) -> None:
            tab.wait_for_function("words => document.getElementById('told').textContent.includes(words)", arg=words)

        told("2 found")
        tab.keyboard.press("Enter")
        told("where the object is gripped")
        click([5.0, 200.0])
        told("beside the outlined object")
        assert tab.locator("#keep").is_disabled() and "not clicked yet" in tab.locator("#missing").text_content()
        click(pixel(HANDLE))
        told("where the fingers close")
        tab.keyboard.press("a")
        told("where the hand comes from")
        tab.keyboard.press("ArrowRight")
        tab.wait_for_function("document.getElementById('turned').textContent.includes('turned by 5°')")
        tab.keyboard.press("ArrowLeft")
        tab.keyboard.press("+")
        tab.wait_for_function("document.getElementById('turned').textContent.includes('turned by 0°, tilted by 0°, 2 mm deeper')")
        tab.keyboard.press("4")
        told("Click where it acts")
        tab.keyboard.press("z")
        tab.wait_for_function("document.getElementById('picture').naturalWidth === 960")
        click(pixel(RIM))
        told("acts towards")
        click(pixel(RIM - 0.06 * RIGHT))
        tab.wait_for_function("!document.getElementById('keep').disabled")
        tab.keyboard.press("k")
        told("Kept in")
        assert troubles == [] and strangers == [] and tab.evaluate("document.documentElement.scrollWidth") <= width
        browser.close()
    shown = DemonstrationStore(tmp_path).load("my_mug")
    np.testing.assert_allclose([shown.keypoint(name).uv for name in ("grip", "working")], [pixel(HANDLE), pixel(RIM)], atol=1.5)
    action = inverse(CAMERA_FROM_WORLD) @ next(p for p in shown.phases if p.name == "action").camera_from_tool
    assert action[:3, 0] @ -RIGHT > np.cos(np.radians(4.0))
