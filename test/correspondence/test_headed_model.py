# SPDX-License-Identifier: Apache-2.0
"""With a trained head, functions change features, part goes to part, and what does not fit the head is refused."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from correspondence.heads import ColourBackbone, small_head

from func_corr_ros.correspondence.backbone import BackboneSettings
from func_corr_ros.correspondence.functional_region import functional_region
from func_corr_ros.correspondence.match_groups import PART
from func_corr_ros.correspondence.model import CorrespondenceSettings, FunctionalCorrespondence
from func_corr_ros.correspondence.object_crop import CropSettings
from func_corr_ros.correspondence.trained_head import Decoding
from func_corr_ros.errors import BadSettings, BadWeights, UnknownFunction

HARD = Decoding(refine_reach=0.0)


def picture() -> np.ndarray:
    image = np.full((150, 200, 3), 30, dtype=np.uint8)
    image[..., 0], image[..., 1] = np.arange(200), np.arange(150)[:, None]
    return image


def box(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    mask = np.zeros((150, 200), dtype=bool)
    mask[top:bottom, left:right] = True
    return mask


@pytest.fixture
def model() -> FunctionalCorrespondence:
    return FunctionalCorrespondence(ColourBackbone(), head=small_head(decoding=HARD))


def test_functions_change_features_and_one_pass_serves_all_objects(model: FunctionalCorrespondence) -> None:
    masks = [box(20, 10, 90, 120), box(100, 30, 190, 140)]
    pour, other = model.embed(picture(), masks, "pour-with"), model.embed(picture(), masks, "cut-with")
    assert len(model.backbone.calls) == 2 and model.identity["conditioned"] is True  # type: ignore[attr-defined]
    assert (pour[0].features - other[0].features).abs().max() > 1e-3
    for one, mask in zip(pour, masks, strict=True):
        (alone,) = model.embed(picture(), [mask], "pour-with")
        torch.testing.assert_close(alone.features, one.features)
        torch.testing.assert_close(one.features.norm(dim=1), torch.ones(len(one.uv)))
        assert one.part is not None and one.part.shape == (len(one.uv),) and (one.part >= 0).all() and (one.part <= 1).all()


def test_features_at_the_lattice_are_those_of_the_lattice(model: FunctionalCorrespondence) -> None:
    (one,) = model.embed(picture(), [box(20, 10, 90, 120)], "pour-with")
    torch.testing.assert_close(one.features_at(one.uv), one.features)
    torch.testing.assert_close(one.part_at(one.uv), one.part)


def test_part_goes_to_part_and_rest_to_rest(model: FunctionalCorrespondence) -> None:
    one, other = model.embed(picture(), [box(20, 10, 90, 120), box(100, 30, 190, 140)], "pour-with")
    middle = float(one.part.median())  # type: ignore[union-attr]
    one, other = (
        replace(each, part=(each.part > middle).float(), coarse=None) for each in (one, other)  # type: ignore[operator]
    )
    assert 0 < one.part.sum() < len(one.uv) and 0 < other.part.sum() < len(other.uv)
    found = model.match(one, other)
    part_of = {tuple(uv): bool(part > PART) for uv, part in zip(other.uv.tolist(), other.part.tolist(), strict=True)}
    reached = [part_of[tuple(uv)] for uv in found.uv_target.tolist()]
    assert reached == (one.part > PART).tolist()
    # Where the other shows no part at all, everything may go anywhere.
    nothing = model.match(one, replace(other, part=torch.zeros(len(other.uv))))
    everything = model.match(replace(one, part=torch.ones(len(one.uv))), replace(other, part=torch.ones(len(other.uv))))
    assert np.array_equal(nothing.uv_target, everything.uv_target)


def test_an_object_finds_itself(model: FunctionalCorrespondence) -> None:
    (one,) = model.embed(picture(), [box(60, 50, 90, 80)], "pour-with")
    assert one.coarse is None  # 900 pixels are few enough
    found = model.match(one, one)
    assert np.abs(found.uv_target - found.uv_query).max() == 0 and found.mutual.all() and found.score.min() > 0.999
    assert found.part is not None and np.array_equal(found.part[:, 0], found.part[:, 1])


def test_large_objects_are_looked_for_among_fewer_pixels(model: FunctionalCorrespondence) -> None:
    (one,) = model.embed(picture(), [box(10, 10, 190, 140)], "pour-with")
    assert one.coarse is not None and len(one.coarse.uv) <= 1024 < len(one.uv) <= 4096
    found = model.match(one, one)
    anchors = {tuple(uv) for uv in one.coarse.uv.tolist()}
    assert {tuple(uv) for uv in found.uv_target.tolist()} <= anchors
    refined = FunctionalCorrespondence(model.backbone, head=small_head(decoding=Decoding(refine_reach=0.05)))
    moved = refined.match(one, one).uv_target
    assert (moved != np.round(moved)).any()
    assert np.linalg.norm(moved - found.uv_target, axis=1).max() <= 0.05 * one.window.side


def test_a_mirrored_object_is_seen_mirrored(model: FunctionalCorrespondence) -> None:
    image, mask = picture(), box(20, 10, 90, 120)
    (mirrored,) = model.embed(image, [mask], "pour-with", mirrored=True)
    (turned,) = model.embed(image[:, ::-1].copy(), [mask[:, ::-1].copy()], "pour-with")
    points = mirrored.uv[::50]
    there = np.stack([199.0 - points[:, 0], points[:, 1]], axis=1).astype(np.float32)
    torch.testing.assert_close(mirrored.features_at(points), turned.features_at(there), atol=2e-2, rtol=2e-2)


def test_the_region_is_where_the_part_is(model: FunctionalCorrespondence) -> None:
    mask = box(20, 10, 90, 120)
    (one,) = model.embed(picture(), [mask], "pour-with")
    region = functional_region(one, mask)
    if not region.fallback:
        rows, columns = np.nonzero(region.mask)
        assert (region.mask & ~mask).sum() == 0
        assert (one.part_at(np.stack([columns, rows], axis=1).astype(np.float32)) > PART).all()
    nothing = replace(one.head, finish=lambda sampled: (sampled[:, :-1], torch.full((len(sampled),), -9.0)))  # type: ignore[type-var]
    none_seen = functional_region(replace(one, head=nothing), mask)
    assert none_seen.fallback and np.array_equal(none_seen.mask, mask)


def test_what_does_not_fit_the_head_is_refused() -> None:
    with pytest.raises(BadWeights, match="was trained on colour with sha256 c"):
        FunctionalCorrespondence(ColourBackbone(), head=small_head(backbone_sha256="c" * 64))
    for wrong in ({"crop": CropSettings(size=448)}, {"backbone": BackboneSettings(layers=(1,))}):
        with pytest.raises(BadSettings, match="leave it out"):
            FunctionalCorrespondence(ColourBackbone(), CorrespondenceSettings(**wrong), small_head())  # type: ignore[arg-type]


def test_unknown_functions_are_words_unless_strict(model: FunctionalCorrespondence) -> None:
    mask = [box(20, 10, 90, 120)]
    strict = FunctionalCorrespondence(ColourBackbone(), CorrespondenceSettings(strict_functions=True), small_head())
    with pytest.raises(UnknownFunction, match="did you mean 'pour-with'.*valid: cut-with, pour-with"):
        strict.embed(picture(), mask, "pour-wth")
    with pytest.raises(BadWeights, match="text encoder minilm has sha256 .*unsaved says b"):  # not the one it was trained with
        model.embed(picture(), mask, "tip it to pour water")
    for nonsense in ("", "pour\nwith", "x" * 500, "тест"):
        with pytest.raises(UnknownFunction, match="plain English"):
            model.embed(picture(), mask, nonsense)


def test_off_the_functional_part_looks_decide(model: FunctionalCorrespondence) -> None:
    one, other = model.embed(picture(), [box(20, 10, 90, 120), box(100, 30, 190, 140)], "pour-with")
    middle = float(one.part.median())  # type: ignore[union-attr]
    one, other = (replace(each, part=(each.part > middle).float(), coarse=None) for each in (one, other))
    rest = (one.part <= PART).numpy()
    before = model.match(one, other)
    scrambled = replace(one, features=torch.cat([one.features[:, :8].flip(1), one.features[:, 8:]], dim=1))
    after = model.match(scrambled, other)
    assert np.array_equal(before.uv_target[rest], after.uv_target[rest])
    assert not np.array_equal(before.uv_target[~rest], after.uv_target[~rest])


def test_matches_are_the_same_whether_what_is_found_twice_is_looked_for_twice(
    model: FunctionalCorrespondence, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = model.embed(picture(), [box(20, 30, 120, 110), box(60, 40, 180, 140)], "pour-with")
    few = model.match(one, other)
    for module in ("model", "matching"):  # as on a GPU
        monkeypatch.setattr(f"func_corr_ros.correspondence.{module}.distinct", lambda index: (index, torch.arange(len(index))))
    every = model.match(one, other)
    assert len(np.unique(few.uv_target, axis=0)) < len(few.uv_target)
    for name in ("uv_target", "cycle_px", "confidence", "mass", "part"):
        assert getattr(every, name) == pytest.approx(getattr(few, name), abs=1e-5), name
