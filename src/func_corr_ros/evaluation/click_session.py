# SPDX-License-Identifier: Apache-2.0
"""What a person clicks on one RGB-D picture until it is a demonstration: the object, where it is gripped, how it acts."""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float64

from func_corr_ros.errors import BadAnnotations, BadDemonstration, FuncCorrError, NoMask
from func_corr_ros.evaluation.click_drawing import draw_outlines, draw_places, draw_tools
from func_corr_ros.evaluation.click_words import PLACES, SECONDS, STEPS, USUAL, WORDS
from func_corr_ros.evaluation.drawing import Picture
from func_corr_ros.geometry.rgbd_frame import RgbdFrame
from func_corr_ros.segmentation.segmenter import Segmentation
from func_corr_ros.transfer.clicked_object import ClickedObject
from func_corr_ros.transfer.clicked_pose import ClickedAction, ClickedGrip, Pixel, action_pose, gripper_pose
from func_corr_ros.transfer.demonstration import Demonstration, Keypoint, Phase
from func_corr_ros.transfer.demonstration_store import DemonstrationStore
from func_corr_ros.transfer.steps import GRIP, GRIPPER_LINK, TOOL_LINK, WORKING, steps

# Fingertips are moved along the approach by no more than this [m].
MOST_DEEPER = 0.06
# A picture of the object alone leaves this share of its size on each side: directions are clicked there, the gripper drawn.
ROOM = 0.7


@dataclass(frozen=True)
class Wanted:
    """The names that clicks do not say, and whether a demonstration of this name may be replaced."""

    id: str
    function: str
    object: str
    gripper_link: str = GRIPPER_LINK
    tool_link: str = TOOL_LINK
    overwrite: bool = False


