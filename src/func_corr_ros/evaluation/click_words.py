# SPDX-License-Identifier: Apache-2.0
"""The plain words in which a person says how an object is gripped and used, and what is usual for a function."""
from __future__ import annotations

from func_corr_ros.transfer.clicked_pose import ClickedAction
from func_corr_ros.transfer.steps import GRIP, WORKING

# What can be chosen of each place, and the words for it.
WORDS: dict[str, dict[str, dict[str, str]]] = {
    GRIP: {
        "approach": {"above": "from above", "side": "from the side", "surface": "into the surface"},
        "closing": {"level": "level", "upright": "upright"},
    },
    WORKING: {
        "acts": {"clicked": "as clicked", "down": "down", "surface": "out of the surface", "away": "away from the grip"},
        "side": {"up": "up", "surface": "out of the surface", "away": "away from the grip"},
    },
}
# By how much a tool can be turned at each place: step of a key, in the field's unit.
STEPS: dict[str, dict[str, float]] = {
    GRIP: {"turn_deg": 5.0, "tilt_deg": 5.0, "deeper": 0.002},
    WORKING: {"turn_deg": 5.0, "tilt_deg": 5.0},
}
# What is clicked: a place on the object, or a direction from one.
PLACES = {GRIP: "where it is gripped", WORKING: "where it acts"}
SECONDS = {"fingers": GRIP, "towards": WORKING}
# Functions whose frame (data/objects/functions.py) is not that of a click on a level plane, z upwards.
_AWAY = ClickedAction(side="away")
USUAL: dict[str, ClickedAction] = {
    "pound-with": _AWAY, "press-with": _AWAY, "sweep-with": _AWAY, "brush-with": _AWAY,
    "mix-with": ClickedAction(acts="away"), "roll-onto": ClickedAction(acts="down"),
}  # fmt: skip
