# SPDX-License-Identifier: Apache-2.0
"""What the functional frame of each of the 24 functions means: the same three questions answered for every tool and vessel."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FrameConvention:
    """Where ``origin`` lies, where ``x`` points (the way the working part acts on the world) and where ``z`` points (the side of
    the working part that is up or outward while it acts); y completes the right-handed frame. Where z is not determined by the
    shape, the object's symmetry for the function says so.
    """

    origin: str
    x: str
    z: str


FUNCTIONS: dict[str, FrameConvention] = {
    "pour-with": FrameConvention(
        "where the liquid leaves: tip of the spout; on a handled vessel without one the crest of the rim opposite the "
        "handle; without a handle the crest of the rim at +x, free about the vessel's axis",
        "horizontal, poured towards",
        "up",
    ),
    "scoop-with": FrameConvention(
        "middle of the leading lip or rim",
        "the way the lip is pushed: away from the handle",
        "out of the hollow: up while it carries",
    ),
    "dig-with": FrameConvention(
        "tip, or middle of the leading edge",
        "into the ground: away from the handle",
        "the face that carries the earth (the hollow side); free on round tips",
    ),
    "cut-with": FrameConvention(
        "middle of the cutting edge",
        "out of the edge, into what is cut",
        "normal of the blade, so that y runs along the edge away from the handle",
    ),
    "peel-with": FrameConvention(
        "middle of the cutting edge",
        "out of the edge, into the peel",
        "normal of the blade, so that y runs along the edge away from the handle",
    ),
    "scrape-with": FrameConvention(
        "middle of the scraping edge",
        "out of the edge, towards what is scraped",
        "normal of the face behind the edge that is up in use (as cut-with on blades); free on round tips",
    ),
    "wedge-with": FrameConvention(
        "middle of the edge",
        "out of the edge, into the gap",
        "normal of the upper face",
    ),
    "pry-with": FrameConvention(
        "middle of the tip that goes under",
        "into the gap: away from the handle",
        "the side that lifts: the inner side of a claw, the upper face of a blade",
    ),
    "pierce-with": FrameConvention(
        "point",
        "out of the point, into what is pierced",
        "free about x on round points; else normal of the blade or of the plane of the tines",
    ),
    "poke-with": FrameConvention(
        "tip",
        "out of the tip",
        "free about x on round tips; else normal of the widest face",
    ),
    "write-with": FrameConvention(
        "tip",
        "out of the tip, into the paper",
        "free about x on round tips; else normal of the widest face",
    ),
    "press-with": FrameConvention(
        "middle of the pressing face",
        "outward normal of the face",
        "away from the grip; on vessels the side of the outlet; free about x on round faces",
    ),
    "pound-with": FrameConvention(
        "middle of the striking face or side",
        "outward normal: the way of the blow",
        "along the handle, away from the grip",
    ),
    "spread-with": FrameConvention(
        "middle of the spreading edge or face",
        "away from the handle",
        "normal of the face that is up in use",
    ),
    "lift-with": FrameConvention(
        "middle of the carrying face",
        "the way it slides under: away from the handle",
        "normal of the carrying face: up while it carries",
    ),
    "sweep-with": FrameConvention(
        "middle of the ends of the bristles, or of the sweeping edge",
        "out of the bristles, towards the floor",
        "the sweeping side's normal: away from the grip where the bristles stand across the handle, else normal of the "
        "widest face",
    ),
    "brush-with": FrameConvention(
        "middle of the ends of the bristles",
        "out of the bristles, towards what is brushed",
        "away from the grip where the bristles stand across the handle, else normal of the widest face",
    ),
    "pick up-with": FrameConvention(
        "middle between the two tips",
        "the way the jaws reach: away from the handle",
        "normal of the plane in which they close, so that y is the closing direction",
    ),
    "apply torque-with": FrameConvention(
        "middle of the gap between the jaws",
        "the way the jaws open: away from the handle",
        "axis of the torque",
    ),
    "hang-onto": FrameConvention(
        "where the load or the peg rests: the middle of the bar, hook or loop",
        "out of the side by which it is hooked on; on a mug away from the vessel",
        "up while it hangs: from the load towards the bar",
    ),
    "pull-with": FrameConvention(
        "inside of the hook, where it pulls",
        "the way of the pull: towards the handle",
        "normal of the plane of the hook; across the blade's width where the hook is a blade",
    ),
    "roll-onto": FrameConvention(
        "middle of the rolling body",
        "a way it rolls: square to its axis, downward where it is at rest upright else to the side",
        "along the axis that it rolls about, away from the grip or towards the top; free about z",
    ),
    "mix-with": FrameConvention(
        "middle of the working end",
        "along the handle, away from the grip, into what is mixed",
        "free about x on round ends; else normal of the widest face",
    ),
    "sift-with": FrameConvention(
        "middle of the inside of the mesh",
        "horizontal, away from the handle; free about z without one",
        "up: from the mesh towards the opening",
    ),
}
