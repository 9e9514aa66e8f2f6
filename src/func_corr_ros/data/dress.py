# SPDX-License-Identifier: Apache-2.0
"""Dresses an object: what each of its pieces is made of, and how that piece of steel, wood or glazed ceramic looks."""
from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np

from func_corr_ros.data.materials import Color, Material
from func_corr_ros.data.objects.functional_object import FunctionalObject

Limits = tuple[float, float]
# A pattern and its size: in metres where it belongs to the substance, in shares of the object where it is printed on.
Print = tuple[str, Limits]
_PLAIN: Print = ("plain", (1.0, 1.0))
_PRINTS: tuple[Print, ...] = (("stripes", (0.12, 0.4)), ("dots", (0.1, 0.2)), ("emblem", (0.14, 0.2)), ("checks", (0.1, 0.3)))
_LABEL: Print = ("label", (0.2, 0.4))
# The inside of a glazed vessel is often glazed in another colour, and the rim with it.
_INSIDE = ("interior", "rim", "channel")
_INSIDE_SHARE = 0.5


@dataclass(frozen=True)
class Substance:
    """How things of one substance look: limits of hue (0..1, turning round), saturation and value, of gloss, and the patterns
    it may have. ``printed`` patterns are scaled to the object and take an accent of another colour; ``grown`` ones are of the
    substance itself, their size in metres and their accent a shade (``shade`` times the colour).
    """

    hue: Limits = (0.0, 1.0)
    saturation: Limits = (0.0, 1.0)
    value: Limits = (0.2, 1.0)
    specular: Limits = (0.03, 0.05)
    roughness: Limits = (0.3, 0.6)
    printed: tuple[Print, ...] = ()
    grown: tuple[Print, ...] = (_PLAIN,)
    shade: Limits = (0.5, 0.8)
    glazed: bool = False


SUBSTANCES: dict[str, Substance] = {
    "steel": Substance((0.55, 0.65), (0.0, 0.06), (0.42, 0.68), (0.25, 0.5), (0.22, 0.45),
                       grown=(_PLAIN, ("brushed", (0.01, 0.03))), shade=(0.75, 0.9)),
    "chrome": Substance((0.55, 0.65), (0.0, 0.04), (0.38, 0.6), (0.5, 0.7), (0.1, 0.2)),
    "brass": Substance((0.1, 0.13), (0.45, 0.65), (0.6, 0.85), (0.3, 0.5), (0.2, 0.4),
                       grown=(_PLAIN, ("brushed", (0.01, 0.03))), shade=(0.7, 0.9)),
    "enamel": Substance(saturation=(0.0, 0.85), value=(0.3, 0.98), roughness=(0.15, 0.3), printed=_PRINTS,
                        grown=(_PLAIN, ("speckle", (0.015, 0.03))), shade=(0.3, 0.7), glazed=True),
    "ceramic": Substance(saturation=(0.0, 0.8), value=(0.3, 0.98), roughness=(0.2, 0.4), printed=_PRINTS, glazed=True),
    "stoneware": Substance((0.02, 0.15), (0.1, 0.45), (0.35, 0.85), (0.02, 0.04), (0.4, 0.7),
                           grown=(("speckle", (0.012, 0.03)),), shade=(0.25, 0.6), glazed=True),
    "glass": Substance((0.3, 0.6), (0.04, 0.3), (0.55, 0.85), (0.08, 0.12), (0.08, 0.15)),
    "wood": Substance((0.06, 0.11), (0.35, 0.6), (0.6, 0.88), (0.02, 0.04), (0.45, 0.75),
                      grown=(("grain", (0.004, 0.012)),), shade=(0.5, 0.75)),
    "dark wood": Substance((0.02, 0.08), (0.45, 0.7), (0.22, 0.45), (0.02, 0.04), (0.35, 0.65),
                           grown=(("grain", (0.004, 0.01)),), shade=(0.4, 0.7)),
    "plastic": Substance(saturation=(0.0, 0.95), value=(0.12, 0.95), roughness=(0.25, 0.6), printed=(*_PRINTS[:2], _LABEL)),
    "rubber": Substance(saturation=(0.0, 0.7), value=(0.08, 0.45), specular=(0.01, 0.03), roughness=(0.6, 0.9)),
    "bristle": Substance(saturation=(0.05, 0.6), value=(0.2, 0.9), specular=(0.01, 0.02), roughness=(0.7, 0.9),
                         grown=(("plaster", (0.004, 0.01)),), shade=(0.4, 0.8)),
    "straw": Substance((0.1, 0.14), (0.35, 0.6), (0.6, 0.85), (0.01, 0.02), (0.7, 0.9),
                       grown=(("plaster", (0.004, 0.01)), ("checks", (0.008, 0.015))), shade=(0.45, 0.7)),
    "fabric": Substance(saturation=(0.0, 0.7), value=(0.2, 0.9), specular=(0.0, 0.01), roughness=(0.8, 1.0),
                        printed=(("stripes", (0.05, 0.2)), ("checks", (0.05, 0.2))), grown=(("checks", (0.006, 0.012)),)),
    "paper": Substance((0.05, 0.2), (0.0, 0.35), (0.6, 0.97), (0.0, 0.02), (0.7, 0.95), printed=(_LABEL, _LABEL, *_PRINTS[:1])),
    "graphite": Substance((0.6, 0.7), (0.0, 0.1), (0.12, 0.25), (0.08, 0.15), (0.4, 0.55)),
    "wax": Substance(saturation=(0.5, 0.95), value=(0.35, 0.95), specular=(0.02, 0.03), roughness=(0.5, 0.7)),
    "stone": Substance((0.05, 0.15), (0.0, 0.15), (0.35, 0.85), (0.02, 0.05), (0.3, 0.8),
                       grown=(("plaster", (0.006, 0.02)), ("speckle", (0.02, 0.04))), shade=(0.5, 0.85)),
}
_PAINTED = SUBSTANCES["plastic"]


