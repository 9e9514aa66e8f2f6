# SPDX-License-Identifier: Apache-2.0
"""A person's word is in the file at once, whole; strangers and nonsense are refused; keys do it all in a real browser."""
from __future__ import annotations

import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import cv2
import local_pages
import numpy as np
import pytest

from func_corr_ros.data.pseudo_label.matching import Match, read_matches, write_matches
from func_corr_ros.errors import BadAnnotations
from func_corr_ros.evaluation.review_server import review_server
from func_corr_ros.evaluation.review_session import ReviewSession

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def session(folder: Path, count: int = 6) -> ReviewSession:
    matches = [Match(f"{index} <b>mug</b>.glb", "a mug & saucer", ("mug", "cup", "bowl"), (0.9, 0.8, 0.4), object="mug")
               for index in range(count)]
    write_matches(folder / "matches.yaml", matches)
    pictures = {}
    for index, one in enumerate(matches[:-1]):
        pictures[one.asset] = folder / f"{index}.jpg"
        cv2.imwrite(str(pictures[one.asset]), np.full((80, 160, 3), 40 * index, np.uint8))
    return ReviewSession(folder / "matches.yaml", pictures)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, ReviewSession]]:
    shown = session(tmp_path)
    with local_pages.served(review_server(shown)) as url:
        yield url, shown


def post(url: str, body: bytes, **headers: str) -> int:
    return local_pages.asked(f"{url}/state", body, **headers)[0]


def test_words_are_kept_with_every_word(tmp_path: Path) -> None:
    one = session(tmp_path)
    one.decide(0, True)
    one.decide(1, False)
    one.decide(2, True, "cup")
    one.decide(0, None)
    found = read_matches(tmp_path / "matches.yaml")
    assert [match.accepted for match in found] == [None, False, True, None, None, None] and found[2].object == "cup"
    assert ReviewSession(tmp_path / "matches.yaml", {}).state()[2]["accepted"] is True
    for number, accepted, chosen in ((9, True, None), (-1, True, None), (0, "yes", None), (0, True, "spoon")):
        with pytest.raises(BadAnnotations):
            one.decide(number, accepted, chosen)
    assert read_matches(tmp_path / "matches.yaml") == found


def test_the_server_answers_this_machine_only_and_refuses_nonsense(served: tuple[str, ReviewSession]) -> None:
    url, shown = served
    page = urllib.request.urlopen(f"{url}/", timeout=30).read().decode()
    assert "http://" not in page.replace("http://www.w3.org", "") and "https://" not in page
    assert len(json.loads(urllib.request.urlopen(f"{url}/state", timeout=30).read())) == 6
    assert urllib.request.urlopen(f"{url}/picture/0", timeout=30).read()[:2] == b"\xff\xd8"
    for path in ("picture/5", "picture/99", "picture/../matches.yaml", "matches.yaml"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{url}/{path}", timeout=30)
    good = json.dumps({"number": 0, "accepted": True}).encode()
    assert post(url, good, Host="evil.example") == 403 and post(url, good, Origin="http://evil.example") == 403
    for body in (b"{", b"[]", b"{}", json.dumps({"number": 77, "accepted": True}).encode(), b"x" * 9999):
        assert post(url, body) == 400
    assert all(match.accepted is None for match in shown.matches)
    assert post(url, good) == 200 and shown.matches[0].accepted is True


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_reviews_by_keys_alone(served: tuple[str, ReviewSession], width: int) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    if CHROMIUM is None:
        pytest.skip("no Chromium here")
    url, shown = served
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": width, "height": 900})
        troubles: list[str] = []
        tab.on("request", lambda one: None if one.url.startswith((url, "data:")) else troubles.append(one.url))
        tab.on("pageerror", lambda error: troubles.append(str(error)))
        tab.goto(url)
        tab.wait_for_selector("html[data-ready=yes]", timeout=60_000)
        for key, count in (("a", 1), ("r", 2), ("2", 3), ("a", 4), ("ArrowLeft", 4), ("u", 3)):
            tab.keyboard.press(key)
            tab.wait_for_function(f"state.filter(one => one.accepted !== null).length === {count}", timeout=60_000)
        assert "2 accepted, 1 rejected, 3 open" in tab.inner_text("#told")
        assert "<b>mug</b>" in tab.inner_text(".card >> nth=0")  # names are text, whatever is in them
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        tab.reload()
        tab.wait_for_selector("html[data-ready=yes]", timeout=60_000)
        assert tab.get_attribute(".card >> nth=1", "data-said") == "no"
        browser.close()
    assert [match.accepted for match in shown.matches] == [True, False, True, None, None, None]
    assert shown.matches[2].object == "cup"
    assert read_matches(shown.path) == shown.matches and not troubles
