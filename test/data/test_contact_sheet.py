# SPDX-License-Identifier: Apache-2.0
"""Contact sheets have a cell for each draw, and show what they are asked to show."""
import numpy as np
import pytest

from func_corr_ros.data.contact_sheet import contact_sheet, part_colors
from func_corr_ros.data.render_job import drawn_object
from func_corr_ros.errors import BadSettings

pytest.importorskip("embreex")
pytest.importorskip("manifold3d")


def test_rows_and_columns() -> None:
    sheet = contact_sheet(["can", "carton", "can"], 2, side=48, columns=2)
    assert sheet.shape == (96, 192, 3)
    cells = sheet.reshape(2, 48, 4, 48, 3).swapaxes(1, 2).reshape(8, 48, 48, 3)
    assert all(cell.std() > 5.0 for cell in cells[:6]) and (cells[6:] == 255).all()
    np.testing.assert_array_equal(cells[0], cells[4])  # the same category, the same draws


def test_textured_objects_look_otherwise_than_part_colours() -> None:
    assert (contact_sheet(["can"], 1, side=48) != contact_sheet(["can"], 1, side=48, textured=True)).any()
    thing = drawn_object("mug", 0)
    colors = part_colors(thing)
    assert set(colors) == set(thing.part_names) and len({item.color for item in colors.values()}) == len(colors)


def test_an_unknown_category_is_refused() -> None:
    with pytest.raises(BadSettings, match="no category 'teacup'"):
        contact_sheet(["teacup"])
