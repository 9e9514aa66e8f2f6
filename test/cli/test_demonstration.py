# SPDX-License-Identifier: Apache-2.0
"""``func-corr demonstration``: what is recorded is what transfer reads; nothing is overwritten unasked, mistakes are named."""
from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from func_corr_ros.cli.main import main
from func_corr_ros.transfer.demonstration_store import DemonstrationStore


@pytest.fixture
def marks() -> dict:
    pose = {"tool_link": "gripper", "relative_to": "rim", "position": [0.0, 0.0, 0.4], "quaternion_xyzw": [0.0, 0.0, 0.0, 1.0]}
    return {"function": "pour-with", "object": "board", "keypoints": {"rim": [80, 60]},
            "phases": [{"name": "grasp", **pose}, {"name": "action", **pose}]}


@pytest.fixture
def words(tmp_path: Path, marks: dict) -> list[str]:
    mask = np.zeros((120, 160), dtype=np.uint8)
    mask[40:80, 50:110] = 255
    cv2.imwrite(str(tmp_path / "color.png"), np.full((120, 160, 3), 90, dtype=np.uint8))
    cv2.imwrite(str(tmp_path / "depth.png"), np.full((120, 160), 5000, dtype=np.uint16))
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    camera = {"K": [[300.0, 0.0, 79.5], [0.0, 300.0, 59.5], [0.0, 0.0, 1.0]], "width": 160, "height": 120,
              "depth_scale_m_per_count": 1e-4}
    (tmp_path / "frame.json").write_text(json.dumps(camera))
    (tmp_path / "marks.json").write_text(json.dumps(marks))
    files = [word for name in ("color.png", "depth.png", "mask.png") for word in (f"--{name[:-4]}", str(tmp_path / name))]
    return ["demonstration", "record", *files, "--camera", str(tmp_path / "frame.json"), "--marks", str(tmp_path / "marks.json"),
            "--id", "board_pour", "--store", str(tmp_path / "store")]


def test_marks_become_a_demonstration(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(words) == 0
    shown = DemonstrationStore(tmp_path / "store").load("board_pour")
    assert (shown.function, shown.object, [phase.name for phase in shown.phases]) == ("pour-with", "board", ["grasp", "action"])
    np.testing.assert_allclose(shown.keypoint("rim").point, [0.5 * 0.5 / 300.0, 0.5 * 0.5 / 300.0, 0.5], atol=1e-6)
    assert main(["demonstration", "list", "--store", str(tmp_path / "store")]) == 0
    assert "board_pour: pour-with with a board, grasp, action" in capsys.readouterr().out


def test_nothing_is_overwritten_unasked(words: list[str], capsys: pytest.CaptureFixture) -> None:
    assert main(words) == 0 and main(words) == 2
    assert "exists" in capsys.readouterr().err
    assert main([*words, "--overwrite"]) == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"function": "Pour"}, "function 'Pour'"),
        ({"keypoints": {"rim": [80]}}, "keypoint rim"),
        ({"keypoints": {"rim": [5, 5]}}, "no valid depth of the object"),
        ({"keypoints": [1]}, "a mapping from name"),
        ({"phases": {}}, "a list is needed"),
        ({"phases": [{"name": "grasp"}]}, "missing ['tool_link'"),
        ({"phase": []}, "unknown ['phase']"),
    ],
)
def test_a_mistake_in_the_marks_is_named(words: list[str], tmp_path: Path, marks: dict, change: dict, said: str, capsys) -> None:
    (tmp_path / "marks.json").write_text(json.dumps({**marks, **change}))
    assert main(words) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "store").exists()


def test_a_library_demonstration_is_recorded_with_its_phases(tmp_path: Path) -> None:
    words = ["demonstration", "library", "--category", "hammer", "--id", "hammer_pound", "--store", str(tmp_path), "--seed", "5"]
    assert main([*words, "--function", "pour-with"]) == 2 and list(tmp_path.iterdir()) == []
    assert main([*words, "--function", "pound-with"]) == 0
    shown = DemonstrationStore(tmp_path).load("hammer_pound")
    assert [phase.name for phase in shown.phases] == ["pregrasp", "grasp", "lift", "action", "retreat"]
    assert shown.support is not None and shown.mask.any()


def test_clicking_is_refused_before_the_page_where_nothing_could_be_kept(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from func_corr_ros.evaluation import local_page

    marks = words.index("--marks")
    files = ["demonstration", "click", *words[2:marks], *words[marks + 2 :], "--object", "board", "--port", "0"]
    said = []
    monkeypatch.setattr(local_page, "serve", lambda server, what: said.append(what))
    assert main([*files, "--function", "pour-with"]) == 0
    assert "board_pour" in said[0] and "nothing was kept" in capsys.readouterr().out and not (tmp_path / "store").exists()
    assert main([*files, "--function", "Pour"]) == 2 and "function 'Pour'" in capsys.readouterr().err
    assert main(words) == 0 and main([*files, "--function", "pour-with"]) == 2
    assert "'board_pour' exists" in capsys.readouterr().err and len(said) == 1
    assert main([*files, "--function", "pour-with", "--overwrite"]) == 0 and len(said) == 2
