# SPDX-License-Identifier: Apache-2.0
"""A training run on disk: weights, optimiser and step in one safetensors file, written whole or not at all."""
from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from func_corr_ros.errors import BadWeights
from func_corr_ros.provenance import whole_file


@dataclass(frozen=True)
class Progress:
    """How far a run is: ``step`` steps are done, ``best`` is the best validation score so far (-inf before the first)."""

    step: int
    best: float


def write_checkpoint(path: Path, modules: nn.Module, optimizer: torch.optim.AdamW, progress: Progress, made_with: str) -> None:
    """Writes all that a run needs to go on as if it had never stopped; ``made_with`` is the hash of its settings and data."""
    from safetensors.torch import save

    tensors = {f"module.{name}": value.detach().contiguous() for name, value in modules.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": torch.as_tensor(value).contiguous() for name, value in state.items()}
    told = {"step": str(progress.step), "best": json.dumps(progress.best), "made_with": made_with}
    with whole_file(path) as file:
        file.write(save(tensors, told))
        file.flush()
        os.fsync(file.fileno())  # a power cut must not leave an empty file under the new name


def read_checkpoint(path: Path, modules: nn.Module, optimizer: torch.optim.AdamW, made_with: str) -> Progress:
    """Puts what ``path`` holds into ``modules`` and ``optimizer``; returns how far the run was.

    Raises BadWeights for a damaged file, one of another architecture, or of a run with other settings or data.
    """
    from safetensors import safe_open

    try:
        with safe_open(path, framework="pt") as file:
            told = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - a file is no mapping
    except Exception as error:  # safetensors has one kind for each kind of damage
        raise BadWeights(f"{path} is damaged ({error}); delete it, and the run starts anew") from error
    if told.get("made_with") != made_with:
        raise BadWeights(f"{path} is of a run with other settings or data; give another --out, or delete it")
    try:
        modules.load_state_dict(_below("module.", tensors))
    except RuntimeError as error:
        raise BadWeights(f"{path} is of another architecture: {error}") from error
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in _below("optimizer.", tensors).items():
        index, _, what = name.partition(".")
        state.setdefault(int(index), {})[what] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    return Progress(int(told["step"]), float(json.loads(told["best"])))


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
