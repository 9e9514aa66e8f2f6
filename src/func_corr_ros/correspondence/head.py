# SPDX-License-Identifier: Apache-2.0
"""Heads: what turns a backbone's patch features into descriptors of function, given what the object shall serve for.

A head has two halves. ``grid`` runs once per object on the patch grid and holds everything that interpolation leaves intact;
``finish`` runs at the places that are asked for, on what was interpolated from the grid.
"""
from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import dropout, layer_norm, normalize, pixel_shuffle, scaled_dot_product_attention

from func_corr_ros.settings import setting


@dataclass(frozen=True)
class PaperHeadSettings:
    """The head of arXiv 2509.03893."""

    image_channels: int = setting(512, "channels of the projected image features", at_least=1)
    hidden: int = setting(1024, "channels of the two hidden layers", at_least=1)
    channels: int = setting(256, "length of a descriptor", at_least=1)
    region: bool = setting(True, "predict the functional part too")


@dataclass(frozen=True)
class ContextHeadSettings:
    """Our head: attention over the object's patches, steered by the function, and a finer grid of descriptors."""

    width: int = setting(192, "channels of the attention blocks", at_least=16)
    blocks: int = setting(3, "attention blocks; with none, no patch knows of the others", at_least=0, at_most=24)
    heads: int = setting(6, "attention heads; they divide the width", at_least=1)
    channels: int = setting(128, "length of a descriptor", at_least=1)
    finer: int = setting(2, "cells of the descriptors' grid per patch, each way", at_least=1, at_most=4)
    function: bool = setting(True, "steer by the function; without, features are the same for all")
    dropped: float = setting(0.0, "share of values hidden in training, at entry and in each block", at_least=0.0, at_most=0.9)


class PaperHead(nn.Module):
    """Weighted sum of the layers, projected and joined with the text, then a perceptron at every pixel.

    Its first layer is linear: image half and text half run on the grid (exact with border padding), ``finish`` is the rest.
    """

    def __init__(
        self, layers: int, layer_channels: int, text_channels: int, settings: PaperHeadSettings = PaperHeadSettings()
    ) -> None:
        super().__init__()
        self.settings, self.layers = settings, layers
        self.layer_weights = nn.Parameter(torch.zeros(layers))
        self.project = nn.Linear(layer_channels, settings.image_channels)
        self.first_image = nn.Linear(settings.image_channels, settings.hidden)
        self.first_text = nn.Linear(text_channels, settings.hidden, bias=False)
        self.second = nn.Linear(settings.hidden, settings.hidden)
        self.third = nn.Linear(settings.hidden, settings.channels)
        self.region = nn.Linear(settings.channels, 1) if settings.region else None

    def grid(
        self, features: Float[Tensor, "b lc gh gw"], coverage: Float[Tensor, "b 1 gh gw"], text: Float[Tensor, "b t"]
    ) -> Float[Tensor, "b h gh gw"]:
        """Returns the first hidden layer before its ReLU; ``coverage`` is not used."""
        b, _, gh, gw = features.shape
        layers = features.reshape(b, self.layers, -1, gh, gw)
        mixed = torch.einsum("l,blchw->bhwc", self.layer_weights.softmax(0), layers)
        hidden = self.first_image(normalize(self.project(mixed), dim=-1)) + self.first_text(text)[:, None, None]
        return hidden.permute(0, 3, 1, 2)

    def finish(self, sampled: Float[Tensor, "*n h"]) -> tuple[Float[Tensor, "*n d"], Float[Tensor, "*n"]]:
        """Returns unit descriptors, and the logit of being in the functional part (0 without that half)."""
        descriptors = normalize(self.third(torch.relu(self.second(torch.relu(sampled)))), dim=-1)
        return descriptors, descriptors[..., 0] * 0 if self.region is None else self.region(descriptors)[..., 0]


