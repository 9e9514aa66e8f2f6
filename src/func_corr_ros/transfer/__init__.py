# SPDX-License-Identifier: Apache-2.0
"""From a demonstration and matched pixels to tool poses on an object never seen before."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "acceptance": ["StabilityGate", "StabilitySettings"],
        "anchor_motion": ["anchor_motion", "anchor_motions"],
        "align": ["AlignSettings", "Alignment", "align_objects"],
        "demonstration": ["Demonstration", "Keypoint", "Phase", "keypoint_at"],
        "demonstration_store": ["DemonstrationStore", "read_demonstration"],
        "lift": ["LiftedMatches", "lift_matches"],
        "pipeline": ["Pipeline", "PipelineResult", "reference_of", "transfer_matches"],
        "transfer": ["Refusal", "Transfer", "TransferSettings", "TransferredPhase", "transfer_demonstration"],
    },
)
