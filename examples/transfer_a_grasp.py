# SPDX-License-Identifier: Apache-2.0
"""A grasp that was shown once, on an object that was never seen: one demonstration, one RGB-D frame, one pose.

python examples/transfer_a_grasp.py DEMONSTRATION FRAME
"""
from __future__ import annotations

import sys
from pathlib import Path

from func_corr_ros.correspondence import FunctionalCorrespondence
from func_corr_ros.evaluation import read_frame
from func_corr_ros.segmentation import GivenMaskSegmenter, TabletopSegmenter
from func_corr_ros.transfer import Pipeline, Transfer, read_demonstration


def main(demonstration_folder: str, frame_folder: str) -> int:
    """Prints the grasp in the camera's optical frame; returns 1 where the transfer is refused."""
    demonstration = read_demonstration(Path(demonstration_folder))
    frame, mask = read_frame(Path(frame_folder)), Path(frame_folder) / "mask.png"
    segmenter = GivenMaskSegmenter.from_file(mask) if mask.is_file() else TabletopSegmenter()
    pipeline = Pipeline(segmenter, FunctionalCorrespondence.from_pretrained("func-corr-s"), demonstration)
    outcome = pipeline.run(frame).outcome
    if not isinstance(outcome, Transfer):
        print(f"refused: {outcome.error}")
        return 1
    grasp = outcome.phase("grasp")
    print(f"camera_from_{grasp.tool_link} (metres, x right, y down, z forward):\n{grasp.camera_from_tool.round(4)}")
    print(f"right with a probability of {outcome.score:.0%}; matches agree within {1e3 * outcome.alignment.rms:.1f} mm")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
