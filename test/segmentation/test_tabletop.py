# SPDX-License-Identifier: Apache-2.0
"""What stands on a table is found exactly where it is, from any side, and nothing is found where nothing is."""
import re
from dataclasses import replace

import numpy as np
import pytest
from segmentation.ray_cast import FLOOR, TABLE, Balls, Box, Cylinder, View, cast, eye, iou, mug, noisy

from func_corr_ros.errors import NoDepth, NoMask
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.segmentation.segmenter import Prompts, Segmentation
from func_corr_ros.segmentation.tabletop import TabletopSegmenter, TabletopSettings

BOX = Box("box", (200, 180, 40), center=(-0.14, 0.06, 0.05), size=(0.08, 0.05, 0.1), yaw=0.5)
CAN = Cylinder("can", (40, 80, 190), base=(0.14, 0.04, 0.0), radius=0.035, height=0.11)
SCENE = [FLOOR, TABLE, BOX, CAN, *mug(0.0, -0.04)]
SEGMENTER = TabletopSegmenter()


def best_iou(view: View, found: Segmentation, name: str) -> float:
    return max(iou(found.labels == item.id, view.mask(name)) for item in found.objects)


def angle_deg(found: Segmentation, view: View) -> float:
    return float(np.degrees(np.arccos(np.clip(found.support.normal @ view.table.normal, -1.0, 1.0))))


@pytest.mark.parametrize(("elevation", "roll"), [(25, 0), (40, 0), (40, 35), (55, -90), (60, 180), (80, 10)])
def test_objects_and_support_from_any_side(elevation: float, roll: float) -> None:
    view = cast(SCENE, eye(elevation), roll_deg=roll)
    found = SEGMENTER.segment(view.frame)
    assert len(found.objects) == 3
    for name in ("box", "can", "mug"):
        assert best_iou(view, found, name) >= 0.97, name
    # exact depth: what remains is float32
    assert angle_deg(found, view) < 0.05
    assert abs(found.support.offset - view.table.offset) < 5e-4
    assert found.support.offset > 0.0, "the normal points to the camera's side"


@pytest.mark.parametrize("elevation", [30, 45, 65])
def test_noise_and_holes_of_a_stereo_camera(elevation: float) -> None:
    view = cast(SCENE, eye(elevation))
    found = SEGMENTER.segment(noisy(view))
    assert len(found.objects) == 3
    for name in ("box", "can", "mug"):
        assert best_iou(view, found, name) >= 0.95, name
    assert angle_deg(found, view) < 0.5


@pytest.mark.parametrize("stride", [1, 3, 4])
def test_stride_changes_the_speed_not_the_answer(stride: int) -> None:
    view = cast(SCENE, eye(40))
    found = TabletopSegmenter(TabletopSettings(stride=stride)).segment(view.frame)
    assert [best_iou(view, found, name) >= 0.97 for name in ("box", "can", "mug")] == [True] * 3


@pytest.mark.parametrize(("width", "height", "least"), [(320, 240, 0.95), (641, 483, 0.97), (1280, 720, 0.97)])
def test_other_image_sizes(width: int, height: int, least: float) -> None:
    focal = 500.0 * width / 640.0
    camera = PinholeCamera(focal, focal, (width - 1) / 2, (height - 1) / 2, width, height)
    view = cast(SCENE, eye(40), camera=camera)
    settings = TabletopSettings(min_object_px=int(400 * (width / 640) ** 2))
    found = TabletopSegmenter(settings).segment(view.frame)
    assert len(found.objects) == 3
    assert min(best_iou(view, found, name) for name in ("box", "can", "mug")) >= least  # an edge is 5 % of a small mug


def test_without_colour_depth_alone_decides() -> None:
    view = cast(SCENE, eye(40))
    grey = replace(view.frame, color=np.full_like(view.frame.color, 128))
    found = TabletopSegmenter(TabletopSettings(color_edges=False)).segment(grey)
    # the lowest 4 mm are left to the table (min_height_m): about 3 % of an object of 10 cm
    assert [best_iou(view, found, name) >= 0.94 for name in ("box", "can", "mug")] == [True] * 3


