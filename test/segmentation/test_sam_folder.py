# SPDX-License-Identifier: Apache-2.0
"""SAM and SAM 2 of transformers around tiny random networks, and MobileSAM's files: loading, prompts, embedding, refusals.

No checkpoint can be had here, so the masks mean nothing; what is tested is what this package adds to the real code.
"""
from __future__ import annotations

import json
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from segmentation.ray_cast import FLOOR, TABLE, Box, View, cast, eye, mug

from func_corr_ros.errors import BadWeights, MissingOptional
from func_corr_ros.pretrained import transformers
from func_corr_ros.provenance import sha256_of_file
from func_corr_ros.segmentation.sam import SamSegmenter, SamSettings
from func_corr_ros.segmentation.sam_folder import FolderNetwork
from func_corr_ros.segmentation.segmenter import Prompts

torch = pytest.importorskip("torch")
SIZE = 64
PROMPTS = {"hidden_size": 32, "image_size": SIZE, "patch_size": 16, "mask_input_channels": 4}
DECODER = {"hidden_size": 32, "mlp_dim": 48, "num_attention_heads": 2, "iou_head_hidden_dim": 16}


def tiny_sam(folder: Path) -> None:
    """Writes a SAM of 64 x 64 px and two layers."""
    library = transformers()
    vision = library.SamVisionConfig(hidden_size=32, output_channels=32, num_hidden_layers=2, num_attention_heads=2,
                                     image_size=SIZE, patch_size=16, window_size=2,
                                     global_attn_indexes=[1], num_pos_feats=16, mlp_dim=48)
    config = library.SamConfig(vision_config=vision, prompt_encoder_config=library.SamPromptEncoderConfig(**PROMPTS),
                               mask_decoder_config=library.SamMaskDecoderConfig(**DECODER))
    library.SamModel(config).save_pretrained(folder)
    library.SamProcessor(library.SamImageProcessor(size={"longest_edge": SIZE}, pad_size={"height": SIZE, "width": SIZE},
                         mask_size={"longest_edge": 16}, mask_pad_size={"height": 16, "width": 16})).save_pretrained(folder)


def tiny_sam2(folder: Path, video: bool = False) -> None:
    """Writes a SAM 2 of 64 x 64 px; with ``video`` as Meta's folders are, which say they hold a video model."""
    library = transformers()
    hiera = library.Sam2HieraDetConfig(hidden_size=8, num_attention_heads=1, image_size=[SIZE, SIZE],
                                       blocks_per_stage=[1, 1, 2, 1],
                                       embed_dim_per_stage=[8, 16, 32, 64], num_attention_heads_per_stage=[1, 1, 2, 2],
                                       window_size_per_stage=[2, 2, 2, 2], global_attention_blocks=[3],
                                       window_positional_embedding_background_size=[2, 2])
    vision = library.Sam2VisionConfig(backbone_config=hiera, backbone_channel_list=[64, 32, 16, 8], fpn_hidden_size=32,
                                      backbone_feature_sizes=[[16, 16], [8, 8], [4, 4]])
    config = library.Sam2Config(vision_config=vision, prompt_encoder_config=library.Sam2PromptEncoderConfig(**PROMPTS),
                                mask_decoder_config=library.Sam2MaskDecoderConfig(**DECODER))
    library.Sam2Model(config).save_pretrained(folder)
    library.Sam2Processor(library.Sam2ImageProcessor(
        size={"height": SIZE, "width": SIZE}, mask_size={"height": 16, "width": 16}), target_size=SIZE).save_pretrained(folder)
    if video:
        about = json.loads((folder / "config.json").read_text())
        about |= {"model_type": "sam2_video", "architectures": ["Sam2VideoModel"]}
        (folder / "config.json").write_text(json.dumps(about))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {name: tmp_path_factory.mktemp(name) for name in ("sam", "sam2", "sam2_video")}
    torch.manual_seed(0)
    tiny_sam(made["sam"])
    tiny_sam2(made["sam2"])
    tiny_sam2(made["sam2_video"], video=True)
    return made


@pytest.fixture(scope="module")
def view() -> View:
    box = Box("box", (40, 90, 200), center=(-0.15, 0.05, 0.05), size=(0.08, 0.06, 0.1))
    return cast([FLOOR, TABLE, box, *mug(0.0, 0.0)], eye(40))


