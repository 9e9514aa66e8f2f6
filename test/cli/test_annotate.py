# SPDX-License-Identifier: Apache-2.0
"""``func-corr annotate``: the demonstration's keypoints on frames spread over the recording, until Ctrl-C."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from func_corr_ros.cli.main import main
from func_corr_ros.replay.annotation_server import annotation_server
from func_corr_ros.replay.annotations import read_annotations
from func_corr_ros.replay.rgbd_bag import write_bag
from func_corr_ros.transfer.demonstration_store import DemonstrationStore

pytest.importorskip("rosbags", reason="recordings need the extra [replay]")


@pytest.fixture
def words(tmp_path: Path, demonstration, target) -> list[str]:
    bag = write_bag(tmp_path / "bag", [replace(target.frame, stamp_ns=number + 1) for number in range(9)])
    folder = DemonstrationStore(tmp_path / "demonstrations").record(demonstration)
    return ["annotate", str(bag), "--demonstration", str(folder), "--out", str(tmp_path / "truth.yaml"), "--port", "0"]


def test_frames_are_spread_and_a_click_is_saved(words: list[str], tmp_path: Path, capsys, monkeypatch) -> None:
    def until_clicked(session: Any, port: int) -> Any:
        assert [item.frame.stamp_ns for item in session.frames] == [1, 4, 7]
        assert session.names == ("outlet", "handle") and session.function == "pour-with"
        server = annotation_server(session, port)

        def serve_forever() -> None:
            session.click(1, "outlet", [3.0, 4.0])
            raise KeyboardInterrupt

        server.serve_forever = serve_forever  # type: ignore[method-assign]
        return server

    monkeypatch.setattr("func_corr_ros.replay.annotation_server.annotation_server", until_clicked)
    assert main([*words, "--frames", "3"]) == 0
    assert "http://127.0.0.1:" in capsys.readouterr().err
    (marked,) = read_annotations(tmp_path / "truth.yaml").frames
    assert marked.stamp_ns == 4 and marked.points["outlet"].tolist() == [3.0, 4.0]


def test_mistakes_end_before_the_page(words: list[str], capsys: pytest.CaptureFixture) -> None:
    assert main([*words, "--frames", "0"]) == 2
    assert "--frames 0: at least 1" in capsys.readouterr().err
    assert main([*words, "--fixed-frame", "odom"]) == 2
    assert "neither /tf nor /tf_static" in capsys.readouterr().err
