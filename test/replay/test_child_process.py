# SPDX-License-Identifier: Apache-2.0
"""Programs started beside this one: none is left behind, and one that fails is explained."""
from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from func_corr_ros.errors import NoInput, Timeout
from func_corr_ros.replay import child_process
from func_corr_ros.replay.child_process import child_process as running
from func_corr_ros.replay.child_process import wait_for


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1]


def python(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def told(log: Path, words: str) -> str:
    """Waits until ``words`` are in the log and returns what follows them on their line."""
    deadline = time.monotonic() + 10.0
    while time.monotonic() < deadline:
        text = log.read_text() if log.exists() else ""
        if words in text and text.endswith("\n"):
            return text.split(words)[1].split("\n")[0]
        time.sleep(0.02)
    raise AssertionError(f"{words!r} never came")


def test_a_program_and_its_children_end_with_the_body(tmp_path: Path) -> None:
    log = tmp_path / "program.log"
    parent = ("import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
              "print('child', child.pid, flush=True); time.sleep(60)")
    with pytest.raises(RuntimeError, match="the body failed"), running(python(parent), log, os.environ) as process:
        grandchild = int(told(log, "child "))
        raise RuntimeError("the body failed")
    assert process.poll() is not None
    deadline = time.monotonic() + 5.0
    while alive(grandchild) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(grandchild)


def test_a_program_that_ignores_requests_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_process, "PATIENCE", {signal.SIGINT: 0.2, signal.SIGTERM: 0.2, signal.SIGKILL: 5.0})
    deaf = ("import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); signal.signal(signal.SIGTERM, signal.SIG_IGN); "
            "print('deaf', flush=True); time.sleep(60)")
    with running(python(deaf), tmp_path / "log", os.environ) as process:
        told(tmp_path / "log", "deaf")
    assert process.returncode == -signal.SIGKILL


def test_in_the_background_of_a_script_nobody_waits_for_what_is_ignored(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with running(python("import time; print('up', flush=True); time.sleep(60)"), tmp_path / "log", os.environ) as process:
            told(tmp_path / "log", "up")
            began = time.monotonic()
        assert process.returncode == -signal.SIGTERM and time.monotonic() - began < child_process.PATIENCE[signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_program_that_ends_well_is_waited_for(tmp_path: Path) -> None:
    with running(python("print('done')"), tmp_path / "log", os.environ) as process:
        wait_for(process, 10.0, "saying done", tmp_path / "log")
    assert (tmp_path / "log").read_text() == "done\n"


def test_a_failure_is_told_with_the_end_of_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running(python("import sys; sys.exit('the camera is upside down')"), log, os.environ) as process:
        with pytest.raises(NoInput, match="playing failed with exit code 1.*log.*the camera is upside down"):
            wait_for(process, 10.0, "playing", log)


def test_patience_ends(tmp_path: Path) -> None:
    with running(python("import time; time.sleep(60)"), tmp_path / "log", os.environ) as process:
        with pytest.raises(Timeout, match="playing took more than 0.1 s.*is empty"):
            wait_for(process, 0.1, "playing", tmp_path / "log")
