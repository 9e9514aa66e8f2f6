# SPDX-License-Identifier: Apache-2.0
"""``func-corr annotate BAG --demonstration DIR --out FILE``: click the truth on some frames of a recording, in a browser."""
from __future__ import annotations

import argparse
from contextlib import nullcontext
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    parser.add_argument("bag", type=Path, help="the recording that is to be scored")
    parser.add_argument("--demonstration", type=Path, required=True, help="a demonstration's folder: its keypoints are asked for")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE",
                        help="YAML for func-corr replay --annotations; one that exists is gone on with")
    parser.add_argument("--frames", type=int, default=20, metavar="N",
                        help="how many frames, evenly spread (default: %(default)s)")
    parser.add_argument("--fixed-frame", default="", metavar="FRAME",
                        help="TF frame that does not move: clicks follow the camera")
    parser.add_argument("--port", type=int, default=8765, help="port on this machine, 0 for any (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Serves the page on 127.0.0.1 until interrupted; returns 0."""
    from func_corr_ros.errors import BadSettings
    from func_corr_ros.evaluation.local_page import serve
    from func_corr_ros.replay.annotation_server import annotation_server
    from func_corr_ros.replay.annotation_session import AnnotationSession
    from func_corr_ros.replay.bag_reader import ReadingSettings, Recording
    from func_corr_ros.replay.bag_transforms import RecordedTransforms
    from func_corr_ros.transfer.demonstration_store import read_demonstration

    if arguments.frames < 1:
        raise BadSettings(f"--frames {arguments.frames}: at least 1 is needed")
    demonstration, fixed = read_demonstration(arguments.demonstration), arguments.fixed_frame
    every = max(1, Recording(arguments.bag).expected // arguments.frames)
    recording = Recording(arguments.bag, ReadingSettings(every=every))
    with RecordedTransforms(arguments.bag, fixed) if fixed else nullcontext() as transforms:
        names = [item.name for item in demonstration.keypoints]
        pose_of = (lambda frame_id, stamp_ns: None) if transforms is None else transforms.fixed_from
        session = AnnotationSession(recording, names, demonstration.function, arguments.out, pose_of)
    with annotation_server(session, arguments.port) as server:
        serve(server, f"shows {len(session.frames)} frames; every click is saved to {arguments.out}")
    return 0
