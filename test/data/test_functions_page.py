# SPDX-License-Identifier: Apache-2.0
"""docs/functions.md says what the code says, and its pictures show what serves, with the frame on it."""
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("embreex")
pytest.importorskip("manifold3d")

from data.drawn_objects import drawn

from func_corr_ros.data.functions_page import drawn_things, function_picture, functions_page
from func_corr_ros.data.objects.functions import FUNCTIONS
from func_corr_ros.data.render_job import drawn_object

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_up_to_date_and_has_its_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("func_corr_ros.data.functions_page.drawn_object", drawn)
    page = functions_page(drawn_things())
    assert (DOCS / "functions.md").read_text() == page, "write it anew: func-corr objects pages"
    assert len(list((DOCS / "images" / "functions").glob("*.jpg"))) == len(FUNCTIONS)


def test_a_picture_shows_the_part_and_the_three_axes() -> None:
    picture = function_picture("pour-with", [drawn_object("mug", 0), drawn_object("pitcher", 0)], side=120).astype(int)
    assert picture.shape == (120, 240, 3)
    for half in (picture[:, :120], picture[:, 120:]):
        red, green, blue = np.moveaxis(half, -1, 0)
        assert ((red > green + 40) & (green > blue + 40)).sum() > 30  # the rim, orange
        assert ((red > 150) & (green < 80) & (blue < 80)).sum() > 10  # x
        assert ((blue > 150) & (red < 110) & (green < 130)).sum() > 10  # z
