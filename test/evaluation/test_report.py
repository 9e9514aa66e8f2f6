# SPDX-License-Identifier: Apache-2.0
"""The report: every case is in the page, nothing is fetched, and result.json is what other programs rely on."""
from __future__ import annotations

import base64
import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from func_corr_ros.errors import BadImage
from func_corr_ros.evaluation.report import (
    CaseReport,
    Report,
    ReportedPose,
    ReportPicture,
    html,
    write_report,
    write_whole,
)

VOID = {"meta", "link", "img", "br", "hr", "input"}
GOLDEN = {
    "cases": [
        {
            "name": "mug_to_mug", "function": "pour-with", "real": False, "segmenter": "tabletop", "method": "dinov2-small",
            "matches": 812, "residual_m": 0.0041, "refused": False, "reason": "", "translation_error_m": 0.0123,
            "rotation_error_deg": 4.5, "pictures": ["mug_to_mug.png"],
        },
        {
            "name": "mug_to_wall", "function": "pour-with", "real": True, "segmenter": "given_mask", "method": "dinov2-small",
            "matches": 9, "residual_m": None, "refused": True, "reason": "9 lifted matches; at least 12 are <needed> & wanted",
            "translation_error_m": None, "rotation_error_deg": None, "pictures": [],
        },
    ],
    "timings_ms": {"correspondence": {"p50": 310.0, "p95": 402.5}},
    "weights": {"dinov2-small": "ab" * 32},
}


class Page(HTMLParser):
    """A parsed page: its elements with their attributes, its text, and tags that were closed out of order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words = ""
        self.open: list[str] = []
        self.broken: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.broken.append(tag)

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def report(tmp_path: Path) -> Report:
    picture = tmp_path / "mug_to_mug.png"
    cv2.imwrite(str(picture), np.full((30, 40, 3), (10, 60, 200), dtype=np.uint8))
    pose = ReportedPose("action", "outlet", (0.1, -0.2, 0.55), (0.0, 0.0, 0.0, 1.0))
    accepted = CaseReport(
        "mug_to_mug", "pour-with", "a mug", "another mug", False, "tabletop", "dinov2-small", 812, 640, 0.0041, False, "",
        (pose,), 0.0123, 4.5, (ReportPicture(picture, "Matches from a mug to another mug"),), "Rendered by this project.",
    )
    refused = CaseReport(
        "mug_to_wall", "pour-with", "a mug", "a wall", True, "given_mask", "dinov2-small", 9, 0, float("nan"), True,
        "9 lifted matches; at least 12 are <needed> & wanted",
    )
    times = {"correspondence": {"p50": 310.0, "p95": 402.5}}
    return Report(
        "A pour, carried over", (accepted, refused), times, {"dinov2-small": "ab" * 32},
        {"align": {"tolerance": 0.12}}, {"ROS 2": "kilted"}, ("This run had no ROS.",),
    )


def test_result_json_is_the_agreed_schema(report: Report, tmp_path: Path) -> None:
    write_report(report, tmp_path)
    assert json.loads((tmp_path / "result.json").read_text()) == GOLDEN


def test_the_page_is_well_formed_and_shows_every_case(report: Report) -> None:
    page = Page(html(report))
    assert page.broken == [] and page.open == []
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for case in report.cases:
        assert case.name in ids
        assert {"href": f"#{case.name}"} in page.all("a")
    for words in ("12.3 mm", "4.5\u00b0", "4.1 mm", "not known", "another mug", "812", "310.0", "402.5", "ab" * 32, "kilted",
                  "0.1000, -0.2000, 0.5500", "gripper", "This run had no ROS.", '"tolerance": 0.12'):
        assert words in page.words, words


def test_a_refusal_is_told_in_its_own_words_and_escaped(report: Report) -> None:
    text = html(report)
    assert "Why it was refused:" in text
    assert "&lt;needed&gt; &amp; wanted" in text and "<needed>" not in text


def test_nothing_is_fetched_and_nothing_runs(report: Report) -> None:
    page = Page(html(report))
    assert page.all("script") == [] and page.all("iframe") == []
    for _, attributes in page.elements:
        for key in ("src", "href", "srcset", "action", "poster"):
            assert attributes.get(key, "#").startswith(("#", "data:")), attributes
    style = html(report).split("<style>")[1].split("</style>")[0]
    assert "url(" not in style and "@import" not in style and "prefers-color-scheme: dark" in style


def test_pictures_are_inside_with_words(report: Report) -> None:
    (image,) = Page(html(report)).all("img")
    assert image["alt"] == "Matches from a mug to another mug"
    encoded = base64.b64decode(image["src"].removeprefix("data:image/jpeg;base64,"))
    decoded = cv2.imdecode(np.frombuffer(encoded, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert decoded.shape == (30, 40, 3)
    np.testing.assert_allclose(decoded[15, 20], (10, 60, 200), atol=6)  # JPEG


def test_a_film_is_inside_as_it_is(report: Report, tmp_path: Path) -> None:
    film = tmp_path / "pour.gif"
    film.write_bytes(b"GIF89a, whatever moves")
    shown = replace(report.cases[0], pictures=(ReportPicture(film, "poured"),))
    (image,) = Page(html(replace(report, cases=(shown,)))).all("img")
    assert base64.b64decode(image["src"].removeprefix("data:image/gif;base64,")) == film.read_bytes()


def test_the_page_serves_keyboard_and_screen_reader(report: Report) -> None:
    page = Page(html(report))
    assert page.all("html") == [{"lang": "en"}] and len(page.all("h1")) == 1 and len(page.all("main")) == 1
    assert len(page.all("caption")) == len(page.all("table"))
    assert all("scope" in attributes for attributes in page.all("th"))
    scrolling = [attributes for attributes in page.all("div") if attributes.get("class") == "scroll"]
    assert scrolling and all(attributes["tabindex"] == "0" and attributes["aria-label"] for attributes in scrolling)
    assert any(attributes.get("name") == "viewport" for attributes in page.all("meta"))


def test_a_missing_picture_is_named(report: Report, tmp_path: Path) -> None:
    (tmp_path / "mug_to_mug.png").unlink()
    with pytest.raises(BadImage, match="mug_to_mug.png"):
        html(report)


def test_writing_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_whole(tmp_path / "page.html", "first")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, "second")
    assert path.read_text() == "first" and list(tmp_path.iterdir()) == [path]