class ClickSession:
    """Clicks on ``frame``, whose objects and support were ``found``, that become the demonstration ``wanted`` in ``store``.

    Raises, before anybody clicks, BadDemonstration for names that no demonstration has and for one that exists, NoMask where no
    object or no support is seen.
    """

    def __init__(self, frame: RgbdFrame, found: Segmentation, wanted: Wanted, store: DemonstrationStore) -> None:
        if found.support is None or not found.objects:
            raise NoMask("the plane that the object stands on is not seen; what is up or 'from above' is told by it: take a "
                         "picture that shows more of the table")
        self.frame, self.wanted, self.store, self._found = frame, wanted, store, found
        self.zoomed, self.kept, self.revision = False, "", 0
        self.how: dict[str, Any] = {GRIP: ClickedGrip(), WORKING: USUAL.get(wanted.function, ClickedAction())}
        self.places: dict[str, Keypoint] = {}
        self._object = found.objects[0].id
        self.thing = self._outlined(self._object)
        links = (wanted.gripper_link, wanted.tool_link)
        self._demonstration((), tuple(Phase("any", link, "@world", np.eye(4)) for link in links))  # for its checks of names
        store.free(wanted.id, replace=wanted.overwrite)

    def click(self, name: str, uv: Sequence[float | int] | None) -> None:
        """Takes a click at ``uv`` as the "object", a place (PLACES) or a direction (SECONDS), or takes it back (None).

        Raises, in words for whoever clicks: BadAnnotations beside the picture, NoMask beside the object, NoDepth, and
        DegenerateGeometry for a direction that the click does not say. Nothing is changed then.
        """
        pixel = None if uv is None else self._pixel(uv)
        if name == "object":
            self._choose_object(pixel)
        elif name in PLACES:
            place = None if pixel is None else self.thing.place(name, pixel)
            self.places = {key: known for key, known in self.places.items() if key != name} | ({name: place} if place else {})
        elif name in SECONDS:
            self._point(SECONDS[name], pixel)
        else:
            raise BadAnnotations(f"{name!r} is not clicked here; valid: object, {', '.join((*PLACES, *SECONDS))}")
        self.revision += 1

    def choose(self, name: str, what: str, word: str) -> None:
        """Takes ``word`` as the ``what`` ("approach", ...) of place ``name`` (WORDS); raises BadAnnotations for another."""
        if word not in WORDS.get(name, {}).get(what, {}):
            raise BadAnnotations(f"{name!r} {what!r} {word!r}; valid: {WORDS}")
        how = self.how[name]
        # A click that said how fingers close does not say where a hand comes from, nor the other way round.
        crossed = what == "approach" and word != how.approach and "side" in (word, how.approach)
        said_anew = what == "closing" and how.approach == "surface"
        self.how[name] = replace(how, **{what: word} | ({"second": None} if crossed or said_anew else {}))
        self.revision += 1

    def turn(self, name: str, field: str, by: float) -> None:
        """Adds ``by`` to a field (STEPS) of how the tool is at place ``name``; raises BadAnnotations for another field."""
        if field not in STEPS.get(name, {}) or not math.isfinite(by):
            raise BadAnnotations(f"{name!r} {field!r} by {by!r}; valid: {STEPS} and a finite number")
        value = getattr(self.how[name], field) + by
        limited = float(np.clip(value, -MOST_DEEPER, MOST_DEEPER)) if field == "deeper" else (value + 180.0) % 360.0 - 180.0
        self.how[name] = replace(self.how[name], **{field: limited})
        self.revision += 1

    def zoom(self) -> None:
        """Shows the object large, or the whole picture again."""
        self.zoomed, self.revision = not self.zoomed, self.revision + 1

    def keep(self, again: bool = False) -> None:
        """Writes the demonstration, whole or not at all; ``again`` replaces what this session has kept.

        Raises what is missing, in words, and BadDemonstration where another demonstration has this name.
        """
        keypoints, link = tuple(self._place(name) for name in PLACES), self.wanted
        shown = self._demonstration(
            keypoints, steps(self.pose(GRIP), self.pose(WORKING), self.thing.up, link.gripper_link, link.tool_link)
        )
        allowed = link.overwrite or (again and self.kept != "")
        self.kept = str(self.store.record(shown, replace=allowed))
        self.revision += 1

    def pose(self, name: str) -> Float64[np.ndarray, "4 4"]:
        """Returns ``camera_from_tool`` of the gripper (GRIP) or in action (WORKING); raises, in words, what is missing for it."""
        point, how = self._place(name).point, self.how[name]
        if name == GRIP:
            return gripper_pose(self.thing, point, how)
        return action_pose(self.thing, point, how, self.places[GRIP].point if GRIP in self.places else None)

    def picture(self, number: int) -> bytes:
        """Returns the JPEG of all that is known now; ``number`` keeps a browser from showing an old one."""
        ground, (gripper, action) = self._ground(), (self._known(name) for name in PLACES)
        draw_outlines(ground, self.thing.mask, (mask for key, mask in self._found.masks().items() if key != self._object))
        draw_tools(ground, self.frame.camera, gripper, action, self.wanted.function)
        draw_places(ground, self.places)
        return bytes(cv2.imencode(".jpg", ground.rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes())

    def state(self) -> dict[str, Any]:
        """Returns what the page shows: what is clicked and chosen, ``missing`` (by place, in words) keeps it from being kept;
        ``window`` is :attr:`Picture.window`.
        """
        return {
            "revision": self.revision, "window": self._ground().window, "zoomed": self.zoomed, "kept": self.kept,
            "object": self._object, "objects": len(self._found.objects),
            "clicked": [*self.places, *(key for key, name in SECONDS.items() if self.how[name].second is not None)],
            "words": {name: {what: getattr(self.how[name], what) for what in words} for name, words in WORDS.items()},
            "turned": {name: {field: getattr(self.how[name], field) for field in fields} for name, fields in STEPS.items()},
            "missing": {name: words for name in PLACES if (words := self._missing(name))},
        }

    def _outlined(self, object_id: int) -> ClickedObject:
        return ClickedObject(self.frame, self._found.mask(object_id), self._found.support)

    def _choose_object(self, pixel: Pixel | None) -> None:
        under = self._object if pixel is None else int(self._found.labels[round(pixel[1]), round(pixel[0])])
        if under == 0:
            raise NoMask("no object was found there; click inside one of the outlines, or give the object's outline as --mask")
        if under != self._object:
            self._object, self.thing = under, self._outlined(under)
            self.places = {}  # a place on the other object is none of this one
            self.how = {name: replace(how, second=None) for name, how in self.how.items()}

    def _point(self, name: str, pixel: Pixel | None) -> None:
        before = self.how
        said = {"second": pixel} | ({"acts": "clicked"} if name == WORKING and pixel is not None else {})
        self.how = {**self.how, name: replace(self.how[name], **said)}
        try:
            if pixel is not None:
                self.pose(name)
        except FuncCorrError:
            self.how = before
            raise

    def _place(self, name: str) -> Keypoint:
        if name not in self.places:
            raise BadDemonstration(f"{PLACES[name]} is not clicked yet")
        return self.places[name]

    def _missing(self, name: str) -> str:
        try:
            self.pose(name)
        except FuncCorrError as error:
            return str(error)
        return ""

    def _known(self, name: str) -> Float64[np.ndarray, "4 4"] | None:
        return None if self._missing(name) else self.pose(name)

    def _ground(self) -> Picture:
        return Picture.around(self.frame.color, self.thing.mask, 960, ROOM) if self.zoomed else Picture.whole(self.frame.color)

    def _demonstration(self, keypoints: tuple[Keypoint, ...], phases: tuple[Phase, ...]) -> Demonstration:
        return Demonstration(id=self.wanted.id, function=self.wanted.function, object=self.wanted.object, frame=self.frame,
                             mask=self.thing.mask, keypoints=keypoints, phases=phases, support=self.thing.support)

    def _pixel(self, uv: Sequence[float | int]) -> Pixel:
        height, width = self.frame.depth.shape
        if not (len(uv) == 2 and -0.5 <= uv[0] < width - 0.5 and -0.5 <= uv[1] < height - 0.5):
            raise BadAnnotations(f"{list(uv)} is beside the picture of {width}x{height} px")
        return float(uv[0]), float(uv[1])
