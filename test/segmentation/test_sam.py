# SPDX-License-Identifier: Apache-2.0
"""Segment Anything's real code around a tiny random network: loading, prompts, one embedding per image, refusals.

No checkpoint can be had here, so the masks mean nothing; what is tested is what this package adds.
"""
from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from segmentation.ray_cast import FLOOR, TABLE, Box, View, cast, eye, mug

from func_corr_ros.errors import BadSettings, BadWeights, MissingOptional, NoDepth, NoMask
from func_corr_ros.provenance import sha256_of_file
from func_corr_ros.segmentation import make_segmenter, sam_network
from func_corr_ros.segmentation.sam import SamSegmenter, SamSettings
from func_corr_ros.segmentation.segmenter import Prompts
from func_corr_ros.torchvision_operators import import_torchvision

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")
import_torchvision()
segment_anything = pytest.importorskip("segment_anything", reason="the extra [sam] is not installed")

KIND, SIZE = "tiny_of_the_test", 64


def tiny_sam(checkpoint: str | None = None) -> torch.nn.Module:
    """Returns a Segment Anything of 64 x 64 px and 2 layers, built from the parts that vit_b is built from."""
    from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer

    assert checkpoint is None
    cells = SIZE // 16
    return Sam(
        ImageEncoderViT(img_size=SIZE, patch_size=16, embed_dim=32, depth=2, num_heads=2, out_chans=32, window_size=2,
                        use_rel_pos=True, global_attn_indexes=(1,), norm_layer=partial(torch.nn.LayerNorm, eps=1e-6)),
        PromptEncoder(embed_dim=32, image_embedding_size=(cells, cells), input_image_size=(SIZE, SIZE), mask_in_chans=4),
        MaskDecoder(num_multimask_outputs=3, transformer=TwoWayTransformer(depth=2, embedding_dim=32, mlp_dim=64, num_heads=2),
                    transformer_dim=32, iou_head_depth=2, iou_head_hidden_dim=16),
        pixel_mean=[123.675, 116.28, 103.53], pixel_std=[58.395, 57.12, 57.375],
    )


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(segment_anything.sam_model_registry, KIND, tiny_sam)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("sam") / "tiny.pth"
    torch.save(tiny_sam().state_dict(), path)
    return path


@pytest.fixture(scope="module")
def view() -> View:
    box = Box("box", (40, 90, 200), center=(-0.15, 0.05, 0.05), size=(0.08, 0.06, 0.1))
    return cast([FLOOR, TABLE, box, *mug(0.0, 0.0)], eye(40))


@pytest.fixture
def segmenter(checkpoint: Path) -> SamSegmenter:
    return make_segmenter("sam", SamSettings(checkpoint=str(checkpoint), model_type=KIND, device="cpu"))


class Recorder:
    """Stands before the predictor: counts embeddings, keeps prompts, and answers with the masks of ``answers``."""

    def __init__(self, predictor: object, answers: Iterator | None = None) -> None:
        self.predictor, self.answers, self.images, self.prompts = predictor, answers, 0, []

    def set_image(self, image: np.ndarray) -> None:
        self.images += 1
        self.predictor.set_image(image)

    def predict(self, **prompts: object) -> tuple:
        self.prompts.append(SimpleNamespace(**prompts))
        masks, qualities, low = self.predictor.predict(**prompts)
        assert masks.shape == (3 if prompts["multimask_output"] else 1, 480, 640)
        return (masks, qualities, low) if self.answers is None else next(self.answers)


def disc(u: int, v: int, radius: int) -> np.ndarray:
    rows, columns = np.indices((480, 640))
    return np.hypot(rows - v, columns - u) < radius


def answer(mask: np.ndarray, quality: float) -> tuple:
    return mask[None], np.array([quality], dtype=np.float32), None


def points(*uv: tuple[float, float], labels: tuple[int, ...]) -> Prompts:
    return Prompts(np.array(uv), np.array(labels), np.zeros((0, 4)))


