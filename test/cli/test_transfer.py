# SPDX-License-Identifier: Apache-2.0
"""``func-corr transfer``: from folders to poses, pictures, or a refusal with its exit code."""
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from func_corr_ros.cli.main import main
from func_corr_ros.transfer.demonstration import Phase
from func_corr_ros.transfer.demonstration_store import DemonstrationStore

pytestmark = pytest.mark.usefixtures("color_backbone")


@pytest.fixture
def words(tmp_path: Path, demonstration, target) -> list[str]:
    frame = tmp_path / "frame"
    frame.mkdir()
    camera = target.frame.camera
    cv2.imwrite(str(frame / "color.png"), target.frame.color[..., ::-1])
    cv2.imwrite(str(frame / "depth.png"), np.rint(target.frame.depth * 1e4).astype(np.uint16))
    cv2.imwrite(str(frame / "mask.png"), target.mask.astype(np.uint8) * 255)
    text = {"K": camera.matrix.tolist(), "width": camera.width, "height": camera.height, "depth_scale_m_per_count": 1e-4}
    (frame / "frame.json").write_text(json.dumps(text))
    folder = DemonstrationStore(tmp_path / "demonstrations").record(demonstration)
    return ["transfer", str(folder), str(frame), "--out", str(tmp_path / "out")]


def test_the_poses_are_printed_and_written(words: list[str], tmp_path: Path, demonstration, capsys) -> None:
    assert main([*words, "--segmenter", "given_mask"]) == 0
    record = json.loads((tmp_path / "out" / "outcome.json").read_text())
    assert not record["refused"] and record["matches"] >= record["agreeing"] > 100
    for phase, shown in zip(record["phases"], demonstration.phases, strict=True):
        moved = np.array(phase["position"]) - shown.camera_from_tool[:3, 3]
        np.testing.assert_allclose(moved, [0.24, -0.06, 0.0], atol=0.006)  # half a patch of the backbone is 6 mm here
    pictures = sorted(path.name for path in (tmp_path / "out").glob("*.png"))
    assert pictures == ["case_flow.png", "case_matches.png", "case_transfer.png"]
    assert json.loads((tmp_path / "out" / "provenance.json").read_text())["sha256"] == {"color": "c0" * 32}
    told = capsys.readouterr().out
    assert "gripper_tcp" in told and "outlet" in told and "residual" in told


def test_a_mask_file_chooses_its_segmenter(words: list[str], tmp_path: Path) -> None:
    mask = tmp_path / "frame" / "mask.png"
    moved = mask.rename(tmp_path / "elsewhere.png")
    assert main([*words, "--mask", str(moved)]) == 0


