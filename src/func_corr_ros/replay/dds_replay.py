# SPDX-License-Identifier: Apache-2.0
"""Recordings played over DDS into running nodes, each side a process of its own, and what came back as an outcome."""
from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from func_corr_ros.errors import ErrorCode, MissingOptional, NoInput, Timeout
from func_corr_ros.evaluation.outcome import Outcome, phase_from_record
from func_corr_ros.replay.child_process import child_process, last_words
from func_corr_ros.share import shared_file
from func_corr_ros.transfer.demonstration import Demonstration

# Domain ids whose ports are free of the operating system's own on Linux: 0..101.
DOMAINS = range(40, 102)
NODES, CLIENT = "func_corr_ros.nodes.func_corr", "func_corr_ros.nodes.replay_client"
# The client gives up by itself after its timeout; this much later it has got stuck.
GRACE_S = 30.0
# An idle node takes 3 % of a processor; one that computes takes much more, even where it has to share.
QUIET_SHARE, QUIET_WINDOW_S, QUIET_PATIENCE_S = 0.1, 0.5, 60.0
# What the client's exit codes mean: a pose was accepted, none was, nothing came back.
ACCEPTED, NONE_ACCEPTED = 0, 1


def why_no_ros() -> str | None:
    """Returns why the nodes cannot run here, or None where they can."""
    if importlib.util.find_spec("rclpy") is None:
        return "ROS 2 (rclpy) is not installed or not sourced"
    if importlib.util.find_spec("func_corr_ros.msg") is None:
        return "the interfaces of this package are not built or not sourced (make setup, or colcon build)"
    return None


@dataclass(frozen=True)
class RunningNodes:
    """The composed process while it runs: its domain, its environment and its log."""

    process: subprocess.Popen[bytes]
    environment: Mapping[str, str]
    log: Path


