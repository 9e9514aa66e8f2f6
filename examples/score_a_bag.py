# SPDX-License-Identifier: Apache-2.0
"""How good is a demonstration on a recording? What `func-corr replay` does, in the lines it takes.

python examples/score_a_bag.py BAG DEMONSTRATION [MASK]      (MASK: an image that is bright on the object, for a camera at rest)
"""
from __future__ import annotations

import sys
from pathlib import Path

from func_corr_ros.evaluation import PipelineSettings
from func_corr_ros.provenance import provenance
from func_corr_ros.replay import Recording, replay, score_run
from func_corr_ros.settings import override
from func_corr_ros.transfer import read_demonstration


def main(bag: str, folder: str, mask: str = "", out: str = "build/scored") -> None:
    """Prints how many frames gave poses and how steady those are; every figure is in ``out``/scores.json."""
    demonstration, recording = read_demonstration(Path(folder)), Recording(Path(bag))
    masked = {"segmenter": "given_mask", "given_mask.path": mask} if mask else {}
    settings = override(PipelineSettings(), masked)
    pipeline = settings.pipeline(demonstration)
    replay(recording, pipeline, Path(out), provenance(settings, {"bag": bag}), account=lambda: recording.account.as_record())
    scores = score_run(Path(out), recording, demonstration)
    print(f"{scores['accepted']} of {scores['frames']} frames gave poses; refused: {scores['refused'] or 'none'}")
    for name in ("jitter_mm", "residual_mm", "cycle", "depth_valid"):
        figure = scores["figures"][name]
        print(f"{name}: median {figure['median']} {scores['units'][name]} over {figure['n']} frames")


if __name__ == "__main__":
    main(*sys.argv[1:])
