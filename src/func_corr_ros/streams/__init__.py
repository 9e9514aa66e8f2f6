# SPDX-License-Identifier: Apache-2.0
"""What keeps a live stream fresh: matching by stamp, keeping the newest only, and measuring every stage. Knows no ROS."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "mailbox": ["Mailbox"],
        "stage_timer": ["Percentiles", "StageTimer"],
        "synchronizer": ["InputState", "Synchronizer"],
    },
)
