# SPDX-License-Identifier: Apache-2.0
"""Pose error of transfers against the truth, refusals, and transfers that are wrong though accepted, function by function.

    python benchmarks/transfer_error.py [--count 6] [--functions pour-with,cut-with] [--methods func-corr-s,oracle] [--noise both]

Each case is a demonstration from the object library and an unseen instance, within a category and across in turns, each alone on
a rendered table at any turn; masks are exact, the support is found from depth. Both go through the call that the nodes make
(transfer.pipeline.transfer_matches) with the matches of func-corr-s, or of the oracle: true matches of the serving parts. An
error is that of the action frame, modulo turns that leave the function as shown; a transfer is wrong if it is further off than
20 % of the object's longest side or turned by more than 30 deg. A case takes about 5 s on one core. Seeds are fixed: cases 0 to
N-1 of a function are the same for whoever runs them.
"""
from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from func_corr_ros.correspondence import FunctionalCorrespondence
from func_corr_ros.correspondence.correspond import Correspondence, correspond
from func_corr_ros.data.library_demonstration import OBJECT
from func_corr_ros.data.objects import CATEGORIES, FUNCTIONS
from func_corr_ros.data.sensor_noise import SensorNoiseSettings
from func_corr_ros.errors import FuncCorrError
from func_corr_ros.evaluation.transfer_cases import TransferCase, categories_by_function, draw_cases, true_correspondence
from func_corr_ros.evaluation.transfer_scores import TransferRow, row_of, tables
from func_corr_ros.provenance import code_revision, write_json
from func_corr_ros.segmentation.given_mask import GivenMaskSegmenter
from func_corr_ros.segmentation.tabletop import TabletopSettings
from func_corr_ros.transfer.pipeline import reference_of, transfer_matches

RESULTS = Path(__file__).resolve().parents[1] / "build" / "benchmarks"
NOISES = {"exact": (None,), "noisy": (SensorNoiseSettings(),), "both": (None, SensorNoiseSettings())}
ORACLE = "oracle"
# Brooms and shovels fill a picture from further away than tables are looked for as a rule.
FAR = TabletopSettings(max_distance_m=6.0)
TIMED_MATCHES = 2000
REPEATS = 9
Matcher = Callable[[TransferCase], Correspondence]


def main() -> None:
    asked = _arguments()
    matchers = {name: _matcher(name) for name in asked.methods.split(",")}
    serving = categories_by_function(tuple(CATEGORIES))
    rows, slowest = [], 0.0
    for function in asked.functions.split(",") if asked.functions else FUNCTIONS:
        for number, case in enumerate(draw_cases(function, serving[function], asked.count, first=asked.first)):
            for row, seconds in _rows(case, matchers, NOISES[asked.noise], number):
                rows.append(row)
                slowest = max(slowest, seconds)
            print(f"{case.id}: {case.things[0].category} to {case.things[1].category}", flush=True)
    print(tables(rows))
    print(f"transfer after matching, {TIMED_MATCHES} matches, processor time, one core: at most {1e3 * slowest:.1f} ms")
    stamp = time.strftime("%Y%m%d_%H%M%S")
    result = {"date": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "machine": platform.node(), "revision": code_revision(),
              "arguments": vars(asked), "slowest_s": slowest, "rows": [row.record() for row in rows]}
    print("written to", write_json(RESULTS / f"transfer_error_{stamp}_{platform.node()}.json", result))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=6, help="cases of each function (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="number of the first case (default: %(default)s)")
    parser.add_argument("--functions", default="", help="names with commas between (default: all)")
    parser.add_argument("--methods", default=f"func-corr-s,{ORACLE}", help="weights, or oracle (default: %(default)s)")
    parser.add_argument("--noise", choices=tuple(NOISES), default="both", help="the sensor's (default: %(default)s)")
    return parser.parse_args()


def _matcher(name: str) -> Matcher:
    if name == ORACLE:
        return true_correspondence
    model = FunctionalCorrespondence.from_pretrained(name)

    def matched(case: TransferCase) -> Correspondence:
        frame, mask = case.live.frame, case.live.mask(OBJECT)
        return correspond(model, reference_of(model, case.demonstration()), frame.color, {1: mask})

    return matched


def _rows(
    case: TransferCase, matchers: dict[str, Matcher], noises: tuple[SensorNoiseSettings | None, ...], number: int
) -> Iterator[tuple[TransferRow, float]]:
    """Yields what becomes of ``case`` by every method and noise, and the time of its transfer."""
    for noise in noises:
        seen = case.sensed(noise, number)
        demonstration, frame = seen.demonstration(), seen.live.frame
        segmentation = GivenMaskSegmenter(seen.live.mask(OBJECT), settings=FAR).segment(frame)
        for name, matcher in matchers.items():
            try:
                found = matcher(seen)
            except FuncCorrError as error:
                print(f"{case.id}: {name}: {error}")
                continue
            transfer = partial(transfer_matches, demonstration, frame, segmentation, found)
            row = row_of(case, transfer().outcome, name, "exact" if noise is None else "noisy")
            yield row, _seconds(transfer, len(found.confidence))


def _seconds(call: Callable[[], object], matches: int) -> float:
    """Returns the median processor time of ``call`` [s], in proportion to TIMED_MATCHES where it has more matches than that."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return float(np.median(times)) * min(TIMED_MATCHES / max(matches, 1), 1.0)


if __name__ == "__main__":
    main()
