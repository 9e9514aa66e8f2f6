# SPDX-License-Identifier: Apache-2.0
"""Shards and relabelled views are learnt from: pictures stay, views of one object match point by point, unsure functions are
neither examples nor counter-examples, and exact pairs come in by their share.
"""
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from training.pools import CHANNELS

from func_corr_ros.cli.main import main
from func_corr_ros.data.annotators.simulated import EXACT
from func_corr_ros.data.pseudo_label.asking import AskSettings
from func_corr_ros.data.pseudo_label.label_views import LabelViewSettings
from func_corr_ros.data.pseudo_label.pipeline import PseudoLabelSettings, make_pseudo_labels
from func_corr_ros.data.pseudo_label.shape import ShapeSettings
from func_corr_ros.data.pseudo_label.sources import library_sources
from func_corr_ros.data.pseudo_label.training_labels import TrainingLabelSettings
from func_corr_ros.errors import BadSettings
from func_corr_ros.training.batches import BatchSettings, ViewPool, drawn_batch
from func_corr_ros.training.mixed_pool import MixedPool
from func_corr_ros.training.pseudo_pool import PseudoSettings, pseudo_reader, read_pseudo, unpacked_shards
from func_corr_ros.training.relabelled_views import rejected_functions, relabelled_views
from func_corr_ros.training.training_views import TrainingViewSettings, make_training_views, read_instance

