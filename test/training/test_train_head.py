# SPDX-License-Identifier: Apache-2.0
"""A recipe becomes a head's file, by one process or by two that share every batch; mistakes on the command line are named."""
from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from correspondence.heads import ColourBackbone
from safetensors.torch import load_file
from training.pools import CHANNELS, small_pool

from func_corr_ros.cli.main import main
from func_corr_ros.correspondence.trained_head import TrainedHead
from func_corr_ros.errors import BadSettings
from func_corr_ros.settings import override
from func_corr_ros.training.recipe import OURS, PAPER, Recipe
from func_corr_ros.training.train_head import TrainingData, Watch, train_head

FUNCTIONS = ("hang-onto", "pound-with", "pour-with")
FEW = {
    "layers": (8, 9, 11), "train.steps": 6, "train.validate_every": 3, "train.save_every": 3, "train.precision": "fp32",
    "train.batch.pairs": 4, "train.batch.samples": 64, "train.batch.pixels": 48, "context_head.width": 24,
    "context_head.heads": 3, "context_head.blocks": 1, "paper_head.hidden": 16, "paper_head.image_channels": 8,
    "paper.points": 16,
}

# Processes hide other values: without that, what they learn is the same.
WHOLE = {**FEW, "context_head": {"dropped": 0.0}}


def data(views: Path) -> TrainingData:
    pool = small_pool(views)
    words = {name: torch.nn.functional.normalize(torch.randn(3, 5, generator=torch.Generator().manual_seed(i)), dim=1)
             for i, name in enumerate(FUNCTIONS)}
    return TrainingData(pool, pool, FUNCTIONS, words, CHANNELS // 3, ColourBackbone(),
                        {"backbone": "a" * 64, "text_encoder": "b" * 64})


@pytest.fixture(autouse=True)
def few_validation_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("func_corr_ros.training.train_head.validation_pairs", lambda recipe, data: {})
    monkeypatch.setattr("func_corr_ros.training.train_head.calibrated", lambda head, *_: head)


@pytest.mark.parametrize("recipe", [OURS, PAPER])
def test_a_recipe_becomes_a_head(views: Path, tmp_path: Path, recipe: Recipe) -> None:
    steps: list[int] = []
    watch = Watch(step=lambda step, losses: steps.append(step))
    trained = train_head(override(recipe, FEW), data(views), tmp_path / "run", watch=watch)
    again = TrainedHead.load(tmp_path / "run" / "head.safetensors")
    assert steps == [1, 2, 3, 4, 5, 6] and set(again.functions) == set(FUNCTIONS)
    assert replace(again.spec, made_with={}) == replace(trained.spec, made_with={}) and again.spec.kind == recipe.head
    assert again.spec.made_with["settings"]["train"]["steps"] == 6
    assert again.spec.decoding == recipe.decoding


def test_layers_that_are_not_kept_are_refused() -> None:
    assert replace(OURS, layers=(8, 11)).channels(2) == [2, 3, 8, 9]
    with pytest.raises(BadSettings, match="some of kept_layers"):
        replace(OURS, layers=(3,)).channels(2)


SHARED = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from training.test_train_head import WHOLE, data
from func_corr_ros.settings import override
from func_corr_ros.training import train_head as module
from func_corr_ros.training.recipe import OURS
module.validation_pairs = lambda recipe, data: {{}}
module.calibrated = lambda head, *_: head
from accelerate import Accelerator
module.train_head(override(OURS, WHOLE), data(Path({views!r})), Path({out!r}), accelerator=Accelerator(cpu=True))
"""


def test_two_processes_give_the_weights_of_one(views: Path, tmp_path: Path) -> None:
    pytest.importorskip("accelerate")
    script = tmp_path / "two.py"
    script.write_text(SHARED.format(tests=str(Path(__file__).parents[1]), views=str(views), out=str(tmp_path / "two")))
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone", str(script)],
        capture_output=True, text=True, timeout=240, env={**os.environ, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    train_head(override(OURS, WHOLE), data(views), tmp_path / "one")
    one, two = (load_file(tmp_path / name / "last.safetensors") for name in ("one", "two"))
    assert one.keys() == two.keys()
    for name in one:
        if name.startswith("module.learner"):
            torch.testing.assert_close(two[name], one[name], atol=2e-5, rtol=1e-3, msg=lambda text, name=name: f"{name}: {text}")


@pytest.mark.parametrize("words, told", [
    (["--recipe", "theirs"], "valid: ours, paper"),
    (["--set", "train.stepz=3"], "did you mean 'train.steps'"),
    (["--config", "missing.yaml"], "is no file"),
])
def test_mistakes_on_the_command_line_are_named(
    words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--out", str(tmp_path / "run"), *words]) == 2
    assert told in capsys.readouterr().err and not (tmp_path / "run").exists()
