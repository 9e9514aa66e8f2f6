# SPDX-License-Identifier: Apache-2.0
"""What an annotator is asked about each object: phrases for its functional parts, in YAML that a person can mend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from func_corr_ros.data.objects.deviations import TAXONOMY_NAMES
from func_corr_ros.data.pseudo_label.sources import AssetSource
from func_corr_ros.data.render_job import drawn_object
from func_corr_ros.data.taxonomy import Taxonomy
from func_corr_ros.errors import BadSettings
from func_corr_ros.provenance import whole_file


@dataclass(frozen=True)
class PartPhrase:
    """``phrase`` is what is asked; ``functions`` are those that the part serves; ``edge``: it is an edge of the surface;
    ``crop``: it is found only from near. A person who sets ``accepted`` to false in the file takes the part out.
    """

    part: str
    phrase: str
    functions: tuple[str, ...]
    edge: bool = False
    crop: bool = False
    accepted: bool = True


Phrases = Mapping[str, tuple[PartPhrase, ...]]


def phrases_for(sources: Iterable[AssetSource], taxonomy: Taxonomy) -> dict[str, tuple[PartPhrase, ...]]:
    """Returns for each object among ``sources`` the phrases of all parts that the taxonomy says serve a function, and of those by
    which the parametric library deviates from it.
    """
    library = {source.object: source.category for source in sources if source.category}
    found = {}
    for name in sorted({source.object for source in sources}):
        serving = {function: list(parts) for function, parts in taxonomy.functions_of(name).items()}
        if name in library:
            for function, own in drawn_object(library[name], 0).function_parts.items():
                serving[function] = list(dict.fromkeys([*serving.get(function, []), *own]))
        parts = sorted({part for each in serving.values() for part in each})
        spoken = next((ours for ours, theirs in TAXONOMY_NAMES.items() if theirs == name and library.get(name) == ours), name)
        found[name] = tuple(
            PartPhrase(
                part,
                f"{part} of the {spoken}",
                tuple(sorted(f for f, each in serving.items() if part in each)),
                part in taxonomy.edge_parts.get(name, ()),
                part in taxonomy.crop_parts.get(name, ()),
            )
            for part in parts
        )
    return found


def write_phrases(path: Path, phrases: Phrases) -> None:
    """Writes ``phrases`` as YAML, object by object."""
    content = {
        name: {
            one.part: {
                "phrase": one.phrase,
                "functions": list(one.functions),
                "edge": one.edge,
                "crop": one.crop,
                "accepted": one.accepted,
            }
            for one in parts
        }
        for name, parts in phrases.items()
    }
    text = "# What is asked about each part. Mend phrases, or set accepted: false, before the next stage is run.\n"
    with whole_file(path) as file:
        file.write((text + yaml.safe_dump(content, sort_keys=True, width=120)).encode())


def read_phrases(path: Path) -> dict[str, tuple[PartPhrase, ...]]:
    """Returns the accepted phrases of the file; raises what all_phrases raises."""
    return {name: tuple(one for one in parts if one.accepted) for name, parts in all_phrases(path).items()}


def all_phrases(path: Path) -> dict[str, tuple[PartPhrase, ...]]:
    """Returns all phrases of the file, accepted or not; raises BadSettings, naming file and entry, where it does not hold
    together.
    """
    content: Any = yaml.safe_load(Path(path).read_text())
    if not isinstance(content, dict):
        raise BadSettings(f"{path}: a mapping of objects to parts is needed")
    found: dict[str, tuple[PartPhrase, ...]] = {}
    for name, parts in content.items():
        if not isinstance(parts, dict):
            raise BadSettings(f"{path}: {name}: a mapping of parts is needed")
        found[str(name)] = tuple(_phrase(path, name, part, values) for part, values in parts.items())
    return found


def parts_by_function(phrases: Iterable[PartPhrase]) -> dict[str, list[str]]:
    """Returns for each function the parts that serve it."""
    found: dict[str, list[str]] = {}
    for one in phrases:
        for function in one.functions:
            found.setdefault(function, []).append(one.part)
    return found


def _phrase(path: Path, name: str, part: str, values: Any) -> PartPhrase:
    known = {"phrase": str, "functions": list, "edge": bool, "crop": bool, "accepted": bool}
    if not isinstance(values, dict) or set(values) - set(known) or "phrase" not in values or "functions" not in values:
        raise BadSettings(f"{path}: {name}/{part}: phrase and functions are needed, and no more than {', '.join(known)}")
    for key, value in values.items():
        if not isinstance(value, known[key]):
            raise BadSettings(f"{path}: {name}/{part}/{key} is {value!r}; a {known[key].__name__} is needed")
    return PartPhrase(
        part,
        values["phrase"],
        tuple(values["functions"]),
        values.get("edge", False),
        values.get("crop", False),
        values.get("accepted", True),
    )
