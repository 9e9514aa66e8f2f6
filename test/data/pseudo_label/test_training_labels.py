# SPDX-License-Identifier: Apache-2.0
"""Labels are read as training views are; a point has one number in all views; shards are the same bytes and hold every asset."""

import json
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from data.pseudo_label.labelled_box import shape

from func_corr_ros.data.pseudo_label.training_labels import TrainingLabelSettings, write_shards, write_training_labels
from func_corr_ros.errors import BadAsset
from func_corr_ros.provenance import sha256_of_file
from func_corr_ros.training.batches import pooled
from func_corr_ros.training.training_views import read_instance

pytest.importorskip("embreex")
SMALL = TrainingLabelSettings(views=2, size=56, rendered=96, pixels=40, shard=2)
FUNCTIONS = {"pound-with": ["head"], "poke-with": ["bar", "tip"], "cut-with": ["tip"]}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("labels") / "a.npz"
    chosen = {part: shape().truth(part) for part in ("bar", "head")}
    chosen["head"] = chosen["head"] | (shape().points[:, 0] > 0.2)  # parts may overlap
    write_training_labels(path, shape(), chosen, {part: np.full(1024, 0.5, np.float32) for part in chosen}, FUNCTIONS, SMALL)
    return path


def test_training_reads_it_as_one_of_its_views(file: Path) -> None:
    one = read_instance(file)
    assert (
        one.pictures.shape == (2, 56, 56, 3)
        and one.masks.any(axis=(1, 2)).all()
        and set(one.serving) == {"pound-with", "poke-with"}
    )
    head = one.serving["pound-with"]
    assert head.seen.any(axis=1).all() and np.isnan(head.samples.object_from_function).all() and head.samples.symmetry is None
    column, row = np.rint(head.uv[0][head.seen[0]]).astype(int).T
    inside = (column >= 0) & (column < 56) & (row >= 0) & (row < 56)
    assert one.masks[0][row[inside], column[inside]].mean() > 0.9
    assert pooled(one, 64, 14).serving["poke-with"].uv.shape == (2, 64, 2)


def test_a_point_has_one_number_and_pixels_carry_sets_of_parts(file: Path) -> None:
    with np.load(file) as arrays:
        values = dict(arrays)
    assert values["part_names"].tolist() == ["bar", "head"]
    both = values["sets"].tolist().index([True, True])
    numbers = values["point_map"][values["set_map"] == both]
    assert len(numbers) and (shape().points[numbers, 0] > 0.2).all() and shape().truth("bar")[numbers].all()
    np.testing.assert_array_equal(values["point_map"] >= 0, values["set_map"] >= 0)
    np.testing.assert_array_equal(values["points"], shape().points.astype(np.float32))
    one = read_instance(file)
    parts = one.serving["pound-with"].parts[one.part_of_pixel]
    expected = shape().truth("head")[values["point_of_pixel"]] | (shape().points[values["point_of_pixel"], 0] > 0.2)
    np.testing.assert_array_equal(parts, expected)


def test_an_asset_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadAsset, match="no function has a label"):
        write_training_labels(
            tmp_path / "a.npz", shape(), {"bar": np.zeros(1024, bool)}, {"bar": np.zeros(1024, np.float32)}, FUNCTIONS, SMALL
        )


def test_shards_hold_every_asset_and_are_the_same_bytes(file: Path, tmp_path: Path) -> None:
    files = [(f"club-{index}", file, {"object": "club"}) for index in range(3)]
    listed = json.loads(write_shards(tmp_path / "a", files, SMALL).read_text())
    assert [one["assets"] for one in listed] == [["club-0", "club-1"], ["club-2"]]
    assert listed[0]["sha256"] == sha256_of_file(tmp_path / "a" / "shard-000000.tar")
    with tarfile.open(tmp_path / "a" / "shard-000000.tar") as tar:
        assert tar.getnames() == ["club-0.npz", "club-0.json", "club-1.npz", "club-1.json"]
        assert tar.extractfile("club-0.npz").read() == file.read_bytes()
    write_shards(tmp_path / "b", files, SMALL)
    assert (tmp_path / "b" / "shard-000001.tar").read_bytes() == (tmp_path / "a" / "shard-000001.tar").read_bytes()
    write_shards(tmp_path / "b", files[:1], SMALL)
    assert [path.name for path in sorted((tmp_path / "b").glob("*.tar"))] == ["shard-000000.tar"]  # old ones are not left over


@pytest.mark.slow
def test_photo_real_pictures_have_the_same_labels(file: Path, tmp_path: Path) -> None:
    pytest.importorskip("mitsuba")
    chosen = {part: shape().truth(part) for part in ("bar", "head")}
    chosen["head"] = chosen["head"] | (shape().points[:, 0] > 0.2)
    sure = {part: np.full(1024, 0.5, np.float32) for part in chosen}
    write_training_labels(tmp_path / "photo.npz", shape(), chosen, sure, FUNCTIONS, replace(SMALL, photo=2))
    with np.load(file) as plain, np.load(tmp_path / "photo.npz") as photo:
        assert set(plain) == set(photo)
        for name in sorted(set(plain) - {"pictures"}):
            np.testing.assert_array_equal(plain[name], photo[name], err_msg=name)
        inside = np.unpackbits(plain["masks"], axis=2, count=56).astype(bool)
        assert photo["pictures"][inside].mean() > 20.0 and not np.array_equal(plain["pictures"], photo["pictures"])
