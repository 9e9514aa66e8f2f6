# SPDX-License-Identifier: Apache-2.0
"""Playing over DDS, with stand-ins for the two programs: what they answer, how they fail, and what the topics' arrays mean."""
from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from func_corr_ros.errors import MissingOptional, NoInput, Timeout
from func_corr_ros.replay import child_process, dds_replay
from func_corr_ros.replay.dds_replay import outcome_of_topics, play, running_nodes
from func_corr_ros.transfer.demonstration import Demonstration

NODE = "import sys, time; print('node', sys.argv, flush=True); time.sleep(60)"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Puts programs in the place of the nodes and the client."""
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.setattr(dds_replay, "NODES", "stand_in_nodes")
    monkeypatch.setattr(dds_replay, "CLIENT", "stand_in_client")
    monkeypatch.setattr(dds_replay, "why_no_ros", lambda: None)

    def write(client: str, nodes: str = NODE) -> None:
        (tmp_path / "stand_in_client.py").write_text(client)
        (tmp_path / "stand_in_nodes.py").write_text(nodes)

    return write


def played(tmp_path: Path, **limits: float) -> dict:
    with running_nodes(tmp_path / "demonstrations", tmp_path / "logs" / "nodes.log") as nodes:
        return play(nodes, tmp_path / "bag", "mug_pour", tmp_path / "out", results=3, **limits)


WRITES = """
import json, os, pathlib, sys
words = sys.argv[1:]
asked = dict(zip(words[::2], words[1::2]))
out = pathlib.Path(asked["--out"]); out.mkdir()
(out / "result.json").write_text(json.dumps({"asked": asked, "domain": os.environ["ROS_DOMAIN_ID"],
    "range": os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"], "guarded": os.environ.get("_ROS_WHEELS_BOOTSTRAP_COMPLETE")}))
sys.exit(CODE)
"""


@pytest.mark.parametrize("code", [0, 1])
def test_the_client_is_asked_and_its_answer_returned(program, tmp_path: Path, code: int) -> None:
    program(WRITES.replace("CODE", str(code)))
    answer = played(tmp_path, rate=20.0)
    asked = answer["asked"]
    assert asked["--bag"] == str(tmp_path / "bag") and asked["--demonstration"] == "mug_pour"
    assert float(asked["--rate"]) == 20.0 and asked["--results"] == "3"
    assert int(answer["domain"]) in dds_replay.DOMAINS and answer["range"] == "LOCALHOST"


def test_two_runs_never_share_a_domain(program, tmp_path: Path) -> None:
    program(WRITES)
    with running_nodes(tmp_path, tmp_path / "a.log") as a, running_nodes(tmp_path, tmp_path / "b.log") as b:
        assert a.environment["ROS_DOMAIN_ID"] != b.environment["ROS_DOMAIN_ID"]
        assert a.process.poll() is None and b.process.poll() is None
    assert a.process.poll() is not None and b.process.poll() is not None


def test_a_client_that_got_no_answer_is_explained(program, tmp_path: Path) -> None:
    program("import sys; print('nothing came back on points'); sys.exit(2)")
    with pytest.raises(NoInput, match="no full answer.*nothing came back on points.*nodes.log"):
        played(tmp_path)


def test_nodes_that_end_are_explained(program, tmp_path: Path) -> None:
    program("import time; time.sleep(60)", "import sys; sys.exit('no such parameter: demonstration')")
    with pytest.raises(NoInput, match="the nodes ended with exit code 1.*no such parameter"):
        played(tmp_path)


def test_patience_with_the_client_ends(program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dds_replay, "GRACE_S", 0.5)
    monkeypatch.setattr(child_process, "PATIENCE", dict.fromkeys(child_process.PATIENCE, 1.0))
    program("import time; print('waiting for transfer_node', flush=True); time.sleep(60)")
    with pytest.raises(Timeout, match="playing bag took more than.*"):
        played(tmp_path, timeout=0.0)


def test_a_frame_under_way_is_waited_for(program, tmp_path: Path) -> None:
    busy = "import time\nwhile time.process_time() < 1.5: pass\nprint('idle', flush=True); time.sleep(60)"
    program(WRITES.replace("CODE", "0"), busy)
    with running_nodes(tmp_path / "demonstrations", tmp_path / "nodes.log") as nodes:
        play(nodes, tmp_path / "bag", "mug_pour", tmp_path / "out", results=3)
        assert nodes.log.read_text() == "idle\n"


def test_without_ros_the_reason_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dds_replay, "why_no_ros", lambda: "ROS 2 (rclpy) is not installed or not sourced")
    with pytest.raises(MissingOptional, match="not installed or not sourced.*func-corr replay"):
        with running_nodes(tmp_path, tmp_path / "log"):
            pass


def test_why_no_ros_looks_for_both_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    present: set[str] = set()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if name in present else None)
    assert "rclpy" in dds_replay.why_no_ros()
    present.add("rclpy")
    assert "interfaces" in dds_replay.why_no_ros()
    present.add("func_corr_ros.msg")
    assert dds_replay.why_no_ros() is None


def written(out: Path, **changes: np.ndarray) -> Path:
    """Writes arrays as the client does: three matches, the last without depth, the first agreeing."""
    out.mkdir()
    uv_reference = np.array([[60.0, 100.0], [100.0, 140.0], [110.0, 150.0]], dtype=np.float32)
    mask = np.zeros((240, 320), dtype=bool)
    mask[50:134, 160:244] = True
    arrays = {
        "points": np.array([[0.0, 0.0, 0.8], [0.1, 0.0, 0.8], [np.nan] * 3]),
        "points_uv": uv_reference + np.array([120.0, -30.0], dtype=np.float32),
        "points_uv_reference": uv_reference,
        "points_confidence": np.ones(3, dtype=np.float32),
        "inliers_uv": uv_reference[:1] + np.array([120.0, -30.0], dtype=np.float32),
        "mask": mask,
        "keypoint_names": np.array(["outlet"], dtype=np.str_),
        "keypoint_uv": np.array([[235.0, 65.0]]),
    }
    np.savez_compressed(out / "arrays.npz", **{**arrays, **changes})
    return out


def result(accepted: bool, x: float = 0.1) -> dict:
    phase = {"name": "action", "tool_link": "outlet", "position": [x, 0.0, 0.8], "quaternion_xyzw": [0.0, 0.0, 0.0, 1.0]}
    return {"accepted": accepted, "phases": [phase], "residual_m": 0.004, "mirrored": False, "code": 0 if accepted else 303,
            "error": "NONE" if accepted else "LOW_CONFIDENCE", "reason": "" if accepted else "'action' has not settled"}


def test_topics_become_an_outcome(tmp_path: Path, demonstration: Demonstration) -> None:
    answer = {"results": [result(False), result(True, 0.2), result(False)], "info": {"stride_px": 2.0}}
    outcome = outcome_of_topics(answer, written(tmp_path / "out"), demonstration)
    assert not outcome.refused and outcome.reason == "" and outcome.residual_m == 0.004 and outcome.stride == 2.0
    np.testing.assert_array_equal(outcome.uv_reference, [[60.0, 100.0], [100.0, 140.0]])
    np.testing.assert_array_equal(outcome.uv_live, [[180.0, 70.0], [220.0, 110.0]])
    np.testing.assert_array_equal(outcome.agreeing, [True, False])
    np.testing.assert_array_equal(outcome.keypoints["outlet"], [235.0, 65.0])
    assert outcome.phases[0].camera_from_tool[0, 3] == 0.2 and outcome.mask.sum() == 84 * 84


def test_nothing_accepted_is_the_newest_refusal(tmp_path: Path, demonstration: Demonstration) -> None:
    late = {**result(False), "reason": "rms residual 30 mm", "error": "HIGH_RESIDUAL", "code": 403, "residual_m": float("nan")}
    empty = {"mask": np.zeros((0, 0), dtype=bool), "inliers_uv": np.zeros((0, 2), dtype=np.float32)}
    out = written(tmp_path / "out", **empty)
    outcome = outcome_of_topics({"results": [result(False), late], "info": {}}, out, demonstration)
    assert outcome.refused and outcome.code == 403 and outcome.reason == "HIGH_RESIDUAL: rms residual 30 mm"
    assert outcome.phases == () and outcome.mask is None and outcome.residual_m is None and not outcome.agreeing.any()