def dress(thing: FunctionalObject, rng: np.random.Generator) -> dict[str, Material]:
    """Returns a material for every part of ``thing``: each group of its ``substances`` is of one substance and one look, drawn
    by ``rng``; a glazed group may have another colour inside. Parts of no group, and words that ``SUBSTANCES`` does not hold, are
    painted plastic.
    """
    size = float(np.ptp(thing.vertices, axis=0).max())
    grouped = {part for parts, _ in thing.substances for part in parts}
    rest = tuple(part for part in thing.part_names if part not in grouped)
    materials: dict[str, Material] = {}
    for parts, words in (*thing.substances, *(((rest, ("plastic",)),) if rest else ())):
        substance = SUBSTANCES.get(str(rng.choice(words)), _PAINTED) if words else _PAINTED
        look = drawn_material(substance, size, rng)
        materials |= dict.fromkeys(parts, look)
        inside = [part for part in parts if part in _INSIDE]
        if substance.glazed and inside and rng.random() < _INSIDE_SHARE:
            lining = drawn_material(substance, size, rng, print_share=0.0)
            materials |= dict.fromkeys(inside, lining)
    return materials


def drawn_material(substance: Substance, size: float, rng: np.random.Generator, print_share: float = 0.5) -> Material:
    """Returns one material of ``substance`` for an object of ``size`` metres, printed on with chance ``print_share``."""
    printed = bool(substance.printed) and rng.random() < print_share
    choices = substance.printed if printed else substance.grown
    pattern, limits = choices[int(rng.integers(len(choices)))]
    color = _color(substance, rng)
    if printed:
        accent = _contrasting(color, rng)
    else:
        dark = rng.uniform(*substance.shade)
        accent = (color[0] * dark, color[1] * dark, color[2] * dark)
    scale = float(rng.uniform(*limits)) * (size if printed else 1.0)
    specular, roughness = float(rng.uniform(*substance.specular)), float(rng.uniform(*substance.roughness))
    return Material(color, accent, pattern, scale, specular, roughness, int(rng.integers(64)))


def _color(substance: Substance, rng: np.random.Generator) -> Color:
    h, s, v = (rng.uniform(*limits) for limits in (substance.hue, substance.saturation, substance.value))
    return colorsys.hsv_to_rgb(h, s, v)


def _contrasting(color: Color, rng: np.random.Generator) -> Color:
    """Returns a colour that stands out against ``color``: dark on light or light on dark."""
    light = 0.3 * color[0] + 0.6 * color[1] + 0.1 * color[2] > 0.45
    value = rng.uniform(0.08, 0.4) if light else rng.uniform(0.8, 1.0)
    return colorsys.hsv_to_rgb(rng.uniform(), rng.uniform(0.0, 0.85 if light else 0.3), value)
