# SPDX-License-Identifier: Apache-2.0
"""The composed process with a model that does, once, what the file named FAULT says: raise, memory, or sleep SECONDS."""

import os
import time
from pathlib import Path

import color_backbone
import torch

from func_corr_ros.correspondence.model import CorrespondenceSettings, FunctionalCorrespondence
from func_corr_ros.nodes.func_corr import composed
from func_corr_ros.nodes.process import run

FAULT = Path(os.environ["FAULT"])


class FaultyBackbone(color_backbone.ColorBackbone):
    """Looks at colours, and at the file."""

    def patch_features(self, images):
        if FAULT.exists():
            what, _, seconds = FAULT.read_text().partition(" ")
            FAULT.unlink()
            if what == "raise":
                raise ZeroDivisionError("the model tripped")
            if what == "memory":
                raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")
            time.sleep(float(seconds))
        return super().patch_features(images)


if __name__ == "__main__":
    torch.set_num_threads(1)
    raise SystemExit(run(lambda: composed(
        lambda settings: FunctionalCorrespondence(FaultyBackbone(), CorrespondenceSettings(max_pixels=1500))
    )))
