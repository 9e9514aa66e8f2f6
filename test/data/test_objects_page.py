# SPDX-License-Identifier: Apache-2.0
"""docs/objects.md says what the code says."""
from pathlib import Path

import pytest

pytest.importorskip("manifold3d")

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_up_to_date() -> None:
    from func_corr_ros.data.objects_page import objects_page

    assert (DOCS / "objects.md").read_text() == objects_page(), "write it anew: func-corr objects pages"
