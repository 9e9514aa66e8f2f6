# SPDX-License-Identifier: Apache-2.0
"""``func-corr recover BAG --out FOLDER``: what is whole of a damaged recording, as a recording that opens."""
from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    parser.add_argument("bag", type=Path, help="a recording that does not open or breaks off: rosbag2 (folder, .mcap, .db3, "
                        ".zstd of these) or ROS 1 (.bag, .bag.active); it stays as it is")
    parser.add_argument("--out", type=Path, default=Path("build/recovered"), metavar="FOLDER",
                        help="the new recording, a rosbag2 in MCAP, or a ROS 1 bag of a ROS 1 bag (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Writes the new recording and says what is lost; returns 0."""
    from func_corr_ros.replay.recovered_recording import recover

    def reading(file: Path) -> None:
        print(f"{file} ({file.stat().st_size / 1e6:.1f} MB)", flush=True)

    account = recover(arguments.bag, arguments.out, reading)
    for name, words in account.damage.items():
        print(f"damaged: {name}: {words}")
    if not account.damage:
        print("no damage was found")
    for topic, kind in account.left_out.items():
        print(f"left out: {topic}: nobody here knows the type {kind}, and the recording does not say what it looks like")
    counts = ", ".join(f"{topic} {count}" for topic, count in sorted(account.messages.items()))
    print(f"saved: {sum(account.messages.values())} messages ({counts})\n{arguments.out} is the recording to replay")
    return 0
