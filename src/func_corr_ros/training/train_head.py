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
from func_corr_ros.training.mixed_pool import MixedPool
from func_corr_ros.training.phrases import phrasings_of
from func_corr_ros.training.pseudo_pool import PseudoSource, pseudo_reader, shards_hash, unpacked_shards
from func_corr_ros.training.recipe import Recipe
from func_corr_ros.training.relabelled_views import rejected_functions, relabelled_views, votes_hash
from func_corr_ros.training.training_views import Instance, make_training_views, read_instance
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


def prepare(
    recipe: Recipe, folder: Path, *, device: str = "auto", processes: int = 2, watch: Watch = Watch(),
    pseudo: PseudoSource | None = None,
) -> TrainingData:
    """Returns the data of ``recipe``; what is missing of views and features is made below ``folder``. With ``pseudo``, its labels
    are learnt from in place of exact ones, or beside them (``recipe.pseudo``); validation and calibration stay exact.
    """
    made, kept = _Made(recipe, folder, device, processes, watch), recipe.features(recipe.kept_layers)
    exact = pseudo is None or recipe.pseudo.mixed
    views = make_training_views(
        folder / "views", recipe.views, tuple(sorted(set(CATEGORIES) - UNSEEN_CATEGORIES)), processes,
        needed=lambda category, seed: exact or bool(pseudo and pseudo.same_views) or _is_held_out(recipe, category, seed),
    )
    held_out = [_is_held_out(recipe, path.parent.name, int(path.stem)) for path in views]
    others: Sequence[Path] = _those(views, held_out, False)
    of_pseudo, labels, others = (None, {}, others) if pseudo is None else made.pseudo_pool(pseudo, others)
    of_exact = made.pool(others) if exact else None
    of_test = made.pool(_those(views, held_out, True))
    learnt = _joined(recipe, of_exact, of_pseudo)
    back = UNSEEN_FUNCTIONS | (VALIDATION_FUNCTIONS if recipe.hold_back_functions else frozenset())
    encoder = load_text_encoder(recipe.text_encoder)
    names = sorted({*learnt.functions, *of_test.functions} - UNSEEN_FUNCTIONS)
    phrasings = {name: encoder.encode(list(phrasings_of(name))) for name in names}
    hashes = {
        "backbone": made.backbone.weights_sha256, "text_encoder": encoder.weights_sha256,
        "views": settings_hash(recipe.views), "features": settings_hash(kept), **labels,
    }
    functions = tuple(name for name in learnt.functions if name not in back)
    return TrainingData(learnt, of_test, functions, phrasings, made.layer_channels, made.backbone, hashes)


class _Made:
    """Makes features and pools of views below one folder, with one backbone."""

    def __init__(self, recipe: Recipe, folder: Path, device: str, processes: int, watch: Watch) -> None:
        self._recipe, self._folder, self._processes, self._watch = recipe, folder, processes, watch
        self._kept = recipe.features(recipe.kept_layers)
        self.backbone, self.layer_channels = load_backbone(recipe.backbone, device, settings=self._kept), 0

    def pool(
        self, views: Sequence[Path], labels: Sequence[Path] = (), read: Callable[[Path], Instance] = read_instance,
        below: str = "",
    ) -> ViewPool:
        """Returns the pool of ``views``, read from files of ``labels`` of their own if there are any."""
        count = iter(range(1, len(views) + 1))
        files = make_view_features(
            views, self.backbone, as_dict(self._kept), self._folder / below / f"features-{Path(self._recipe.backbone).name}",
            on_file=lambda file: self._watch.file("features", next(count), len(views)),
        )
        self.layer_channels = np.load(files[0], mmap_mode="r").shape[1] // len(self._recipe.kept_layers) if files else 0
        return ViewPool(labels or views, files, self._recipe.train.batch.samples, self.backbone.patch_size,
                        self._recipe.channels(self.layer_channels), read=read)

    def pseudo_pool(self, source: PseudoSource, others: Sequence[Path]) -> tuple[ViewPool, dict[str, str], Sequence[Path]]:
        """Returns the pool of pseudo-labels, the hashes of what they are, and which of ``others``, the exact views not held out,
        may be learnt from beside: with the same views those of the same objects.
        """
        settings, recipe, use = self._recipe.pseudo, self._recipe, as_dict(self._recipe.pseudo)
        if not source.same_views:
            below = f"pseudo-{shards_hash(source.folder)[:16]}"  # the same ids may have other pictures in another run
            files = unpacked_shards(source.folder, self._folder / below / "views")
            pool = self.pool(files, read=pseudo_reader(settings), below=below)
            return pool, {"pseudo-labels": settings_hash({"shards": shards_hash(source.folder), "use": use})}, others
        made = votes_hash(source.folder)
        out = self._folder / f"relabelled-{made[:16]}"
        found, files = relabelled_views(source.folder, self._folder / "views", out, recipe.views, others, self._processes)
        views = [others[index] for index in found]
        bad = rejected_functions(source.folder, files) if source.cleaned else {}
        pool = self.pool(views) if source.exact else self.pool(views, files, pseudo_reader(settings, bad))
        objects = [f"{one.parent.name}/{one.stem}" for one in files]
        listed = {"labels": "exact" if source.exact else made, "cleaned": source.cleaned, "objects": objects, "use": use}
        return pool, {"pseudo-labels": settings_hash(listed)}, views


def _joined(recipe: Recipe, exact: ViewPool | None, pseudo: ViewPool | None) -> ViewPool:
    if exact is None or pseudo is None:
        only = pseudo if exact is None else exact
        assert only is not None
        return only
    return MixedPool(exact, pseudo, recipe.pseudo.exact_first, recipe.pseudo.exact_last, recipe.train.steps)


def _is_held_out(recipe: Recipe, category: str, seed: int) -> bool:
    """Returns whether an object only validates; ``category`` by its name or its folder's."""
    first = recipe.views.first_seed + recipe.views.objects - recipe.held_out_objects
    return category.replace("-", " ") in VALIDATION_CATEGORIES or seed >= first


def train_head(
    recipe: Recipe, data: TrainingData, out: Path, *, device: str = "cpu", workers: int = 0, accelerator: Any = None,
    watch: Watch = Watch(), calibrate: bool = True,
) -> TrainedHead:
    """Returns the head that ``recipe`` gives, calibrated unless that is not wanted, and writes it to ``out/head.safetensors``
    beside the checkpoints of ``train``.
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
        head = calibrated(head, data.backbone, data.held_out, known_functions(data)) if calibrate else head
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
    pairs = {"categories": drawn_pairs(data.held_out, known_functions(data), VALIDATION_PAIRS, VALIDATION_CATEGORIES)}
    if recipe.hold_back_functions:
        pairs["functions"] = drawn_pairs(data.held_out, sorted(VALIDATION_FUNCTIONS), VALIDATION_PAIRS)
    return pairs


def known_functions(data: TrainingData) -> tuple[str, ...]:
    """Returns the functions learnt that held-out objects serve: pseudo-labels may know others."""
    return tuple(name for name in data.functions if name in data.held_out.functions)


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
