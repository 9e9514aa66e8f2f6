# SPDX-License-Identifier: Apache-2.0
"""The training loop: draw a batch, step, and now and then validate and save. What a step does depends on its number alone, so
that a run that was killed goes on bit by bit as if it had not been.
"""
from __future__ import annotations

import json
import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset

from func_corr_ros.errors import BadSettings
from func_corr_ros.provenance import settings_hash
from func_corr_ros.settings import as_dict, setting
from func_corr_ros.training.batches import Batch, BatchSettings, ViewPool, drawn_batch
from func_corr_ros.training.checkpoint import Progress, read_checkpoint, write_checkpoint

# Every phrasing of a function, as unit vectors (k, t); the first is the function's own name.
Phrasings = Mapping[str, Tensor]


@dataclass(frozen=True)
class TrainSettings:
    """How long and how fast a head learns."""

    batch: BatchSettings = field(default_factory=BatchSettings)
    steps: int = setting(5000, "batches in all", at_least=1)
    rate: float = setting(1e-3, "learning rate at its highest", at_least=0.0)
    warm_up: float = setting(0.05, "share of the steps in which the rate rises; then it falls", at_least=0.0, at_most=1.0)
    weight_decay: float = setting(0.02, "weight decay of AdamW", at_least=0.0)
    clip: float = setting(1.0, "gradients longer than this are shortened", at_least=1e-6)
    average: float = setting(0.999, "decay of the running mean of weights, which is what is kept", at_least=0.0, at_most=1.0)
    paraphrased: float = setting(0.5, "share of functions in a step that are put in other words", at_least=0.0, at_most=1.0)
    validate_every: int = setting(1000, "steps between validations", at_least=1)
    save_every: int = setting(200, "steps between checkpoints", at_least=1)
    precision: str = setting("bf16", "what matrices are multiplied in; weights and losses are fp32", choices=("fp32", "bf16"))
    seed: int = setting(0, "draws batches, words and first weights", at_least=0)


class Learner(nn.Module):
    """A head and what its objective learns beside it."""

    def __init__(self, head: nn.Module, objective: nn.Module) -> None:
        super().__init__()
        self.head, self.objective = head, objective

    def forward(self, batch: Batch, texts: Tensor, wrong_texts: Tensor) -> dict[str, Tensor]:
        """Returns the losses of a batch by name, "total" among them."""
        losses: dict[str, Tensor] = self.objective(self.head, batch, texts, wrong_texts)
        return losses


def train(
    learner: Learner, pool: ViewPool, functions: Sequence[str], phrasings: Phrasings, settings: TrainSettings, out: Path, *,
    validate: Callable[[nn.Module], float] | None = None, data: str = "", device: str = "cpu", workers: int = 0,
    accelerator: Any = None, on_step: Callable[[int, Mapping[str, float]], None] = lambda step, losses: None,
) -> nn.Module:
    """Returns the head of ``learner``, trained on pairs from ``pool`` for ``functions``, its weights a running mean: as it was
    where ``validate`` scored highest, or at the end without.

    ``out`` gets ``last.safetensors`` (the run goes on from there), ``best.safetensors`` where ``validate`` scored highest, and
    ``log.jsonl``. ``data`` says what the views are; a checkpoint of other settings or data is refused (BadWeights). ``workers``
    processes draw batches ahead. With an ``accelerate.Accelerator``, each of its processes takes its share of every batch.
    """
    device = device if accelerator is None else str(accelerator.device)
    share = (0, 1) if accelerator is None else (accelerator.process_index, accelerator.num_processes)
    if settings.batch.pairs % share[1]:
        raise BadSettings(f"batch.pairs is {settings.batch.pairs}; {share[1]} processes need a multiple of {share[1]}")
    average = AveragedModel(learner.to(device), multi_avg_fn=get_ema_multi_avg_fn(settings.average))
    kept = nn.ModuleDict({"learner": learner, "average": average})
    optimizer = torch.optim.AdamW(learner.parameters(), lr=settings.rate, weight_decay=settings.weight_decay)
    told = {"settings": as_dict(settings), "data": data, "learner": repr(learner), "functions": list(functions)}
    made_with, last, progress = settings_hash(told), out / "last.safetensors", Progress(0, -math.inf)
    if last.exists():
        progress = read_checkpoint(last, kept, optimizer, made_with)
    together = learner if accelerator is None else accelerator.prepare(learner)
    steps = _Steps(pool, settings, functions, range(progress.step, settings.steps), share)
    batches = DataLoader(steps, batch_size=None, num_workers=workers, multiprocessing_context="fork" if workers else None)
    for step, batch in zip(steps.steps, batches, strict=True):
        losses = _step(together, optimizer, batch.to(device), phrasings, settings, step)
        average.update_parameters(learner)
        on_step(step + 1, losses)
        best, ends = progress.best, step + 1 == settings.steps
        if validate is not None and ((step + 1) % settings.validate_every == 0 or ends):
            score = validate(average.module.head)
            losses = {**losses, "validation": score}
            if score > best:
                best = score
                if share[0] == 0:
                    write_checkpoint(out / "best.safetensors", kept, optimizer, Progress(step + 1, best), made_with)
        progress = Progress(step + 1, best)
        if ((step + 1) % settings.save_every == 0 or ends) and share[0] == 0:
            write_checkpoint(last, kept, optimizer, progress, made_with)
            _log(out / "log.jsonl", {"step": step + 1, **losses})
    if validate is not None and share[0] == 0 and progress.best > -math.inf:
        read_checkpoint(out / "best.safetensors", kept, optimizer, made_with)
    trained: nn.Module = average.module.head
    return trained


