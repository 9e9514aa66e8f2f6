# SPDX-License-Identifier: Apache-2.0
"""From a recipe to a trained head: views, their features, the loop, one file. Every stage goes on where it was broken off."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from func_corr_ros.correspondence.backbone import Backbone, load_backbone
from func_corr_ros.correspondence.object_crop import CropSettings
from func_corr_ros.correspondence.text_encoder import load_text_encoder
from func_corr_ros.correspondence.trained_head import HeadSpec, TrainedHead, make_head
from func_corr_ros.data.objects import CATEGORIES
from func_corr_ros.data.splits import UNSEEN_CATEGORIES, UNSEEN_FUNCTIONS, VALIDATION_CATEGORIES, VALIDATION_FUNCTIONS
from func_corr_ros.provenance import provenance, settings_hash
from func_corr_ros.settings import as_dict
from func_corr_ros.training.batches import PairOfViews, ViewPool
from func_corr_ros.training.calibration import calibrated
from func_corr_ros.training.loop import Learner, train
from func_corr_ros.training.phrases import phrasings_of
from func_corr_ros.training.recipe import Recipe
from func_corr_ros.training.training_views import make_training_views
from func_corr_ros.training.validation import ValidationScore, drawn_pairs, validate
from func_corr_ros.training.view_features import make_view_features

# Fewer, and single functions decide which checkpoint is best.
VALIDATION_PAIRS = 400


@dataclass(frozen=True)
class TrainingData:
    """What a recipe learns from and is validated by, and the vectors of all ways to say each function."""

    learnt: ViewPool
    held_out: ViewPool
    functions: tuple[str, ...]
    phrasings: Mapping[str, Tensor]
    layer_channels: int
    backbone: Backbone
    hashes: Mapping[str, str]


@dataclass(frozen=True)
class Watch:
    """Who is told what: ``file`` of each feature file made or found (stage, done, of), ``step`` of each step's losses,
    ``validation`` of each score (of "categories" and "functions").
    """

    file: Callable[[str, int, int], None] = lambda stage, done, of: None
    step: Callable[[int, Mapping[str, float]], None] = lambda step, losses: None
    validation: Callable[[str, ValidationScore], None] = lambda name, score: None


def prepare(recipe: Recipe, folder: Path, *, device: str = "auto", processes: int = 2, watch: Watch = Watch()) -> TrainingData:
    """Returns the data of ``recipe``; what is missing of views and features is made below ``folder``."""
    categories = tuple(sorted(set(CATEGORIES) - UNSEEN_CATEGORIES))
    views = make_training_views(folder / "views", recipe.views, categories, processes)
    kept = recipe.features(recipe.kept_layers)
    backbone = load_backbone(recipe.backbone, device, settings=kept)
    count = iter(range(1, len(views) + 1))
    files = make_view_features(
        views, backbone, as_dict(kept), folder / f"features-{Path(recipe.backbone).name}",
        on_file=lambda file: watch.file("features", next(count), len(views)),
    )
    channels = np.load(files[0], mmap_mode="r").shape[1] // len(recipe.kept_layers)
    first_held_out = recipe.views.first_seed + recipe.views.objects - recipe.held_out_objects
    validating = {category.replace(" ", "-") for category in VALIDATION_CATEGORIES}
    held_out = [path.parent.name in validating or int(path.stem) >= first_held_out for path in views]
    pools = [
        ViewPool(_those(views, held_out, wanted), _those(files, held_out, wanted), recipe.train.batch.samples,
                 backbone.patch_size, recipe.channels(channels))
        for wanted in (False, True)
    ]
    back = UNSEEN_FUNCTIONS | (VALIDATION_FUNCTIONS if recipe.hold_back_functions else frozenset())
    encoder = load_text_encoder(recipe.text_encoder)
    names = sorted({*pools[0].functions, *pools[1].functions} - UNSEEN_FUNCTIONS)
    phrasings = {name: encoder.encode(list(phrasings_of(name))) for name in names}
    hashes = {
        "backbone": backbone.weights_sha256, "text_encoder": encoder.weights_sha256,
        "views": settings_hash(recipe.views), "features": settings_hash(kept),
    }
    functions = tuple(name for name in pools[0].functions if name not in back)
    return TrainingData(pools[0], pools[1], functions, phrasings, channels, backbone, hashes)


def train_head(
    recipe: Recipe, data: TrainingData, out: Path, *, device: str = "cpu", workers: int = 0, accelerator: Any = None,
    watch: Watch = Watch(),
) -> TrainedHead:
    """Returns the head that ``recipe`` gives, calibrated, and writes it to ``out/head.safetensors`` beside the checkpoints of
    ``train``.
    """
    spec = head_spec(recipe, data)
    torch.manual_seed(recipe.train.seed)
    network = make_head(spec)
    learner = Learner(network, recipe.make_objective())
    pairs = validation_pairs(recipe, data)

    def scored(head: nn.Module) -> float:
        head.eval()
        scores = {name: validation_score(head, data, some, recipe.views.size) for name, some in pairs.items()}
        head.train()
        for name, score in scores.items():
            watch.validation(name, score)
        return sum(score.overall for score in scores.values()) / max(len(scores), 1)

    trained = train(
        learner, data.learnt, data.functions, data.phrasings, recipe.train, out, validate=scored,
        data=settings_hash(dict(data.hashes)), device=device, workers=workers, accelerator=accelerator, on_step=watch.step,
    )
    head = TrainedHead(trained.cpu(), spec, {name: data.phrasings[name][0] for name in data.functions})
    if accelerator is None or accelerator.is_main_process:
        head = calibrated(head, data.backbone, data.held_out, data.functions)
        head.save(out / "head.safetensors")
    return head


def head_spec(recipe: Recipe, data: TrainingData) -> HeadSpec:
    """Returns the spec of heads of ``recipe``."""
    settings = recipe.context_head if recipe.head == "context" else recipe.paper_head
    return HeadSpec(
        kind=recipe.head, backbone=recipe.backbone, backbone_sha256=data.hashes["backbone"],
        text_encoder=recipe.text_encoder, text_encoder_sha256=data.hashes["text_encoder"],
        layers=len(recipe.layers), layer_channels=data.layer_channels,
        text_channels=int(next(iter(data.phrasings.values())).shape[1]), settings=as_dict(settings),
        features=recipe.features(recipe.layers), crop=CropSettings(size=recipe.views.size), decoding=recipe.decoding,
        made_with=provenance(recipe, data.hashes),
    )


def validation_pairs(recipe: Recipe, data: TrainingData) -> dict[str, list[PairOfViews]]:
    """Returns pairs of objects that are not learnt from: one or both of a category held out, and of functions held back."""
    pairs = {"categories": drawn_pairs(data.held_out, data.functions, VALIDATION_PAIRS, VALIDATION_CATEGORIES)}
    if recipe.hold_back_functions:
        pairs["functions"] = drawn_pairs(data.held_out, sorted(VALIDATION_FUNCTIONS), VALIDATION_PAIRS)
    return pairs


def validation_score(head: nn.Module, data: TrainingData, pairs: Sequence[PairOfViews], size: int) -> ValidationScore:
    """Returns the score of ``head`` over ``pairs``, asked by the functions' own names."""
    device = next(head.parameters()).device

    def grid_of(features: Tensor, coverage: Tensor, function: str) -> Tensor:
        text = data.phrasings[function][:1].expand(len(features), -1)
        grids: Tensor = head.grid(features.to(device), coverage.to(device), text.to(device))
        return grids

    return validate(data.held_out, pairs, grid_of, head.finish, size)


def _those(paths: Sequence[Path], held_out: Sequence[bool], wanted: bool) -> list[Path]:
    return [path for path, is_held_out in zip(paths, held_out, strict=True) if is_held_out == wanted]
