# SPDX-License-Identifier: Apache-2.0
"""What a replay leaves behind for people and programs, once every frame has its record."""
from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from func_corr_ros.evaluation.annotations import Annotations
from func_corr_ros.evaluation.bag_reader import Recording
from func_corr_ros.evaluation.bag_transforms import RecordedTransforms
from func_corr_ros.evaluation.replay_report import write_replay_report
from func_corr_ros.evaluation.replay_scores import score_run
from func_corr_ros.transfer.demonstration import Demonstration


def account_of(recording: Recording, transforms: RecordedTransforms | None) -> dict[str, Any]:
    """Returns what became of the recording's messages, and of its TF where that was asked for."""
    found: dict[str, Any] = {"topics": vars(recording.topics), **recording.account.as_record()}
    if transforms is not None:
        found["without_transform"], found["transform_example"] = transforms.missing, transforms.example
    return found


def account_lines(account: Mapping[str, Any]) -> list[str]:
    """Returns what was lost on the way from the recording to the frames, and what to do about it; nothing where all is well."""
    lines = []
    if account.get("unmatched"):
        lines.append(f"{account['unmatched']} of {account['color']} colour images met no depth and camera info in time: recorded "
                     "with gaps, or stamped further apart than --slop")
    for kind, count in account.get("broken", {}).items():
        lines.append(f"{count} frames could not be used ({kind}); the first: {account['examples'][kind]}")
    if account.get("late"):
        lines.append(f"{account['late']} colour images were stamped before the one recorded before them and passed over where a "
                     "newer frame was out already; is the camera's clock synchronised?")
    if account.get("jumps"):
        lines.append(f"the clock went back by more than a second {account['jumps']} times; frames were matched anew from there")
    if account.get("without_transform"):
        lines.append(f"{account['without_transform']} frames have no transform to the fixed frame "
                     f"({account['transform_example']})")
    return lines


def score_and_report(
    out: Path, recording: Recording, demonstration: Demonstration, annotations: Annotations | None
) -> dict[str, Any]:
    """Writes everything that is made from the records of the run in ``out``; returns the scores."""
    scores = score_run(out, recording, demonstration.function, demonstration.id, annotations)
    account = json.loads((out / "reading.json").read_text())
    write_replay_report(out, recording, scores, account_lines(account), annotations)
    return scores
