# SPDX-License-Identifier: Apache-2.0
"""Captions find their objects, what is held back for tests is left out, files come back as they were, nonsense is refused."""

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from func_corr_ros.cli.main import main
from func_corr_ros.data.pseudo_label.captions import folder_captions, objaverse_captions
from func_corr_ros.data.pseudo_label.matching import (
    Match,
    MatchingSettings,
    accepted_objects,
    looked_at,
    matched,
    read_matches,
    write_matches,
)
from func_corr_ros.data.taxonomy import load_taxonomy
from func_corr_ros.errors import BadSettings


class WordEncoder:
    """A phrase's vector counts its words: phrases with common words are alike."""

    name, weights_sha256, channels = "words", "0" * 64, 4096

    def encode(self, phrases: list[str]) -> torch.Tensor:
        rows = np.zeros((len(phrases), self.channels), np.float32)
        for row, phrase in zip(rows, phrases, strict=True):
            for word in phrase.lower().split():
                row[int.from_bytes(word.encode(), "big") % 4093] += 1.0
        return torch.from_numpy(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))


PLAIN = MatchingSettings(least=0.4, prompt="{object}")


def test_captions_find_their_objects() -> None:
    captions = {"a.glb": "blue mug", "b.glb": "hammer", "c.glb": "spaceship", "d.glb": " ", "e.glb": "a chisel"}
    found, left_out = matched(captions, load_taxonomy(), WordEncoder(), PLAIN)
    assert [(one.asset, one.object, one.accepted) for one in found] == [("a.glb", "mug", None), ("b.glb", "hammer", None)]
    assert len(found[0].objects) == 3 and found[0].scores[0] == max(found[0].scores) and found[1].scores[0] == pytest.approx(1.0)
    assert "nothing is like 'spaceship'" in left_out["c.glb"] and left_out["d.glb"] == "it has no caption"
    assert left_out["e.glb"] == "a chisel is held back for tests"
    with pytest.raises(BadSettings, match="needs {object}"):
        matched(captions, load_taxonomy(), WordEncoder(), MatchingSettings(prompt="a thing"))


def test_a_models_word_and_a_persons_are_kept(tmp_path: Path) -> None:
    found, _ = matched({"a.glb": "mug", "ü/b.glb": "hammer"}, load_taxonomy(), WordEncoder(), PLAIN)
    seen = looked_at(found, lambda one: one.object == "mug")
    write_matches(tmp_path / "m.yaml", seen)
    assert read_matches(tmp_path / "m.yaml") == seen and [one.seen for one in seen] == [True, False]
    decided = [Match(**{**vars(seen[0]), "accepted": True}), Match(**{**vars(seen[1]), "accepted": False})]
    assert accepted_objects(decided) == {"a.glb": "mug"} and accepted_objects(seen) == {}


@pytest.mark.parametrize("text, told", [
    ("{}", "a list of matches"), ("- {asset: a}", "entry 0 is no match"),
    ("- {asset: a, nonsense: 1, objects: [], scores: []}", "no match"),
    ("- {asset: a, caption: b, objects: [mug], scores: [1.0], object: pan}", "one of mug"),
    ("- {asset: a, caption: b, objects: [mug], scores: [1.0], object: mug, accepted: perhaps}", "'perhaps'"),
])
def test_a_file_that_is_not_one_of_matches_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "m.yaml").write_text(text)
    with pytest.raises(BadSettings, match=told):
        read_matches(tmp_path / "m.yaml")


def test_names_become_captions(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    for name in ("tools/ClawHammer_02.obj", "x.stl", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "captions.yaml").write_text("x.stl: a coffee mug\n../y.stl: elsewhere\n")
    assert folder_captions(tmp_path) == {"tools/ClawHammer_02.obj": "tools Claw Hammer", "x.stl": "a coffee mug"}
    (tmp_path / "captions.yaml").write_text("- x\n")
    with pytest.raises(BadSettings, match="a mapping of file names to captions"):
        folder_captions(tmp_path)


def test_objaverse_says_what_assets_are(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = ModuleType("objaverse")
    about = {"u1": {"name": "Mug", "tags": [{"name": "coffee"}], "categories": []}, "u2": {"name": "Axe", "tags": None}}
    fake.load_annotations = lambda uids: {uid: about[uid] for uid in uids if uid in about}
    monkeypatch.setitem(sys.modules, "objaverse", fake)
    assert objaverse_captions(["u1", "u2", "u3"]) == {"u1": "Mug coffee", "u2": "Axe"}


def test_the_command_writes_matches_and_pictures_and_keeps_a_persons_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trimesh = pytest.importorskip("trimesh")
    pytest.importorskip("embreex")
    monkeypatch.setattr("func_corr_ros.correspondence.text_encoder.load_text_encoder", lambda name: WordEncoder())
    folder = tmp_path / "in"
    folder.mkdir()
    trimesh.creation.box((0.1, 0.1, 0.1)).export(folder / "a mug.ply")
    (folder / "a hammer.glb").write_bytes(b"glTF torn")
    words = ["label", "match", "--assets", str(folder), "--least", "0.4", "--out", str(tmp_path / "out")]
    assert main(words) == 0
    assert "left out: a hammer.glb: " in capsys.readouterr().out
    found = read_matches(tmp_path / "out" / "matches.yaml")
    assert [(one.asset, one.object) for one in found] == [("a mug.ply", "mug")]
    assert len(list((tmp_path / "out" / "pictures").glob("*.jpg"))) == 1
    assert main(words) == 2 and "is there, with a person's words" in capsys.readouterr().err
    assert main(["label", "match", "--out", str(tmp_path / "b")]) == 2
