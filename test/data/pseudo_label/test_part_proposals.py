# SPDX-License-Identifier: Apache-2.0
"""A model's proposals wait for a person; the taxonomy's own parts do not; answers that are no list of parts are listed."""

from pathlib import Path

import pytest
from data.annotators.test_endpoint import Server, said, server  # noqa: F401  (a fixture)
from data.pseudo_label.bricks import SMALL, bricks

from func_corr_ros.cli.main import main
from func_corr_ros.data.pseudo_label.part_phrases import all_phrases, read_phrases, write_phrases
from func_corr_ros.data.pseudo_label.part_proposals import added, proposed, waiting
from func_corr_ros.data.taxonomy import load_taxonomy
from func_corr_ros.errors import BadSettings

ANSWER = 'Sure:\n```json\n[{"part": "Rose", "edge": false, "small": true}, {"part": "spout"}]\n```'


def test_what_the_taxonomy_knows_is_not_asked_and_the_rest_waits() -> None:
    asked: list[str] = []
    found, left_out = proposed(
        ["mug", "sprinkler"], ["pour-with", "sprinkle-with"], load_taxonomy(), lambda words: asked.append(words) or ANSWER
    )
    assert len(asked) == 3 and "a mug" in asked[0] and "'sprinkle-with'" in asked[0] and not left_out
    mug = {one.part: one for one in found["mug"]}
    assert mug["rim"].accepted and mug["rim"].functions == ("pour-with",) and not mug["rose"].accepted and mug["rose"].crop
    assert [one.functions for one in found["sprinkler"]] == [("pour-with", "sprinkle-with")] * 2
    assert set(waiting(found)) == {"mug/rose", "mug/spout", "sprinkler/rose", "sprinkler/spout"}


def test_answers_that_are_no_parts_are_listed() -> None:
    for answer, why in (
        ("I cannot say", "no JSON list"),
        ("[" * 100_000, "no JSON list"),
        ('[{"part": "../../etc/passwd"}]', "no list of at most 5 parts"),
        ('[{"part": "__import__(\'os\')"}]', "no list of at most 5 parts"),
        ("[1, 2]", "no list of at most 5 parts"),
        (str([{"part": "a"}] * 9).replace("'", '"'), "no list of at most 5 parts"),
        ("[]", "no part of it serves that"),
    ):
        found, left_out = proposed(["gizmo"], ["stir-with"], load_taxonomy(), lambda _, text=answer: text)
        assert not found and why in left_out["gizmo", "stir-with"]
    for objects, functions, says in (
        (["../mug"], ["stir-with"], r"no plain names: '\.\./mug'"),
        (["mug"], ["Stir with"], "no plain names: 'Stir with'"),
        (["chisel"], ["stir-with"], "held back for tests: chisel"),
    ):
        with pytest.raises(BadSettings, match=says):
            proposed(objects, functions, load_taxonomy(), lambda _: ANSWER)


def test_a_persons_word_stays_when_more_is_added(tmp_path: Path) -> None:
    first, _ = proposed(["gizmo"], ["stir-with"], load_taxonomy(), lambda _: '[{"part": "rod"}]')
    write_phrases(tmp_path / "p.yaml", first)
    text = (tmp_path / "p.yaml").read_text()
    (tmp_path / "p.yaml").write_text(text.replace("accepted: false", "accepted: true").replace("rod of the gizmo", "long rod"))
    more, _ = proposed(["gizmo"], ["poke-with"], load_taxonomy(), lambda _: '[{"part": "rod"}, {"part": "tip"}]')
    write_phrases(tmp_path / "p.yaml", added(all_phrases(tmp_path / "p.yaml"), more))
    (rod,) = read_phrases(tmp_path / "p.yaml")["gizmo"]
    assert (rod.phrase, rod.functions) == ("long rod", ("poke-with", "stir-with"))
    assert [one.part for one in all_phrases(tmp_path / "p.yaml")["gizmo"]] == ["rod", "tip"]


def test_an_object_of_ones_own_is_labelled_once_its_parts_are_accepted(
    server: Server,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("embreex")
    server.reply = lambda body: said('[{"part": "face"}]')
    folder, out = bricks(tmp_path / "in", 1), tmp_path / "out"
    (folder / "objects.yaml").write_text("brick 0.ply: gizmo\n")
    words = ["--objects", "gizmo", "--functions", "flatten-with", "--endpoint", f"url={server.url}"]
    words += ["--endpoint", f"cache={tmp_path}/cache", "--out", str(out)]
    assert main(["label", "phrases", *words]) == 0
    assert "set accepted: true for those that are right: gizmo/face" in capsys.readouterr().out
    assert main(["label", "phrases", *words]) == 0 and len(server.bodies) == 1  # the second answer comes from disk
    assert server.bodies[0]["messages"][0]["content"][0]["type"] == "text"
    (out / "phrases.yaml").write_text((out / "phrases.yaml").read_text().replace("accepted: false", "accepted: true"))
    settings = [word for name, value in SMALL.items() for word in ("--set", f"{name}={value}")]
    assert main(["label", "run", "--assets", str(folder), "--out", str(out), "--processes", "1", *settings]) == 0
    assert "1 of 1 assets have labels" in capsys.readouterr().out
