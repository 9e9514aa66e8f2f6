# SPDX-License-Identifier: Apache-2.0
"""Cleaning leaves out parts whose views disagree, that are unsure, or whose size is odd among their kind."""

from pathlib import Path

import numpy as np
import pytest
from data.pseudo_label.labelled_box import around, interview, views

from func_corr_ros.data.pseudo_label.box_vote import VoteSettings
from func_corr_ros.data.pseudo_label.part_labels import (
    CleaningSettings,
    PartLabels,
    part_labels,
    read_part_labels,
    rejected,
    write_part_labels,
)

pytest.importorskip("embreex")


def labels(count: int = 10, agreement: float = 0.9, expected: float = 0.8) -> PartLabels:
    chosen = np.arange(1000) < count
    return PartLabels(
        ("rim",),
        chosen[None].astype(np.float32),
        chosen[None],
        chosen[None].astype(np.float32),
        np.array([agreement]),
        np.array([expected]),
    )


def test_right_answers_agree_and_come_back_from_their_file(tmp_path: Path) -> None:
    ask = interview()
    answers = ask.ask([(part, view, ask.whole, 0) for part in (0, 1) for view in range(19)])
    found = part_labels(answers, views(), around(), [False, False], VoteSettings())
    assert found.agreement.min() > 0.8 and found.expected.min() > 0.7 and found.parts == ("bar", "head")
    write_part_labels(tmp_path / "v.npz", found)
    back = read_part_labels(tmp_path / "v.npz")
    np.testing.assert_array_equal(back.chosen, found.chosen)
    np.testing.assert_array_equal(back.probability, found.probability)


def test_what_is_not_to_be_trusted_is_left_out_with_its_reason() -> None:
    every = {f"mug-{index}": labels(100 + index) for index in range(6)}
    every |= {
        "mug-odd": labels(900),
        "mug-torn": labels(100, agreement=0.1),
        "mug-unsure": labels(100, expected=0.1),
        "mug-none": labels(0),
        "axe-alone": labels(900),
    }
    why = rejected(every, {name: name.partition("-")[0] for name in every}, CleaningSettings())
    assert {asset: reason.split(" (")[0] for (asset, _), reason in why.items()} == {
        "mug-odd": "its size is odd",
        "mug-torn": "its views disagree",
        "mug-unsure": "its vote is unsure",
        "mug-none": "no point was found",
    }
