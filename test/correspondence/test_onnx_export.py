# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime makes of the exported graphs what torch makes of the model, for any number of objects and pixels."""
from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from correspondence.heads import ColourBackbone, small_head
from safetensors.torch import load_file

from func_corr_ros.correspondence import onnx_export
from func_corr_ros.correspondence.backbone import IMAGENET_MEAN, IMAGENET_STD, BackboneSettings, Dinov2Backbone
from func_corr_ros.correspondence.embedding import Embedding
from func_corr_ros.correspondence.model import FunctionalCorrespondence
from func_corr_ros.correspondence.object_crop import crop_object, cut_mask, patch_coverage
from func_corr_ros.correspondence.onnx_export import export_onnx
from func_corr_ros.correspondence.trained_head import Decoding
from func_corr_ros.errors import BadSettings, BadWeights, MissingOptional
from func_corr_ros.provenance import sha256_of_file

pytest.importorskip("onnxscript", reason="pip install 'func_corr_ros[export]'")
onnxruntime = pytest.importorskip("onnxruntime", reason="pip install 'func_corr_ros[export]'")

HEADS = {"context": {"width": 24, "blocks": 1, "heads": 3, "channels": 8}, "paper": {"hidden": 16, "image_channels": 8}}
LAST_THREE = BackboneSettings(aggregate="concat")


def model_of(backbone: Dinov2Backbone, kind: str, **changed: object) -> FunctionalCorrespondence:
    head = small_head(
        kind=kind, settings=HEADS[kind], backbone=backbone.name, backbone_sha256=backbone.weights_sha256,
        layers=3, layer_channels=backbone.channels // 3, features=LAST_THREE, **changed,
    )
    return FunctionalCorrespondence(backbone, head=head)


@pytest.fixture(scope="module")
def tiny(tiny_folder: Path) -> Dinov2Backbone:
    return Dinov2Backbone.load(str(tiny_folder), "cpu", "fp32", LAST_THREE, False)


Exported = tuple[FunctionalCorrespondence, Path, dict[str, Any]]


@pytest.fixture(scope="module")
def exports(tiny: Dinov2Backbone, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Exported]:
    """Tiny models by the kind of head, each exported once: torch's exporter takes seconds."""

    @lru_cache
    def made(kind: str) -> Exported:
        model, folder = model_of(tiny, kind), tmp_path_factory.mktemp(kind)
        return model, folder, export_onnx(model, folder, ["pour-with"])

    return made


@pytest.fixture(params=list(HEADS))
def exported(request: pytest.FixtureRequest, exports: Callable[[str], Exported]) -> Exported:
    """A tiny model with a head of each kind, the folder that it was exported to for one function, and what was returned."""
    return exports(request.param)


def as_exported_before(monkeypatch: pytest.MonkeyPatch, folder: Path, *files: str) -> None:
    """Lets the exporter give, for these graphs, what it gave for ``folder``."""
    export = onnx_export._exported
    monkeypatch.setattr(
        onnx_export, "_exported", lambda graph: (folder / graph.file).read_bytes() if graph.file in files else export(graph)
    )


def scene(objects: int, rng: np.random.Generator) -> tuple[np.ndarray, list[np.ndarray]]:
    image = rng.integers(0, 256, (120, 400, 3), dtype=np.uint8)
    masks = [np.zeros((120, 400), dtype=bool) for _ in range(objects)]
    for index, mask in enumerate(masks):
        mask[20 + 5 * index : 90, 130 * index + 10 : 130 * index + 90] = True
    return image, masks


