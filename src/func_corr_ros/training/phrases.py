# SPDX-License-Identifier: Apache-2.0
"""Other words for each function, so that a head learns what is meant and not one spelling of it."""
from __future__ import annotations

from func_corr_ros.correspondence.text_encoder import phrase

# Each phrasing names the deed or the part that does it, never a category: an object's name would say what the part looks like.
OTHER_WORDS: dict[str, tuple[str, ...]] = {
    "pour-with": (
        "pour", "pour liquid out of it", "tip it to pour water", "where the liquid leaves", "the spout or lip that pours",
        "fill a cup from it", "decant",
    ),
    "scoop-with": (
        "scoop", "scoop up food or powder", "ladle out soup", "take up a portion in the hollow", "the lip that scoops",
        "spoon out grains",
    ),
    "dig-with": (
        "dig", "dig a hole in the ground", "break up soil", "push into the earth", "the edge that enters the soil", "till",
    ),
    "cut-with": (
        "cut", "slice something with it", "chop", "cut through material", "the sharp edge", "the blade that cuts",
    ),
    "peel-with": (
        "peel", "peel a vegetable", "take the skin off fruit", "shave off a thin layer", "the edge that peels", "pare",
    ),
    "scrape-with": (
        "scrape", "scrape a surface clean", "scrape off dirt or paint", "the edge drawn over a surface",
        "remove residue with it", "the scraping edge",
    ),
    "wedge-with": (
        "wedge", "wedge it into a crack", "drive it into a gap to split", "force apart with it", "the thin edge for a gap",
        "hold open a gap",
    ),
    "pry-with": (
        "pry", "lever something up", "prise open a lid", "pull out a nail by leverage", "the tip that goes under",
        "force open with it",
    ),
    "pierce-with": (
        "pierce", "stab into food", "puncture", "make a hole through it", "the sharp point", "skewer",
    ),
    "poke-with": (
        "poke", "prod something with the tip", "push a button with the end", "jab", "the tip that touches", "nudge",
    ),
    "write-with": (
        "write", "draw a line", "mark a surface", "write on paper", "the tip that leaves ink", "sketch",
    ),
    "press-with": (
        "press", "press down on something", "flatten with it", "mash", "push firmly against a surface",
        "the face that presses",
    ),
    "pound-with": (
        "pound", "hammer a nail", "hit something hard", "strike with it", "the face that strikes", "knock in",
    ),
    "spread-with": (
        "spread", "spread butter or paste", "smear over a surface", "smooth out a layer",
        "the flat of the blade that spreads", "apply a coat",
    ),
    "lift-with": (
        "lift", "lift something from below", "raise it on the flat part", "carry on it", "the face that bears the load",
        "turn over food",
    ),
    "sweep-with": (
        "sweep", "sweep the floor", "gather dirt on the ground", "push leaves together", "the end that sweeps",
        "clear away dust",
    ),
    "brush-with": (
        "brush", "brush a surface", "paint with the bristles", "stroke with it", "the bristles", "dust off",
    ),
    "pick up-with": (
        "pick up", "grip something between the ends", "hold food with it", "pinch and take up", "the tips that grip",
        "grab a small thing",
    ),
    "apply torque-with": (
        "apply torque", "turn a screw", "tighten a bolt", "twist a fastener", "the end that fits the fastener",
        "loosen a nut",
    ),
    "hang-onto": (
        "hang", "hang it on a hook", "hang it up by its handle", "suspend it from a peg", "the loop that hangs",
        "where it is hung from",
    ),
    "pull-with": (
        "pull", "pull something closer", "drag towards you", "hook and draw in", "the side that pulls", "rake in",
    ),
    "roll-onto": (
        "roll", "roll it over a surface", "flatten dough by rolling", "let it roll along", "the surface that rolls",
        "apply by rolling",
    ),
    "mix-with": (
        "mix", "stir a liquid", "whisk eggs", "blend ingredients", "the end that stirs", "beat batter",
    ),
    "sift-with": (
        "sift", "strain liquid from solids", "sieve flour", "drain through the holes", "the mesh that lets through", "filter",
    ),
}


def phrasings_of(function: str) -> tuple[str, ...]:
    """Returns the ways to say a function: first its own name as words, then the others there are."""
    return (phrase(function), *OTHER_WORDS.get(function, ()))
