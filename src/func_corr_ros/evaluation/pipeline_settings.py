# SPDX-License-Identifier: Apache-2.0
"""Every setting between a frame and a pose in one place, and the parts that they describe."""
from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType

from func_corr_ros.correspondence.model import CorrespondenceSettings, FunctionalCorrespondence
from func_corr_ros.segmentation import SEGMENTERS, make_segmenter
from func_corr_ros.segmentation.given_mask import GivenMaskSettings
from func_corr_ros.segmentation.sam import SamSettings
from func_corr_ros.segmentation.segmenter import Segmenter
from func_corr_ros.segmentation.tabletop import TabletopSettings
from func_corr_ros.settings import setting
from func_corr_ros.transfer.demonstration import Demonstration
from func_corr_ros.transfer.pipeline import Anchors, Pipeline
from func_corr_ros.transfer.transfer import TransferSettings


@dataclass(frozen=True)
class PipelineSettings:
    """How frames are turned into poses without ROS; the nodes declare the same parts as their parameters."""

    model: str = setting("func-corr-s", "weights: func-corr-s, a head's file, a bare backbone, a Hugging Face id or a folder")
    device: str = setting("auto", "where the network runs: auto, cpu, cuda, cuda:1 ...")
    dtype: str = setting("fp32", "what the network computes in", choices=("fp32", "fp16", "bf16"))
    segmenter: str = setting("tabletop", "who finds the objects", choices=tuple(SEGMENTERS))
    tabletop: TabletopSettings = field(default_factory=TabletopSettings)
    given_mask: GivenMaskSettings = field(default_factory=GivenMaskSettings)
    sam: SamSettings = field(default_factory=SamSettings)
    correspondence: CorrespondenceSettings = field(default_factory=CorrespondenceSettings)
    transfer: TransferSettings = field(default_factory=TransferSettings)

    def load_model(self) -> FunctionalCorrespondence:
        """Returns the features; raises BadWeights or BadSettings."""
        return FunctionalCorrespondence.from_pretrained(self.model, self.correspondence, self.device, self.dtype)

    def make_segmenter(self) -> Segmenter:
        """Returns the segmenter; raises NoMask where that is given_mask and no mask file is named."""
        return make_segmenter(self.segmenter, getattr(self, self.segmenter))

    def pipeline(self, demonstration: Demonstration, anchors: Anchors = MappingProxyType({})) -> Pipeline:
        """Returns the pipeline of these settings around ``demonstration``."""
        return Pipeline(self.make_segmenter(), self.load_model(), demonstration, self.transfer, anchors)
