# SPDX-License-Identifier: Apache-2.0
"""A trained head on its backbone as two ONNX graphs, for runtimes without torch: ``embed`` makes grids of objects that are cut
out, ``read`` makes descriptors of any of their pixels. Both are held to torch before they are written.
"""
from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float32
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn.functional import normalize

from func_corr_ros.correspondence.backbone import IMAGENET_MEAN, IMAGENET_STD, Dinov2Backbone
from func_corr_ros.correspondence.function_words import FunctionWords
from func_corr_ros.correspondence.match_groups import PART
from func_corr_ros.correspondence.model import FunctionalCorrespondence, looks
from func_corr_ros.correspondence.patch_grid import sample_grid
from func_corr_ros.correspondence.trained_head import TrainedHead
from func_corr_ros.errors import BadSettings, BadWeights
from func_corr_ros.optional import require
from func_corr_ros.provenance import provenance, sha256_of_file, whole_file, write_json

EMBED, READ, FUNCTIONS, TOLD = "embed.onnx", "read.onnx", "functions.safetensors", "export.json"
OPSET = 18
# A graph may differ from torch by this share of its largest output; float32 sums in another order stay well below.
TOLERANCE = 1e-3
# How to get from an image to matches with the two graphs, for who reads export.json.
USE = (
    "cut out each object as settings.crop says: a square of margin x the longer side of its mask's box, centred on that, resized "
    "to size; what is not the object has the colour of background (mean: 124, 116, 104; white: 255; original: its own)",
    "pixels are (RGB / 255 - mean) / std; coverage is the mask's share of each patch; text is the function's vector, per object",
    f"{EMBED} makes plain and grid of all objects; {READ} reads those of one object at uv, columns and rows of the crop's "
    "pixels, whose centres are integers",
    f"features are unit vectors: a pixel of the functional part (part > {PART}) is matched with the target's pixel of that part "
    "that has the greatest dot product; any other with one of the others, by the last channels alone, as many as plain has (the "
    "backbone's own features), made unit vectors; where either object shows no such part, all pixels with all",
    "a match is refined to the mean of the target's pixels within settings.decoding.refine_reach x size of it, weighted by "
    "exp(dot product / settings.decoding.refine_temperature)",
    "of a mirror image, flip pixels and coverage left-right, and flip plain and grid back",
)


@dataclass(frozen=True)
class _Graph:
    """A module to export: its ``inputs`` and ``outputs`` by name, and the ``free`` ones' first axis, called ``axis``."""

    file: str
    module: nn.Module
    inputs: Mapping[str, Tensor]
    outputs: tuple[str, ...]
    axis: str
    free: tuple[str, ...]


def export_onnx(model: FunctionalCorrespondence, folder: Path, functions: Sequence[str] = ()) -> dict[str, Any]:
    """Writes to ``folder``: embed.onnx, read.onnx, functions.safetensors (a float32 vector by each name), and export.json, which
    says what goes in, what comes out and how to use it; returns the latter. ``functions`` are names or words, those that the
    head was trained on if empty.

    Raises BadWeights for a model without a head or on a backbone that is no Dinov2Backbone, BadSettings for one that is not in
    float32 on the CPU, UnknownFunction, and MissingOptional where the extra "export" is not installed.
    """
    head, backbone = _parts(model)
    words = FunctionWords(head, model.settings.strict_functions)
    vectors = {name: words.vector(name).contiguous() for name in functions or sorted(head.functions)}
    graphs = _graphs(head, backbone)
    with _positions_fixed(backbone, head.spec.crop.size):
        files = {graph.file: _exported(graph) for graph in graphs}
    checked = {graph.file: _checked(graph, files[graph.file]) for graph in graphs}
    files[FUNCTIONS] = save(vectors)
    for file, content in files.items():
        with whole_file(folder / file) as written:
            written.write(content)
    hashes = {
        **{file: sha256_of_file(folder / file) for file in files},
        head.name: head.sha256, backbone.name: backbone.weights_sha256, head.spec.text_encoder: head.spec.text_encoder_sha256,
    }
    told = {
        "head": head.name,
        "graphs": checked,
        "functions": {"file": FUNCTIONS, "names": sorted(vectors)},
        "normalisation": {"mean": IMAGENET_MEAN, "std": IMAGENET_STD},
        "use": USE,
        "opset": OPSET,
        "torch": torch.__version__,
        **provenance(head.spec, hashes),
    }
    write_json(folder / TOLD, told)
    return told


class _Embed(nn.Module):
    """What the model's ``embed`` does with crops: the mean of the backbone's last blocks, and the head's grid."""

    def __init__(self, head: TrainedHead, backbone: Dinov2Backbone) -> None:
        super().__init__()
        self.backbone, self.network, self.layers = backbone, head.network, head.spec.layers
        self.cells = head.spec.crop.size // backbone.patch_size

    def forward(
        self, pixels: Float32[Tensor, "b 3 size size"], coverage: Float32[Tensor, "b 1 gh gw"], text: Float32[Tensor, "b t"]
    ) -> tuple[Float32[Tensor, "b c gh gw"], Float32[Tensor, "b d fh fw"]]:
        tokens = self.backbone._aggregated(pixels)[:, 1:].transpose(1, 2)
        features = tokens.unflatten(2, (self.cells, self.cells))
        layers = features.unflatten(1, (self.layers, -1))
        return looks(layers), self.network.grid(features, coverage, text)


