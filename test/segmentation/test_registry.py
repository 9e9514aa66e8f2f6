# SPDX-License-Identifier: Apache-2.0
"""Segmenters by name."""
from pathlib import Path
from pkgutil import resolve_name

import pytest

from func_corr_ros import segmentation
from func_corr_ros.errors import BadSettings
from func_corr_ros.segmentation import SEGMENTER_SETTINGS, SEGMENTERS, make_segmenter
from func_corr_ros.segmentation.tabletop import TabletopSegmenter, TabletopSettings
from func_corr_ros.settings import leaves, override


def test_every_segmenter_has_settings_with_words_for_each() -> None:
    assert set(SEGMENTERS) == set(SEGMENTER_SETTINGS) == {"tabletop", "given_mask", "sam"}
    for name in SEGMENTERS:
        infos = list(leaves(resolve_name(SEGMENTER_SETTINGS[name])))
        assert infos and all(info.description and info.check(info.default) == info.default for info in infos)


def test_made_from_settings_or_from_none() -> None:
    assert make_segmenter("tabletop").settings == TabletopSettings()
    settings = override(TabletopSettings(), {"min_object_px": 123})
    made = make_segmenter("tabletop", settings)
    assert isinstance(made, TabletopSegmenter) and made.settings.min_object_px == 123


def test_unknown_names_and_foreign_settings_are_refused() -> None:
    with pytest.raises(BadSettings, match="no segmenter 'table'; valid: tabletop, given_mask, sam"):
        make_segmenter("table")
    with pytest.raises(BadSettings, match="given_mask takes GivenMaskSettings; TabletopSettings was given"):
        make_segmenter("given_mask", TabletopSettings())
    with pytest.raises(BadSettings, match="max_height_m is 9.0; at most 3.0 m"):
        override(TabletopSettings(), {"max_height_m": 9.0})


def test_public_names_are_there() -> None:
    for name in segmentation.__all__:
        assert getattr(segmentation, name) is not None


@pytest.mark.parametrize("name", ["tabletop", "sam"])
def test_the_page_states_every_setting_and_its_default(name: str) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "segmentation.md").read_text()
    for info in leaves(resolve_name(SEGMENTER_SETTINGS[name])):
        if not info.name.startswith("tabletop."):
            row = f"| `{name}.{info.name}` | {info.default!r} | {info.unit} | {info.description} |"
            assert row in page, f"docs/segmentation.md lacks this row: {row}"
