# SPDX-License-Identifier: Apache-2.0
"""The taxonomy that ships is the published one, and mistakes in another are named."""
import json
import os
from pathlib import Path

import pytest

from func_corr_ros.data.objects.functions import FUNCTIONS
from func_corr_ros.data.taxonomy import load_taxonomy
from func_corr_ros.errors import BadSettings, UnknownFunction

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("FUNC_CORR_DATA") or ROOT.parent / "shared" / "data")


def test_its_size_is_the_published_one() -> None:
    taxonomy = load_taxonomy()
    pairs = [(function, name) for function in taxonomy.functions for name in taxonomy.objects_for(function)]
    triples = sum(len(taxonomy.parts_of[function][name]) for function, name in pairs)
    assert (len(taxonomy.functions), len(taxonomy.objects), len(pairs), triples) == (24, 160, 436, 714)
    assert len(taxonomy.unseen_objects) == 22 and set(taxonomy.unseen_objects) <= set(taxonomy.objects)


def test_every_triple_is_the_published_one() -> None:
    source = DATA / "taxonomy" / "objaverse.json"
    if not source.is_file():
        pytest.skip(f"{source} is not here")
    published = {tuple(triple.values()) if isinstance(triple, dict) else tuple(triple)
                 for triple in json.loads(source.read_text())["triples"]}
    ours = load_taxonomy().parts_of
    assert {(function, name, part) for function in ours for name in ours[function] for part in ours[function][name]} == published


def test_edges_and_crops_are_the_published_ones() -> None:
    taxonomy, source = load_taxonomy(), DATA / "taxonomy" / "objaverse.json"
    assert sum(map(len, taxonomy.edge_parts.values())) == 66 and sum(map(len, taxonomy.crop_parts.values())) == 156
    if not source.is_file():
        pytest.skip(f"{source} is not here")
    published = json.loads(source.read_text())["parts"]
    for flag, ours in (("edge", taxonomy.edge_parts), ("crop", taxonomy.crop_parts)):
        theirs = {name: {part for part, about in parts.items() if about[flag]} for name, parts in published.items()}
        assert {name: set(parts) for name, parts in ours.items()} == {name: parts for name, parts in theirs.items() if parts}


def test_every_function_has_a_frame_convention_and_the_other_way_round() -> None:
    assert set(FUNCTIONS) == set(load_taxonomy().functions)


def test_parts_are_those_of_the_pair() -> None:
    taxonomy = load_taxonomy()
    assert taxonomy.parts("pour-with", "mug") == taxonomy.functions_of("mug")["pour-with"]
    assert taxonomy.parts("pour-with", "hammer") == taxonomy.parts("sing-with", "mug") == ()


def test_an_unknown_function_names_the_nearest() -> None:
    with pytest.raises(UnknownFunction, match="'pour'; did you mean 'pour-with'"):
        load_taxonomy().objects_for("pour")


def test_the_functions_of_an_object() -> None:
    assert load_taxonomy().functions_of("mug") == {
        "press-with": ("base",), "scoop-with": ("rim",), "pour-with": ("rim",), "roll-onto": ("body",), "hang-onto": ("handle",)}
    assert load_taxonomy().functions_of("moon") == {}


@pytest.mark.parametrize(("text", "named"), [
    ("[]", "the key 'functions'"), ("functions: {cut-with: {knife: edge}}", "cut-with/knife is 'edge'"),
    ("functions: {cut-with: [knife]}", "functions/cut-with/ is None"),
])
def test_a_file_of_another_form_is_refused(tmp_path, text: str, named: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(BadSettings, match=named):
        load_taxonomy(path)
