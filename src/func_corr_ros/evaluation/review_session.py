# SPDX-License-Identifier: Apache-2.0
"""A person's yes or no to what assets are said to be: kept in the file of matches, saved whole with every word."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from func_corr_ros.data.pseudo_label.matching import Match, read_matches, write_matches
from func_corr_ros.errors import BadAnnotations


class ReviewSession:
    """``pictures`` are the JPEG files of assets, by asset; an asset without one is shown by its words."""

    def __init__(self, path: Path, pictures: Mapping[str, Path]) -> None:
        self.path, self.pictures, self.matches = path, dict(pictures), read_matches(path)

    def decide(self, number: int, accepted: object, chosen: str | None = None) -> None:
        """Takes a person's word about match ``number``: yes, no or nothing, and which of its objects it is. Raises BadAnnotations
        for a match or an object that there is not.
        """
        if not 0 <= number < len(self.matches):
            raise BadAnnotations(f"match {number}: there are {len(self.matches)}")
        match = self.matches[number]
        chosen = match.object if chosen is None else chosen
        if chosen not in match.objects or not (accepted is None or isinstance(accepted, bool)):
            raise BadAnnotations(f"accepted {accepted!r}, object {chosen!r}: valid: true, false or null, and one of "
                                 f"{', '.join(match.objects)}")
        changed = list(self.matches)
        changed[number] = replace(match, accepted=accepted, object=chosen)
        write_matches(self.path, changed)
        self.matches = changed

    def picture(self, number: int) -> bytes | None:
        """Returns the JPEG of match ``number``, None where there is none."""
        if not 0 <= number < len(self.matches):
            return None
        path = self.pictures.get(self.matches[number].asset)
        return path.read_bytes() if path is not None and path.is_file() else None

    def state(self) -> list[dict[str, Any]]:
        """Returns what the page shows of each match."""
        return [_shown(one, one.asset in self.pictures) for one in self.matches]


def _shown(one: Match, pictured: bool) -> dict[str, Any]:
    return {"asset": one.asset, "caption": one.caption, "objects": one.objects, "scores": one.scores, "seen": one.seen,
            "accepted": one.accepted, "object": one.object, "pictured": pictured}