pytest.importorskip("embreex")
VIEWS = TrainingViewSettings(objects=1, views=4, rendered=168, pixels=256)
BATCH = BatchSettings(pairs=4, samples=256, pixels=32, least_common=1)
LABELS = PseudoLabelSettings(
    shape=ShapeSettings(points=1536), views=LabelViewSettings(size=112, supersampling=0), ask=AskSettings(first=8, most=8),
    noise=EXACT, labels=TrainingLabelSettings(views=4, size=224, rendered=168, pixels=64),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    """A folder of the pipeline and exact views, both of a mug, a kettle and a hammer; the latter of a cup too."""
    folder = tmp_path_factory.mktemp("pseudo")
    make_pseudo_labels(folder / "labels", library_sources(["mug", "kettle", "hammer"], 1), LABELS)
    return folder / "labels", make_training_views(folder / "views", VIEWS, ("mug", "kettle", "hammer", "cup"), 1)


def features(files: list[Path], folder: Path) -> list[Path]:
    written = []
    for number, _ in enumerate(files):
        written.append(folder / f"{number}.npy")
        values = np.random.default_rng(number).normal(size=(4, CHANNELS, 16, 16))
        np.save(written[-1], values.astype(np.float16))
    return written


def relabelled(made: tuple[Path, list[Path]]) -> tuple[list[int], list[Path]]:
    labels, views = made
    return relabelled_views(labels, views[0].parents[1], labels.parent / "again", VIEWS, views)


def test_the_same_views_get_other_labels(made: tuple[Path, list[Path]]) -> None:
    found, files = relabelled(made)
    assert found == [0, 1, 2] and relabelled(made)[1] == files
    both, either = 0, 0
    for index, path in zip(found, files, strict=True):
        exact, one = read_instance(made[1][index]), read_pseudo(path, PseudoSettings())
        np.testing.assert_array_equal(one.pictures, exact.pictures)
        np.testing.assert_array_equal(one.masks, exact.masks)
        np.testing.assert_array_equal(one.pixels, exact.pixels)
        for function in set(exact.serving) & set(one.serving):
            mine, true = (np.append(each.serving[function].parts, False)[each.part_of_pixel] for each in (one, exact))
            both, either = both + int((mine & true).sum()), either + int((mine | true).sum())
    assert either > 200 and both > 0.6 * either  # right boxes: what is left is the vote's own error


@pytest.mark.slow
def test_points_lie_where_the_exact_truth_has_them(made: tuple[Path, list[Path]]) -> None:
    (found, files), compared = relabelled(made), 0
    for index, path in zip(found, files, strict=True):
        exact, one = read_instance(made[1][index]), read_pseudo(path, PseudoSettings())
        for function in set(exact.serving) & set(one.serving):
            mine, true = one.serving[function], exact.serving[function]
            for view in range(4):
                if not mine.seen[view].any() or not true.seen[view].any():
                    continue
                gap = np.linalg.norm(mine.samples.points[:256, None] - true.samples.points[:512], axis=2)
                a, b = np.nonzero((gap < 0.003) & mine.seen[view, :256, None] & true.seen[view, :512])  # neighbours in space ...
                if len(a):  # ... are neighbours in the picture
                    compared += len(a)
                    assert np.median(np.linalg.norm(mine.uv[view][a] - true.uv[view][b], axis=1)) < 6.0
    assert compared > 50


def test_views_of_one_object_match_point_by_point_with_and_without_frames(
    made: tuple[Path, list[Path]], tmp_path: Path
) -> None:
    _, files = relabelled(made)
    for frames in ("estimated", "none"):
        pool = ViewPool(files, features(files, tmp_path), 256, read=pseudo_reader(PseudoSettings(frames)))
        pair = pool.drawn_pair(replace(BATCH, itself=1.0), np.random.default_rng(1), ["press-with", "pound-with"])
        asked = np.flatnonzero(pair.exact >= 0)
        assert len(asked) >= BATCH.least_common and np.array_equal(pair.exact[asked], asked)
        np.testing.assert_allclose(pair.partner.sum(axis=1), pair.exact >= 0, atol=1e-6)
        across = pool.drawn_pair(replace(BATCH, itself=0.0, within=0.0), np.random.default_rng(2), ["press-with"])
        assert across.ends[0][0] != across.ends[1][0] and (across.exact >= 0).any() == (frames == "estimated")
        assert across.in_part.any() and np.isfinite(across.partner).all()


def test_what_cleaning_left_out_is_no_counter_example(made: tuple[Path, list[Path]], tmp_path: Path) -> None:
    labels, _ = made
    _, files = relabelled(made)
    summary = json.loads((labels / "summary.json").read_text())
    mug = next(path for path in files if path.parent.name == "mug")
    assert "pour-with" in read_pseudo(mug, PseudoSettings()).serving
    asset = next(one["id"] for one in json.loads((labels / "sources.json").read_text()) if one["category"] == "mug")
    (tmp_path / "labels").mkdir()
    for name in ("sources.json", "phrases.yaml"):
        (tmp_path / "labels" / name).write_bytes((labels / name).read_bytes())
    left_out = {**summary, "rejected": [{"asset": asset, "part": "rim", "reason": "said so"}]}
    (tmp_path / "labels" / "summary.json").write_text(json.dumps(left_out))
    bad = rejected_functions(tmp_path / "labels", files)
    assert "pour-with" in bad[mug] and not any(names for path, names in bad.items() if path != mug)
    one = pseudo_reader(PseudoSettings(), bad)(mug)
    assert "pour-with" in one.also_serves and "pour-with" not in one.serving
    pool = ViewPool(files, features(files, tmp_path), 256, read=pseudo_reader(PseudoSettings(), bad))
    for step in range(12):
        batch = drawn_batch(pool, BATCH, ["press-with", "pour-with", "pound-with"], 0, step)
        for row, wrong in zip(batch.wrong.tolist(), batch.wrong_functions, strict=True):
            assert wrong != "pour-with" or np.allclose(batch.features[row].numpy(), 0.0) or _is_hammer(pool, batch, row)


def _is_hammer(pool: ViewPool, batch: object, row: int) -> bool:
    hammer = next(index for index, one in enumerate(pool.objects) if one.category == "hammer")
    return any(np.array_equal(batch.features[row].numpy(), pool.features([(hammer, view)])[0][0].numpy()) for view in range(4))


def test_shards_are_unpacked_once_and_checked(made: tuple[Path, list[Path]], tmp_path: Path) -> None:
    labels, _ = made
    files = unpacked_shards(labels, tmp_path / "out")
    assert len(files) == 3 and unpacked_shards(labels, tmp_path / "out") == files
    one = read_pseudo(files[0], PseudoSettings())
    assert one.serving and all(each.estimated and each.samples.symmetry for each in one.serving.values())
    pool = ViewPool(files, features(files, tmp_path), 256, read=pseudo_reader(PseudoSettings()))
    assert drawn_batch(pool, BATCH, ["press-with"], 0, 0).in_part.any()
    with pytest.raises(BadSettings, match=r"no shards/shards\.json"):
        unpacked_shards(tmp_path, tmp_path / "out")
    (tmp_path / "torn" / "shards").mkdir(parents=True)
    listed = json.loads((labels / "shards" / "shards.json").read_text())
    (tmp_path / "torn" / "shards" / "shards.json").write_text(json.dumps(listed))
    whole = (labels / "shards" / listed[0]["shard"]).read_bytes()
    (tmp_path / "torn" / "shards" / listed[0]["shard"]).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadSettings, match=r"not what shards\.json says"):
        unpacked_shards(tmp_path / "torn", tmp_path / "out2")


