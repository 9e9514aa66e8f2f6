# SPDX-License-Identifier: Apache-2.0
"""A benchmark folder reads back as it was written, and each way to break it is refused with the file and the field."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from evaluation.small_benchmark import POINTS, A, B, K, mask_of, write_small_benchmark

from func_corr_ros.errors import BadBenchmark
from func_corr_ros.evaluation.benchmark import Benchmark, distance_outside


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_small_benchmark(tmp_path / "small")


def edit(folder: Path, file: str, **values: Any) -> None:
    """Changes fields of benchmark.json, of view "a" or of the pair; ... takes a field away."""
    path = folder / f"{file}.json"
    content = json.loads(path.read_text())
    item = {"benchmark": content, "views": content.get("a") if isinstance(content, dict) else None}.get(file) or content[0]
    for name, value in values.items():
        item.pop(name, None) if value is ... else item.__setitem__(name, value)
    path.write_text(json.dumps(content))


def test_what_was_written_is_read(folder: Path) -> None:
    benchmark = Benchmark.open(folder)
    benchmark.check()
    (pair,) = benchmark.pairs
    assert (benchmark.name, benchmark.unit, benchmark.functions) == ("small", "m", ("pour-with",))
    assert set(benchmark.views) == {"a", "b"} == {pair.a, pair.b}
    assert (pair.id, pair.function, pair.within_category, pair.split) == ("p", "pour-with", True, "seen")
    view = benchmark.views[pair.b]
    np.testing.assert_array_equal(view.mask, mask_of("b"))
    np.testing.assert_array_equal(view.image.ravel(), np.arange(1800, dtype=np.uint32).astype(np.uint8))
    np.testing.assert_array_equal(np.isfinite(view.depth), mask_of("b"))
    np.testing.assert_allclose(view.depth[mask_of("b")], 0.5)
    np.testing.assert_array_equal(view.K, K)
    np.testing.assert_array_equal(view.camera_from_object, np.eye(4))
    truth = pair.truth()
    for found, written in ((truth.a, A), (truth.b, B), (truth.points, POINTS)):
        np.testing.assert_array_equal(found, written)
    assert truth.permutations is None
    np.testing.assert_array_equal(pair.part_a(), mask_of("a"))
    assert view.description["seed"] == 7 and pair.description["upright"] is True, "fields that are not known are kept"


def test_what_may_be_left_out_may_be(folder: Path) -> None:
    edit(folder, "views", depth=None, K=..., camera_from_object=None, depth_scale=...)
    edit(folder, "pairs", part_a=None, part_b=..., permutations=[[1, 0, 2], [2, 1, 0]])
    benchmark = Benchmark.open(folder)
    view, pair = benchmark.views["a"], benchmark.pairs[0]
    assert view.depth is view.K is view.camera_from_object is pair.part_a() is pair.part_b() is None
    np.testing.assert_array_equal(pair.truth().permutations, [[1, 0, 2], [2, 1, 0]])


@pytest.mark.parametrize(("file", "values", "told"), [
    ("benchmark", {"name": ...}, "benchmark.json: name is missing"),
    ("benchmark", {"unit": "cm"}, "unit is 'cm'; m or object"),
    ("benchmark", {"functions": ["cut-with"]}, "function is 'pour-with'; benchmark.json has cut-with"),
    ("views", {"image": ...}, "view 'a': image is missing"),
    ("views", {"image": "images/none.png"}, "image is 'images/none.png'"),
    ("views", {"mask": "/etc/passwd"}, "leads out of the benchmark"),
    ("views", {"mask": "../small/masks/a.png"}, "leads out of the benchmark"),
    ("views", {"depth": "depth/none.png"}, "depth is 'depth/none.png'"),
    ("views", {"depth_scale": ...}, "view 'a': depth_scale is missing"),
    ("views", {"depth_scale": 0.0}, "depth_scale is 0.0; a number above 0"),
    ("views", {"depth_scale": float("nan")}, "depth_scale is nan; a number above 0"),
    ("views", {"object": 3}, "object is 3; a str is needed"),
    ("views", {"image_size": [20]}, r"image_size is \[20\]"),
    ("views", {"image_size": [20, 30.5]}, "image_size"),
    ("views", {"K": [[1.0, 2.0], [3.0, 4.0]]}, r"K has shape \(2, 2\)"),
    ("views", {"K": [[1.0, 2.0], [3.0]]}, "K is no matrix"),
    ("views", {"camera_from_object": [[float("nan")] * 4] * 4}, "camera_from_object .* finite"),
    ("pairs", {"a": "c"}, "a is 'c', which is no view"),
    ("pairs", {"within_category": "yes"}, "within_category is 'yes'; a bool"),
    ("pairs", {"split": ...}, "split is missing"),
    ("pairs", {"truth": None}, "truth is None"),
    ("pairs", {"truth": "truth/none.npz"}, "truth is 'truth/none.npz'"),
    ("pairs", {"part_b": "parts/none.png"}, "part_b is 'parts/none.png'"),
])
def test_opening_refuses(folder: Path, file: str, values: dict[str, Any], told: str) -> None:
    edit(folder, file, **values)
    with pytest.raises(BadBenchmark, match=told):
        Benchmark.open(folder)


@pytest.mark.parametrize(("file", "text", "told"), [
    ("benchmark.json", None, "benchmark.json cannot be read"),
    ("views.json", "{", "views.json cannot be read"),
    ("views.json", "[]", "holds a list; a dict"),
    ("pairs.json", "{}", "holds a dict; a list"),
    ("views.json", '{"a": {}, "a": {}}', r"\['a'\] come twice"),
])
def test_opening_refuses_broken_files(folder: Path, file: str, text: str | None, told: str) -> None:
    (folder / file).unlink() if text is None else (folder / file).write_text(text)
    with pytest.raises(BadBenchmark, match=told):
        Benchmark.open(folder)


def test_two_pairs_of_one_id_are_refused(folder: Path) -> None:
    (pair,) = json.loads((folder / "pairs.json").read_text())
    (folder / "pairs.json").write_text(json.dumps([pair, pair]))
    with pytest.raises(BadBenchmark, match=r"id is not unique .*: \['p'\]"):
        Benchmark.open(folder)


NEGATIVE = {"id": "n", "function": "pour-with", "a": "a", "b": "b", "split": "seen", "categories": ["mug", "hammer"]}


def test_negatives_are_read_and_have_a_hash_of_their_own(folder: Path) -> None:
    """What is known of pairs stays what it is, with them and without."""
    without = Benchmark.open(folder)
    assert without.negatives == () and without.negatives_sha256 is None
    (folder / "negatives.json").write_text(json.dumps([NEGATIVE]))
    benchmark = Benchmark.open(folder)
    (negative,) = benchmark.negatives
    assert (negative.id, negative.function, negative.a, negative.b, negative.split) == ("n", "pour-with", "a", "b", "seen")
    assert negative.description["categories"] == ["mug", "hammer"]
    before = benchmark.negatives_sha256
    assert benchmark.sha256 == without.sha256 and len(before) == 64
    (folder / "negatives.json").write_text(json.dumps([{**NEGATIVE, "id": "m"}]))
    assert Benchmark.open(folder).negatives_sha256 != before


def test_changed_negatives_are_found_by_the_manifest(tmp_path: Path) -> None:
    folder = write_small_benchmark(tmp_path / "with", negatives=[NEGATIVE])
    benchmark = Benchmark.open(folder)
    benchmark.check()
    assert benchmark.sha256 == Benchmark.open(write_small_benchmark(tmp_path / "without")).sha256
    (folder / "negatives.json").write_text(json.dumps([{**NEGATIVE, "split": "other"}]))
    with pytest.raises(BadBenchmark, match="negatives.json is missing or has changed"):
        Benchmark.open(folder).check()


@pytest.mark.parametrize(("entries", "told"), [
    ({}, "negatives.json holds a dict; a list"),
    (["n"], "negatives.json, entry 0: id is missing"),
    ([{**NEGATIVE, "b": "c"}], r"negatives.json, entry 0 \('n'\): b is 'c', which is no view"),
    ([{**NEGATIVE, "function": "fly-with"}], "function is 'fly-with'; benchmark.json has pour-with"),
    ([{**NEGATIVE, "split": 1}], "split is 1; a str is needed"),
    ([NEGATIVE, {**NEGATIVE, "id": "p"}], r"id is not unique \(also in negatives.json\): \['p'\]"),
])
def test_negatives_that_are_none_are_refused(folder: Path, entries: Any, told: str) -> None:
    (folder / "negatives.json").write_text(json.dumps(entries))
    with pytest.raises(BadBenchmark, match=told):
        Benchmark.open(folder)


@pytest.mark.parametrize(("arrays", "told"), [
    ({"a": A}, "b is missing"),
    ({"a": A, "b": B[:2]}, "a has 3 points, b has 2"),
    ({"a": A[:0], "b": B[:0]}, "at least 1"),
    ({"a": A, "b": np.where(B > 13, np.nan, B)}, r"b\[0\] is not finite|b\[1\] is not finite|b\[2\] is not finite"),
    ({"a": A, "b": B[:, :1]}, r"b is float32 of shape \(3, 1\)"),
    ({"a": A - [[0, 0], [0, 0], [0, 6.1]], "b": B}, r"a\[2\] = .* outside the mask of view 'a'"),
    ({"a": A + 300, "b": B}, "inf px outside"),
    ({"a": A, "b": B, "points": POINTS[:2]}, r"points has shape \(2, 3\)"),
    ({"a": A, "b": B, "points": POINTS * np.float32("nan")}, "3 finite points"),
    ({"a": A, "b": B, "permutations": np.array([[0, 0, 1]])}, "permutations has shape"),
])
def test_a_truth_that_is_none_is_refused(folder: Path, arrays: dict[str, np.ndarray], told: str) -> None:
    np.savez(folder / "truth" / "p.npz", **arrays)
    with pytest.raises(BadBenchmark, match=told):
        Benchmark.open(folder).pairs[0].truth()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"\x93NUMPY\x01\x00"])
def test_a_truth_file_that_is_no_archive_is_refused(folder: Path, content: bytes) -> None:
    (folder / "truth" / "p.npz").write_bytes(content)
    with pytest.raises(BadBenchmark, match="p.npz cannot be read"):
        Benchmark.open(folder).pairs[0].truth()


@pytest.mark.parametrize(("file", "image", "told"), [
    ("images/a.png", np.zeros((20, 31, 3), np.uint8), r"a.png is uint8 of shape \(20, 31, 3\)"),
    ("masks/a.png", np.zeros((10, 30), np.uint8), r"shape \(10, 30\)"),
    ("masks/a.png", np.full((20, 30), 127, np.uint8), "the mask is empty"),
    ("depth/a.png", np.zeros((20, 30), np.uint8), "uint16 of"),
    ("parts/a.pour-with.png", np.zeros((20, 30), np.uint8), "part_a of pair 'p' is empty"),
    ("parts/a.pour-with.png", np.full((30, 20), 255, np.uint8), r"of shape \(30, 20\)"),
])
def test_pictures_that_do_not_fit_are_refused(folder: Path, file: str, image: np.ndarray, told: str) -> None:
    cv2.imwrite(str(folder / file), image)
    with pytest.raises(BadBenchmark, match=told):
        Benchmark.open(folder).check()


def test_a_file_that_is_no_picture_is_refused(folder: Path) -> None:
    (folder / "images" / "b.png").write_bytes(b"not a picture")
    with pytest.raises(BadBenchmark, match="b.png is missing or is no image"):
        Benchmark.open(folder).views["b"]


def test_an_unknown_view_is_refused(folder: Path) -> None:
    benchmark = Benchmark.open(folder)
    assert "c" not in benchmark.views and len(benchmark.views) == 2
    with pytest.raises(BadBenchmark, match="no view 'c'"):
        benchmark.views["c"]


def test_a_changed_file_is_found_and_changes_the_hash(folder: Path, tmp_path: Path) -> None:
    before = Benchmark.open(folder).sha256
    assert before == Benchmark.open(write_small_benchmark(tmp_path / "again")).sha256
    cv2.imwrite(str(folder / "images" / "a.png"), np.zeros((20, 30, 3), np.uint8))
    with pytest.raises(BadBenchmark, match="images/a.png is missing or has changed"):
        Benchmark.open(folder).check()
    (folder / "manifest.json").unlink()
    changed = Benchmark.open(folder)
    changed.check()
    assert changed.sha256 != before, "without a manifest every file counts"


def test_distance_outside_is_that_to_the_nearest_pixel_square() -> None:
    mask = np.zeros((10, 10), dtype=bool)
    mask[4:6, 4:6] = True
    uv = np.array([[4.0, 4.0], [3.5, 5.5], [3.0, 4.0], [2.5, 4.5], [2.8, 6.2], [0.0, 0.0], [-50.0, 4.0]], dtype=np.float32)
    np.testing.assert_allclose(distance_outside(mask, uv), [0.0, 0.0, 0.5, 1.0, np.hypot(0.7, 0.7), np.inf, np.inf], atol=1e-6)
