# SPDX-License-Identifier: Apache-2.0
"""What a function is called, as a vector: phrases in, one unit vector each out."""
from __future__ import annotations

import hashlib
import pkgutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float32, Float64
from torch import nn

from func_corr_ros import pretrained
from func_corr_ros.correspondence.backbone import chosen_device
from func_corr_ros.correspondence.weights import load_manifest, verify
from func_corr_ros.errors import BadSettings, BadWeights
from func_corr_ros.optional import require
from func_corr_ros.provenance import sha256_of_file


@runtime_checkable
class TextEncoder(Protocol):
    """What the model needs of a text encoder: who it is, and a unit vector per phrase."""

    name: str
    weights_sha256: str
    channels: int

    def encode(self, phrases: Sequence[str]) -> Float32[torch.Tensor, "n t"]:
        """Returns one vector of length 1 per phrase; what the others in the list are changes nothing."""
        ...


def phrase(function: str) -> str:
    """Returns a function's name as words: "pick up-with" becomes "pick up with"."""
    return " ".join(function.replace("-", " ").replace("_", " ").split())


class SentenceEncoder(nn.Module):
    """A sentence transformer: the mean of the last layer over a phrase's tokens (Reimers and Gurevych, EMNLP 2019)."""

    def __init__(self, model: nn.Module, tokenizer: Any, name: str, weights_sha256: str) -> None:
        super().__init__()
        self.model, self.tokenizer = model, tokenizer
        self.name, self.weights_sha256 = name, weights_sha256
        self.channels = int(model.config.hidden_size)
        self.eval().requires_grad_(False)

    @torch.no_grad()
    def encode(self, phrases: Sequence[str]) -> Float32[torch.Tensor, "n t"]:
        """See :meth:`TextEncoder.encode`. Raises BadSettings for an empty phrase."""
        tokens = self.tokenizer(_worded(phrases), padding=True, truncation=True, return_tensors="pt").to(self.model.device)
        hidden = self.model(**tokens).last_hidden_state.float()
        real = tokens["attention_mask"][..., None].float()
        return nn.functional.normalize((hidden * real).sum(dim=1) / real.sum(dim=1), dim=1)

    @classmethod
    def load(cls, name_or_path: str, device: str, download: bool) -> SentenceEncoder:
        """See :func:`load_text_encoder`."""
        transformers = pretrained.transformers()
        weights = _weights_file(name_or_path, "model.safetensors", ["*.json", "model.safetensors", "vocab.txt"], download)
        try:
            with pretrained.no_progress_bar():
                model = transformers.AutoModel.from_pretrained(weights.parent, local_files_only=True, use_safetensors=True)
            tokenizer = transformers.AutoTokenizer.from_pretrained(weights.parent, local_files_only=True)
        except Exception as error:  # transformers and safetensors raise many kinds for a damaged folder
            raise BadWeights(f"{weights.parent} could not be read as a sentence transformer: {error}") from error
        return cls(model.to(device), tokenizer, name_or_path, sha256_of_file(weights))


class ClipTextEncoder(nn.Module):
    """The text tower of a CLIP model, read by open_clip (Radford et al., ICML 2021); the paper uses that of ViT-B/32."""

    def __init__(self, model: nn.Module, tokenizer: Any, name: str, weights_sha256: str) -> None:
        super().__init__()
        self.model, self.tokenizer = model, tokenizer
        self.name, self.weights_sha256 = name, weights_sha256
        self.eval().requires_grad_(False)
        self.channels = int(self.encode(["pour with"]).shape[1])

    @torch.no_grad()
    def encode(self, phrases: Sequence[str]) -> Float32[torch.Tensor, "n t"]:
        """See :meth:`TextEncoder.encode`. Raises BadSettings for an empty phrase."""
        device = next(self.model.parameters()).device
        found = self.model.encode_text(self.tokenizer(_worded(phrases)).to(device))
        return nn.functional.normalize(found.float(), dim=1)

    @classmethod
    def load(cls, name_or_path: str, device: str, download: bool) -> ClipTextEncoder:
        """See :func:`load_text_encoder`."""
        open_clip = require("open_clip")
        weights = _weights_file(name_or_path, "open_clip_model.safetensors", ["*.json", "*.txt", "open_clip_model.safetensors"],
                                download)
        source = f"local-dir:{weights.parent}"
        try:
            model, tokenizer = open_clip.create_model(source, device=device), open_clip.get_tokenizer(source)
        except Exception as error:  # open_clip raises many kinds for a damaged folder
            raise BadWeights(f"{weights.parent} could not be read by open_clip: {error}") from error
        del model.visual  # only words are encoded here
        return cls(model, tokenizer, name_or_path, sha256_of_file(weights))


