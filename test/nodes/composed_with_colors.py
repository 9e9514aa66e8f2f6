# SPDX-License-Identifier: Apache-2.0
"""The composed process as it is, but for its model: colours instead of a network."""

import color_backbone
import torch

from func_corr_ros.nodes.func_corr import composed
from func_corr_ros.nodes.process import run

if __name__ == "__main__":
    torch.set_num_threads(1)
    raise SystemExit(run(lambda: composed(color_backbone.load)))
