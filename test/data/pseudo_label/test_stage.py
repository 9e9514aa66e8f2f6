# SPDX-License-Identifier: Apache-2.0
"""A stage makes each file once and whole, lists what it leaves out, and stops at a full disk without harm."""

import errno
from pathlib import Path

import pytest

from func_corr_ros.data.pseudo_label.stage import file_of, only, run_stage
from func_corr_ros.errors import BadAsset, BadSettings, EndpointUnavailable, NoSpace
from func_corr_ros.provenance import provenance, whole_file

ITEMS = {"mug-a": 1, "mug-b": 2, "axe-c": 3}


def made(path: Path, value: int) -> None:
    with whole_file(path) as file:
        file.write(bytes([value]))


def test_what_fails_is_listed_and_the_rest_goes_on(tmp_path: Path) -> None:
    calls: list[int] = []

    def work(value: int, path: Path) -> None:
        calls.append(value)
        if value == 2:
            raise BadAsset("broken")
        made(path, value)

    for _ in range(2):
        result = run_stage("shapes", tmp_path, ITEMS, work, provenance({"a": 1}))
        assert result.done == ("mug-a", "axe-c")
        assert [(one.asset, one.stage, one.reason) for one in result.skipped] == [("mug-b", "shapes", "BadAsset: broken")]
    assert calls == [1, 2, 3]  # nothing twice
    assert file_of(tmp_path, "mug-a") == tmp_path / "mug" / "mug-a.npz" and list(only(ITEMS, result.done)) == ["mug-a", "axe-c"]


def test_an_endpoint_that_is_away_is_asked_again(tmp_path: Path) -> None:
    away = [True]

    def work(value: int, path: Path) -> None:
        if away[0] and value == 3:
            raise EndpointUnavailable("nobody there")
        made(path, value)

    first = run_stage("answers", tmp_path, ITEMS, work, provenance({}))
    assert [one.reason for one in first.skipped] == ["EndpointUnavailable: nobody there"]
    away[0] = False
    assert run_stage("answers", tmp_path, ITEMS, work, provenance({})).skipped == ()


def test_a_full_disk_stops_at_once_and_leaves_nothing_torn(tmp_path: Path) -> None:
    def work(value: int, path: Path) -> None:
        with whole_file(path) as file:
            file.write(b"begun")
            if value == 2:
                raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(NoSpace, match="is full; make room"):
        run_stage("views", tmp_path, ITEMS, work, provenance({}))
    assert sorted(path.name for path in tmp_path.rglob("*.npz")) == ["mug-a.npz"]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] and not list(tmp_path.rglob("*.skipped.json"))
    assert run_stage("views", tmp_path, ITEMS, lambda value, path: made(path, value), provenance({})).skipped == ()


def test_other_settings_are_refused(tmp_path: Path) -> None:
    run_stage("views", tmp_path, ITEMS, lambda value, path: made(path, value), provenance({"size": 1}))
    with pytest.raises(BadSettings, match="filled with other settings"):
        run_stage("views", tmp_path, ITEMS, lambda value, path: made(path, value), provenance({"size": 2}))


def test_a_mistake_of_the_code_is_no_skip(tmp_path: Path) -> None:
    def work(value: int, path: Path) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_stage("views", tmp_path, ITEMS, work, provenance({}))
