# SPDX-License-Identifier: Apache-2.0
"""correspondence_node as it is in a process of its own, but for its model: colours instead of a network."""

import color_backbone
import torch

from func_corr_ros.nodes.correspondence_node import CorrespondenceNode
from func_corr_ros.nodes.process import run

if __name__ == "__main__":
    torch.set_num_threads(1)
    raise SystemExit(run(lambda: [CorrespondenceNode(load=color_backbone.load)]))