def test_the_handle_is_the_mug_s_and_its_loop_is_not() -> None:
    view = cast([FLOOR, TABLE, *mug(0.0, 0.0)], eye(35))
    cup, handle = (view.owner == index for index in (2, 3))
    mask = SEGMENTER.segment(view.frame).mask(1)
    assert (mask & handle).sum() / handle.sum() > 0.95
    u = np.nonzero(handle)[1]
    box = np.zeros_like(mask)
    box[np.nonzero(handle)[0].min() : np.nonzero(handle)[0].max(), u.min() : u.max()] = True
    loop = box & ~handle & ~cup & (np.cumsum(handle, axis=1) == 0) & (np.cumsum(cup, axis=1) > 0)
    assert loop.sum() > 300 and (mask & loop).sum() / loop.sum() < 0.08


def test_the_inside_of_a_bowl_belongs_to_its_wall() -> None:
    bowl = Cylinder("bowl", (230, 230, 225), base=(0.0, 0.0, 0.0), radius=0.08, height=0.05, inner=0.076, floor=0.006)
    view = cast([FLOOR, TABLE, bowl], eye(40))
    depth = view.frame.depth.copy()
    inside = np.zeros(depth.shape, bool)
    # stereo sees nothing along the front rim: inside and wall are two pieces then, centimetres apart
    rim = view.mask("bowl") & (np.abs(np.gradient(np.nan_to_num(depth), axis=0)) > 0.01)
    for shift in range(-4, 5):
        inside |= np.roll(rim, shift, axis=0)
    depth[inside] = np.nan
    found = SEGMENTER.segment(view.with_depth(depth))
    assert len(found.objects) == 1
    assert iou(found.mask(1), view.mask("bowl")) > 0.97


def test_holes_of_depth_are_filled_inside_and_not_beside() -> None:
    view = cast([FLOOR, TABLE, CAN], eye(40))
    depth = view.frame.depth.copy()
    rows, columns = np.nonzero(view.mask("can"))
    top, bottom, left, right = rows.min(), rows.max(), columns.min(), columns.max()
    depth[top + 30 : top + 40, left + 10 : left + 22] = np.nan  # a glint
    depth[top : top + 9, left : right + 1] = np.nan  # a dark rim
    depth[top + 10 : bottom, left - 25 : left] = np.nan  # the shadow beside it
    mask = SEGMENTER.segment(view.with_depth(depth)).mask(1)
    assert iou(mask, view.mask("can")) > 0.97
    assert mask[top + 30 : top + 40, left + 10 : left + 22].all()
    assert mask[top + 10 : bottom - 5, left - 25 : left - 3].mean() < 0.02


def test_one_behind_the_other_are_two() -> None:
    bottle = Cylinder("bottle", (220, 200, 30), base=(0.0, -0.05, 0.0), radius=0.03, height=0.16)
    carton = Box("carton", (180, 30, 30), center=(0.0, 0.07, 0.09), size=(0.18, 0.05, 0.18))
    view = cast([FLOOR, TABLE, bottle, carton], eye(25))
    found = SEGMENTER.segment(view.frame)
    assert len(found.objects) == 2
    assert best_iou(view, found, "bottle") > 0.97 and best_iou(view, found, "carton") > 0.97


def test_a_desk_in_front_of_a_large_floor_is_the_support() -> None:
    desk = Box("desk", (150, 100, 60), center=(0.0, 0.0, -0.01), size=(0.35, 0.3, 0.02))
    wall = Box("wall", (200, 200, 200), center=(0.0, 2.5, 0.0), size=(6.0, 0.02, 3.0))
    view = cast([FLOOR, wall, desk, *mug(0.0, 0.0)], eye(45, distance=0.75))
    assert view.mask("floor").sum() > 1.5 * view.mask("desk").sum(), "the scene is as it should be: mostly floor"
    found = SEGMENTER.segment(view.frame)
    assert angle_deg(found, view) < 0.1 and abs(found.support.offset - view.table.offset) < 1e-3
    assert [item.id for item in found.objects] == [1] and best_iou(view, found, "mug") > 0.97


def test_what_stands_beside_the_table_is_not_on_it() -> None:
    locker = Box("locker", (60, 60, 70), center=(0.35, 0.75, -0.3), size=(0.4, 0.3, 1.0))
    view = cast([FLOOR, TABLE, CAN, locker], eye(30, distance=1.0))
    assert view.mask("locker").sum() > 5000
    found = SEGMENTER.segment(view.frame)
    assert len(found.objects) == 1 and best_iou(view, found, "can") > 0.97