def test_a_name_that_leads_out_of_the_folder_is_refused(made: tuple[Path, list[Path]], tmp_path: Path) -> None:
    labels, _ = made
    (tmp_path / "shards").mkdir()
    listed = json.loads((labels / "shards" / "shards.json").read_text())
    (tmp_path / "shards" / listed[0]["shard"]).write_bytes((labels / "shards" / listed[0]["shard"]).read_bytes())
    for name in ("../../mug-s000000", "mug/../x-s0", "/mug-s0", "mug", ""):
        (tmp_path / "shards" / "shards.json").write_text(json.dumps([{**listed[0], "assets": [name]}]))
        with pytest.raises(BadSettings, match="is no id of an asset"):
            unpacked_shards(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_other_settings_and_other_objects_are_refused(made: tuple[Path, list[Path]], tmp_path: Path) -> None:
    labels, views = made
    with pytest.raises(BadSettings, match="labelled none of the objects"):
        relabelled_views(labels, tmp_path, tmp_path / "a", VIEWS, [tmp_path / "cup" / "000000.npz"])
    with pytest.raises(BadSettings, match="was not made with these settings"):
        relabelled_views(labels, views[0].parents[1], tmp_path / "b", replace(VIEWS, any_roll=0.0), views)
    with pytest.raises(BadSettings, match=r"has no sources\.json"):
        relabelled_views(tmp_path, views[0].parents[1], tmp_path / "c", VIEWS, views)


def test_the_share_of_exact_pairs_moves_with_the_steps(made: tuple[Path, list[Path]], tmp_path: Path) -> None:
    _, files = relabelled(made)
    exact = ViewPool(made[1], features(made[1], tmp_path), 256)
    pseudo = ViewPool(files, features(files, tmp_path), 256, read=pseudo_reader(PseudoSettings()))
    pool, counts = MixedPool(exact, pseudo, 0.0, 1.0, 11), []
    for step in (0, 5, 10):
        rng, now = np.random.default_rng(step), pool.at(step)
        pairs = [now.drawn_pair(BATCH, rng, ["press-with", "pound-with"]) for _ in range(24)]
        kinds = [{index < len(exact.objects) for index, _ in pair.ends} for pair in pairs]
        assert all(len(kind) == 1 for kind in kinds)  # never one of each
        counts.append(sum(kind == {True} for kind in kinds))
    assert counts[0] == 0 < counts[1] < 24 == counts[2]
    features_of = pool.features([(0, 0), (len(exact.objects), 1)])[0]
    assert np.array_equal(features_of[1].numpy(), pseudo.features([(0, 1)])[0][0].numpy())


@pytest.mark.parametrize("words, told", [
    (["--same-views"], "give that too"), (["--pseudo", "x", "--uncleaned"], "--uncleaned needs --same-views"),
])
def test_flags_that_do_not_go_together_are_refused(
    words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--out", str(tmp_path / "run"), *words]) == 2
    assert told in capsys.readouterr().err
