# SPDX-License-Identifier: Apache-2.0
"""Labels of functional parts for anyone's 3D assets, from boxes that an annotator draws in pictures of them: stage by stage."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "shape": ["Shape", "prepared"],
        "label_views": ["LabelViews", "label_views"],
    },
)
