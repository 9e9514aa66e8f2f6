# SPDX-License-Identifier: Apache-2.0
"""The doctor's words: one JSON object or text, exit code 1 only where the core is broken."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from func_corr_ros.cli import examination
from func_corr_ros.cli.doctor import as_text
from func_corr_ros.cli.main import main
from func_corr_ros.optional import EXTRA_OF


@pytest.fixture(autouse=True)
def quick_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """ROS is probed in processes of its own, which is slow; one test does it for real."""
    found = {"works": False, "interfaces": False, "rclpy": None, "distro": None, "rmw": "default", "domain": "0", "adapters": {}}
    monkeypatch.setattr(examination, "ros", lambda problems: found)


def test_json_holds_every_part(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"ok", "python", "package", "packages", "device", "weights", "ros", "optional", "problems"} <= set(found)
    assert found["ok"] is True
    assert found["device"]["used"] in ("cpu", "cuda")
    assert all(found["packages"].values())
    assert {row["name"] for row in found["optional"]} == set(EXTRA_OF)
    assert Path(found["package"]["share"], "package.xml").is_file()


def test_text_names_versions_and_weights(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert f"{sys.version_info.major}.{sys.version_info.minor}" in shown
    assert "dinov2-small" in shown
    assert shown.rstrip().endswith("the core works")


def test_a_broken_core_is_exit_code_1_and_marked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    there = examination.there
    monkeypatch.setattr(examination, "there", lambda name: name != "scipy" and there(name))
    assert main(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert "! scipy is not installed" in shown
    assert "pip install scipy" in shown
    assert shown.rstrip().endswith("mend the lines marked ! first")


def test_weights_say_whether_they_are_the_manifests() -> None:
    row = {"name": "dinov2-small", "path": "/weights", "sha256": "12ab" * 16, "get": None}
    found = examination.examine()
    for matches, words in ((True, ", as in the manifest"), (False, "NOT as in"), (None, "gives none")):
        assert words in as_text(found | {"weights": [row | {"matches": matches}]})