def test_a_refusal_is_exit_code_one(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main([*words, "--segmenter", "given_mask", "--set", "transfer.align.min_points=10000"]) == 1
    record = json.loads((tmp_path / "out" / "outcome.json").read_text())
    assert record["refused"] and record["code"] == 401 and record["phases"] == []
    assert "at least 10000 are needed" in " ".join(capsys.readouterr().out.split())
    assert (tmp_path / "out" / "case_transfer.png").exists()


def test_a_mask_that_is_asked_for_must_be_there(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "frame" / "mask.png").unlink()
    assert main([*words, "--segmenter", "given_mask"]) == 2
    assert "given_mask" in capsys.readouterr().err


def test_an_unknown_segmenter_names_those_there_are(words: list[str], capsys: pytest.CaptureFixture) -> None:
    assert main([*words, "--segmenter", "magic"]) == 2
    error = capsys.readouterr().err
    assert "tabletop" in error and "given_mask" in error


def _as_flags(words: list[str]) -> list[str]:
    frame = Path(words[2])
    return ["transfer", "--demonstration", words[1], "--color", str(frame / "color.png"), "--depth", str(frame / "depth.png"),
            "--camera", str(frame / "frame.json"), "--mask", str(frame / "mask.png"), *words[3:]]


def test_three_files_are_a_frame_and_transfer_json_holds_the_poses(words: list[str], tmp_path: Path, demonstration) -> None:
    assert main(_as_flags(words)) == 0
    record = json.loads((tmp_path / "out" / "transfer.json").read_text())
    assert not record["refused"] and record["refusal"] is None and record["function"] == demonstration.function
    assert [phase["name"] for phase in record["phases"]] == [phase.name for phase in demonstration.phases]
    assert 0.0 < record["residual_m"] < 0.01 and record["inlier_ratio"] > 0.55 and record["scale"] == pytest.approx(1.0, abs=0.1)
    for keypoint in demonstration.keypoints:
        np.testing.assert_allclose(record["keypoints"][keypoint.name] - keypoint.point, [0.24, -0.06, 0.0], atol=0.01)


def test_transfer_json_holds_the_refusal(words: list[str], tmp_path: Path) -> None:
    assert main([*_as_flags(words), "--set", "transfer.align.min_points=10000"]) == 1
    record = json.loads((tmp_path / "out" / "transfer.json").read_text())
    assert record["refused"] and record["phases"] == [] and record["keypoints"] == {}
    assert record["refusal"]["error"] == "TooFewPoints" and record["refusal"]["code"] == 401


def test_millimetres_read_as_metres_are_named(words: list[str], tmp_path: Path) -> None:
    path = tmp_path / "frame" / "frame.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "depth_scale_m_per_count": 0.1}))
    assert main(_as_flags(words)) == 1
    refusal = json.loads((tmp_path / "out" / "transfer.json").read_text())["refusal"]
    assert refusal["error"] == "ImplausibleDepth" and "millimetres read as metres" in refusal["reason"]


@pytest.mark.parametrize("lacking", ["--color", "--depth", "--camera"])
def test_a_frame_of_two_files_is_none(words: list[str], lacking: str, capsys: pytest.CaptureFixture) -> None:
    flags = _as_flags(words)
    at = flags.index(lacking)
    assert main(flags[:at] + flags[at + 2:]) == 2
    assert f"missing: {lacking}" in capsys.readouterr().err
    assert main([*words, "--color", "color.png"]) == 2
    assert main(words[:2]) == 2 and main(words[:1]) == 2


def test_of_several_demonstrations_the_one_that_matches_best_is_taken(
    words: list[str], tmp_path: Path, demonstration, capsys: pytest.CaptureFixture
) -> None:
    frame = demonstration.frame
    grey = replace(demonstration, id="painted_grey", frame=replace(frame, color=np.full_like(frame.color, 128)))
    other = DemonstrationStore(tmp_path / "demonstrations").record(grey)
    for first, second in ((words[1], str(other)), (str(other), words[1])):
        flags = _as_flags(words)
        assert main([*flags[:1], "--demonstration", first, "--demonstration", second, *flags[3:]]) == 0
        assert f"of 2 demonstrations, {demonstration.id} matches best" in capsys.readouterr().out
        record = json.loads((tmp_path / "out" / "transfer.json").read_text())
        assert record["demonstration"] == demonstration.id


def test_demonstrations_of_two_functions_are_no_choice(
    words: list[str], tmp_path: Path, demonstration, capsys: pytest.CaptureFixture
) -> None:
    other = DemonstrationStore(tmp_path / "demonstrations").record(replace(demonstration, id="other", function="scoop-with"))
    flags = _as_flags(words)
    assert main([*flags[:3], "--demonstration", str(other), *flags[3:]]) == 2
    assert "scoop-with" in capsys.readouterr().err


def test_a_phase_about_another_thing_goes_with_it_and_is_refused_where_that_is_not_told(
    words: list[str], tmp_path: Path, demonstration, capsys: pytest.CaptureFixture
) -> None:
    cup, moved = np.eye(4), np.eye(4)
    cup[:3, 3], moved[:3, 3] = [0.2, 0.0, 0.9], [0.05, 0.0, 0.1]
    shown = replace(demonstration, id="over_a_cup", phases=(*demonstration.phases, Phase("over", "outlet", "@receiver", cup)))
    flags = _as_flags(words)
    flags[2] = str(DemonstrationStore(tmp_path / "demonstrations").record(shown))
    assert main(flags) == 1
    refusal = json.loads((tmp_path / "out" / "transfer.json").read_text())["refusal"]
    assert refusal["error"] == "NoReference" and "receiver" in refusal["reason"]
    (tmp_path / "cup.json").write_text(json.dumps({"shown": cup.tolist(), "live": (moved @ cup).tolist()}))
    assert main([*flags, "--anchor", f"receiver={tmp_path / 'cup.json'}"]) == 0
    over = json.loads((tmp_path / "out" / "transfer.json").read_text())["phases"][-1]
    assert over["name"] == "over"
    np.testing.assert_allclose(over["position"], (moved @ cup)[:3, 3], atol=1e-9)
    (tmp_path / "cup.json").write_text(json.dumps({"live": (moved @ cup).tolist()}))
    assert main([*flags, "--anchor", f"receiver={tmp_path / 'cup.json'}"]) == 2, "nobody says where it was"
    assert "lacks shown" in " ".join(capsys.readouterr().err.split())
    DemonstrationStore(tmp_path / "demonstrations").record(replace(shown, anchors={"receiver": cup}), replace=True)
    assert main([*flags, "--anchor", f"receiver={tmp_path / 'cup.json'}"]) == 0
    over = json.loads((tmp_path / "out" / "transfer.json").read_text())["phases"][-1]
    np.testing.assert_allclose(over["position"], (moved @ cup)[:3, 3], atol=1e-9)
    assert main([*flags, "--anchor", "reciever"]) == 2
    assert "phases are relative to receiver" in " ".join(capsys.readouterr().err.split())
    assert main([*flags[:3], "--demonstration", words[1], *flags[3:], "--anchor", "receiver"]) == 2
    assert "one demonstration" in " ".join(capsys.readouterr().err.split())