@contextmanager
def running_nodes(
    demonstrations: Path, log: Path, program: Sequence[str] = (), parameters: Mapping[str, str] | None = None
) -> Iterator[RunningNodes]:
    """Runs the composed node in a DDS domain of its own while the body runs; it loads demonstrations from that folder.

    ``program`` is what Python runs in place of the composed node, ``parameters`` are "node:name" -> value. Raises
    MissingOptional, with the reason, where there is no ROS.
    """
    reason = why_no_ros()
    if reason is not None:
        raise MissingOptional(f"{reason}; without it use: func-corr replay")
    with _own_domain() as domain:
        own = {"ROS_DOMAIN_ID": str(domain), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", "PYTHONUNBUFFERED": "1"}
        environment = {**os.environ, **own}
        environment.setdefault("FASTDDS_DEFAULT_PROFILES_FILE", str(shared_file("config/fastdds_large_images.xml")))
        command = [sys.executable, *(program or ("-m", NODES)), "--ros-args"]
        command += ["--params-file", str(shared_file("config/replay.yaml"))]
        # Between two recordings nothing is accepted for a while: the old pose is not withdrawn into the next one.
        command += ["-p", f"transfer_node:demonstrations:={demonstrations}", "-p", "transfer_node:pose_expiry:=3600.0"]
        command += [word for name, value in (parameters or {}).items() for word in ("-p", f"{name}:={value}")]
        with child_process(command, log, environment) as process:
            yield RunningNodes(process, environment, log)


def play(
    nodes: RunningNodes, bag: Path, demonstration_id: str, out: Path, *, results: int, rate: float = 10.0, timeout: float = 300.0
) -> dict[str, Any]:
    """Plays ``bag`` at ``rate`` Hz into the nodes until ``results`` transfer results came back; returns what the client wrote.

    Raises NoInput where the nodes end or an output is missing, Timeout where nothing comes in time, with the logs.
    """
    log = nodes.log.with_name(f"replay_{out.name}.log")
    command = [
        sys.executable, "-m", CLIENT, "--bag", str(bag), "--out", str(out), "--demonstration", demonstration_id,
        "--rate", str(rate), "--results", str(results), "--timeout", str(timeout),
    ]
    with child_process(command, log, nodes.environment) as client:
        deadline = time.monotonic() + timeout + GRACE_S
        while client.poll() is None:
            if nodes.process.poll() is not None:
                raise NoInput(f"the nodes ended with exit code {nodes.process.returncode}; {last_words(nodes.log)}")
            if time.monotonic() > deadline:
                told = f"{last_words(log)}; nodes: {last_words(nodes.log)}"
                raise Timeout(f"playing {bag.name} took more than {timeout + GRACE_S:g} s; {told}")
            time.sleep(0.1)
    _until_quiet(nodes.process)
    if client.returncode not in (ACCEPTED, NONE_ACCEPTED):
        raise NoInput(f"playing {bag.name} brought no full answer; {last_words(log)}; nodes: {last_words(nodes.log)}")
    return json.loads((out / "result.json").read_text())


def outcome_of_topics(answer: Mapping[str, Any], out: Path, demonstration: Demonstration) -> Outcome:
    """Returns the outcome that the topics carried: the newest accepted result, or the newest refusal where none was accepted."""
    arrays = np.load(out / "arrays.npz", allow_pickle=False)
    accepted = [result for result in answer["results"] if result["accepted"]]
    result = (accepted or answer["results"])[-1]
    uv, uv_reference = arrays["points_uv"].astype(np.float64), arrays["points_uv_reference"].astype(np.float64)
    _, seen_before = demonstration.frame.points_at(arrays["points_uv_reference"])
    lifted = np.isfinite(arrays["points"]).all(axis=1) & seen_before & (arrays["points_confidence"] > 0)
    agreeing = {tuple(row) for row in arrays["inliers_uv"].tolist()}
    keypoints = dict(zip(arrays["keypoint_names"].tolist(), arrays["keypoint_uv"].astype(np.float64), strict=True))
    residual = result["residual_m"]
    return Outcome(
        uv_reference=uv_reference[lifted],
        uv_live=uv[lifted],
        agreeing=np.array([tuple(row) in agreeing for row in uv[lifted].tolist()], dtype=bool),
        stride=float(answer["info"].get("stride_px", 1.0)),
        mask=arrays["mask"] if arrays["mask"].size else None,
        keypoints=keypoints,
        phases=tuple(phase_from_record(phase) for phase in result["phases"]) if accepted else (),
        residual_m=float(residual) if residual is not None and np.isfinite(residual) else None,
        code=0 if accepted else int(result["code"] or ErrorCode.TRANSFER_UNKNOWN),
        reason="" if accepted else f"{result['error']}: {result['reason']}",
        mirrored=bool(result["mirrored"]),
    )


def _until_quiet(process: subprocess.Popen[bytes]) -> None:
    """Waits until the process computes no more: a frame under way belongs to the recording just played, not to the next one.

    Gives up after QUIET_PATIENCE_S, and at once where /proc does not tell.
    """
    deadline = time.monotonic() + QUIET_PATIENCE_S
    spent = _processor_seconds(process.pid)
    while spent is not None and time.monotonic() < deadline:
        time.sleep(QUIET_WINDOW_S)
        before, spent = spent, _processor_seconds(process.pid)
        if spent is None or spent - before < QUIET_SHARE * QUIET_WINDOW_S:
            return


def _processor_seconds(pid: int) -> float | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime, see proc(5)


@contextmanager
def _own_domain() -> Iterator[int]:
    """Gives a domain id that no other run of this package on this machine uses meanwhile."""
    for domain in DOMAINS:
        with (Path(tempfile.gettempdir()) / f"func_corr_ros_domain_{domain}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield domain
            return
    raise NoInput(f"all {len(DOMAINS)} DDS domains for demos are in use; end other runs of func-corr first")