@pytest.mark.parametrize("kind", ["sam", "sam2", "sam2_video"])
def test_boxes_and_clicks_give_masks_and_one_embedding(kind: str, folders: dict[str, Path], view: View) -> None:
    segmenter = SamSegmenter(SamSettings(checkpoint=str(folders[kind]), device="cpu"))
    assert segmenter.weights_sha256 == sha256_of_file(folders[kind] / "model.safetensors")
    network, images = segmenter._predictor, []
    set_image = network.set_image
    network.set_image = lambda image: (images.append(image), set_image(image))[1]
    boxes = {"box": np.array([100.0, 80.0, 300.0, 300.0]), "point_coords": None, "point_labels": None}
    network.set_image(view.frame.color)
    for asked, count in (
        ({**boxes, "multimask_output": False}, 1),
        ({"box": None, "point_coords": np.array([[320.0, 240.0]]), "point_labels": np.array([1]), "multimask_output": True}, 3),
        ({"box": boxes["box"], "point_coords": np.array([[200.0, 200.0], [110.0, 90.0]]), "point_labels": np.array([1, 0]),
          "multimask_output": False}, 1),
    ):
        masks, qualities, _ = network.predict(**asked)
        assert masks.shape == (count, 480, 640) and masks.dtype == bool and qualities.shape == (count,)
    images.clear()
    segmenter.settings = SamSettings(checkpoint=str(folders[kind]), min_quality=0.0)
    try:
        found = segmenter.segment(view.frame)  # boxes of the table top; random masks may be empty
    except Exception as error:
        assert "none of 2 masks" in str(error)
    else:
        assert found.labels.shape == (480, 640) and found.support is not None
    segmenter.segment(view.frame, Prompts(np.array([[320.0, 240.0]]), np.ones(1, dtype=np.int64), np.zeros((0, 4))))
    assert len(images) == 1, "the same image is embedded once"


def test_a_click_reaches_the_network_at_its_place(folders: dict[str, Path], view: View) -> None:
    """SAM 2 embeds prompts by the image's size: the middle of the picture is the middle of the network's square."""
    network, _ = FolderNetwork.load(folders["sam2"], "cpu", "")
    network.set_image(view.frame.color)
    seen: list = []
    model, forward = network._model, network._model.forward
    model.forward = lambda **given: (seen.append(given["input_points"]), forward(**given))[1]
    network.predict(box=None, point_coords=np.array([[320.0, 240.0]]), point_labels=np.array([1]), multimask_output=True)
    np.testing.assert_allclose(seen[0].numpy().ravel(), [32.0, 32.0], atol=0.1)


def test_the_same_answer_as_the_library_gives(folders: dict[str, Path], view: View) -> None:
    library = transformers()
    model = library.SamModel.from_pretrained(folders["sam"]).eval()
    processor = library.SamProcessor.from_pretrained(folders["sam"])
    given = processor(images=[view.frame.color], input_boxes=[[[100.0, 80.0, 300.0, 300.0]]], return_tensors="pt")
    with torch.inference_mode():
        out = model(**{key: value for key, value in given.items() if key in ("pixel_values", "input_boxes")} | {
            "input_boxes": given["input_boxes"].float()}, multimask_output=False)
    (expected,) = processor.post_process_masks(out.pred_masks, given["original_sizes"], given["reshaped_input_sizes"])
    network, _ = FolderNetwork.load(folders["sam"], "cpu", "")
    network.set_image(view.frame.color)
    masks, qualities, _ = network.predict(box=np.array([100.0, 80.0, 300.0, 300.0]), point_coords=None, point_labels=None,
                                          multimask_output=False)
    np.testing.assert_array_equal(masks, expected[0].numpy().astype(bool))
    np.testing.assert_allclose(qualities, out.iou_scores[0, 0].numpy(), atol=1e-5)


def test_folders_that_hold_something_else_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(BadWeights, match=r"holds no \*.safetensors"):
        FolderNetwork.load(tmp_path, "cpu", "")
    (tmp_path / "model.safetensors").write_bytes((folders["sam"] / "model.safetensors").read_bytes())
    with pytest.raises(BadWeights, match="holds no config.json"):
        FolderNetwork.load(tmp_path, "cpu", "")
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(BadWeights, match="holds a bert; valid: sam, sam2"):
        FolderNetwork.load(tmp_path, "cpu", "")
    with pytest.raises(BadWeights, match="sam.sha256 asks for 00"):
        FolderNetwork.load(folders["sam"], "cpu", "00")
    for name in ("config.json", "preprocessor_config.json", "processor_config.json"):
        if (folders["sam2"] / name).is_file():
            (tmp_path / name).write_text((folders["sam2"] / name).read_text())
    with pytest.raises(BadWeights, match="lacks .* tensors of Sam2Model|cannot be read as Sam2Model"):
        FolderNetwork.load(tmp_path, "cpu", "")


def test_mobile_sam_is_the_same_face_of_another_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MobileSAM is on no registry: a stand-in package builds a tiny network of its kind."""
    checkpoint = tmp_path / "mobile_sam.pt"
    torch.save(torch.nn.Linear(2, 2).state_dict(), checkpoint)
    with pytest.raises(MissingOptional, match="needs mobile_sam, .*MobileSAM"):
        SamSegmenter(SamSettings(checkpoint=str(checkpoint), model_type="vit_t"))
    module = types.ModuleType("mobile_sam")
    module.__spec__ = types.SimpleNamespace(name="mobile_sam")
    module.sam_model_registry = {"vit_t": lambda checkpoint=None: torch.nn.Linear(2, 2)}
    module.SamPredictor = type("SamPredictor", (), {
        "__init__": lambda self, model: setattr(self, "model", model), "set_image": lambda self, image: None,
        "predict": lambda self, **prompts: None,
    })
    monkeypatch.setitem(sys.modules, "mobile_sam", module)
    segmenter = SamSegmenter(SamSettings(checkpoint=str(checkpoint), model_type="vit_t", device="cpu"))
    assert not segmenter._predictor.model.training and segmenter.weights_sha256 == sha256_of_file(checkpoint)