class WordHashes:
    """Words without meaning, each a direction of its own that its letters draw: what other encoders are held against."""

    channels = 384

    def __init__(self, name: str) -> None:
        self.name = name
        self.weights_sha256 = hashlib.sha256(b"normal directions drawn by NumPy's PCG64 from the SHA-256 of words").hexdigest()

    def encode(self, phrases: Sequence[str]) -> Float32[torch.Tensor, "n t"]:
        """See :meth:`TextEncoder.encode`. Raises BadSettings for an empty phrase."""
        sums = [sum(self._of(word) for word in words.lower().split()) for words in _worded(phrases)]
        return nn.functional.normalize(torch.from_numpy(np.array(sums, np.float32)), dim=1)

    def _of(self, word: str) -> Float64[np.ndarray, " t"]:
        seed = int.from_bytes(hashlib.sha256(word.encode()).digest(), "big")
        return np.random.default_rng(seed).standard_normal(self.channels)

    @classmethod
    def load(cls, name_or_path: str, device: str, download: bool) -> WordHashes:
        """See :func:`load_text_encoder`."""
        return cls(name_or_path)


def load_text_encoder(name_or_path: str, device: str = "cpu", download: bool = False) -> TextEncoder:
    """Returns a text encoder: a name of ``TEXT_ENCODERS``, or a folder with a CLIP model (open_clip_config.json and
    open_clip_model.safetensors) or a sentence transformer (config.json and model.safetensors).

    Nothing is fetched from the network unless ``download`` is True. Raises BadWeights where the weights are missing, damaged,
    or not what the manifest says; BadSettings for a device there is not.
    """
    from func_corr_ros.correspondence import TEXT_ENCODERS

    folder = Path(name_or_path)
    if name_or_path in TEXT_ENCODERS:
        kind: Any = pkgutil.resolve_name(TEXT_ENCODERS[name_or_path])
    elif folder.is_dir():
        kind = ClipTextEncoder if (folder / "open_clip_config.json").is_file() else SentenceEncoder
    else:
        raise BadWeights(f"no text encoder {name_or_path!r}; valid: {', '.join(TEXT_ENCODERS)}, or a folder")
    encoder: TextEncoder = kind.load(name_or_path, chosen_device(device), download)
    return encoder


def _weights_file(name_or_path: str, file: str, wanted: list[str], download: bool) -> Path:
    entry = load_manifest().get(name_or_path)
    if entry is not None and entry.distribution is not None:
        weights = entry.path()
    else:
        weights = pretrained.model_folder(entry.hub if entry and entry.hub else name_or_path, wanted, download) / file
    if not weights.is_file():
        raise BadWeights(f"{weights} is missing (pickles are never opened)")
    verify(str(weights), sha256_of_file(weights), entry.sha256 if entry is not None else None)
    return weights


def _worded(phrases: Sequence[str]) -> list[str]:
    empty = [index for index, words in enumerate(phrases) if not words.strip()]
    if empty or not phrases:
        raise BadSettings(f"{len(phrases)} phrases were given, {len(empty)} of them empty; each must have a word")
    return list(phrases)
