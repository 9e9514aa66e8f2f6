# SPDX-License-Identifier: Apache-2.0
"""The check of the demo finds each thing that can be missing, and nothing in a complete one."""

from __future__ import annotations

import json
from pathlib import Path

import check_demo
import pytest

PHASE = {"name": "action", "tool_link": "tool0", "position": [0.1, 0.0, 0.5], "quaternion_xyzw": [0.0, 0.0, 0.0, 1.0]}
CASE = {
    "name": "mug_to_mug",
    "function": "pour-with",
    "real": False,
    "segmenter": "tabletop",
    "method": "dinov2-small, ROS 2 over DDS",
    "matches": 700,
    "residual_m": 0.004,
    "refused": False,
    "reason": "",
    "translation_error_m": 0.012,
    "rotation_error_deg": 6.0,
    "pictures": ["matches.png"],
}
DETAILS = {"received": {"flow": 5, "transfer": 5}, "missing_topics": [], "unknown_stamps": {}, "phases": [PHASE]}
PARTS = {"timings_ms": {"match": {"p50": 1.0, "p95": 2.0}}, "weights": {"dinov2-small": "12ab"}}


def found(folder: Path, case: dict | None = None, details: dict | None = None, **parts: object) -> list[str]:
    """What the check says of a demo with one complete case and, where given, a second one that differs from it."""
    cases, told = [CASE], {"mug_to_mug": DETAILS}
    if case is not None or details is not None:
        cases = [CASE, CASE | {"name": "second"} | (case or {})]
        told["second"] = DETAILS | (details or {})
    (folder / "report.html").write_text("<html></html>")
    (folder / "matches.png").write_bytes(check_demo.PNG + bytes(4000))
    (folder / "result.json").write_text(json.dumps({"cases": cases, **PARTS, **parts}))
    (folder / "details.json").write_text(json.dumps(told))
    return check_demo.problems(folder)


def test_a_complete_demo_has_no_problem(tmp_path: Path) -> None:
    assert found(tmp_path, {}, {}) == []


def test_a_refusal_with_its_reason_is_no_problem(tmp_path: Path) -> None:
    refused = {"refused": True, "reason": "residual 0.2 m", "residual_m": None, "translation_error_m": None}
    assert found(tmp_path, refused, {"phases": []}) == []


@pytest.mark.parametrize(
    ("case", "details", "words"),
    [
        ({"pictures": []}, {}, "no picture"),
        ({"pictures": ["gone.png"]}, {}, "gone.png is no picture"),
        ({"pictures": ["report.html"]}, {}, "report.html is no picture"),
        ({"residual_m": None}, {}, "accepted without a residual or without matches"),
        ({"matches": 0}, {}, "accepted without a residual or without matches"),
        ({"refused": True}, {"phases": []}, "refused without a reason"),
        ({}, {"received": {}}, "nothing came back over topics"),
        ({}, {"missing_topics": ["flow"]}, "nothing came from topic flow"),
        ({}, {"unknown_stamps": {"flow": 2}}, "2 messages of flow carry no input's stamp"),
        ({}, {"phases": []}, "accepted without a pose"),
        (
            {},
            {"phases": [PHASE | {"position": [0.1, None, 0.5]}]},
            "the pose of phase action is [0.1, None, 0.5, 0.0, 0.0, 0.0, 1.0]",
        ),
    ],
)
def test_what_is_missing_from_a_case_is_named(case: dict, details: dict, words: str, tmp_path: Path) -> None:
    assert found(tmp_path, case, details) == [f"case second: {words}"]


@pytest.mark.parametrize("error", [{"translation_error_m": 0.021}, {"rotation_error_deg": 15.1}, {"translation_error_m": None}])
def test_a_rendered_scene_without_an_exact_case_is_named(error: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CASE, *next(iter(error.items())))
    assert found(tmp_path) == ["no rendered case within 20 mm and 15 deg of the truth"]


@pytest.mark.parametrize("key", sorted(check_demo.CASE_KEYS - {"name"}))
def test_every_key_of_a_case_is_needed(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(CASE, key)
    assert f"case mug_to_mug: no {key}" in found(tmp_path)


@pytest.mark.parametrize("key", ["cases", "timings_ms", "weights"])
def test_every_part_is_needed(key: str, tmp_path: Path) -> None:
    assert found(tmp_path, **{key: {}}) == [f"result.json has no {key}"]


def test_no_page_and_no_result_are_named(tmp_path: Path) -> None:
    assert "result.json" in check_demo.problems(tmp_path)[0]
    found(tmp_path)
    (tmp_path / "report.html").unlink()
    assert check_demo.problems(tmp_path) == ["report.html is missing"]
