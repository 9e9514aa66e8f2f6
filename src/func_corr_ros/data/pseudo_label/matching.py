# SPDX-License-Identifier: Apache-2.0
"""Which object of the taxonomy an asset is: by its caption's embedding, a yes or no about its picture, and a person's word."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from func_corr_ros.correspondence.text_encoder import TextEncoder
from func_corr_ros.data.taxonomy import Taxonomy
from func_corr_ros.errors import BadSettings
from func_corr_ros.provenance import whole_file
from func_corr_ros.settings import setting

# So many objects are kept for each asset, best first, for a person to choose from.
CHOICES = 3
MATCHES_FILE = "matches.yaml"


@dataclass(frozen=True)
class MatchingSettings:
    """When a caption is like the name of an object."""

    least: float = setting(0.45, "least cosine of caption and object; below, the asset is left out", at_least=-1.0, at_most=1.0)
    prompt: str = setting("a {object}", "words around an object's name, with {object} in them")


@dataclass(frozen=True)
class Match:
    """What an asset may be: ``objects`` best first, ``scores`` their cosines. ``seen`` is what a model said about a picture and
    the first object (None: not asked, or no plain answer); ``accepted`` what a person said (None: nothing yet), about ``object``.
    """

    asset: str
    caption: str
    objects: tuple[str, ...]
    scores: tuple[float, ...]
    seen: bool | None = None
    accepted: bool | None = None
    object: str = ""


def matched(
    captions: Mapping[str, str], taxonomy: Taxonomy, encoder: TextEncoder, settings: MatchingSettings = MatchingSettings()
) -> tuple[list[Match], dict[str, str]]:
    """Returns the matches of assets (name -> caption), in order, and why the others have none. Objects held back for tests are
    among the candidates, so that they are found and left out. Raises BadSettings for a prompt without {object}.
    """
    if "{object}" not in settings.prompt:
        raise BadSettings(f"prompt is {settings.prompt!r}; it needs {{object}}")
    named = {asset: caption for asset, caption in captions.items() if caption.strip()}
    left_out = {asset: "it has no caption" for asset in captions if asset not in named}
    if not named:
        return [], left_out
    objects = taxonomy.objects
    names = encoder.encode([settings.prompt.replace("{object}", name) for name in objects]).cpu().numpy()
    vectors = encoder.encode(list(named.values())).cpu().numpy()
    found = []
    for (asset, caption), row in zip(named.items(), vectors @ names.T, strict=True):
        order = np.argsort(-row, kind="stable")
        best = objects[int(order[0])]
        if row[order[0]] < settings.least:
            left_out[asset] = f"nothing is like {caption!r}: the nearest is {best} ({row[order[0]]:.2f} < {settings.least:g})"
        elif best in taxonomy.unseen_objects:
            left_out[asset] = f"a {best} is held back for tests"
        else:
            kept = [index for index in order.tolist() if objects[index] not in taxonomy.unseen_objects][:CHOICES]
            scores = tuple(round(float(row[index]), 4) for index in kept)
            found.append(Match(asset, caption, tuple(objects[index] for index in kept), scores, object=best))
    return found, left_out


def looked_at(matches: Iterable[Match], confirm: Callable[[Match], bool | None]) -> list[Match]:
    """Returns ``matches`` with what ``confirm`` says of each (annotators.endpoint.EndpointAnnotator.confirm, say)."""
    return [replace(one, seen=confirm(one)) for one in matches]


def write_matches(path: Path, matches: Sequence[Match]) -> None:
    """Writes ``matches`` as YAML, whole or not at all."""
    content = [
        {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(one).items()} for one in matches
    ]
    text = "# What each asset may be. accepted: true or false is a person's word; func-corr label review asks for it.\n"
    with whole_file(path) as file:
        file.write((text + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)).encode())


def read_matches(path: Path) -> list[Match]:
    """Returns what the file holds; raises BadSettings, naming file and entry, where that is not what write_matches writes."""
    content: Any = yaml.safe_load(path.read_text()) if path.is_file() else None
    if not isinstance(content, list):
        raise BadSettings(f"{path}: a list of matches is needed; func-corr label match writes one")
    found = []
    for number, one in enumerate(content):
        try:
            match = Match(**{**one, "objects": tuple(one["objects"]), "scores": tuple(one["scores"])})
        except (TypeError, KeyError) as error:
            raise BadSettings(f"{path}: entry {number} is no match ({type(error).__name__}: {error})") from error
        if match.accepted not in (None, True, False) or match.object not in match.objects:
            raise BadSettings(
                f"{path}: entry {number}: accepted is {match.accepted!r}, object {match.object!r}; valid: true, false "
                f"or null, and one of {', '.join(match.objects)}"
            )
        found.append(match)
    return found


def accepted_objects(matches: Iterable[Match]) -> dict[str, str]:
    """Returns asset -> object of those that a person accepted: what ``objects.yaml`` or ``--objaverse`` wants."""
    return {one.asset: one.object for one in matches if one.accepted}
