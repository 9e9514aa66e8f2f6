# SPDX-License-Identifier: Apache-2.0
"""The loop: a run that is killed goes on bit by bit, losses fall, and what is not of this run is refused."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from training.pools import CHANNELS, small_pool

from func_corr_ros.correspondence.head import ContextHead, ContextHeadSettings
from func_corr_ros.errors import BadWeights
from func_corr_ros.training.batches import BatchSettings, ViewPool
from func_corr_ros.training.loop import Learner, TrainSettings, phrased, rate_at, train
from func_corr_ros.training.objective import Objective, ObjectiveSettings

FUNCTIONS = ["pour-with", "hang-onto", "pound-with"]
SETTINGS = TrainSettings(batch=BatchSettings(pairs=3, samples=64, pixels=32), steps=8, save_every=2, validate_every=4, rate=3e-3)


def phrasings() -> dict[str, torch.Tensor]:
    return {name: torch.randn(3, 5, generator=torch.Generator().manual_seed(i)) for i, name in enumerate(FUNCTIONS)}


def run(pool: ViewPool, out: Path, settings: TrainSettings = SETTINGS, **more: object) -> list[dict[str, float]]:
    return run_and_head(pool, out, settings, **more)[0]


def run_and_head(
    pool: ViewPool, out: Path, settings: TrainSettings = SETTINGS, **more: object
) -> tuple[list[dict[str, float]], torch.nn.Module]:
    torch.manual_seed(settings.seed)
    head = ContextHead(3, CHANNELS // 3, 5, ContextHeadSettings(width=24, blocks=1, heads=3, channels=8, dropped=0.1))
    losses: list[dict[str, float]] = []
    learner = Learner(head, Objective(ObjectiveSettings(), 224))
    trained = train(learner, pool, FUNCTIONS, phrasings(), settings, out,
          on_step=lambda step, now: losses.append(dict(now)), **more)  # type: ignore[arg-type]
    return losses, trained


@pytest.fixture(scope="module")
def pool(views: Path) -> ViewPool:
    return small_pool(views)


def same(a: Path, b: Path) -> bool:
    one, other = load_file(a), load_file(b)
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_a_run_that_stopped_goes_on_bit_by_bit(pool: ViewPool, tmp_path: Path) -> None:
    run(pool, tmp_path / "whole")

    class Stop(Exception):
        pass

    def stop(head: object) -> float:
        raise Stop

    with pytest.raises(Stop):  # in step 4, two steps after the last checkpoint
        run(pool, tmp_path / "broken", validate=stop)
    again = run(pool, tmp_path / "broken")
    assert len(again) == SETTINGS.steps - 2
    assert same(tmp_path / "whole" / "last.safetensors", tmp_path / "broken" / "last.safetensors")


KILLED = """
import sys
import time
from pathlib import Path
sys.path.insert(0, {tests!r})
import torch
torch.set_num_threads(1)
from training.test_loop import SETTINGS, run
from training.pools import small_pool
from dataclasses import replace
# Validation, which learns nothing, takes its time, so that nobody on a busy machine comes too late to kill this.
settings = replace(SETTINGS, steps=40, save_every=3)
run(small_pool(Path({views!r})), Path({out!r}), settings, validate=lambda head: time.sleep(0.4) or 0.0)
"""


def test_kill_9_at_any_step_changes_nothing(views: Path, tmp_path: Path) -> None:
    """A process of its own is killed; this one, with as many threads, goes on, and makes the whole run beside it."""
    code = KILLED.format(tests=str(Path(__file__).parents[1]), views=str(views), out=str(tmp_path / "broken"))
    broken = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "OMP_NUM_THREADS": "1"})
    deadline = time.monotonic() + 120
    while not (tmp_path / "broken" / "last.safetensors").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.1)
    broken.send_signal(signal.SIGKILL)
    assert broken.wait() == -signal.SIGKILL, "it ended before it was killed"
    settings, threads = replace(SETTINGS, steps=40, save_every=3), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        left = len(run(small_pool(views), tmp_path / "broken", settings))
        assert 0 < left < settings.steps
        run(small_pool(views), tmp_path / "whole", settings)
    finally:
        torch.set_num_threads(threads)
    assert same(tmp_path / "broken" / "last.safetensors", tmp_path / "whole" / "last.safetensors")


def test_losses_fall(pool: ViewPool, tmp_path: Path) -> None:
    losses = run(pool, tmp_path, replace(SETTINGS, steps=60, save_every=60))
    first, last = (sum(one["total"] for one in some) / 10 for some in (losses[:10], losses[-10:]))
    assert last < first - 0.1


def test_the_best_is_kept(pool: ViewPool, tmp_path: Path) -> None:
    scores = iter([0.7, 0.2])
    _, head = run_and_head(pool, tmp_path, validate=lambda head: next(scores))
    kept = load_file(tmp_path / "best.safetensors")
    for name, value in head.state_dict().items():
        assert torch.equal(kept[f"module.average.module.head.{name}"], value)
    assert not same(tmp_path / "best.safetensors", tmp_path / "last.safetensors")
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 4


def test_what_is_not_of_this_run_is_refused(pool: ViewPool, tmp_path: Path) -> None:
    run(pool, tmp_path)
    with pytest.raises(BadWeights, match="other settings or data"):
        run(pool, tmp_path, replace(SETTINGS, steps=10))
    with pytest.raises(BadWeights, match="other settings or data"):
        run(pool, tmp_path, data="other views")
    (tmp_path / "last.safetensors").write_bytes((tmp_path / "last.safetensors").read_bytes()[:1000])
    with pytest.raises(BadWeights, match="damaged"):
        run(pool, tmp_path)


def test_the_rate_rises_and_falls_to_nothing() -> None:
    settings = replace(SETTINGS, steps=100, warm_up=0.1)
    rates = [rate_at(step, settings) for step in range(100)]
    assert max(rates) == pytest.approx(settings.rate) and rates.index(max(rates)) == 10
    assert rates[0] < 0.1 * settings.rate + 1e-9 and rates[-1] < 1e-3 * settings.rate


def test_words_change_from_step_to_step_but_not_within_one() -> None:
    words, settings = phrasings(), replace(SETTINGS, paraphrased=0.7)
    seen = [phrased(["pour-with", "hang-onto", "pour-with"], words, settings, step) for step in range(12)]
    assert all(torch.equal(one[0], one[2]) for one in seen)
    assert len({tuple(one[0].tolist()) for one in seen}) == 3
    plain = phrased(["pour-with"], words, replace(settings, paraphrased=0.0), 0)
    assert torch.equal(plain[0], words["pour-with"][0])
