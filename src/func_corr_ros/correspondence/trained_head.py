# SPDX-License-Identifier: Apache-2.0
"""A trained head as one file: its weights, the functions it knows as vectors, and in the metadata all that it was made with."""
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard, ModelHubMixin
from jaxtyping import Float32
from torch import Tensor, nn

from func_corr_ros import pretrained
from func_corr_ros.correspondence.backbone import BackboneSettings
from func_corr_ros.correspondence.confidence import Calibration
from func_corr_ros.correspondence.head import HEADS
from func_corr_ros.correspondence.model_card import TEMPLATE
from func_corr_ros.correspondence.object_crop import CropSettings
from func_corr_ros.correspondence.weights import load_manifest, verify
from func_corr_ros.errors import BadSettings, BadWeights
from func_corr_ros.provenance import sha256_of_file, whole_file
from func_corr_ros.settings import as_dict, override, setting

FORMAT = "func_corr_ros head 1"
ARCHITECTURE = "func_corr_head"
SUFFIX, FILE, CARD = ".safetensors", "head.safetensors", "README.md"


@dataclass(frozen=True)
class Decoding:
    """How matches are read from descriptors; chosen on validation categories."""

    plain: float = setting(0.4, "weight of the backbone's own features beside the descriptors", at_least=0.0, at_most=10.0)
    refine_reach: float = setting(0.094, "reach of the soft-argmax, as a share of the crop's side", at_least=0.0, at_most=0.5)
    refine_temperature: float = setting(0.07, "temperature of the soft-argmax", at_least=1e-4, at_most=10.0)


@dataclass(frozen=True)
class HeadSpec:
    """What a head needs around it: ``backbone`` and ``text_encoder`` by name and SHA-256 of their weights, which features of
    which picture; ``calibration`` what its confidence means, None before it was measured, ``made_with`` how it was trained.
    """

    kind: str
    backbone: str
    backbone_sha256: str
    text_encoder: str
    text_encoder_sha256: str
    layers: int
    layer_channels: int
    text_channels: int
    settings: Mapping[str, Any]
    features: BackboneSettings
    crop: CropSettings
    decoding: Decoding = field(default_factory=Decoding)
    calibration: Calibration | None = None
    made_with: Mapping[str, Any] = field(default_factory=dict)


