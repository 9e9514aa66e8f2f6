# SPDX-License-Identifier: Apache-2.0
"""Objects of the library, each built once for all tests: the pages' own, which the laws of the library are held to as well."""
from functools import cache

from func_corr_ros.data.functions_page import _SEED
from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.render_job import drawn_object

# That of docs/objects.md, and that of docs/functions.md.
SEEDS = (0, _SEED)


@cache
def drawn(category: str, seed: int) -> FunctionalObject:
    """Returns what ``drawn_object`` does; nobody writes into it."""
    thing = drawn_object(category, seed)
    for values in (thing.vertices, thing.faces, thing.part_of_face):
        values.flags.writeable = False
    return thing
