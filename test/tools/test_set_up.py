# SPDX-License-Identifier: Apache-2.0
"""Set-up in the small: the lock is read, steps are remembered, a broken run goes on, a failure says where to look."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import set_up

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project folder in place of the real one, no ROS sourced."""
    for name in ("requirements.lock", "setup.py", "pyproject.toml", "package.xml", "CMakeLists.txt"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    (tmp_path / "build").mkdir()
    (tmp_path / "msg").mkdir()
    (tmp_path / "msg" / "A.msg").write_text("uint8 a\n")
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)
    return tmp_path


def test_every_locked_version_is_exact() -> None:
    pinned = set_up.locked(ROOT / "requirements.lock", "torch", "packages", "no-deps", "dev", "build", "ros", "on-request")
    names = [line.split("==")[0] for line in pinned]
    assert all(line.count("==") == 1 for line in pinned)
    assert len(names) == len(set(names))
    written = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if line and not line.startswith("#")]
    assert sorted(pinned) == sorted(written), "a section that no step installs"


def keys(project: Path) -> dict[str, str]:
    return {name: key for name, key, _ in set_up.SetUp(project).steps()}


def test_a_change_opens_the_steps_after_it_only(project: Path) -> None:
    before = keys(project)
    lock = project / "requirements.lock"
    lock.write_text(lock.read_text().replace("ros-rclpy==", "ros-rclpy==0."))
    after = keys(project)
    assert [name for name in before if before[name] != after[name]] == ["ros", "project", "workspace"]
    (project / "msg" / "A.msg").write_text("uint16 a\n")
    last = keys(project)
    assert [name for name in after if after[name] != last[name]] == ["workspace"]


def test_a_new_source_file_opens_the_workspace_and_its_content_does_not(project: Path) -> None:
    (project / "src" / "func_corr_ros").mkdir(parents=True)
    key = set_up.SetUp(project).steps()[-1][1]
    (project / "src" / "func_corr_ros" / "new.py").write_text("")
    with_file = set_up.SetUp(project).steps()[-1][1]
    (project / "src" / "func_corr_ros" / "new.py").write_text("A = 1\n")
    assert key != with_file == set_up.SetUp(project).steps()[-1][1]


def test_a_broken_run_goes_on_where_it_stopped_and_a_done_one_is_silent(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    ran: list[str] = []

    def step(name: str, fails: bool = False):
        def function(_: object) -> str:
            (project / ".venv").mkdir(exist_ok=True)
            ran.append(name)
            if fails:
                raise set_up.SetUpError("broken off")
            return ""

        return function

    names = {
        "make_environment": "environment",
        "install_torch": "torch",
        "install_packages": "packages",
        "install_ros": "ros",
        "install_project": "project",
        "build_workspace": "workspace",
    }
    monkeypatch.setattr(set_up, "check_tools", lambda python: None)
    for method, name in names.items():
        monkeypatch.setattr(set_up.SetUp, method, step(name, fails=name == "ros"))
    with pytest.raises(set_up.SetUpError, match="broken off"):
        set_up.SetUp(project).run()
    assert ran == ["environment", "torch", "packages", "ros"]
    monkeypatch.setattr(set_up.SetUp, "install_ros", step("ros"))
    ran.clear()
    set_up.SetUp(project).run()
    assert ran == ["ros", "project", "workspace"]
    capsys.readouterr()
    set_up.SetUp(project).run()
    assert capsys.readouterr().out == ""
    again = set_up.SetUp(project)
    again.done.pop("workspace")
    assert [name for name, _, _ in again.todo()] == ["workspace"]
    # What was made on another version of a step is made again, though its own key is that of long ago.
    again = set_up.SetUp(project)
    again.done["ros"] = "otherwise"
    assert [name for name, _, _ in again.todo()] == ["ros", "project", "workspace"]
    assert set(json.loads((project / ".venv" / "set_up.json").read_text())) == set(names.values())


def test_a_failure_shows_the_end_of_the_log_and_where_it_is(project: Path) -> None:
    noise = "WARNING: Location 'x' is ignored: it is neither a file nor a directory."
    (project / "fails.py").write_text(f"import sys; print({noise!r}); print('the cause'); sys.exit(3)")
    with pytest.raises(set_up.SetUpError) as told:
        set_up.SetUp(project).call(sys.executable, "fails.py")
    assert "the cause\nfailed: " in str(told.value)
    assert "build/setup.log" in str(told.value)
    assert "is ignored" not in str(told.value)
