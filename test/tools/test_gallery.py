# SPDX-License-Identifier: Apache-2.0
"""A gallery that shows something else than what was made anew is told so, and what another processor rounds otherwise is not."""
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

gallery = pytest.importorskip("gallery", reason="it renders: pip install 'func_corr_ros[data]'")


def shown(folder: Path, accepted: int = 115, words: str = "from hammer to mallet", value: int = 100) -> Path:
    pictures = folder / "images" / "gallery"
    pictures.mkdir(parents=True)
    cv2.imwrite(str(pictures / "pound-with.png"), np.full((20, 30, 3), value, dtype=np.uint8))
    line = f"*pound-with: {words}. {accepted} of 2788 matches are taken for correspondences.*"
    (folder / "gallery.md").write_text(f"# Gallery\n\n{line}\n")
    return folder


def test_the_same_gallery_has_no_differences(tmp_path: Path) -> None:
    made = shown(tmp_path / "made")
    assert gallery.differences(made, shown(tmp_path / "same")) == []
    assert gallery.differences(made, shown(tmp_path / "rounded", accepted=150, value=101)) == []


@pytest.mark.parametrize(("other", "told"), [
    ({"accepted": 600}, "pound-with: 115 of 2788 matches are taken for correspondences, shown are 600 of 2788"),
    ({"words": "from hammer to spoon"}, "gallery.md has other words"),
    ({"value": 110}, "pound-with.png is another picture"),
])  # fmt: skip
def test_what_differs_is_named(tmp_path: Path, other: dict, told: str) -> None:
    assert gallery.differences(shown(tmp_path / "made"), shown(tmp_path / "shown", **other)) == [told]


def test_a_picture_that_is_not_shown_is_named(tmp_path: Path) -> None:
    made, docs = shown(tmp_path / "made"), shown(tmp_path / "docs")
    (docs / "images" / "gallery" / "pound-with.png").unlink()
    assert gallery.differences(made, docs) == ["pound-with.png is another picture"]
