# SPDX-License-Identifier: Apache-2.0
"""The verb labels a folder, says what it left out, and names its mistakes."""

from pathlib import Path

import pytest
from data.pseudo_label.bricks import SMALL, bricks

from func_corr_ros.cli.label import DEMO_CATEGORIES
from func_corr_ros.cli.main import main
from func_corr_ros.data.objects import CATEGORIES
from func_corr_ros.data.splits import UNSEEN_CATEGORIES

pytest.importorskip("embreex")


def test_a_folder_is_labelled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = bricks(tmp_path / "in", 1)
    (folder / "brick torn.stl").write_bytes(b"no mesh")
    words = ["label", "run", "--assets", str(folder), "--out", str(tmp_path / "out"), "--processes", "1"]
    words += [word for name, value in SMALL.items() for word in ("--set", f"{name}={value}")]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "left out at shapes: brick-f" in said and "1 of 2 assets have labels" in said and "all:  2 parts" in said
    assert (tmp_path / "out" / "report.html").exists() and list((tmp_path / "out" / "shards").glob("*.tar"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "no asset to label: give --library"),
        (["--library", "chisel"], "chisel: no objects to learn from"),
        (["--library", "mug", "--set", "ask.scheme=best"], "valid: active, paper"),
        (["--objaverse", "none.yaml"], "uid: object is needed"),
        (["--library", "mug", "--set", "ask.moist=3"], "did you mean 'ask.most'"),
        (["--assets", "/none"], "no such folder"),
    ],
)
def test_mistakes_are_named(words: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["label", "run", "--out", str(tmp_path / "out"), *words]) == 2
    assert says in capsys.readouterr().err


def test_the_demo_is_of_24_trained_categories() -> None:
    assert len(set(DEMO_CATEGORIES)) == 24 and set(DEMO_CATEGORIES) <= set(CATEGORIES) - UNSEEN_CATEGORIES
