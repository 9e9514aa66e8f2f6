# SPDX-License-Identifier: Apache-2.0
"""Which categories plainly do not serve a function: what a method must not find a correspondence on."""
from __future__ import annotations

_BOTTLES = {"bottle", "decanter", "jar"}
_SPOUTED = {"kettle", "teapot", "watering can"}
_OPEN = {"bowl", "bucket", "cup", "glass", "mug", "pitcher"}
_VESSELS = _BOTTLES | _SPOUTED | _OPEN | {"can"}
_SHEETS = {"cutting board", "plate", "tray"}
_SIEVES = {"basket", "colander", "strainer"}
_BRISTLED = {"broom", "brush", "hairbrush"}
_BRUSHES = _BRISTLED | {"paintbrush", "toothbrush"}
_CLUBS = {"baseball bat", "mallet", "pestle", "rolling pin"}
_RINGS = {"carabiner", "curtain ring"}
_WRITERS = {"crayon", "marker", "pen", "pencil"}
_POINTS = {"awl", "nail", "screwdriver", "skewer"}
_JAWS = {"pliers", "tongs", "tweezers", "wrench"}
_EDGELESS = _BRUSHES | _CLUBS | _RINGS | _WRITERS | _VESSELS | _SIEVES | {
    "hammer", "ladle", "meat tenderizer", "squeegee", "stirrer", "tongs", "whisk", "wrench",
}