class TrainedHead(
    ModelHubMixin, library_name="func_corr_ros", license="apache-2.0", tags=["robotics", "dense-correspondence"],
    model_card_template=TEMPLATE,
):
    """A head that is ready to use: ``network``, its ``spec``, and the vectors of the ``functions`` it was trained on.

    ``card`` is the model card that came with it, "" where there was none. ``push_to_hub("owner/name")`` uploads what
    ``save_pretrained`` writes; huggingface_hub's ModelHubMixin says its other arguments.
    """

    def __init__(self, network: nn.Module, spec: HeadSpec, functions: Mapping[str, Float32[Tensor, " t"]]) -> None:
        self.network, self.spec, self.functions = network.eval().requires_grad_(False), spec, dict(functions)
        self.name, self.sha256, self.card = "unsaved", "", ""
        self._hub_mixin_config = None  # the file's metadata says it all: no config.json beside it

    def save(self, path: Path) -> Path:
        """Writes the head to ``path``, weights as float16, and returns it; a reader finds the old file or the whole new one."""
        from safetensors.torch import save

        tensors = {f"head.{name}": value.half().contiguous() for name, value in self.network.state_dict().items()}
        tensors |= {f"function.{name}": value.half().contiguous() for name, value in self.functions.items()}
        told = as_dict(self.spec)
        with whole_file(path) as file:
            file.write(save(tensors, {"format": FORMAT, "spec": json.dumps(told, sort_keys=True)}))
        return path

    @classmethod
    def load(cls, path: Path) -> TrainedHead:
        """Returns the head in ``path``; raises BadWeights for a file that is damaged or none of ours."""
        from safetensors import safe_open

        try:
            with safe_open(path, framework="pt") as file:
                told = file.metadata() or {}
                tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - a file is no mapping
        except Exception as error:  # safetensors has one kind for each kind of damage
            raise BadWeights(f"{path} could not be read as safetensors ({error}); download or train it again") from error
        if told.get("format") != FORMAT:
            raise BadWeights(f"{path} is no trained head of this package (its format is {told.get('format')!r}, not {FORMAT!r}); "
                             "a checkpoint of a run becomes one by func-corr train, at its end")
        try:
            spec = _spec(json.loads(told["spec"]))
            network = make_head(spec)
            network.load_state_dict({name.removeprefix("head."): value for name, value in tensors.items() if name[:5] == "head."})
        except Exception as error:
            raise BadWeights(f"{path} says it is a trained head, but does not hold together: {error}") from error
        functions = {name.removeprefix("function."): value for name, value in tensors.items() if name[:9] == "function."}
        head = cls(network, spec, functions)
        head.name, head.sha256 = path.stem, sha256_of_file(path)
        card = path.with_name(CARD)
        head.card = card.read_text() if path.name == FILE and card.is_file() else ""
        return head

    @classmethod
    def from_pretrained(  # type: ignore[override] # the house's words; the mixin's would go online unasked
        cls, name_or_path: str | Path, *, download: bool = False
    ) -> TrainedHead:
        """Returns the head that :func:`find_head` finds, as ``FunctionalCorrespondence.from_pretrained`` does; raises BadWeights
        where there is none. Nothing is fetched from the network unless ``download`` is True.
        """
        head = find_head(str(name_or_path), download)
        if head is None:
            hint = "" if download else ", one that is not in the local cache with download=True"
            raise BadWeights(f"{name_or_path} is no trained head; a name of the manifest, a {SUFFIX} file, a folder with {FILE}, "
                             f"or a Hugging Face repository (owner/name{hint}) is needed")
        return head

    def save_pretrained(self, save_directory: str | Path, **hub: Any) -> str | None:
        """Writes head.safetensors to the folder and, where it has no README.md yet, ``card`` or one made from the spec.

        ``hub`` as of ModelHubMixin. Raises BadSettings for a folder with the config.json of another model: the mixin would
        delete that.
        """
        if (Path(save_directory) / "config.json").exists():
            raise BadSettings(f"{save_directory} holds config.json, so another model lives there; choose a folder of its own")
        return super().save_pretrained(save_directory, **hub)

    def _save_pretrained(self, save_directory: Path) -> None:
        self.save(save_directory / FILE)
        if self.card and not (save_directory / CARD).exists():  # the mixin makes one where there is none
            (save_directory / CARD).write_text(self.card)

    def generate_model_card(self, *args: Any, **kwargs: Any) -> ModelCard:
        """Returns a model card made from the spec."""
        parameters = f"{sum(weight.numel() for weight in self.network.parameters()):,}"
        told = {"spec": self.spec, "functions": sorted(self.functions), "parameters": parameters}
        return super().generate_model_card(*args, **told, **kwargs)


def make_head(spec: HeadSpec) -> nn.Module:
    """Returns an untrained network of ``spec``; its first weights are drawn by torch's seed."""
    network, settings = HEADS[spec.kind]
    made = override(settings(), spec.settings, source="head")
    head: nn.Module = network(spec.layers, spec.layer_channels, spec.text_channels, made)
    return head


def _spec(told: dict[str, Any]) -> HeadSpec:
    features = override(BackboneSettings(), told.pop("features"), source="features")
    crop = override(CropSettings(), told.pop("crop"), source="crop")
    decoding = override(Decoding(), told.pop("decoding"), source="decoding")
    calibration = None if told.get("calibration") is None else Calibration.read(told.pop("calibration"))
    return HeadSpec(**{**told, "features": features, "crop": crop, "decoding": decoding, "calibration": calibration})


def find_head(name_or_path: str, download: bool = False) -> TrainedHead | None:
    """Returns the trained head that is meant: a name of the manifest, a .safetensors file of ours, or a folder or Hugging Face
    repository with head.safetensors; None for anything else. Raises BadWeights where it is damaged or not what the manifest says.
    """
    entry, path = load_manifest().get(name_or_path), Path(name_or_path)
    if entry is not None:
        if entry.architecture != ARCHITECTURE:
            return None
        head = TrainedHead.load(entry.path())
        verify(name_or_path, head.sha256, entry.sha256)
        return head
    if path.suffix == SUFFIX:
        if not path.is_file():
            raise BadWeights(f"{path} is no file; the file of a trained head is needed")
        return TrainedHead.load(path)
    if path.is_dir():
        return TrainedHead.load(path / FILE) if (path / FILE).is_file() else None
    if name_or_path.count("/") == 1:
        try:
            folder = pretrained.model_folder(name_or_path, [FILE, CARD], download)
        except BadWeights:
            if download:
                raise
            return None
        return TrainedHead.load(folder / FILE) if (folder / FILE).is_file() else None
    return None
