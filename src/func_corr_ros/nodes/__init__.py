# SPDX-License-Identifier: Apache-2.0
"""The door to ROS 2: the only room that imports it. Nodes move values between topics and the other rooms' core calls."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "correspondence_node": ["CorrespondenceNode"],
        "func_corr": ["composed"],
        "segmentation_node": ["SegmentationNode"],
        "transfer_node": ["TransferNode"],
    },
)
