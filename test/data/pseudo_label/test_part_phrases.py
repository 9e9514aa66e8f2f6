# SPDX-License-Identifier: Apache-2.0
"""Phrases name every functional part once; a person may mend the file, and mistakes in it are named."""

from pathlib import Path

import pytest

from func_corr_ros.data.pseudo_label.part_phrases import phrases_for, read_phrases, write_phrases
from func_corr_ros.data.pseudo_label.sources import AssetSource, library_sources
from func_corr_ros.data.taxonomy import load_taxonomy
from func_corr_ros.errors import BadSettings

pytest.importorskip("manifold3d")


def test_parts_flags_and_functions_are_the_taxonomys() -> None:
    phrases = phrases_for([AssetSource("axe-f1", "axe")], load_taxonomy())["axe"]
    edge = next(one for one in phrases if one.part == "edge")
    assert edge.phrase == "edge of the axe" and edge.edge and not edge.crop and "cut-with" in edge.functions
    assert next(one for one in phrases if one.part == "back").crop
    assert [one.part for one in phrases] == sorted({one.part for one in phrases})


def test_the_librarys_own_parts_are_asked_about_too() -> None:
    phrases = phrases_for(library_sources(["pitcher"], 1), load_taxonomy())["jug"]
    assert "channel" in {one.part for one in phrases} and phrases[0].phrase.endswith("of the pitcher")


def test_a_person_mends_the_file(tmp_path: Path) -> None:
    phrases = phrases_for([AssetSource("axe-f1", "axe")], load_taxonomy())
    write_phrases(tmp_path / "p.yaml", phrases)
    assert read_phrases(tmp_path / "p.yaml") == phrases
    text = (tmp_path / "p.yaml").read_text().replace("edge of the axe", "sharp edge")
    (tmp_path / "p.yaml").write_text(text.replace("accepted: true", "accepted: false", 1))
    mended = read_phrases(tmp_path / "p.yaml")["axe"]
    assert len(mended) == len(phrases["axe"]) - 1 and "sharp edge" in {one.phrase for one in mended}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[1]", "mapping of objects"),
        ("axe: 3", "axe: a mapping of parts"),
        ("axe: {edge: {phrase: a}}", "axe/edge: phrase and functions"),
        ("axe: {edge: {phrase: a, functions: [b], egde: true}}", "no more than phrase"),
        ("axe: {edge: {phrase: a, functions: [b], edge: 3}}", "axe/edge/edge is 3; a bool"),
    ],
)
def test_mistakes_are_named(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(BadSettings, match=says):
        read_phrases(tmp_path / "p.yaml")
