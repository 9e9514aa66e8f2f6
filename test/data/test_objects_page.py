# SPDX-License-Identifier: Apache-2.0
"""docs/objects.md says what the code says."""
from pathlib import Path

import pytest

pytest.importorskip("manifold3d")

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    from data.drawn_objects import drawn

    from func_corr_ros.data import objects_page

    monkeypatch.setattr(objects_page, "drawn_object", drawn)
    assert (DOCS / "objects.md").read_text() == objects_page.objects_page(), "write it anew: func-corr objects pages"
