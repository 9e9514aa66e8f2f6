# SPDX-License-Identifier: Apache-2.0
"""Ray gives what the local pool gives; a worker that is killed in the middle of a file loses nothing and leaves nothing torn."""

import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from func_corr_ros.data.pseudo_label.engine import LocalEngine, RayEngine, ray_engine
from func_corr_ros.data.pseudo_label.pipeline import make_pseudo_labels
from func_corr_ros.data.pseudo_label.sources import folder_sources
from func_corr_ros.data.pseudo_label.stage import run_stage
from func_corr_ros.data.taxonomy import load_taxonomy
from func_corr_ros.errors import BadAsset, MissingOptional, NoSpace
from func_corr_ros.provenance import provenance, whole_file

ITEMS = {f"mug-{index}": index for index in range(8)}


def made(folder: Path, value: int, path: Path) -> None:
    """Writes a file, and a line to a log; the worker of item 3 is killed in the middle of its file, once."""
    with whole_file(path) as file:
        file.write(bytes([value]))
        if value == 3 and not (folder / "killed").exists():
            (folder / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
    with (folder / "log").open("a") as log:
        log.write(f"{value}\n")
    if value == 5:
        path.unlink()
        raise BadAsset("broken")


def full(value: int, path: Path) -> None:
    raise NoSpace("full")


def waited(value: int) -> int:
    time.sleep(0.5)
    return value * value


@pytest.fixture(scope="module")
def engine() -> Iterator[RayEngine]:
    pytest.importorskip("ray", reason="pip install 'func_corr_ros[ray]'")
    before = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = f"{Path(__file__).parents[2]}{os.pathsep}{before}"  # workers import this file
    with ray_engine(2) as found:
        yield found
    os.environ["PYTHONPATH"] = before


@pytest.mark.slow
@pytest.mark.parametrize("keeps", [False, True])
def test_a_worker_that_is_killed_loses_and_doubles_nothing(engine: RayEngine, tmp_path: Path, keeps: bool) -> None:
    result = run_stage("views", tmp_path / "out", ITEMS, partial(made, tmp_path), provenance({}), engine=engine, keeps=keeps)
    assert (tmp_path / "killed").exists() and [one.asset for one in result.skipped] == ["mug-5"]
    assert sorted((tmp_path / "log").read_text().split()) == [str(index) for index in range(8)]
    whole = sorted(path.read_bytes() for path in (tmp_path / "out").rglob("*.npz"))
    assert whole == [bytes([index]) for index in range(8) if index != 5]
    assert len(list((tmp_path / "out").rglob("*.npz"))) == len(result.done) == 7


@pytest.mark.slow
def test_errors_that_stop_all_stop_all(engine: RayEngine, tmp_path: Path) -> None:
    with pytest.raises(NoSpace, match="full"):
        run_stage("views", tmp_path, ITEMS, full, provenance({}), engine=engine)
    assert engine.each(waited, [], "none") == []


@pytest.mark.slow
def test_two_workers_wait_for_twice_as_many_answers(engine: RayEngine) -> None:
    def took(workers: int) -> float:
        start = time.monotonic()
        assert RayEngine(workers).each(waited, range(16), "waiting", keeps=True) == [index * index for index in range(16)]
        return time.monotonic() - start

    took(2)  # workers are started once
    assert took(1) > 1.7 * took(2)


@pytest.mark.slow
def test_shards_are_those_of_the_local_pool(engine: RayEngine, tmp_path: Path) -> None:
    from data.pseudo_label.test_pipeline import SETTINGS, bricks, contents

    found, left_out = folder_sources(bricks(tmp_path / "in", 4), load_taxonomy())
    for name, who in (("ray", engine), ("local", LocalEngine(1))):
        make_pseudo_labels(tmp_path / name, found, SETTINGS, left_out=left_out, engine=who)
    assert contents(tmp_path / "ray") == contents(tmp_path / "local")


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingOptional, match=r"func_corr_ros\[ray\]"), ray_engine(2):
        pass
