# SPDX-License-Identifier: Apache-2.0
"""``func-corr recover``: the command that an unreadable recording names is one that works."""
from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from replay.recorded_messages import frames

from func_corr_ros.cli.main import main
from func_corr_ros.errors import BadRecording
from func_corr_ros.replay.bag_reader import Recording
from func_corr_ros.replay.rgbd_bag import write_bag


def test_the_command_that_the_error_names_is_typed_and_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    bag = write_bag(Path("my bag"), frames(40))
    file = next(bag.glob("*.mcap"))
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(BadRecording) as told:
        Recording(bag)
    words = shlex.split(str(told.value).partition("saved by: ")[2])
    assert words[0] == "func-corr" and main(words[1:]) == 0
    said = capsys.readouterr().out
    assert "damaged: my bag.mcap: breaks off in the record at byte" in said
    assert "build/recovered is the recording to replay" in said
    assert 15 <= len(list(Recording(Path("build/recovered")))) <= 20
    assert main(words[1:]) == 2 and "exists already" in capsys.readouterr().err
