# SPDX-License-Identifier: Apache-2.0
"""The rows without training: what each is made of, and that the features find a picture's own mirror-free copy."""
import numpy as np
import pytest

from func_corr_ros.correspondence.baselines import decoding, plain
from func_corr_ros.correspondence.baselines.dense import DenseMethod, pixels_of
from func_corr_ros.correspondence.baselines.method import MethodSettings, Subject
from func_corr_ros.errors import BadBenchmark

SETTINGS = MethodSettings(max_pixels=300, device="cpu")
FACTORIES = [plain.dino_224, plain.dino_448, plain.ours_224, plain.oracle_mask, decoding.soft_argmax, decoding.mutual_only]


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch, tiny_folder) -> None:
    monkeypatch.setattr(plain, "WEIGHTS", str(tiny_folder))


def subject(shift: int, part: bool = True) -> Subject:
    """A board of random patches, ``shift`` px further right."""
    patches = np.random.default_rng(3).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    image, mask = np.full((120, 160, 3), 128, dtype=np.uint8), np.zeros((120, 160), dtype=bool)
    image[20:92, 30 + shift : 102 + shift] = np.kron(patches, np.ones((12, 12, 1), dtype=np.uint8))
    mask[20:92, 30 + shift : 102 + shift] = True
    left = mask & (np.arange(160)[None] < 60 + shift)
    return Subject(image, mask, "cut-with", left if part else None, f"board{shift}")


@pytest.mark.parametrize("factory", FACTORIES)
def test_a_moved_board_is_found_where_it_is(factory) -> None:
    method: DenseMethod = factory(SETTINGS)
    a, b = method.describe(subject(0)), method.describe(subject(20))
    points = pixels_of(a.candidates)[::41]
    np.testing.assert_allclose(np.median(method.transfer(a, b, points).uv - points, axis=0), [20.0, 0.0], atol=2.5)
    found = method.discover(a, b)
    np.testing.assert_allclose(np.median(found.uv_b - found.uv_a, axis=0), [20.0, 0.0], atol=2.5)
    assert found.score.min() >= 0.0 and found.score.max() <= 1.0 and 0 < len(found.score) <= 300


def test_identities_tell_the_rows_apart() -> None:
    rows = {method.name: method.identity for method in (factory(SETTINGS) for factory in FACTORIES)}
    assert set(rows) == {"dino-224", "dino-448", "ours-224", "oracle-mask+dino", "soft-argmax", "mutual"}
    assert len({str(sorted(row.items())) for row in rows.values()}) == len(rows)
    assert rows["dino-224"]["crop"] == {"size": 224, "margin": 1.2, "background": "white"}
    assert rows["dino-448"]["crop"] == {**rows["dino-224"]["crop"], "size": 448}
    assert rows["dino-224"]["backbone"] == {"layers": (-1,), "aggregate": "mean", "final_norm": False}
    assert rows["ours-224"]["backbone"]["layers"] == (-3, -2, -1) and rows["ours-224"]["crop"]["background"] == "mean"
    assert all(row["max_pixels"] == 300 and len(row["sha256"]) == 64 for row in rows.values())
    assert [name for name, row in rows.items() if row["conditioned"]] == ["oracle-mask+dino"]


def test_the_oracle_needs_to_be_told_and_keeps_to_the_part() -> None:
    method = plain.oracle_mask(SETTINGS)
    a, b = method.describe(subject(0)), method.describe(subject(20))
    assert (method.transfer(a, b, pixels_of(a.mask)[::41]).uv[:, 0] < 80).all()
    found = method.discover(a, b)
    np.testing.assert_array_equal(found.in_part, found.uv_a[:, 0] < 60)
    with pytest.raises(BadBenchmark, match="'board0' has no part mask for cut-with"):
        method.describe(subject(0, part=False))


def test_mutual_neighbours_are_mutual() -> None:
    method = decoding.mutual_only(SETTINGS)
    a, b = method.describe(subject(0)), method.describe(subject(20))
    forth, back = method.discover(a, b), method.discover(b, a)
    pairs = {(*p, *q) for p, q in zip(forth.uv_a.tolist(), forth.uv_b.tolist(), strict=True)}
    assert pairs == {(*p, *q) for q, p in zip(back.uv_a.tolist(), back.uv_b.tolist(), strict=True)}
    asked = method.transfer(a, b, pixels_of(a.mask)[::41])
    assert {tuple(q) for q in asked.uv.tolist()} <= {tuple(q) for q in forth.uv_b.tolist()}


def test_a_soft_argmax_lies_between_pixels_near_the_hard_one() -> None:
    hard, soft = plain.ours_224(SETTINGS), decoding.soft_argmax(SETTINGS)
    a, b = hard.describe(subject(0)), hard.describe(subject(20))
    points = pixels_of(a.mask)[::41]
    moved = soft.transfer(a, b, points).uv
    assert (moved % 1.0 != 0.0).any()
    reach = decoding.WINDOW_SHARE / 2.0 * b.window.side
    off = np.abs(soft.discover(a, b).uv_b - hard.discover(a, b).uv_b)
    assert off.max() < max(reach, 1.5 * 5) + 4.0  # the lattice is 5 px wide