class _Read(nn.Module):
    """What ``embedding.read_grids`` does at pixels of the crop: unit features, and the probability of the functional part."""

    def __init__(self, head: TrainedHead) -> None:
        super().__init__()
        self.network, self.size, self.plain = head.network, head.spec.crop.size, head.spec.decoding.plain

    def forward(
        self, plain: Float32[Tensor, "c gh gw"], grid: Float32[Tensor, "d fh fw"], uv: Float32[Tensor, "n 2"]
    ) -> tuple[Float32[Tensor, "n e"], Float32[Tensor, " n"]]:
        features, logits = self.network.finish(sample_grid(grid, uv, self.size / grid.shape[2]))
        if self.plain > 0.0:
            own = normalize(sample_grid(plain, uv, self.size / plain.shape[2]), dim=1)
            features = torch.cat([features, self.plain**0.5 * own], dim=1) / (1.0 + self.plain) ** 0.5
        return features, torch.sigmoid(logits)


def _parts(model: FunctionalCorrespondence) -> tuple[TrainedHead, Dinov2Backbone]:
    head, backbone = model.head, model.backbone
    if head is None:
        raise BadWeights(f"{backbone.name} is a backbone without a trained head; name a head's file, folder or repository")
    if not isinstance(backbone, Dinov2Backbone):
        raise BadWeights(f"{head.name} is on {backbone.name}, a {type(backbone).__name__}; only a Dinov2Backbone can be exported")
    if backbone.device.type != "cpu" or backbone.dtype != torch.float32:
        raise BadSettings(f"the model is on {backbone.device} in {backbone.dtype}; load it with device 'cpu' and dtype 'fp32' "
                          "(the runtime chooses its own precision)")
    return head, backbone


def _graphs(head: TrainedHead, backbone: Dinov2Backbone) -> list[_Graph]:
    """Returns both graphs, with inputs that are drawn; a free axis of length 1 would be taken for a fixed one."""
    spec, draw = head.spec, torch.Generator().manual_seed(0)
    embed, read = _Embed(head, backbone), _Read(head)
    shown = torch.rand(3, 1, embed.cells, embed.cells, generator=draw)
    pixels = torch.randn(3, 3, spec.crop.size, spec.crop.size, generator=draw)
    text = normalize(torch.randn(3, spec.text_channels, generator=draw), dim=1)
    objects = {"pixels": pixels, "coverage": shown * (shown > 0.3), "text": text}
    with torch.no_grad():
        plain, grid = embed(**objects)
    points = {"plain": plain[0], "grid": grid[0], "uv": torch.rand(50, 2, generator=draw) * spec.crop.size}
    return [
        _Graph(EMBED, embed, objects, ("plain", "grid"), "objects", ("pixels", "coverage", "text")),
        _Graph(READ, read, points, ("features", "part"), "points", ("uv",)),
    ]


@contextmanager
def _positions_fixed(backbone: Dinov2Backbone, size: int) -> Iterator[None]:
    """Gives the backbone position embeddings of crops of ``size`` px for a while, so that graphs need not interpolate them."""
    embeddings = backbone.model.embeddings
    kept = embeddings.position_embeddings
    tokens = kept.new_zeros(1, 1 + (size // backbone.patch_size) ** 2, kept.shape[-1])
    with torch.no_grad():
        fixed = embeddings.interpolate_pos_encoding(tokens, size, size)
    embeddings.position_embeddings = nn.Parameter(fixed, requires_grad=False)
    try:
        yield
    finally:
        embeddings.position_embeddings = kept


def _exported(graph: _Graph) -> bytes:
    """Returns the ONNX file's content. The exporter is torch.export's; the older one, which only traces, is on its way out and
    takes sizes of tensors for computed numbers.
    """
    require("onnxscript")
    free = {name: {0: graph.axis} if name in graph.free else None for name in graph.inputs}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # several inputs share an axis, and deprecations inside torch
        program = torch.onnx.export(
            graph.module.eval(), tuple(graph.inputs.values()), dynamo=True, opset_version=OPSET, dynamic_shapes=free,
            input_names=list(graph.inputs), output_names=list(graph.outputs), external_data=False, verbose=False,
        )
    content: bytes = program.model_proto.SerializeToString()
    return content


def _checked(graph: _Graph, content: bytes) -> dict[str, Any]:
    """Returns the shapes of what goes in and comes out, and the largest difference between ONNX Runtime and torch."""
    session = require("onnxruntime").InferenceSession(content, providers=["CPUExecutionProvider"])
    found = session.run(list(graph.outputs), {name: value.numpy() for name, value in graph.inputs.items()})
    with torch.no_grad():
        wanted = graph.module(*graph.inputs.values())
    differences = {}
    for name, one, other in zip(graph.outputs, map(torch.from_numpy, found), wanted, strict=True):
        differences[name], largest = float((one - other).abs().max()), float(other.abs().max())
        if not differences[name] <= TOLERANCE * largest:
            raise RuntimeError(f"{name} of {graph.file} differs by {differences[name]} (of {largest}) from torch "
                               f"{torch.__version__}; nothing was written. Use the versions of requirements.lock")
    return {
        "inputs": {put.name: {"shape": put.shape, "type": put.type} for put in session.get_inputs()},
        "outputs": {put.name: {"shape": put.shape, "type": put.type} for put in session.get_outputs()},
        "differs_from_torch": differences,
    }
