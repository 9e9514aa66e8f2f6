# SPDX-License-Identifier: Apache-2.0
"""The rows of the ablation table: what is left out of a recipe, or put back of the paper's faults, one at a time; and how the
heads of many rows are read on the same pictures."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from func_corr_ros.correspondence.backbone import load_backbone
from func_corr_ros.correspondence.baselines.method import MethodSettings
from func_corr_ros.correspondence.baselines.trained import TrainedMethod
from func_corr_ros.correspondence.model import CorrespondenceSettings, FunctionalCorrespondence
from func_corr_ros.correspondence.remembered_backbone import RememberedBackbone
from func_corr_ros.correspondence.trained_head import TrainedHead
from func_corr_ros.errors import BadSettings
from func_corr_ros.settings import as_dict, override
from func_corr_ros.training.recipe import OURS, RECIPES, Recipe


@dataclass(frozen=True)
class Variant:
    """One row: ``recipe`` with ``changes`` of its settings, trained from each of ``seeds`` seeds; ``about`` says it in words.

    With ``reads``, nothing is trained: the heads of that row are read with other decoding, at crops of ``size`` px (0: as
    trained), or ``confused``: asked for each function by the vector of the next one they know.
    """

    name: str
    about: str
    recipe: str = "ours"
    changes: Mapping[str, Any] = field(default_factory=dict)
    seeds: int = 1
    reads: str = ""
    size: int = 0
    confused: bool = False

    def settings(self, seed: int, steps: int) -> Recipe:
        """Returns the recipe of this row for ``seed``, ``steps`` steps long (0: as long as the recipe says)."""
        changed = override(RECIPES[self.recipe], self.changes, source=f"ablation row {self.name}")
        wanted = {"train.seed": seed, **({"train.steps": steps} if steps else {})}
        return override(changed, wanted, source="ablation")

    def read(self, head: TrainedHead) -> TrainedHead:
        """Returns ``head``, read as this row says."""
        as_it_is = replace(RECIPES[self.recipe], decoding=head.spec.decoding)
        decoding = override(as_it_is, self.changes, source=f"ablation row {self.name}").decoding
        crop = replace(head.spec.crop, size=self.size or head.spec.crop.size)
        spec = replace(head.spec, decoding=decoding, crop=crop)
        names = sorted(head.functions)
        meant = names[1:] + names[:1] if self.confused else names
        return TrainedHead(head.network, spec, {name: head.functions[word] for name, word in zip(names, meant, strict=True)})


_NEAREST = {"decoding.plain": 0.0, "decoding.refine_reach": 0.0}
_NO_MASK = {"paper.region": 0.0, "paper_head.region": False}

VARIANTS: tuple[Variant, ...] = (
    Variant("ours", "ours, whole", seeds=3),
    Variant("paper", "the paper's recipe, its release's faults mended", "paper", seeds=3),
    Variant("paper-functional-only", "paper without spatial loss and mask", "paper", {"paper.spatial": 0.0, **_NO_MASK}),
    Variant("paper-spatial-only", "paper without functional loss and mask", "paper", {"paper.functional": 0.0, **_NO_MASK}),
    Variant("paper-no-mask", "paper without the mask head", "paper", _NO_MASK),
    Variant("paper-misaligned", "paper, spatial positives misaligned (fault 1)", "paper", {"paper.misaligned": True}),
    Variant("paper-other-anchor", "paper, negatives of the other anchor (fault 2)", "paper", {"paper.other_anchor": True}),
    Variant("paper-our-reading", "paper, read as ours is", "paper", {"decoding.plain": 0.4, "decoding.refine_reach": 0.094},
            reads="paper"),
    Variant("no-function", "ours, features not steered by the function", changes={"context_head.function": False}),
    Variant("no-context", "ours without attention: no patch knows of the others", changes={"context_head.blocks": 0}),
    Variant("no-finer-grid", "ours without the finer grid", changes={"context_head.finer": 1}),
    Variant("last-layers", "ours on the last three blocks of the backbone", changes={"layers": [9, 10, 11]}),
    Variant("one-hot", "ours with one-hot targets", changes={"train.batch.softness": 0.0}),
    Variant("no-region", "ours without learning the part", changes={"ours.region": 0.0}),
    Variant("no-wrong", "ours never asked for what an object does not serve", changes={"ours.wrong": 0.0}),
    Variant("words", "ours, functions as words without meaning", changes={"text_encoder": "words"}),
    Variant("own-names", "ours, functions in their own names only", changes={"train.paraphrased": 0.0}),
    Variant("across-only", "ours, pairs of two categories only", changes={"train.batch.itself": 0.0, "train.batch.within": 0.0}),
    Variant("nearest", "ours, nearest descriptor", changes=_NEAREST, reads="ours"),
    Variant("no-plain", "ours without the backbone's own features beside", changes={"decoding.plain": 0.0}, reads="ours"),
    Variant("no-refinement", "ours without the mean place around the best", changes={"decoding.refine_reach": 0.0}, reads="ours"),
    *(Variant(f"size-{size}", f"ours, read at crops of {size} px", reads="ours", size=size) for size in (168, 280, 336, 448)),
    Variant("confused", "ours, asked for another function", reads="ours", confused=True),
)


def remembering(head: TrainedHead, features: Path, device: str = "cpu") -> TrainedMethod:
    """Returns a head as a method that keeps what the backbone saw below ``features``: each picture is seen once for all rows."""
    kept = OURS.features(OURS.kept_layers)
    backbone = load_backbone(head.spec.backbone, device, settings=kept)
    channels = replace(OURS, layers=head.spec.features.layers).channels(head.spec.layer_channels)
    remembered = RememberedBackbone(backbone, features, as_dict(kept), channels)
    settings = CorrespondenceSettings(max_pixels=MethodSettings().max_pixels)
    return TrainedMethod(head.name, FunctionalCorrespondence(remembered, settings, head))


def variants(names: str, reading: str = "") -> list[Variant]:
    """Returns the rows called ``names`` ("ours,no-plain"; "" is all), and those whose heads they read; raises BadSettings.

    With ``reading``, the name of a trained head that stands in for ours, only ours and rows that read it are known.
    """
    known = {one.name: one for one in VARIANTS if not reading or "ours" in (one.name, one.reads)}
    if reading:
        known["ours"] = Variant("ours", f"{reading}, as it is")
    asked = names.split(",") if names else list(known)
    wrong = [name for name in asked if name not in known]
    if wrong:
        raise BadSettings(f"ablation row {', '.join(wrong)} is unknown; valid: {', '.join(known)}")
    needed = {*asked, *(known[name].reads for name in asked)} - {""}
    # Rows that others read come first.
    return sorted((one for one in known.values() if one.name in needed), key=lambda one: bool(one.reads))
