# SPDX-License-Identifier: Apache-2.0
"""Objects in RGB-D frames as label images, with the plane they stand on."""
from pkgutil import resolve_name
from typing import Any

import lazy_loader

# name -> what makes it from its settings (or from none); a new segmenter is one file and one line here and below
SEGMENTERS = {
    "tabletop": "func_corr_ros.segmentation.tabletop:TabletopSegmenter",
    "given_mask": "func_corr_ros.segmentation.given_mask:GivenMaskSegmenter.from_settings",
    "sam": "func_corr_ros.segmentation.sam:SamSegmenter",
}
# name -> the settings it takes
SEGMENTER_SETTINGS = {
    "tabletop": "func_corr_ros.segmentation.tabletop:TabletopSettings",
    "given_mask": "func_corr_ros.segmentation.given_mask:GivenMaskSettings",
    "sam": "func_corr_ros.segmentation.sam:SamSettings",
}

__getattr__, __dir__, _lazy = lazy_loader.attach(
    __name__,
    submod_attrs={
        "given_mask": ["GivenMaskSegmenter", "GivenMaskSettings"],
        "sam": ["SamSegmenter", "SamSettings"],
        "segmenter": ["Prompts", "SegmentedObject", "Segmentation", "Segmenter"],
        "tabletop": ["TabletopSegmenter", "TabletopSettings"],
    },
)
__all__ = [*_lazy, "SEGMENTERS", "SEGMENTER_SETTINGS", "make_segmenter"]


def make_segmenter(name: str, settings: Any = None) -> Any:
    """Returns the segmenter ``name`` made from ``settings`` (default: its own defaults).

    Raises BadSettings, listing the valid names, for a name there is not, and for settings of another segmenter.
    """
    from func_corr_ros.errors import BadSettings

    if name not in SEGMENTERS:
        raise BadSettings(f"there is no segmenter {name!r}; valid: {', '.join(SEGMENTERS)}")
    kind = resolve_name(SEGMENTER_SETTINGS[name])
    settings = kind() if settings is None else settings
    if not isinstance(settings, kind):
        raise BadSettings(f"the segmenter {name} takes {kind.__name__}; {type(settings).__name__} was given")
    return resolve_name(SEGMENTERS[name])(settings)