class _Steps(Dataset[Batch]):
    """The batches of some steps; each depends on its step alone, whoever draws it."""

    def __init__(
        self, pool: ViewPool, settings: TrainSettings, functions: Sequence[str], steps: range, share: tuple[int, int]
    ) -> None:
        self.pool, self.settings, self.functions, self.steps, self.share = pool, settings, functions, steps, share

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, index: int) -> Batch:
        step = self.steps[index]
        return drawn_batch(self.pool, self.settings.batch, self.functions, self.settings.seed, step, self.share)


def rate_at(step: int, settings: TrainSettings) -> float:
    """Returns the learning rate of a step: a linear rise, then half a cosine down to nothing."""
    rise = max(settings.warm_up * settings.steps, 1.0)
    if step < rise:
        return settings.rate * (step + 1) / (rise + 1)
    return settings.rate * 0.5 * (1.0 + math.cos(math.pi * (step - rise) / max(settings.steps - rise, 1.0)))


def phrased(functions: Sequence[str], phrasings: Phrasings, settings: TrainSettings, step: int) -> Tensor:
    """Returns the vector of each function, all in the same words within a step."""
    chosen = {}
    for function in set(functions):
        rng = np.random.default_rng([settings.seed, step, zlib.crc32(function.encode())])
        ways = phrasings[function]
        other = rng.random() < settings.paraphrased and len(ways) > 1
        chosen[function] = ways[int(rng.integers(1, len(ways))) if other else 0]
    return torch.stack([chosen[function] for function in functions])


def _step(
    learner: nn.Module, optimizer: torch.optim.Optimizer, batch: Batch, phrasings: Phrasings, settings: TrainSettings, step: int
) -> dict[str, float]:
    device = batch.features.device
    texts = phrased(batch.functions, phrasings, settings, step).to(device)
    wrong = phrased(batch.wrong_functions, phrasings, settings, step).to(device) if batch.wrong_functions else texts[:0]
    for group in optimizer.param_groups:
        group["lr"] = rate_at(step, settings)
    torch.manual_seed((settings.seed << 32) + step)  # what a step hides depends on its number too
    with torch.autocast(device.type, torch.bfloat16, enabled=settings.precision == "bf16"):
        losses = learner(batch, texts, wrong)
    optimizer.zero_grad()
    losses["total"].backward()
    nn.utils.clip_grad_norm_(learner.parameters(), settings.clip)
    optimizer.step()
    return {name: float(value.detach()) for name, value in losses.items()}


def _log(path: Path, record: Mapping[str, Any]) -> None:
    with path.open("a") as file:
        file.write(json.dumps(record) + "\n")
