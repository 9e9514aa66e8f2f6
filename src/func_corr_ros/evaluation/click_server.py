# SPDX-License-Identifier: Apache-2.0
"""The server of :mod:`click_page` for one :mod:`click_session`."""
from __future__ import annotations

from http.server import HTTPServer
from typing import Any

from func_corr_ros.data.objects.functions import FUNCTIONS
from func_corr_ros.errors import BadAnnotations
from func_corr_ros.evaluation.click_page import PAGE
from func_corr_ros.evaluation.click_session import ClickSession
from func_corr_ros.evaluation.click_words import PLACES, SECONDS, STEPS, WORDS
from func_corr_ros.evaluation.local_page import local_server
from func_corr_ros.transfer.steps import GRIP, WORKING

_CLOSE, _FROM = "where its fingers close towards", "where the hand comes from"
# What is clicked, in this order, as buttons say it.
_STEPS = {
    "object": "the object", GRIP: PLACES[GRIP], "fingers": _CLOSE, WORKING: PLACES[WORKING], "towards": "where it acts towards",
}  # fmt: skip
_ASKED = {
    "approach": "the hand comes", "closing": "its fingers close", "acts": "orange: it acts",
    "side": "yellow: its side is",
}  # fmt: skip
_TURNS = (("turn_deg", -1, "← turn"), ("turn_deg", 1, "→ turn"), ("tilt_deg", 1, "↑ tilt"), ("tilt_deg", -1, "↓ tilt"),
          ("deeper", 1, "+ deeper"), ("deeper", -1, "− back"))
_KEYS = {"approach": "a", "closing": "c", "acts": "x", "side": "s"}


def click_server(session: ClickSession, port: int = 0) -> HTTPServer:
    """Returns a local server (see :func:`local_server`) of ``session``.

    What a person says is one of {click, uv}, {place, choose, word}, {place, turn, by}, {zoom} and {keep, again}.
    """
    wanted = session.wanted
    frame = FUNCTIONS.get(wanted.function)
    origin, meaning = ("the place that does the job", "") if frame is None else (frame.origin, (
        f"Of {wanted.function}, the orange arrow (x) is: {frame.x}; the yellow one (z): {frame.z}."))
    told = {
        "title": f"Show {wanted.function} with a {wanted.object}", "steps": _STEPS, "words": WORDS, "asked": _ASKED,
        "keys": _KEYS, "turns": _TURNS, "amounts": STEPS, "places": PLACES, "seconds": SECONDS, "meaning": meaning,
        "path": session.store.folder / wanted.id, "hints": _hints(origin),
    }
    return local_server(PAGE, told, session, lambda said: _take(session, said), port)


def _hints(origin: str) -> dict[str, str]:
    return {
        "object": "Is the outlined object the one? Click another, or go on: Enter, or 2",
        GRIP: "Click where the object is gripped; what is there is what the fingers close on",
        "fingers": "Click where the fingers close towards, on the object or beside it: it says a direction alone",
        "from": "Click where the hand comes from, or go on (4): it comes level, towards the object's middle",
        WORKING: f"Click where it acts: {origin}",
        "towards": "Click where it acts towards, on the object or beside it: a direction alone. Then look, and keep it (k)",
        "close": _CLOSE, "fromside": _FROM,
    }


def _take(session: ClickSession, said: Any) -> None:
    if "click" in said:
        session.click(str(said["click"]), said["uv"])
    elif "choose" in said:
        session.choose(str(said["place"]), str(said["choose"]), str(said["word"]))
    elif "turn" in said:
        session.turn(str(said["place"]), str(said["turn"]), float(said["by"]))
    elif "zoom" in said:
        session.zoom()
    elif "keep" in said:
        session.keep(bool(said.get("again", False)))
    else:
        raise BadAnnotations("nothing of click, choose, turn, zoom or keep is said")