# That neither the library nor the taxonomy lists a function for a category is needed (a test holds it), but not enough: nearly
# everything scrapes, pokes, presses or hangs somewhere. So only those are named of which a person would agree. The comments say
# what is left out because it may serve all the same.
PLAINLY_NOT: dict[str, frozenset[str]] = {function: frozenset(categories) for function, categories in {
    # all that could tip out water, earth or crumbs: spoons, pans, sheets, sieves
    "pour-with": _BRUSHES | _CLUBS | _RINGS | _WRITERS | _POINTS | _JAWS | {
        "axe", "chopsticks", "coat hanger", "crowbar", "fork", "hammer", "hook", "knife", "peeler", "pizza cutter", "rake",
        "ruler", "saw", "scissors", "whisk"},
    # all that is hollow; flat ends that lift (spatula, hoe, knife)
    "scoop-with": _BRUSHES | _CLUBS | _RINGS | _WRITERS | _POINTS | _JAWS | {
        "axe", "bottle opener", "chopsticks", "coat hanger", "crowbar", "hammer", "hook", "pizza cutter", "rake", "saw",
        "scissors"},
    # all tips and edges; open vessels, which one can dig into sand
    "dig-with": _BRUSHES | _RINGS | _SPOUTED | {
        "baseball bat", "bottle", "decanter", "mallet", "meat tenderizer", "rolling pin", "squeegee", "whisk"},
    # all edges and thin sheets; jaws that nip; tines, spoons and chopsticks, which part soft food
    "cut-with": _EDGELESS,
    "peel-with": _EDGELESS,
    # all edges, rims, tips, bristles and claws
    "scrape-with": _BOTTLES | _SPOUTED | _CLUBS | _SIEVES | {"curtain ring", "marker", "whisk"},
    # all that is thin somewhere, also a handle; claws and jaws
    "wedge-with": _BRISTLED | _CLUBS | _RINGS | _VESSELS | _SIEVES | {"crayon", "ladle", "marker", "meat tenderizer", "whisk"},
    "pry-with": _BRISTLED | _VESSELS | _SIEVES | {
        "crayon", "curtain ring", "mallet", "meat tenderizer", "rolling pin", "whisk"},
    # all points, all that pokes, spouts and teeth
    "pierce-with": _BOTTLES | _OPEN | _CLUBS | _SHEETS | _SIEVES | {
        "broom", "brush", "can", "curtain ring", "ladle", "pizza cutter", "squeegee", "whisk", "wrench"},
    # all that is long: its end, or its handle's, pokes
    "poke-with": _OPEN | _RINGS | {"basket", "can", "colander", "jar", "plate", "tray"},
    # all that is pointed, sharp or bristled and leaves a mark
    "write-with": _VESSELS | _CLUBS | _SHEETS | _SIEVES | _RINGS | {
        "bottle opener", "dustpan", "hairbrush", "hammer", "ladle", "pliers", "spatula", "spoon", "tongs", "whisk", "wrench"},
    # all that has a face or a flat side, however small; ends that press a button
    "press-with": _RINGS | {"broom", "coat hanger", "hook", "paintbrush", "saw", "scalpel", "scissors", "toothbrush", "whisk"},
    # all that is heavy or blunt
    "pound-with": {
        "basket", "broom", "chopsticks", "coat hanger", "crayon", "credit card", "curtain ring", "paintbrush", "pen", "pencil",
        "ruler", "scalpel", "skewer", "squeegee", "stirrer", "strainer", "toothbrush", "tweezers", "whisk"},
    # all sheets, blades, brushes and spoons; all that could roll dough out
    "spread-with": _SPOUTED | _POINTS | _RINGS | _SIEVES | {
        "axe", "bucket", "coat hanger", "crayon", "crowbar", "decanter", "hammer", "pen", "pitcher", "pliers", "saw", "scissors",
        "whisk", "wrench"},
    # all that carries from below; levers and hooks
    "lift-with": _BOTTLES | _SPOUTED | _BRUSHES | _CLUBS | _WRITERS | {
        "can", "curtain ring", "meat tenderizer", "saw", "scissors", "whisk"},
    # bristles and tines; all edges and bars long enough to push things together
    "sweep-with": _VESSELS | _RINGS | _POINTS | {
        "axe", "bottle opener", "crayon", "hammer", "mallet", "pestle", "pliers", "scissors", "tweezers", "wrench"},
    # bristles, tines and wires
    "brush-with": _VESSELS | _CLUBS | _RINGS | _SHEETS | _POINTS | {
        "axe", "bottle opener", "chisel", "crowbar", "hammer", "knife", "ladle", "marker", "pan", "pencil", "pliers", "ruler",
        "scissors", "shovel", "spoon", "wrench"},
    # jaws and hooks; points that spear; all that carries
    "pick up-with": _BOTTLES | _SPOUTED | _BRUSHES | _CLUBS | _WRITERS | {"ruler", "saw", "squeegee", "whisk"},
    # jaws, claws and openers; thin ends that turn a screw
    "apply torque-with": _VESSELS | _BRUSHES | _SIEVES | _SHEETS | _CLUBS | _WRITERS | {
        "curtain ring", "ladle", "rake", "squeegee", "whisk"},
    # nearly every handle, hole, hook and clip, also one that only some of a category have: what is left is smooth from end to end
    "hang-onto": {"baseball bat", "bottle", "bowl", "crayon", "decanter", "jar", "marker", "pencil", "pestle", "plate"},
    # all that is bent or stands across its handle; jaws; handles with a gap
    "pull-with": _BOTTLES | {
        "baseball bat", "bowl", "can", "crayon", "glass", "hairbrush", "knife", "marker", "paintbrush", "pencil", "pestle",
        "plate", "rolling pin", "ruler", "screwdriver", "skewer", "toothbrush"},
    # all that is round about an axis, also a handle or a wheel
    "roll-onto": {
        "axe", "cleaver", "coat hanger", "credit card", "crowbar", "cutting board", "dagger", "dustpan", "fork", "hairbrush",
        "hammer", "hoe", "hook", "knife", "pliers", "rake", "ruler", "saw", "scissors", "shovel", "spatula", "squeegee", "tongs",
        "tray", "trowel", "tweezers", "wrench"},
    # all that is long; what one mixes in or shakes
    "mix-with": _SPOUTED | _SHEETS | _RINGS | {
        "axe", "basket", "colander", "dustpan", "hammer", "mallet", "meat tenderizer", "pizza cutter"},
    # holes, slots, tines and wires; spouts that have a sieve; what one can swirl or shake sand in
    "sift-with": _CLUBS | _WRITERS | {
        "axe", "bottle", "cup", "cutting board", "glass", "hammer", "jar", "knife", "ladle", "mug", "pitcher", "ruler",
        "screwdriver", "spoon", "wrench"},
}.items()}
