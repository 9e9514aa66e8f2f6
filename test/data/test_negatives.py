# SPDX-License-Identifier: Apache-2.0
"""What plainly does not serve a function is of the library, and neither the library nor the taxonomy says that it serves."""
from functools import cache
from pkgutil import resolve_name

import pytest

from func_corr_ros.data.negatives import PLAINLY_NOT
from func_corr_ros.data.objects import CATEGORIES, FUNCTIONS
from func_corr_ros.data.objects.deviations import TAXONOMY_NAMES
from func_corr_ros.data.taxonomy import load_taxonomy

pytest.importorskip("manifold3d")


@cache
def served(category: str) -> frozenset[str]:
    return frozenset(resolve_name(CATEGORIES[category])().build().function_parts)


def test_every_function_has_some_from_the_library() -> None:
    assert set(PLAINLY_NOT) == set(FUNCTIONS)
    assert set().union(*PLAINLY_NOT.values()) <= set(CATEGORIES)
    assert min(map(len, PLAINLY_NOT.values())) >= 10, "20 negatives of a function shall not show the same few things"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_none_serves_by_the_library_or_the_taxonomy(function: str) -> None:
    taxonomy = load_taxonomy()
    listed = {name for name in PLAINLY_NOT[function] if taxonomy.parts(function, TAXONOMY_NAMES.get(name, name))}
    assert listed == set()
    assert {name for name in PLAINLY_NOT[function] if function in served(name)} == set()
