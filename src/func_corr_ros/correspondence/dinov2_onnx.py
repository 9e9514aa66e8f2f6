# SPDX-License-Identifier: Apache-2.0
"""DINOv2's tensors out of an ONNX graph that was exported from transformers, under the names transformers 5 gives them."""
from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch

from func_corr_ros.correspondence.weights import StateDict
from func_corr_ros.errors import BadWeights
from func_corr_ros.optional import require

# The export's names follow transformers 4; transformers 5 renamed the projections.
_RENAMED = {
    "attention.attention.query": "attention.q_proj",
    "attention.attention.key": "attention.k_proj",
    "attention.attention.value": "attention.v_proj",
    "attention.output.dense": "attention.o_proj",
}
_LINEAR = "attention/attention/(?:query|key|value)|attention/output/dense|mlp/fc[12]"
_MATMUL = re.compile(rf"/backbone/(encoder/layer\.\d+/(?:{_LINEAR}))/MatMul")
# Position embeddings were folded into constants; these nodes read them (class token first, patches second).
_POSITIONS = ("/backbone/embeddings/Concat_6", "/backbone/embeddings/Reshape_1")


def read_dinov2(path: Path) -> StateDict:
    """Returns the backbone's tensors in ONNX file ``path``, for a strict load into ``Dinov2Model``.

    Initialisers called ``backbone.*`` map by name; the constants of MatMul nodes map by the node's name and are
    transposed (x @ W in ONNX, x @ W.T in torch). Raises BadWeights where an initialiser is neither mapped nor part of
    the decoder.
    """
    graph = require("onnx").load(str(path)).graph
    constants = {item.name: item for item in graph.initializer}
    tensors: StateDict = {}
    for name in [name for name in constants if name.startswith("backbone.")]:
        tensors[_transformers_name(name.removeprefix("backbone."))] = _tensor(constants.pop(name))
    nodes = {node.name: node for node in graph.node}
    for name, node in nodes.items():
        if matched := _MATMUL.fullmatch(name):
            key = _transformers_name(matched[1].replace("/", ".") + ".weight")
            tensors[key] = _tensor(_pop(constants, node)).T.contiguous()
    positions = [_tensor(_pop(constants, nodes.get(name))) for name in _POSITIONS]
    tensors["embeddings.position_embeddings"] = torch.cat(positions, dim=1)
    # The export dropped the token that stands for masked patches in pre-training. Nothing reads it at inference; zero is
    # also what transformers initialises it with.
    tensors["embeddings.mask_token"] = torch.zeros(1, tensors["embeddings.cls_token"].shape[-1])
    left = [name for name in constants if not name.startswith("decoder.")]
    if left:
        raise BadWeights(f"{path}: {len(left)} tensors of the graph were not understood: {', '.join(left[:5])}")
    return tensors


def _pop(constants: dict[str, Any], node: Any) -> Any:
    for name in node.input if node is not None else ():
        if name in constants:
            return constants.pop(name)
    raise BadWeights(f"node {node.name if node is not None else _POSITIONS} of the graph reads no constant: it is another export")


def _tensor(initialiser: Any) -> torch.Tensor:
    return torch.from_numpy(require("onnx").numpy_helper.to_array(initialiser).copy())


def _transformers_name(name: str) -> str:
    for old, new in _RENAMED.items():
        name = name.replace(old, new)
    return name
