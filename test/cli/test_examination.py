# SPDX-License-Identifier: Apache-2.0
"""What is there is found, what is missing is named with its cure, and only the core decides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from func_corr_ros.cli import examination
from func_corr_ros.correspondence import weights


@pytest.fixture(autouse=True)
def quick_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """ROS is probed in processes of its own, which is slow; one test does it for real."""
    found = {"works": False, "interfaces": False, "rclpy": None, "distro": None, "rmw": "default", "domain": "0", "adapters": {}}
    monkeypatch.setattr(examination, "ros", lambda problems: found)


def test_a_missing_core_package_fails_and_names_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    there = examination.there
    monkeypatch.setattr(examination, "there", lambda name: name != "scipy" and there(name))
    found = examination.examine()
    assert not found["ok"]
    assert found["packages"]["scipy"] is None
    assert {"what": "scipy is not installed", "do": "pip install scipy", "core": True} in found["problems"]


def test_a_missing_extra_is_no_failure_but_named(monkeypatch: pytest.MonkeyPatch) -> None:
    there = examination.there
    monkeypatch.setattr(examination, "there", lambda name: name != "rosbags" and there(name))
    found = examination.examine()
    row = next(row for row in found["optional"] if row["name"] == "rosbags")
    assert found["ok"]
    assert row["version"] is None
    assert row["install"] == "pip install 'func_corr_ros[replay]'"


def test_weights_with_another_hash_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {
        name: replace(entry, sha256="0" * 64) if entry.sha256 else entry for name, entry in weights.load_manifest().items()
    }
    monkeypatch.setattr(weights, "load_manifest", lambda: entries)
    if not any(entry.sha256 and entry.path().is_file() for entry in entries.values()):
        pytest.skip("no weights are installed")
    problems: list[examination.Problem] = []
    rows = examination.weights(problems)
    there = [row["matches"] for row in rows if row["path"] and row["matches"] is not None]
    assert there and not any(there)
    assert problems[0]["core"] and "not the file the manifest names" in problems[0]["what"]


def test_a_stale_copy_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, copy = tmp_path / "source", tmp_path / "copy"
    for folder, text in ((source, "NEW = 1\n"), (copy, "OLD = 1\n")):
        folder.mkdir()
        (folder / "errors.py").write_text("")
        (folder / "camera.py").write_text(text)
    (source / "added.py").write_text("")
    monkeypatch.setattr(examination.func_corr_ros, "__path__", [str(source), str(copy)])
    problems: list[examination.Problem] = []
    assert examination.package(problems)["stale"] == {str(copy): ["added.py", "camera.py"]}
    assert problems[0]["do"].startswith("`make build`") and not problems[0]["core"]


def test_a_home_with_messages_only_is_not_stale(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "errors.py").write_text("")
    (tmp_path / "messages" / "msg").mkdir(parents=True)
    assert examination.differing(tmp_path / "source", tmp_path / "messages") == []


@pytest.mark.parametrize("name", ["rclpy", "no_such_package_at_all"])
def test_there_never_raises(name: str) -> None:
    assert examination.there(name + ".no.such.module") is False


def test_ros_is_probed_outside_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    problems: list[examination.Problem] = []
    found = examination.ros(problems)
    told = " ".join(problem["what"] for problem in problems)
    assert found["works"] or "ROS 2 is not found" in told
    assert found["interfaces"] or not found["works"] or "messages are not built" in told
    assert all(not problem["core"] for problem in problems)
