# SPDX-License-Identifier: Apache-2.0
"""Programs started beside this one: they write to a log, and never outlive it."""
from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from func_corr_ros.errors import NoInput, Timeout

# Seconds that a program gets after each request to end, before a stronger one.
PATIENCE = {signal.SIGINT: 8.0, signal.SIGTERM: 3.0, signal.SIGKILL: 3.0}
LOG_TAIL = 8


@contextmanager
def child_process(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Runs ``command`` in a process group of its own while the body runs, both outputs going to ``log``; the whole group is
    ended when the body is left, however it is left.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=dict(environment),
            start_new_session=True,
        )
        try:
            yield process
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and everything it started: asks, insists, kills.

    A request that this program ignores is not made: what it starts inherits that (SIGINT, in the background of a shell script).
    """
    for request, patience in PATIENCE.items():
        if signal.getsignal(request) is signal.SIG_IGN:
            continue
        try:
            os.killpg(process.pid, request)
        except ProcessLookupError:  # nobody of the group is left
            process.wait()
            return
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue


def wait_for(process: subprocess.Popen[bytes], timeout: float, doing: str, log: Path) -> None:
    """Waits for the process to end well.

    Raises Timeout after ``timeout`` seconds, NoInput where it failed, both with what was being done and the log's last lines.
    """
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired as error:
        raise Timeout(f"{doing} took more than {timeout:g} s; {last_words(log)}") from error
    if code:
        raise NoInput(f"{doing} failed with exit code {code}; {last_words(log)}")


def last_words(log: Path) -> str:
    """Returns where the log is and how it ends."""
    lines = log.read_text(errors="replace").split("\n") if log.exists() else []
    told = [line.strip() for line in lines if line.strip()][-LOG_TAIL:]
    return f"its log is {log}" + (" and ends: " + " | ".join(told) if told else " and is empty")