def test_without_prompts_the_boxes_are_the_table_s_objects(segmenter: SamSegmenter, view: View) -> None:
    answers = iter([answer(disc(320, 240, 40), 0.7), answer(disc(200, 220, 30), 0.9)])
    recorder = segmenter._predictor = Recorder(segmenter._predictor, answers)
    found = segmenter.segment(view.frame)
    assert recorder.images == 1 and len(recorder.prompts) == 2
    for prompt, name in zip(recorder.prompts, ("mug", "box"), strict=True):
        rows, columns = np.nonzero(view.mask(name))
        tight = np.array([columns.min() - 0.5, rows.min() - 0.5, columns.max() + 0.5, rows.max() + 0.5])
        width, height = tight[2] - tight[0], tight[3] - tight[1]
        # widened by 5 % of the size; the table top's own edges are right to 2 px
        np.testing.assert_allclose(prompt.box, tight + 0.05 * np.array([-width, -height, width, height]), atol=2.5)
        assert prompt.point_coords is None and not prompt.multimask_output
    assert [item.score for item in found.objects] == pytest.approx([0.9, 0.7])
    np.testing.assert_array_equal(found.mask(1), disc(200, 220, 30))
    assert abs(found.support.offset - view.table.offset) < 1e-3


def test_the_better_mask_is_seen_where_two_overlap(segmenter: SamSegmenter, view: View) -> None:
    answers = iter([answer(disc(300, 240, 40), 0.9), answer(disc(330, 240, 40), 0.4)])
    segmenter._predictor = Recorder(segmenter._predictor, answers)
    found = segmenter.segment(view.frame)
    np.testing.assert_array_equal(found.mask(1), disc(300, 240, 40))
    np.testing.assert_array_equal(found.mask(2), disc(330, 240, 40) & ~disc(300, 240, 40))


def test_one_embedding_serves_all_prompts_of_an_image(segmenter: SamSegmenter, view: View) -> None:
    recorder = segmenter._predictor = Recorder(segmenter._predictor)
    both = np.array([[100.0, 100.0, 300.0, 300.0], [200.0, 50.0, 500.0, 400.0]])
    boxes = Prompts(np.zeros((0, 2)), np.zeros(0, dtype=int), both)
    segmenter.segment(view.frame, boxes)
    segmenter.segment(view.frame, points((320.0, 240.0), labels=(1,)))
    assert recorder.images == 1 and len(recorder.prompts) == 3
    segmenter.segment(cast([FLOOR, TABLE, *mug(0.05, 0.0)], eye(40)).frame, boxes)
    assert recorder.images == 2


def test_points_go_to_the_box_they_are_in(segmenter: SamSegmenter, view: View) -> None:
    recorder = segmenter._predictor = Recorder(segmenter._predictor)
    boxes = np.array([[100.0, 100.0, 200.0, 200.0], [300.0, 100.0, 400.0, 200.0]])
    segmenter.segment(view.frame, Prompts(np.array([[350.0, 150.0], [390.0, 110.0]]), np.array([1, 0]), boxes))
    first, second = recorder.prompts
    assert first.point_coords is None
    np.testing.assert_array_equal(second.point_coords, [[350.0, 150.0], [390.0, 110.0]])
    np.testing.assert_array_equal(second.point_labels, [1, 0])


def test_clicks_without_boxes_are_of_one_object_and_one_click_has_three_answers(segmenter: SamSegmenter, view: View) -> None:
    recorder = segmenter._predictor = Recorder(segmenter._predictor)
    assert len(segmenter.segment(view.frame, points((320.0, 240.0), (300.0, 230.0), labels=(1, 0))).objects) == 1
    segmenter.segment(view.frame, points((320.0, 240.0), labels=(1,)))
    assert [prompt.multimask_output for prompt in recorder.prompts] == [False, True]
    masks = np.stack([disc(100, 100, 10), disc(100, 100, 20), disc(100, 100, 30)])
    recorder.answers = iter([(masks, np.array([0.2, 1.3, 0.5]), None)])
    found = segmenter.segment(view.frame, points((320.0, 240.0), labels=(1,)))
    np.testing.assert_array_equal(found.mask(1), masks[1])
    assert found.objects[0].score == 1.0  # the network's guess is limited to what a score may be


def test_prompts_need_no_depth_and_nothing_else_does(segmenter: SamSegmenter, view: View) -> None:
    found = segmenter.segment(view.frame.without_depth(), points((320.0, 240.0), labels=(1,)))
    assert found.support is None and len(found.objects) == 1
    with pytest.raises(NoDepth):
        segmenter.segment(view.frame.without_depth())


def test_the_same_image_gives_the_same_masks(segmenter: SamSegmenter, checkpoint: Path, view: View) -> None:
    again = SamSegmenter(segmenter.settings)
    np.testing.assert_array_equal(segmenter.segment(view.frame).labels, again.segment(view.frame).labels)
    assert segmenter.weights_sha256 == sha256_of_file(checkpoint)


