# SPDX-License-Identifier: Apache-2.0
"""Boxes restrict where matches are looked for: the truth keeps wrong places out, no box changes nothing."""
import numpy as np
import pytest
import torch

from func_corr_ros.correspondence.baselines import METHODS
from func_corr_ros.correspondence.baselines.dense import DenseMethod, Described
from func_corr_ros.correspondence.baselines.grounded import Grounded, phrases_of
from func_corr_ros.correspondence.baselines.method import Method, Subject, load_method
from func_corr_ros.correspondence.object_crop import CropSettings, crop_window
from func_corr_ros.errors import BadBenchmark, BadSettings, BadWeights
from func_corr_ros.grounding import GROUNDERS
from func_corr_ros.grounding.grounder import Boxes

MASK = np.zeros((80, 120), dtype=bool)
MASK[20:60, 10:110] = True


def subject(key: str = "view", **names) -> Subject:
    names = {"object": "kettle", "parts": ("spout", "mouth"), **names}
    return Subject(np.zeros((80, 120, 3), dtype=np.uint8), MASK, "pour-with", None, key, **names)


def same_everywhere(one: Subject) -> Described:
    """Features that repeat: left and right half cannot be told apart."""
    grid = torch.eye(8).repeat(1, 2)[:, :, None].expand(8, 16, 16).permute(0, 2, 1).contiguous()
    return Described(grid, crop_window(one.mask, CropSettings()), one.mask)


class Oracle:
    """Says that the part is the right half of what it is shown."""

    name, identity = "oracle", {"weights": "truth"}

    def __init__(self, edges=((245.0, 0.0, 490.0, 490.0),)) -> None:
        self.edges, self.asked = np.array(edges).reshape(-1, 4), []

    def ground(self, image, phrases) -> list[Boxes]:
        self.asked.append(list(phrases))
        return [Boxes.of(self.edges, np.ones(len(self.edges)), image.shape[:2]) for _ in phrases]


def method(grounder: Oracle, prompt: str = "part") -> Grounded:
    return Grounded("oracle+repeating", grounder, DenseMethod("repeating", {"conditioned": False}, same_everywhere, 2000), prompt)


def test_matches_keep_to_the_boxes() -> None:
    points = np.array([[70.0, 40.0], [90.0, 30.0], [100.0, 50.0]], dtype=np.float32)
    free = DenseMethod("repeating", {}, same_everywhere, 2000)
    a, b = free.describe(subject("a")), free.describe(subject("b"))
    assert (free.transfer(a, b, points).uv[:, 0] < 60).any(), "the first of equal places is taken, in the left half"
    told = method(Oracle())
    assert isinstance(told, Method)
    a, b = told.describe(subject("a")), told.describe(subject("b"))
    assert not b.fallback and (told.transfer(a, b, points).uv[:, 0] >= 59.5).all()
    np.testing.assert_array_equal(b.region[:, :60] & MASK[:, :60], False)
    assert (b.region & MASK)[:, 60:].sum() == MASK[:, 60:].sum()


def test_no_box_falls_back_to_the_object_and_says_so() -> None:
    blind = method(Oracle(edges=()))
    described = blind.describe(subject())
    assert described.fallback
    np.testing.assert_array_equal(described.candidates, MASK)


def test_parts_are_asked_for_by_name_or_by_what_they_do() -> None:
    asked = Oracle()
    method(asked, "part").describe(subject())
    method(asked, "function").describe(subject())
    assert asked.asked == [["spout of the kettle", "mouth of the kettle"], ["part of the kettle that is used to pour with"]]


def test_a_view_without_names_and_an_unknown_prompt_are_refused() -> None:
    with pytest.raises(BadBenchmark, match="view 'view': the names of its object"):
        phrases_of(subject(object=""), "function")
    with pytest.raises(BadBenchmark, match="of the parts for pour-with"):
        phrases_of(subject(parts=()), "part")
    with pytest.raises(BadSettings, match="prompt is 'word'; valid: part, function"):
        method(Oracle(), "word")


def test_identity_tells_prompts_and_weights_apart() -> None:
    one, two = method(Oracle(), "part").identity, method(Oracle(), "function").identity
    assert one != two and one["conditioned"] and one["grounder"] == "oracle" and one["weights"] == "truth"


@pytest.mark.parametrize("name", [f"{grounder}{prompt}+dino" for grounder in sorted(GROUNDERS) for prompt in ("", "-function")])
def test_every_grounder_is_a_row_and_missing_weights_say_where_to_get_them(name: str, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert name in METHODS
    with pytest.raises(BadWeights, match="hf download"):
        load_method(name)
