# SPDX-License-Identifier: Apache-2.0
"""Where an object of this library serves other functions, or by other parts, than the taxonomy says, and why."""
from __future__ import annotations

# category -> the taxonomy's name for it, where that differs
TAXONOMY_NAMES = {"pitcher": "jug"}

# (category, function) -> reason: left out, added, or served by parts of other names
DEVIATIONS: dict[tuple[str, str], str] = {
    ("carabiner", "hang-onto"): "a load hangs in the bow, under the spine's end; the gate only lets it in",
    ("carabiner", "pull-with"): "the bow takes the pull: what the taxonomy calls spine runs beside it",
    ("crowbar", "pound-with"): "one strikes with the outside of the hooked end's curve; its tip would slip",
    ("dustpan", "lift-with"): "the whole pan carries what is lifted; the taxonomy calls it scoop",
    ("fork", "sweep-with"): "the gaps between a table fork's tines let through what would be swept",
    ("hoe", "dig-with"): "the taxonomy's face and blade are one sheet here; its edge enters the ground first",
    ("hoe", "sweep-with"): "the taxonomy's face and blade are one sheet here, which pushes together with its edge",
    ("ladle", "scoop-with"): "what is scooped lies in the interior of the bowl: its outside touches nothing",
    ("marker", "mix-with"): "the taxonomy names its body, which is what it is held by; nothing is stirred with it",
    ("pitcher", "hang-onto"): "its handle hangs on a hook; the taxonomy's jug has no handle",
    ("pitcher", "pour-with"): "what flows touches the inner side of the spout, the channel, which has a name of its own here",
    ("pitcher", "scoop-with"): "the rim runs through the spout's channel, which has a name of its own here",
    ("shovel", "scoop-with"): "the taxonomy's scoop is the blade with its edge and tip, which have names of their own here",
    ("shovel", "scrape-with"): "the edge has its foremost piece apart here, the tip, which scrapes with it",
    ("shovel", "sweep-with"): "the taxonomy's scoop is the blade with its edge and tip, which have names of their own here",
    ("spatula", "pound-with"): "the head is a thin sheet that bends: it is no hammer",
    ("spatula", "pry-with"): "what is put under the edge of a thing is the front edge of the blade; the taxonomy calls it tip",
    ("spoon", "scrape-with"): "the rim has its foremost piece apart here, the tip, which scrapes with it",
    ("trowel", "scoop-with"): "the taxonomy's scoop is the blade with its tip, which has a name of its own here",
    ("trowel", "scrape-with"): "the edge has its foremost piece apart here, the tip, which scrapes with it",
    ("trowel", "spread-with"): "mortar is spread with the underside of the blade, which is a part of its own here",
    ("trowel", "sweep-with"): "the edge has its foremost piece apart here, the tip, which sweeps with it",
}