def test_safetensors_are_read_alike(segmenter: SamSegmenter, view: View, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    torch.manual_seed(0)
    save_file(tiny_sam().state_dict(), tmp_path / "tiny.safetensors")
    other = SamSegmenter(SamSettings(checkpoint=str(tmp_path / "tiny.safetensors"), model_type=KIND, device="cpu"))
    np.testing.assert_array_equal(other.segment(view.frame).labels, segmenter.segment(view.frame).labels)


def test_poor_masks_and_negative_clicks_are_refused_with_numbers(checkpoint: Path, view: View) -> None:
    segmenter = SamSegmenter(SamSettings(checkpoint=str(checkpoint), model_type=KIND, device="cpu", min_quality=0.5))
    answers = iter([answer(disc(9, 9, 5), 0.25), answer(np.zeros((480, 640), bool), 0.75)])
    segmenter._predictor = Recorder(segmenter._predictor, answers)
    with pytest.raises(NoMask, match=r"none of 2 masks .* at least 0.5 .*\[0.25, 0.75\].*\[\d+, 0\] px"):
        segmenter.segment(view.frame)
    with pytest.raises(NoMask, match="all 1 clicks are off the object"):
        segmenter.segment(view.frame, points((320.0, 240.0), labels=(0,)))


def refused(checkpoint: Path | str, **settings: str) -> SamSegmenter:
    return SamSegmenter(SamSettings(checkpoint=str(checkpoint), **{"model_type": KIND, "device": "cpu", **settings}))


class Harmful:
    """A pickle that would run code when it is read."""

    def __reduce__(self) -> tuple:
        return (print, ("run from a checkpoint",))


def test_bad_weights_say_what_to_do(checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(BadWeights, match="sam.checkpoint is '', which is neither a file nor a folder; download sam_vit_b"):
        SamSegmenter()
    with pytest.raises(BadWeights, match="is neither a file nor a folder"):
        refused(tmp_path / "nowhere.pth")
    with pytest.raises(BadWeights, match="has the SHA-256 .*sam.sha256 asks for 1234"):
        refused(checkpoint, sha256="1234")
    assert refused(checkpoint, sha256=sha256_of_file(checkpoint)).weights_sha256 == sha256_of_file(checkpoint)
    (tmp_path / "text.pth").write_text("<html>404</html>")
    (tmp_path / "text.safetensors").write_text("<html>404</html>")
    torch.save({"weights": Harmful()}, tmp_path / "harmful.pth")
    for name in ("text.pth", "text.safetensors", "harmful.pth"):
        with pytest.raises(BadWeights, match="cannot be read as a file of tensors only"):
            refused(tmp_path / name)
    assert "run from a checkpoint" not in capsys.readouterr().out
    torch.save(torch.zeros(3), tmp_path / "tensor.pth")
    with pytest.raises(BadWeights, match="holds a Tensor, not named tensors"):
        refused(tmp_path / "tensor.pth")
    state = tiny_sam().state_dict()
    state["mask_decoder.iou_token.weight"] = torch.zeros(2, 32)
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(BadWeights, match=rf"does not hold a {KIND} .*vit_b.*size mismatch for mask_decoder.iou_token.weight"):
        refused(tmp_path / "other.pth")


def test_bad_settings_list_the_valid_ones(checkpoint: Path) -> None:
    with pytest.raises(BadSettings, match=r"sam.model_type is 'vit_x'; valid: default, .*vit_b, vit_h, vit_l"):
        refused(checkpoint, model_type="vit_x")
    with pytest.raises(BadSettings, match="sam.device is 'quantum', which torch cannot use here .*valid: auto, cpu"):
        refused(checkpoint, device="quantum")


def test_missing_packages_say_how_to_install_them(monkeypatch: pytest.MonkeyPatch, checkpoint: Path) -> None:
    monkeypatch.setattr(sam_network.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingOptional, match=r"needs torchvision.*pip install 'func_corr_ros\[sam\]'"):
        refused(checkpoint)
    monkeypatch.undo()
    monkeypatch.setitem(__import__("sys").modules, "segment_anything", None)
    with pytest.raises(MissingOptional, match=r"segment_anything is not installed.*func_corr_ros\[sam\]"):
        refused(checkpoint)
