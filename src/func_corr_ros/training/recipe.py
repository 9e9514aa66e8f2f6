# SPDX-License-Identifier: Apache-2.0
"""Recipes: every setting between the object library and a trained head, by name; a file may change any of them."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from torch import nn

from func_corr_ros.correspondence.backbone import BackboneSettings
from func_corr_ros.correspondence.head import ContextHeadSettings, PaperHeadSettings
from func_corr_ros.correspondence.trained_head import Decoding
from func_corr_ros.errors import BadSettings
from func_corr_ros.settings import setting
from func_corr_ros.training.batches import BatchSettings
from func_corr_ros.training.loop import TrainSettings
from func_corr_ros.training.objective import Objective, ObjectiveSettings, PaperObjective, PaperObjectiveSettings
from func_corr_ros.training.pseudo_pool import PseudoSettings
from func_corr_ros.training.training_views import TrainingViewSettings


@dataclass(frozen=True)
class Recipe:
    """What is learnt, from what, and how."""

    backbone: str = setting("dinov2-small", "frozen features: a name of the manifest, a Hugging Face id, or a folder")
    text_encoder: str = setting("minilm", "functions as vectors: minilm, clip-vit-b-32, words (no meaning), or a folder")
    kept_layers: tuple[int, ...] = setting((5, 8, 9, 10, 11), "blocks whose outputs are kept on disk, counted from 0")
    layers: tuple[int, ...] = setting((5, 8, 9, 10, 11), "those of them that the head reads")
    head: str = setting("context", "kind of head", choices=("context", "paper"))
    objective: str = setting("ours", "kind of objective", choices=("ours", "paper"))
    held_out_objects: int = setting(4, "objects of each category that only validate", at_least=1)
    hold_back_functions: bool = setting(False, "train without the validation functions too, to choose settings by them")
    views: TrainingViewSettings = field(default_factory=TrainingViewSettings)
    context_head: ContextHeadSettings = field(default_factory=partial(ContextHeadSettings, dropped=0.1))
    paper_head: PaperHeadSettings = field(default_factory=PaperHeadSettings)
    ours: ObjectiveSettings = field(default_factory=ObjectiveSettings)
    paper: PaperObjectiveSettings = field(default_factory=PaperObjectiveSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    pseudo: PseudoSettings = field(default_factory=PseudoSettings)
    decoding: Decoding = field(default_factory=Decoding)

    def features(self, layers: tuple[int, ...]) -> BackboneSettings:
        """Returns how a head of this recipe wants ``layers`` of the backbone."""
        return BackboneSettings(layers=layers, aggregate="concat", final_norm=False)

    def channels(self, layer_channels: int) -> list[int]:
        """Returns which channels of the kept features the head reads; raises BadSettings for a layer that is not kept."""
        missing = sorted(set(self.layers) - set(self.kept_layers))
        if missing or not self.layers:
            raise BadSettings(f"layers is {self.layers}; some of kept_layers {self.kept_layers} are needed")
        starts = [self.kept_layers.index(layer) * layer_channels for layer in self.layers]
        return [start + channel for start in starts for channel in range(layer_channels)]

    def make_objective(self) -> nn.Module:
        """Returns what heads of this recipe are trained by."""
        size = self.views.size
        return Objective(self.ours, size) if self.objective == "ours" else PaperObjective(self.paper, size)


OURS = Recipe()
# arXiv 2509.03893 with the faults of its release mended. Ours are the number of pairs and steps (the paper's 100 pairs and 100 k
# steps take a GPU), and with them the rate; the views are those of ours, so that recipes are compared and not data.
PAPER = replace(
    OURS, layers=(9, 10, 11), head="paper", objective="paper",
    train=replace(OURS.train, batch=BatchSettings(itself=0.5, within=0.1, softness=0.0), weight_decay=0.01, paraphrased=0.0),
    decoding=Decoding(plain=0.0, refine_reach=0.0),
)
RECIPES: Mapping[str, Recipe] = {"ours": OURS, "paper": PAPER}
