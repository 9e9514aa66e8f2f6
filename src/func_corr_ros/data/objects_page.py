# SPDX-License-Identifier: Apache-2.0
"""docs/objects.md: every category of the library, what it is made of, what it serves and what varies."""
from __future__ import annotations

from itertools import groupby
from pkgutil import resolve_name

from func_corr_ros.data.objects import CATEGORIES
from func_corr_ros.data.render_job import drawn_object
from func_corr_ros.data.splits import UNSEEN_CATEGORIES
from func_corr_ros.settings import SettingInfo, leaves

_HEAD = """# The library's objects

{count} categories, built by `data/objects/`; `func-corr objects sheet` draws them. *Unseen* ones are never trained on
(`data/splits.py`). Lengths in metres. What serves which function, and where its frame lies, is in [functions](functions.md). This
page is written by `func-corr objects pages`.
"""


def objects_page() -> str:
    """Returns the page: a section for each family (a file of ``data/objects/``), in it a paragraph for each category."""
    text = [_HEAD.format(count=len(CATEGORIES))]
    for family, names in groupby(sorted(CATEGORIES, key=lambda name: (_family(name), name)), key=_family):
        text += [f"## {family}.py\n", *map(_paragraph, names)]
    return "\n".join(text)


def _family(category: str) -> str:
    return CATEGORIES[category].partition(":")[0].rpartition(".")[2]


def _paragraph(category: str) -> str:
    kind, thing = resolve_name(CATEGORIES[category]), drawn_object(category, 0)
    words = " ".join((kind.__doc__ or "").split())
    settings = list(leaves(kind))
    numbers = ", ".join(_range(info) for info in settings if not info.choices)
    styles = "; ".join(f"{info.name}: {', '.join(info.choices)}" for info in settings if info.choices)
    unseen = ", unseen" if category in UNSEEN_CATEGORIES else ""
    serves = ", ".join(thing.function_parts) or "nothing, it stands in the way"
    return (f"### {category}{unseen}\n\n{words}\n\n- parts: {', '.join(thing.part_names)}\n- serves: {serves}\n"
            f"- styles: {styles}\n- numbers: {numbers}\n")


def _range(info: SettingInfo) -> str:
    return f"{info.name} {info.at_least:g}..{info.at_most:g}{' ' + info.unit if info.unit else ''}"