def test_best_first_by_size_and_nearness_to_the_centre() -> None:
    small = Cylinder("small", (40, 160, 60), base=(-0.16, 0.0, 0.0), radius=0.02, height=0.04)
    view = cast([FLOOR, TABLE, small, *mug(0.0, 0.0)], eye(40))
    found = SEGMENTER.segment(view.frame)
    assert [item.id for item in found.objects] == [1, 2]
    assert iou(found.mask(1), view.mask("mug")) > 0.97 and iou(found.mask(2), view.mask("small")) > 0.9
    assert 1.0 >= found.objects[0].score > found.objects[1].score > 0.0
    u0, v0, u1, v1 = found.objects[0].box
    inside = np.zeros_like(found.labels, dtype=bool)
    inside[v0:v1, u0:u1] = True
    mask = found.mask(1)
    assert not (mask & ~inside).any() and mask[v0].any() and mask[v1 - 1].any() and mask[:, u0].any() and mask[:, u1 - 1].any()
    assert len(TabletopSegmenter(TabletopSettings(max_objects=1)).segment(view.frame).objects) == 1


def test_cut_objects_can_be_left_out() -> None:
    view = cast([FLOOR, TABLE, CAN, *mug(-0.46, 0.0)], eye(40))
    assert view.mask("mug")[:, 0].any(), "the mug is cut by the left border"
    assert len(SEGMENTER.segment(view.frame).objects) == 2
    found = TabletopSegmenter(TabletopSettings(keep_cut_objects=False)).segment(view.frame)
    assert len(found.objects) == 1 and best_iou(view, found, "can") > 0.97


def test_prompts_select() -> None:
    view = cast(SCENE, eye(40))
    v, u = np.argwhere(view.mask("can")).mean(axis=0)
    found = SEGMENTER.segment(view.frame, Prompts(np.array([[u, v]]), np.array([1]), np.zeros((0, 4))))
    assert len(found.objects) == 1 and iou(found.labels > 0, view.mask("can")) > 0.97
    with pytest.raises(NoMask, match="hit none of the 3 objects"):
        SEGMENTER.segment(view.frame, Prompts(np.array([[5.0, 5.0]]), np.array([1]), np.zeros((0, 4))))


def test_the_same_frame_gives_the_same_answer_and_stays_as_it_was() -> None:
    view = cast(SCENE, eye(40))
    frame = noisy(view)
    color, depth = frame.color.copy(), frame.depth.copy()
    first, second = SEGMENTER.segment(frame), TabletopSegmenter().segment(frame)
    np.testing.assert_array_equal(first.labels, second.labels)
    np.testing.assert_array_equal(first.support.normal, second.support.normal)
    assert first.objects == second.objects
    np.testing.assert_array_equal(frame.color, color)
    np.testing.assert_array_equal(frame.depth, depth)


def test_no_depth_is_refused_with_what_to_check() -> None:
    view = cast(SCENE, eye(40))
    with pytest.raises(NoDepth, match="0 have one beyond.*registered"):
        SEGMENTER.segment(view.frame.without_depth())
    with pytest.raises(NoDepth, match=rf"none of {640 * 480} pixels.*{640 * 480} have one beyond"):
        SEGMENTER.segment(view.with_depth(np.full((480, 640), 4.0)))
    with pytest.raises(NoDepth):  # zeros mean nothing was measured
        SEGMENTER.segment(view.with_depth(np.zeros((480, 640))))


def test_an_empty_table_is_refused_with_its_numbers() -> None:
    with pytest.raises(NoMask, match=r"nothing stands on the support plane, which holds \d+% of the valid depth: 0 px"):
        SEGMENTER.segment(cast([FLOOR, TABLE], eye(40)).frame)


def test_a_scene_without_a_plane_is_refused_with_its_numbers() -> None:
    rng = np.random.default_rng(0)
    view = cast([Balls("ball", (200, 60, 60), centers=((0.0, 0.0, 0.0),), radius=0.3)], eye(40, distance=0.9))
    with pytest.raises(NoMask, match=r"no support plane: the largest plane holds \d+\.\d% of \d+ points within 3 mm") as refusal:
        TabletopSegmenter(TabletopSettings(plane_tolerance_m=0.003)).segment(view.frame)
    assert float(re.search(r"holds (\d+\.\d)%", str(refusal.value))[1]) < 8.0
    with pytest.raises(NoMask, match="no support plane"):
        SEGMENTER.segment(view.with_depth(rng.uniform(0.3, 1.9, (480, 640))))
    lonely = np.full((480, 640), np.nan)
    lonely[6, 6] = 0.7
    with pytest.raises(NoMask, match="of 1 points"):
        SEGMENTER.segment(view.with_depth(lonely))