class ContextHead(nn.Module):
    """Attention over the object's patches, each block scaled and shifted by the function (adaptive layer norm, Peebles and Xie
    2023), then sub-pixel convolution (Shi et al. 2016) to a finer grid of descriptors and region logits.
    """

    def __init__(
        self, layers: int, layer_channels: int, text_channels: int, settings: ContextHeadSettings = ContextHeadSettings()
    ) -> None:
        super().__init__()
        self.settings, self.layers = settings, layers
        width, finer = settings.width, settings.finer
        self.enter = nn.Linear(layers * layer_channels, width)
        self.coverage = nn.Linear(1, width)
        self.place = nn.Linear(4 * _FREQUENCIES, width)
        self.function = nn.Sequential(nn.Linear(text_channels, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.blocks = nn.ModuleList(_Block(width, settings.heads, settings.dropped) for _ in range(settings.blocks))
        self.leave = nn.Linear(width, 2 * width)
        self.to_cells = nn.Linear(width, (settings.channels + 1) * finer**2)
        self.smooth = nn.Conv2d(settings.channels + 1, settings.channels + 1, 3, padding=1, padding_mode="replicate")
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)
        with torch.no_grad():  # begins as the identity
            self.smooth.weight.mul_(0.1)
            self.smooth.bias.zero_()
            self.smooth.weight[:, :, 1, 1] += torch.eye(settings.channels + 1)

    def grid(
        self, features: Float[Tensor, "b lc gh gw"], coverage: Float[Tensor, "b 1 gh gw"], text: Float[Tensor, "b t"]
    ) -> Float[Tensor, "b d fh fw"]:
        """Returns descriptors and, last, region logits on the finer grid. ``coverage`` is the object's share of each patch."""
        b, _, gh, gw = features.shape
        layers = features.reshape(b, self.layers, -1, gh, gw).permute(0, 3, 4, 1, 2)
        layers = layer_norm(layers, layers.shape[-1:])  # layers differ in scale by orders of magnitude
        shown = coverage.permute(0, 2, 3, 1).reshape(b, gh * gw, 1)
        places = self.place(_places(gh, gw).to(features.device, non_blocking=True))
        entered = dropout(layers.reshape(b, gh * gw, -1), self.settings.dropped, self.training)
        tokens = self.enter(entered) + self.coverage(shown) + places
        function = self.function(text if self.settings.function else torch.zeros_like(text))
        keys = (shown > 0.0)[:, None, None, :, 0]
        keys = keys | ~keys.any(dim=-1, keepdim=True)
        for block in self.blocks:
            tokens = block(tokens, function, keys)
        scale, shift = self.leave(function)[:, None].chunk(2, dim=-1)
        tokens = layer_norm(tokens, tokens.shape[-1:]) * (1.0 + scale) + shift
        cells = self.to_cells(tokens).transpose(1, 2).reshape(b, -1, gh, gw)
        return self.smooth(pixel_shuffle(cells, self.settings.finer))

    def finish(self, sampled: Float[Tensor, "*n d"]) -> tuple[Float[Tensor, "*n c"], Float[Tensor, "*n"]]:
        """Returns unit descriptors, and the logit of being in the functional part."""
        return normalize(sampled[..., :-1], dim=-1), sampled[..., -1]


class _Block(nn.Module):
    """Attention and perceptron, each behind a layer norm that the function scales, shifts and gates."""

    def __init__(self, width: int, heads: int, dropped: float) -> None:
        super().__init__()
        self.heads, self.dropped = heads, dropped
        self.steer = nn.Linear(width, 6 * width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, 3 * width), nn.Linear(3 * width, width)
        nn.init.zeros_(self.steer.weight)
        with torch.no_grad():  # gates begin open, at one
            self.steer.bias.copy_(torch.cat([torch.zeros(2 * width), torch.ones(width)]).repeat(2))

    def forward(self, tokens: Float[Tensor, "b n w"], function: Float[Tensor, "b w"], keys: Tensor) -> Float[Tensor, "b n w"]:
        b, n, width = tokens.shape
        scale, shift, gate, scale2, shift2, gate2 = self.steer(function)[:, None].chunk(6, dim=-1)
        normed = layer_norm(tokens, (width,)) * (1.0 + scale) + shift
        q, k, v = self.qkv(normed).reshape(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        seen = scaled_dot_product_attention(q, k, v, attn_mask=keys).transpose(1, 2).reshape(b, n, width)
        tokens = tokens + gate * dropout(self.out(seen), self.dropped, self.training)
        normed = layer_norm(tokens, (width,)) * (1.0 + scale2) + shift2
        return tokens + gate2 * dropout(self.narrow(nn.functional.gelu(self.widen(normed))), self.dropped, self.training)


_FREQUENCIES = 8


def _places(gh: int, gw: int) -> Float[Tensor, "n f"]:
    """Returns sines and cosines of the cells' rows and columns (Vaswani et al. 2017), over the picture's size."""
    rows, columns = torch.meshgrid((torch.arange(gh) + 0.5) / gh, (torch.arange(gw) + 0.5) / gw, indexing="ij")
    waves = math.pi * 2.0 ** (0.5 * torch.arange(_FREQUENCIES))
    angles = [(at.reshape(-1, 1) - 0.5) * waves for at in (rows, columns)]
    return torch.cat([part(angle) for angle in angles for part in (torch.sin, torch.cos)], dim=1)


# kind -> network and its settings
HEADS: dict[str, tuple[type[nn.Module], type]] = {
    "context": (ContextHead, ContextHeadSettings), "paper": (PaperHead, PaperHeadSettings),
}
