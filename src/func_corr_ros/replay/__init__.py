# SPDX-License-Identifier: Apache-2.0
"""Recordings: bags read, made and annotated, run through the pipeline or the nodes, scored, compared and shown."""
import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "annotations": ["Annotations", "read_annotations"],
        "bag_reader": ["ReadingSettings", "Recording", "read_frames"],
        "bag_replay": ["replay", "summarise"],
        "replay_results": ["score_and_report", "write_forms"],
        "replay_scores": ["score_run"],
        "rgbd_bag": ["write_bag"],
        "run_comparison": ["compared", "read_samples"],
    },
)
