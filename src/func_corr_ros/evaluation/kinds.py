# SPDX-License-Identifier: Apache-2.0
"""Tools and vessels: what is held by its handle and works with its end, and what holds a liquid, are different to match."""
from __future__ import annotations

from func_corr_ros.data.objects import CATEGORIES
from func_corr_ros.data.objects.deviations import TAXONOMY_NAMES
from func_corr_ros.data.taxonomy import load_taxonomy

KINDS = ("tools", "vessels", "mixed")


def kind_of(*objects: str) -> str | None:
    """Returns which of KINDS a pair of ``objects`` (the names of their categories) is; None if the library lacks one of them.

    A vessel is what the taxonomy lists for pour-with. In the library these are the categories with an interior.
    """
    if not set(objects) <= set(CATEGORIES):
        return None
    taxonomy = load_taxonomy()
    found = {"vessels" if taxonomy.parts("pour-with", TAXONOMY_NAMES.get(name, name)) else "tools" for name in objects}
    return found.pop() if len(found) == 1 else "mixed"
