# SPDX-License-Identifier: Apache-2.0
"""The way of docs/first_steps.md is gone through running nodes, over DDS, on real frames: each step leads to the next."""
from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("FUNC_CORR_DATA", ROOT.parent / "shared" / "data")) / "rgbd"
PAGE = ROOT / "docs" / "first_steps.md"


def pictures() -> dict[str, str]:
    """Returns the pictures of the page, each with the number of its step."""
    steps = re.split(r"^## (\d)\.", PAGE.read_text(), flags=re.MULTILINE)[1:]
    return {name: step for step, text in zip(steps[::2], steps[1::2], strict=True)
            for name in re.findall(r"images/(first_steps_\w+\.jpg)", text)}


def test_every_step_has_a_picture() -> None:
    assert sorted(pictures().values()) == [str(step) for step in range(1, 7)]


@pytest.mark.slow
@pytest.mark.ros
@pytest.mark.skipif(importlib.util.find_spec("rclpy") is None, reason="ROS 2 is not there")
@pytest.mark.skipif(not DATA.is_dir(), reason=f"no real frames at {DATA}")
def test_the_way_is_gone_and_every_picture_is_made(tmp_path: Path) -> None:
    script = str(ROOT / "tools" / "first_steps_pictures.py")
    gone = subprocess.run([sys.executable, script, str(DATA), str(tmp_path)], capture_output=True, text=True, timeout=900)
    assert gone.returncode == 0, gone.stdout[-2000:] + gone.stderr[-2000:]
    assert {path.name for path in tmp_path.iterdir()} == set(pictures())
    for path in tmp_path.iterdir():
        made, shown = cv2.imread(str(path)), cv2.imread(str(PAGE.parent / "images" / path.name))
        assert made.shape == shown.shape and abs(made.astype(int) - shown).mean() < 4.0, path.name
    assert "nothing is wrong here" in gone.stdout.rpartition("camera\n")[2]
