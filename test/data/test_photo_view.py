# SPDX-License-Identifier: Apache-2.0
"""Path traced pictures show the same object at the same pixels, in its colours, and say how to get Mitsuba where it is not."""
import sys
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("embreex")
pytest.importorskip("manifold3d")

from func_corr_ros.data.materials import Material
from func_corr_ros.data.object_view import STANDARD_CAMERA, orbit, view_object
from func_corr_ros.data.photo_view import photo_view
from func_corr_ros.data.render_job import drawn_object
from func_corr_ros.errors import BadSettings, MissingOptional

CAMERA = STANDARD_CAMERA.resized(96, 96)
RED = {"": Material((0.8, 0.1, 0.1)), "handle": Material((0.1, 0.1, 0.8))}


def test_without_mitsuba_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mitsuba", None)
    mug = drawn_object("mug", 0)
    with pytest.raises(MissingOptional, match=r"pip install 'func_corr_ros\[photo\]'"):
        photo_view(mug, RED, CAMERA, orbit(mug, CAMERA, 130.0, 30.0))


def test_oblong_pixels_are_refused() -> None:
    mug = drawn_object("mug", 0)
    with pytest.raises(BadSettings, match="square pixels"):
        photo_view(mug, RED, replace(CAMERA, fx=2.0 * CAMERA.fx), orbit(mug, CAMERA, 130.0, 30.0))


@pytest.mark.parametrize(("category", "offset"), [("mug", (0.0, 0.0)), ("teapot", (13.0, -9.0))])
def test_it_is_the_same_picture_but_for_the_light(category: str, offset: tuple[float, float]) -> None:
    """The principal point off the middle, too: its sign is easily wrong."""
    pytest.importorskip("mitsuba")
    thing = drawn_object(category, 0)
    pose = orbit(thing, CAMERA, 130.0, 30.0, roll_deg=15.0, fill=0.6)
    camera = replace(CAMERA, cx=CAMERA.cx + offset[0], cy=CAMERA.cy + offset[1])
    quick = view_object(thing, RED, camera, pose, background=(0.0, 1.0, 0.0))
    photo = photo_view(thing, RED, camera, pose, background=(0.0, 1.0, 0.0), samples=24)
    there = np.abs(photo.astype(int) - [0, 255, 0]).sum(axis=2) > 200
    assert (there & quick.mask).sum() / (there | quick.mask).sum() > 0.97
    red = quick.mask & (quick.part_index != thing.part_names.index("handle"))
    assert (photo[red].mean(axis=0)[0] > 2.0 * photo[red].mean(axis=0)[1:]).all()
    np.testing.assert_array_equal(photo, photo_view(thing, RED, camera, pose, background=(0.0, 1.0, 0.0), samples=24))