def run(path: Path, outputs: list[str], inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    assert [put.name for put in session.get_inputs()] == list(inputs)
    return session.run(outputs, inputs)


def deployed(folder: Path, image: np.ndarray, masks: list[np.ndarray], wanted: list[Embedding]) -> list[tuple[np.ndarray, ...]]:
    """(plain, grid, features, part) of every object, by the graphs and what export.json says, at the pixels of ``wanted``."""
    told = json.loads((folder / "export.json").read_text())
    crop = wanted[0].window
    cells = told["graphs"]["embed.onnx"]["inputs"]["coverage"]["shape"][-1]
    crops = np.stack([crop_object(image, mask)[0] for mask in masks]).astype(np.float32)
    mean, std = (np.array(told["normalisation"][name], dtype=np.float32) for name in ("mean", "std"))
    shown = [patch_coverage(cut_mask(mask, each.window), crop.size // cells) for mask, each in zip(masks, wanted, strict=True)]
    vector = load_file(folder / told["functions"]["file"])["pour-with"].numpy()
    plain, grid = run(folder / "embed.onnx", ["plain", "grid"], {
        "pixels": ((crops / 255 - mean) / std).transpose(0, 3, 1, 2), "coverage": np.stack(shown)[:, None],
        "text": np.stack([vector] * len(masks)),
    })
    return [
        (*grids, *run(folder / "read.onnx", ["features", "part"], {
            "plain": grids[0], "grid": grids[1], "uv": each.window.crop_from_image(each.uv),
        }))
        for *grids, each in zip(plain, grid, wanted, strict=True)
    ]


def differences(
    folder: Path, model: FunctionalCorrespondence, objects: int, rng: np.random.Generator
) -> tuple[list[float], list[float]]:
    """Largest differences of plain, grid, features and part to those of the model, and as shares of the model's largest."""
    image, masks = scene(objects, rng)
    wanted = model.embed(image, masks, "pour-with")
    absolute, relative = [], []
    for found, each in zip(deployed(folder, image, masks, wanted), wanted, strict=True):
        pairs = zip(found, (each.grid, each.head.grid, each.features, each.part), strict=True)  # type: ignore[union-attr]
        both = [(float((torch.from_numpy(a) - b).abs().max()), float(b.abs().max())) for a, b in pairs]
        absolute.append([one for one, _ in both])
        relative.append([one / largest for one, largest in both])
    return np.max(absolute, axis=0).tolist(), np.max(relative, axis=0).tolist()


@pytest.mark.parametrize("objects", [1, 3])
def test_graphs_agree_with_the_model(exported: Exported, objects: int, rng: np.random.Generator) -> None:
    model, folder, told = exported
    absolute, _ = differences(folder, model, objects, rng)
    print(model.head.spec.kind, objects, absolute)  # type: ignore[union-attr]
    assert max(absolute) < 1e-4
    assert max(value for graph in told["graphs"].values() for value in graph["differs_from_torch"].values()) < 1e-4


def test_what_is_written_says_what_it_is(exported: Exported) -> None:
    model, folder, told = exported
    assert {path.name for path in folder.iterdir()} == {"embed.onnx", "read.onnx", "functions.safetensors", "export.json"}
    read = json.loads((folder / "export.json").read_text())
    assert read == json.loads(json.dumps(told))
    grid = {"context": [9, 32, 32], "paper": [16, 16, 16]}[read["settings"]["kind"]]
    embed, reading = read["graphs"]["embed.onnx"], read["graphs"]["read.onnx"]
    assert {name: put["shape"] for name, put in embed["inputs"].items()} == {
        "pixels": ["objects", 3, 224, 224], "coverage": ["objects", 1, 16, 16], "text": ["objects", 5],
    }
    assert {name: put["shape"] for name, put in embed["outputs"].items()} == {
        "plain": ["objects", 24, 16, 16], "grid": ["objects", *grid],
    }
    assert {name: put["shape"] for name, put in reading["inputs"].items()} == {
        "plain": [24, 16, 16], "grid": grid, "uv": ["points", 2],
    }
    assert read["normalisation"] == {"mean": list(IMAGENET_MEAN), "std": list(IMAGENET_STD)}
    assert read["settings"]["decoding"]["plain"] == 0.4 and read["settings"]["crop"]["size"] == 224
    assert read["sha256"][model.backbone.name] == model.backbone.weights_sha256
    for file in ("embed.onnx", "read.onnx", "functions.safetensors"):
        assert read["sha256"][file] == sha256_of_file(folder / file)
    vectors = load_file(folder / "functions.safetensors")
    assert list(vectors) == read["functions"]["names"] == ["pour-with"]
    assert torch.equal(vectors["pour-with"], model.head.functions["pour-with"])  # type: ignore[union-attr]


def test_graphs_interpolate_no_position_embeddings(exported: Exported) -> None:
    """TensorRT knows no cubic interpolation. The model itself is left as it was."""
    onnx = pytest.importorskip("onnx")
    model, folder, _ = exported
    for file in ("embed.onnx", "read.onnx"):
        graph = onnx.load(str(folder / file)).graph
        kinds = {node.op_type for node in graph.node}
        print(file, sorted(kinds))
        assert "Resize" not in kinds and {node.domain for node in graph.node} <= {"", "ai.onnx"}
    assert model.backbone.model.embeddings.position_embeddings.shape == (1, 26, 24)  # type: ignore[attr-defined]


def test_descriptors_alone_where_plain_features_have_no_weight(
    tiny: Dinov2Backbone, exports: Callable[[str], Exported], tmp_path: Path, rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = model_of(tiny, "context", decoding=Decoding(plain=0.0))
    as_exported_before(monkeypatch, exports("context")[1], "embed.onnx")  # the same weights, no decoding
    told = export_onnx(model, tmp_path)
    assert told["functions"]["names"] == ["cut-with", "pour-with"]
    assert told["graphs"]["read.onnx"]["outputs"]["features"]["shape"] == ["points", 8]
    assert max(differences(tmp_path, model, 2, rng)[0]) < 1e-4


def test_a_graph_that_computes_something_else_is_not_written(
    exports: Callable[[str], Exported], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, folder, _ = exports("context")
    as_exported_before(monkeypatch, folder, "embed.onnx", "read.onnx")
    monkeypatch.setattr(onnx_export, "TOLERANCE", 0.0)
    with pytest.raises(RuntimeError, match="plain of embed.onnx differs by .* nothing was written"):
        export_onnx(model, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_exported_is_refused(
    tiny: Dinov2Backbone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadWeights, match="without a trained head"):
        export_onnx(FunctionalCorrespondence(tiny), tmp_path)
    with pytest.raises(BadWeights, match="a ColourBackbone; only a Dinov2Backbone"):
        export_onnx(FunctionalCorrespondence(ColourBackbone(), head=small_head()), tmp_path)
    model = model_of(tiny, "context")
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingOptional, match=r"func_corr_ros\[export\]"):
        export_onnx(model, tmp_path)
    model.backbone = copy.deepcopy(tiny).half()
    with pytest.raises(BadSettings, match="torch.float16.*'fp32'"):
        export_onnx(model, tmp_path)


@pytest.mark.slow
def test_the_real_backbone_agrees(dinov2_small: Dinov2Backbone, tmp_path: Path, rng: np.random.Generator) -> None:
    backbone = Dinov2Backbone(dinov2_small.model, dinov2_small.name, dinov2_small.weights_sha256, LAST_THREE)
    model = model_of(backbone, "context")
    model.settings = replace(model.settings, max_pixels=500)
    export_onnx(model, tmp_path)
    absolute, relative = differences(tmp_path, model, 2, rng)
    print(absolute, relative)
    assert max(relative) < 1e-3
