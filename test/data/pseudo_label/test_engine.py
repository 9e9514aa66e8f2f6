# SPDX-License-Identifier: Apache-2.0
"""Ray gives what the local pool gives; a worker that is killed in the middle of a file loses nothing and leaves nothing torn."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from data.pseudo_label.engine_work import full, made, waited

from func_corr_ros.data.pseudo_label.engine import LocalEngine, RayEngine, ray_engine
from func_corr_ros.data.pseudo_label.pipeline import make_pseudo_labels
from func_corr_ros.data.pseudo_label.sources import folder_sources
from func_corr_ros.data.pseudo_label.stage import run_stage
from func_corr_ros.data.taxonomy import load_taxonomy
from func_corr_ros.errors import MissingOptional, NoSpace
from func_corr_ros.provenance import provenance

ITEMS = {f"mug-{index}": index for index in range(8)}


@pytest.fixture(scope="module")
def engine() -> Iterator[RayEngine]:
    pytest.importorskip("ray", reason="pip install 'func_corr_ros[ray]'")
    with pytest.MonkeyPatch.context() as patch:
        # Workers import engine_work, and are not to wait behind all else that runs here.
        patch.setenv("PYTHONPATH", f"{Path(__file__).parents[2]}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
        patch.setenv("RAY_worker_niceness", "0")
        with ray_engine(2) as found:
            yield found


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
        began, ended = zip(*RayEngine(workers).each(waited, range(8), "waiting"), strict=True)
        return max(ended) - min(began)

    took(2)  # workers are started once
    assert took(1) > 1.7 * took(2)


@contextmanager
def workers_killed(most: int) -> Iterator[list[int]]:
    """Kills Ray's workers of this process while they work, ``most`` of them one after the other; gives their numbers."""
    import psutil

    killed, done = [], threading.Event()

    def hunt() -> None:
        while len(killed) < most and not done.is_set():
            for one in psutil.Process().children(recursive=True):
                with suppress(psutil.Error):
                    at_work = "".join(one.cmdline()[:1]).startswith(("ray::_call", "ray::_Worker"))
                    if at_work and one.pid not in killed:
                        one.kill()
                        killed.append(one.pid)
                        break
            done.wait(0.5)

    thread = threading.Thread(target=hunt)
    thread.start()
    try:
        yield killed
    finally:
        done.set()
        thread.join()


@pytest.mark.slow
def test_shards_are_those_of_the_local_pool_whoever_is_killed(engine: RayEngine, tmp_path: Path) -> None:
    from data.pseudo_label.test_pipeline import SETTINGS, bricks, contents

    found, left_out = folder_sources(bricks(tmp_path / "in", 4), load_taxonomy())
    with workers_killed(3) as killed:
        make_pseudo_labels(tmp_path / "ray", found, SETTINGS, left_out=left_out, engine=engine)
    make_pseudo_labels(tmp_path / "local", found, SETTINGS, left_out=left_out, engine=LocalEngine(1))
    assert killed and contents(tmp_path / "ray") == contents(tmp_path / "local")


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingOptional, match=r"func_corr_ros\[ray\]"), ray_engine(2):
        pass
