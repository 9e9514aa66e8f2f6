# SPDX-License-Identifier: Apache-2.0
"""Objects find themselves, mirrored ones find their mirror image, pixels stay the image's own, and mistakes are named."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from func_corr_ros.correspondence.embedding import Embedding, pixel_lattice
from func_corr_ros.correspondence.function_words import check_function
from func_corr_ros.correspondence.model import CorrespondenceSettings, FunctionalCorrespondence
from func_corr_ros.correspondence.object_crop import CropSettings, CropWindow
from func_corr_ros.errors import BadImage, BadSettings, NoMask, OutOfMemory, SizeMismatch, UnknownFunction

WIDTH, HEIGHT = 200, 150


class ColourBackbone:
    """Every patch's feature is its mean colour and a constant: what a crop shows can be read off its features."""

    name, weights_sha256, patch_size = "colour", "0" * 64, 14

    def __init__(self):
        self.calls = []

    def patch_features(self, images):
        self.calls.append(images)
        b, h, w, _ = images.shape
        patches = images.reshape(b, h // 14, 14, w // 14, 14, 3).mean(axis=(2, 4)) / 255.0
        return torch.from_numpy(np.concatenate([patches, np.ones_like(patches[..., :1])], axis=3)).float().permute(0, 3, 1, 2)


@pytest.fixture
def backbone():
    return ColourBackbone()


@pytest.fixture
def model(backbone):
    return FunctionalCorrespondence(backbone)


@pytest.fixture
def image():
    """Red rises to the right and green downwards: no two pixels have one colour."""
    picture = np.full((HEIGHT, WIDTH, 3), 30, dtype=np.uint8)
    picture[..., 0], picture[..., 1] = np.arange(WIDTH), np.arange(HEIGHT)[:, None]
    return picture


def _box(left, top, right, bottom):
    mask = np.zeros((HEIGHT, WIDTH), dtype=bool)
    mask[top:bottom, left:right] = True
    return mask


def test_an_object_finds_itself(model, image):
    (embedding,) = model.embed(image, [_box(40, 30, 120, 100)], "pour-with")
    matches = model.match(embedding, embedding)
    assert np.array_equal(matches.uv_query, embedding.uv) and np.array_equal(matches.uv_target, embedding.uv)
    assert (matches.cycle_px == 0).all() and matches.mutual.all()
    assert matches.score == pytest.approx(1.0, abs=1e-5)


def test_features_are_those_of_their_pixel(model, image):
    """Red over blue (constant) of the feature is that of the image at the same pixel, inside the object."""
    (embedding,) = model.embed(image, [_box(40, 30, 120, 100)], "pour-with")
    inner = ((embedding.uv > [56, 46]) & (embedding.uv < [104, 84])).all(axis=1)
    ratio = (embedding.features[:, 0] / embedding.features[:, 2]).numpy()[inner] * 30
    assert np.abs(ratio - embedding.uv[inner, 0]).max() < 1.5  # 8-bit colour, resized


def test_all_objects_of_a_picture_take_one_pass(model, backbone, image):
    masks = [_box(0, 0, 50, 50), _box(60, 10, 180, 120), _box(150, 100, 200, 150)]
    embeddings = model.embed(image, masks, "pour-with")
    assert len(backbone.calls) == 1 and backbone.calls[0].shape == (3, 224, 224, 3)
    for mask, embedding in zip(masks, embeddings, strict=True):
        (alone,) = model.embed(image, [mask], "pour-with")
        assert torch.equal(alone.features, embedding.features) and np.array_equal(alone.uv, embedding.uv)


def test_no_masks_are_no_embeddings_and_no_pass(model, backbone, image):
    assert model.embed(image, [], "pour-with") == [] and backbone.calls == []


def test_a_mirrored_embedding_sees_the_mirror_image_at_the_true_pixels(model, backbone, image):
    mask = _box(40, 30, 121, 100)
    (plain,) = model.embed(image, [mask], "pour-with")
    (mirrored,) = model.embed(image, [mask], "pour-with", mirrored=True)
    assert np.array_equal(backbone.calls[1], backbone.calls[0][:, :, ::-1])
    assert np.array_equal(plain.uv, mirrored.uv) and mirrored.mirrored and not plain.mirrored
    # This backbone's features of a patch do not depend on which way round it is seen, so each pixel keeps its feature.
    assert torch.allclose(plain.features, mirrored.features, atol=1e-5)


def test_a_mirrored_reference_matches_the_turned_over_object(dinov2_small, rng):
    """A picture and its mirror image: with the mirrored reference every pixel finds its own reflection, whatever the network."""
    model = FunctionalCorrespondence(dinov2_small, CorrespondenceSettings(max_pixels=300))
    picture = np.kron(rng.integers(0, 256, size=(15, 20, 3), dtype=np.uint8), np.ones((10, 10, 1), dtype=np.uint8))
    mask = _box(50, 40, 110, 100)
    (reference,) = model.embed(picture, [mask], "pour-with", mirrored=True)
    (turned,) = model.embed(picture[:, ::-1].copy(), [mask[:, ::-1].copy()], "pour-with")
    points = reference.uv[::7]
    found = model.match(reference, turned, points=points).uv_target
    reflection = np.stack([WIDTH - 1 - points[:, 0], points[:, 1]], axis=1)
    # the lattices are not reflections of each other: up to one stride each way
    assert np.abs(found - reflection).max() <= turned.stride


def test_given_points_are_matched_like_lattice_pixels(model, image):
    first, second = model.embed(image, [_box(40, 30, 120, 100), _box(30, 20, 130, 110)], "pour-with")
    everything = model.match(first, second)
    some = model.match(first, second, points=first.uv[5:50:9])
    assert np.array_equal(some.uv_target, everything.uv_target[5:50:9])
    assert np.allclose(some.score, everything.score[5:50:9], atol=1e-6)
    assert np.array_equal(some.cycle_px, everything.cycle_px[5:50:9])
    assert np.array_equal(some.mutual, everything.mutual[5:50:9])


def test_points_between_pixels_keep_their_coordinates_and_float32(model, image):
    (embedding,) = model.embed(image, [_box(40, 30, 120, 100)], "pour-with")
    matches = model.match(embedding, embedding, points=np.array([[60.25, 50.75], [81.5, 70.0]]))
    assert matches.uv_query.dtype == np.float32 and matches.uv_query.tolist() == [[60.25, 50.75], [81.5, 70.0]]
    assert np.abs(matches.uv_target - matches.uv_query).max() <= embedding.stride
    assert (matches.cycle_px <= embedding.stride).all()


def _toy(uv, features, stride=1):
    vectors = torch.nn.functional.normalize(torch.tensor(features, dtype=torch.float32), dim=1)
    grid = torch.ones(vectors.shape[1], 1, 1)
    return Embedding(np.array(uv, dtype=np.float32), vectors, stride, (99, 99), grid, CropWindow(0, 0, 14, 14))


def test_scores_cycles_and_mutual_of_a_known_case(model):
    """Two query pixels go to one target pixel, which prefers the second; opposite features score 0, not -1."""
    query = _toy([[0, 0], [3, 4]], [[1.0, 0.3], [1.0, 0.0]])
    matches = model.match(query, _toy([[7, 7]], [[1.0, 0.0]]))
    assert matches.uv_target.tolist() == [[7, 7], [7, 7]]
    assert matches.cycle_px.tolist() == [5, 0] and matches.mutual.tolist() == [False, True]
    assert matches.score.tolist() == pytest.approx([1 / np.hypot(1, 0.3), 1.0])
    assert model.match(query, _toy([[7, 7]], [[-1.0, 0.0]])).score.tolist() == [0, 0]


def test_soft_argmax_is_a_setting_and_stays_near_the_best_pixel(backbone, image):
    masks = [_box(40, 30, 120, 100), _box(30, 20, 130, 110)]
    hard = FunctionalCorrespondence(backbone)
    soft = FunctionalCorrespondence(backbone, CorrespondenceSettings(refine_reach=0.03))
    first, second = hard.embed(image, masks, "pour-with")
    there, refined = hard.match(first, second).uv_target, soft.match(first, second).uv_target
    assert 0 < np.abs(there - refined).max() <= 2 * second.stride


@pytest.mark.parametrize("max_pixels", [16, 100, 1000, 1 << 20])
def test_the_lattice_is_inside_the_mask_and_within_its_budget(rng, max_pixels):
    mask = rng.random((90, 120)) < 0.3
    uv, stride = pixel_lattice(mask, max_pixels)
    columns, rows = uv.astype(int).T
    assert mask[rows, columns].all() and 1 <= len(uv) <= max_pixels
    assert len(np.unique(uv, axis=0)) == len(uv)
    assert (np.ptp(uv[:, None] - uv[:1], axis=(0, 1)) >= 0).all() and ((uv - uv[0]) % stride == 0).all()
    on = ((np.arange(90)[:, None] - rows[0]) % stride == 0) & ((np.arange(120) - columns[0]) % stride == 0)
    assert len(uv) == (mask & on).sum()


@pytest.mark.parametrize("mask", [_box(7, 5, 8, 145), _box(7, 5, 199, 6), _box(7, 5, 8, 6)])
def test_a_thin_mask_never_falls_between_lattice_points(mask):
    uv, stride = pixel_lattice(mask, 16)
    assert 1 <= len(uv) <= 16 and uv[0].tolist() == [7, 5]


def test_stride_one_takes_every_pixel(model, image):
    (embedding,) = model.embed(image, [_box(40, 30, 80, 70)], "pour-with")
    assert embedding.stride == 1 and len(embedding.uv) == 1600 and embedding.image_size == (WIDTH, HEIGHT)


def test_patch_px_is_a_patch_in_image_pixels(model, image):
    (embedding,) = model.embed(image, [_box(40, 30, 120, 100)], "pour-with")
    assert embedding.patch_px == pytest.approx(embedding.window.side / 16)


@pytest.mark.parametrize("function", ["", "Pour-with", "pour  with", "pour_with", "-pour", "pour-", "pour--with", "pour\n"])
def test_a_function_that_is_no_name_is_refused(model, image, function):
    with pytest.raises(UnknownFunction, match="lower-case name such as 'pour-with'"):
        model.embed(image, [_box(0, 0, 9, 9)], function)


def test_names_of_the_taxonomy_are_functions():
    for function in ("pour-with", "cut-with", "hang-onto", "hold"):
        check_function(function)


def test_the_function_changes_nothing_and_the_identity_says_so(model, image):
    mask = [_box(40, 30, 120, 100)]
    (pour,), (hang,) = model.embed(image, mask, "pour-with"), model.embed(image, mask, "hang-onto")
    assert torch.equal(pour.features, hang.features)
    assert model.identity == {"name": "colour", "sha256": "0" * 64, "conditioned": False}


def test_mistakes_are_named(model, image):
    with pytest.raises(NoMask, match="mask 1 is empty"):
        model.embed(image, [_box(0, 0, 9, 9), _box(0, 0, 0, 0)], "pour-with")
    with pytest.raises(SizeMismatch, match="mask 0 is 80x60 px, the image 200x150 px"):
        model.embed(image, [np.ones((60, 80), dtype=bool)], "pour-with")
    for height, width in ((0, 0), (13, 40), (40, 13)):
        with pytest.raises(BadImage, match=f"the image is {width}x{height} px; 14x14 px, a patch of the backbone"):
            model.embed(np.zeros((height, width, 3), dtype=np.uint8), [], "pour-with")
    assert len(model.embed(np.zeros((14, 14, 3), dtype=np.uint8), [np.ones((14, 14), dtype=bool)], "pour-with")) == 1


def test_plain_features_know_no_function_to_be_strict_about(backbone):
    with pytest.raises(BadSettings, match="strict_functions is set, and colour was trained on no function"):
        FunctionalCorrespondence(backbone, CorrespondenceSettings(strict_functions=True))


def test_a_crop_that_is_no_multiple_of_the_patch_is_refused(backbone):
    with pytest.raises(BadSettings, match=r"crop\.size is 225; a multiple of the patch size 14"):
        FunctionalCorrespondence(backbone, CorrespondenceSettings(crop=CropSettings(size=225)))


GPU_FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate")
CPU_FULL = RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried to allocate")


@pytest.mark.parametrize("error", [GPU_FULL, CPU_FULL])
def test_memory_that_runs_out_names_the_settings(model, backbone, image, monkeypatch, error):
    (embedding,) = model.embed(image, [_box(0, 0, 9, 9)], "pour-with")

    def full(*_, **__):
        raise error

    backbone.patch_features = full
    with pytest.raises(OutOfMemory, match=r"crop\.size"):
        model.embed(image, [_box(0, 0, 9, 9)], "pour-with")
    monkeypatch.setattr("func_corr_ros.correspondence.model.soft_neighbours", full)
    with pytest.raises(OutOfMemory, match="max_pixels"):
        model.match(embedding, embedding)


def test_from_pretrained_passes_its_settings_on(tiny_folder, image):
    settings = CorrespondenceSettings()
    features = replace(settings.backbone, layers=(0, 3), aggregate="concat")
    settings = replace(settings, backbone=features, crop=CropSettings(size=56))
    model = FunctionalCorrespondence.from_pretrained(str(tiny_folder), settings, device="cpu", dtype="bf16")
    (embedding,) = model.embed(image, [_box(0, 0, 90, 90)], "pour-with")
    assert embedding.grid.shape == (48, 4, 4) and embedding.features.dtype == torch.float32
    assert embedding.features.norm(dim=1).numpy() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_gives_the_same_matches(tiny_folder, image):
    masks = [_box(40, 30, 120, 100), _box(30, 20, 130, 110)]
    results = []
    for device in ("cpu", "cuda"):
        model = FunctionalCorrespondence.from_pretrained(str(tiny_folder), device=device)
        results.append(model.match(*model.embed(image, masks, "pour-with")))
    assert results[0].score == pytest.approx(results[1].score, abs=1e-3)
