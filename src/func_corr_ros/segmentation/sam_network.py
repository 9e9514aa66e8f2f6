# SPDX-License-Identifier: Apache-2.0
"""Which Segment Anything a path holds: a file of segment_anything or MobileSAM, or a folder of transformers (SAM, SAM 2)."""
from __future__ import annotations

import importlib.util
import pickle
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, UInt8

from func_corr_ros.errors import BadSettings, BadWeights, MissingOptional
from func_corr_ros.optional import require
from func_corr_ros.provenance import sha256_of_file
from func_corr_ros.torchvision_operators import import_torchvision

WHERE_FROM = ("download sam_vit_b_01ec64.pth (or vit_l, vit_h) as https://github.com/facebookresearch/segment-anything says, "
              "and set sam.checkpoint to the file and sam.model_type to its kind; or a folder, as `hf download "
              "facebook/sam2.1-hiera-tiny` makes one")
# Kinds that a package other than segment_anything builds, with the same predictor: its module, and how it is installed.
MOBILE = {"vit_t": ("mobile_sam", "pip install git+https://github.com/ChaoningZhang/MobileSAM timm")}


@runtime_checkable
class Network(Protocol):
    """What SamPredictor is: it embeds an image once, and answers prompts about it."""

    def set_image(self, image: UInt8[np.ndarray, "h w 3"]) -> None:
        """Embeds an RGB image."""
        ...

    def predict(
        self, *, point_coords: Float[np.ndarray, "p 2"] | None, point_labels: Int[np.ndarray, " p"] | None,
        box: Float[np.ndarray, " 4"] | None, multimask_output: bool,
    ) -> tuple[Bool[np.ndarray, "m h w"], Float32[np.ndarray, " m"], Any]:
        """Returns masks of one object (three candidates, or one) and the quality expected of each, and what else there is."""
        ...


def load_network(checkpoint: str, model_type: str, device: str, sha256: str) -> tuple[Network, str]:
    """Returns the network that lies at a path, and the SHA-256 of its weights.

    A folder says itself what it holds; of a file ``model_type`` says it. Nothing is fetched, pickles are never run. Raises
    MissingOptional, BadSettings, BadWeights.
    """
    path = Path(checkpoint).expanduser()
    if checkpoint and path.is_dir():
        from func_corr_ros.segmentation.sam_folder import FolderNetwork

        return FolderNetwork.load(path, device, sha256)
    registry, predictor = _registry(model_type)
    weights, found = read_weights(path, checkpoint, sha256)
    model = registry[model_type]()
    try:
        model.load_state_dict(weights)
    except (RuntimeError, TypeError) as error:
        raise BadWeights(f"{checkpoint} does not hold a {model_type} (sam.model_type; valid: {_valid(registry)}): "
                         f"{' '.join(str(error).split())[:300]}") from error
    return predictor(placed(model, device)), found


def read_weights(path: Path, checkpoint: str, sha256: str) -> tuple[dict[str, Any], str]:
    """Returns the tensors of a checkpoint file and the file's SHA-256; raises BadWeights.

    A .pth file is a pickle, which could run any code: it is read with weights_only=True, which refuses all but tensors.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not checkpoint or not path.is_file():
        raise BadWeights(f"sam.checkpoint is {checkpoint!r}, which is neither a file nor a folder; {WHERE_FROM}")
    found = checked_hash(path, sha256)
    try:
        weights = load_file(path) if path.suffix == ".safetensors" else torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise BadWeights(f"{path} cannot be read as a file of tensors only ({why}); {WHERE_FROM}") from error
    if not isinstance(weights, dict):
        raise BadWeights(f"{path} holds a {type(weights).__name__}, not named tensors; {WHERE_FROM}")
    return weights, found


def checked_hash(path: Path, sha256: str) -> str:
    """Returns the SHA-256 of a file; raises BadWeights where another one is asked for (empty asks for none)."""
    found = sha256_of_file(path)
    if sha256 not in ("", found):
        raise BadWeights(f"{path} has the SHA-256 {found}, sam.sha256 asks for {sha256}; {WHERE_FROM}")
    return found


def placed(model: Any, name: str) -> Any:
    """Returns a torch model in its place, ready to answer; raises BadSettings for a device that is not there."""
    import torch

    device = ("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name
    try:
        return model.eval().to(device)
    except (RuntimeError, AssertionError) as error:  # torch without CUDA asserts
        raise BadSettings(f"sam.device is {name!r}, which torch cannot use here ({str(error).splitlines()[0]}); valid: auto, cpu"
                          + (", cuda" if torch.cuda.is_available() else "")) from error


def _registry(model_type: str) -> tuple[dict[str, Any], Any]:
    """Returns the makers of models by kind, and the predictor around them."""
    if importlib.util.find_spec("torchvision") is None:
        raise MissingOptional("segment_anything needs torchvision, which is not installed; both come with: "
                              "pip install 'func_corr_ros[sam]'")
    import_torchvision()
    if model_type in MOBILE:
        name, command = MOBILE[model_type]
        if importlib.util.find_spec(name) is None:
            raise MissingOptional(f"sam.model_type {model_type} needs {name}, which is not installed; it comes with: {command}")
        module: Any = importlib.import_module(name)
    else:
        module = require("segment_anything")
    registry = module.sam_model_registry
    if model_type not in registry:
        raise BadSettings(f"sam.model_type is {model_type!r}; valid: {_valid(registry)}")
    return registry, module.SamPredictor


def _valid(registry: dict[str, Any]) -> str:
    return ", ".join(sorted({*registry, *MOBILE}))
