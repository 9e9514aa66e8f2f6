# SPDX-License-Identifier: Apache-2.0
"""Parts for functions or objects that the taxonomy does not have: a language model proposes, a person disposes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from func_corr_ros.data.pseudo_label.part_phrases import PartPhrase, Phrases
from func_corr_ros.data.taxonomy import Taxonomy
from func_corr_ros.errors import BadAnswer, BadSettings

QUESTION = (
    "Think of a {object}. Which of its parts serve the function '{function}', that is, touch or hold what it is done to? "
    'Answer with a JSON list only, one object with the keys "part" (one or two plain words), "edge" (true if it is an edge of '
    'the surface, as a rim is) and "small" (true if it is found only from near) for each part; [] if none does.'
)
# More parts than this that serve one function are no answer.
_MOST = 5
_FUNCTION = re.compile(r"[a-z]+(-[a-z]+)*")
_NAME = re.compile(r"[a-z]+([ -][a-z]+){0,3}")


def proposed(
    objects: Sequence[str], functions: Sequence[str], taxonomy: Taxonomy, ask: Callable[[str], str]
) -> tuple[dict[str, tuple[PartPhrase, ...]], dict[tuple[str, str], str]]:
    """Returns for each of ``objects`` the phrases of parts by which it serves ``functions``, and why there are none for a pair
    (object, function). What the taxonomy says is taken from there; of the rest ``ask`` gives a language model's answer to a
    question, and what it proposes is not accepted until a person says so in the file.

    Raises BadSettings for names that are none, and objects that are held back for tests; what ``ask`` raises.
    """
    wrong = [one for one in objects if not _NAME.fullmatch(one)] + [one for one in functions if not _FUNCTION.fullmatch(one)]
    if wrong:
        raise BadSettings(f"no plain names: {', '.join(map(repr, wrong))}; objects are like 'cutting board', functions stir-with")
    if held := sorted(set(objects) & set(taxonomy.unseen_objects)):
        raise BadSettings(f"held back for tests: {', '.join(held)}; choose other objects")
    found: dict[str, tuple[PartPhrase, ...]] = {}
    left_out: dict[tuple[str, str], str] = {}
    for name in objects:
        parts: dict[str, PartPhrase] = {}
        for function in functions:
            more = [_known(taxonomy, name, part, function) for part in taxonomy.parts(function, name)]
            try:
                more = more or _read(ask(_question(name, function)), name, function)
            except BadAnswer as error:
                left_out[name, function] = str(error)
                continue
            if not more:
                left_out[name, function] = "no part of it serves that"
            for one in more:
                parts[one.part] = _joined(parts.get(one.part, one), one)
        found[name] = tuple(parts.values())
    return {name: parts for name, parts in found.items() if parts}, left_out


def added(there: Phrases, more: Phrases) -> dict[str, tuple[PartPhrase, ...]]:
    """Returns both; a part that is there already keeps its words, and whether it is accepted, and serves what both say."""
    found = dict(there)
    for name, parts in more.items():
        by_name = {one.part: one for one in found.get(name, ())}
        for one in parts:
            by_name[one.part] = _joined(by_name.get(one.part, one), one)
        found[name] = tuple(by_name.values())
    return found


def waiting(phrases: Phrases) -> Iterable[str]:
    """Yields object/part of what no person accepted."""
    return (f"{name}/{one.part}" for name, parts in phrases.items() for one in parts if not one.accepted)


def _question(name: str, function: str) -> str:
    return QUESTION.format(object=name, function=function)


def _known(taxonomy: Taxonomy, name: str, part: str, function: str) -> PartPhrase:
    edge, crop = (part in parts.get(name, ()) for parts in (taxonomy.edge_parts, taxonomy.crop_parts))
    return PartPhrase(part, f"{part} of the {name}", (function,), edge, crop)


def _joined(one: PartPhrase, other: PartPhrase) -> PartPhrase:
    return replace(one, functions=tuple(sorted({*one.functions, *other.functions})))


def _read(answer: str, name: str, function: str) -> list[PartPhrase]:
    """Returns the parts that ``answer`` names, none of them accepted; raises BadAnswer where it is no list of parts."""
    body = re.sub(r"```(?:json)?", "", answer)
    try:
        items: Any = json.loads(body[body.index("[") : body.rindex("]") + 1])
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"the answer is no JSON list: {answer[:80]!r}") from error
    parts = [str(item.get("part", "")).strip().lower() if isinstance(item, dict) else "" for item in items]
    if len(parts) > _MOST or not all(_NAME.fullmatch(part) for part in parts):
        raise BadAnswer(f"the answer is no list of at most {_MOST} parts: {answer[:80]!r}")
    return [
        PartPhrase(part, f"{part} of the {name}", (function,), item.get("edge") is True, item.get("small") is True, False)
        for part, item in zip(parts, items, strict=True)
    ]
