# SPDX-License-Identifier: Apache-2.0
"""Fits the constants of transfers, and says what they are worth: transfer/turn.py's WEIGHTS and transfer/trust.py's models.

    python benchmarks/fit_transfer.py [--turn NUMBERS] [--trust NUMBERS] [--new NUMBERS] [--functions NAME,NAME]

Draws the cases of these numbers as benchmarks/transfer_error.py does (noisy depth, exact masks, func-corr-s), matches them once
(4 s of processor time each) and keeps them in build/transfer_fit, from where it goes on if it was broken off; empty that folder
when what draws or matches has changed. Then every case is transferred by the code as it is, nothing improbable refused. The
turn's weights are those of greatest likelihood for --turn, the probability's coefficients those for --trust, by evidence that
WEIGHTS as they stand in the code give: where the two differ, put the fitted ones in and run it again. The tables are of --trust,
each case by fits that saw nothing of it, and of --new, by the fit to --trust. Each case is a scene of its own.
"""
from __future__ import annotations

import argparse
import pickle
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64

from func_corr_ros.correspondence import FunctionalCorrespondence
from func_corr_ros.data.objects import CATEGORIES
from func_corr_ros.data.sensor_noise import SensorNoiseSettings
from func_corr_ros.evaluation.transfer_cases import categories_by_function, draw_cases
from func_corr_ros.evaluation.transfer_fit import (
    area_under_curve,
    believes_right,
    fit_trust,
    fit_turn,
    held_out_probabilities,
)
from func_corr_ros.evaluation.transfer_fit_cases import Judged, MatchedCase, judged, matched
from func_corr_ros.evaluation.transfer_scores import median_interval, rate_interval
from func_corr_ros.provenance import code_revision, hold_to, provenance, whole_file, write_json
from func_corr_ros.segmentation.tabletop import TabletopSettings
from func_corr_ros.transfer.trust import OTHER, ROUND, TrustModel, model_of
from func_corr_ros.transfer.turn import WEIGHTS

BUILD = Path(__file__).resolve().parents[1] / "build"
FUNCTIONS = "pour-with,scoop-with,hang-onto,pound-with,cut-with,sweep-with"
# Brooms and shovels fill a picture from further away than tables are looked for as a rule.
FAR = TabletopSettings(max_distance_m=6.0)
BINS = (0.0, 0.25, 0.5, 0.75, 1.0)
THRESHOLDS = (0.0, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85)


def main() -> None:
    asked = _arguments()
    functions = asked.functions.split(",")
    numbers = {name: _numbers(getattr(asked, name)) for name in ("turn", "trust", "new")}
    seen = _all_judged(functions, sorted(set().union(*numbers.values())))
    of = {name: [seen[function, number] for number in wanted for function in functions if (function, number) in seen]
          for name, wanted in numbers.items()}
    turns = [case.turn for case in of["turn"] if case.turn is not None]
    weights = fit_turn(turns)
    trusted = [case for case in of["trust"] if case.measured is not None]
    measured, right = [case.measured for case in trusted], np.array([case.right for case in trusted])
    models = {name: fit_trust([one for one in measured if model_of(one) is there],
                              right[[model_of(one) is there for one in measured]])
              for name, there in (("ROUND", ROUND), ("OTHER", OTHER))}
    names = [case.id for case in trusted]
    usable = [case for case in turns if case.right.any()]
    lines = [f"turn: {len(usable)} of {len(of['turn'])} cases that a turn can carry; the likeliest turn is right in "
             f"{sum(believes_right(case, weights) for case in usable)} by the fitted weights, in "
             f"{sum(believes_right(case, WEIGHTS) for case in usable)} by those in the code",
             *_constants(weights, models),
             *_tables(f"numbers {asked.trust}, each case by fits that saw nothing of it", of["trust"],
                      dict(zip(names, held_out_probabilities(measured, right, names), strict=True))),
             *_tables(f"numbers {asked.new}, by the fit to {asked.trust}", of["new"],
                      {case.id: models["ROUND" if model_of(case.measured) is ROUND else "OTHER"].probability(case.measured)
                       for case in of["new"] if case.measured is not None})]
    print("\n".join(lines))
    result = {"date": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "machine": platform.node(), "revision": code_revision(),
              "arguments": vars(asked), "weights": weights, "models": {name: asdict(model) for name, model in models.items()},
              "printed": lines}
    print("written to", write_json(BUILD / "benchmarks" / f"fit_transfer_{time.strftime('%Y%m%d_%H%M%S')}.json", result))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turn", default="100-115,312-347", metavar="NUMBERS", help="for the turn (default: %(default)s)")
    parser.add_argument("--trust", default="100-115,300-307,312-347", metavar="NUMBERS", help="for trust (default: %(default)s)")
    parser.add_argument("--new", default="348-371", metavar="NUMBERS", help="fitted to nothing (default: %(default)s)")
    parser.add_argument("--functions", default=FUNCTIONS, help="names with commas between (default: %(default)s)")
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    """Returns 100, 101, 300 of "100-101,300"."""
    ends = [[int(end) for end in part.split("-")] for part in text.split(",") if part]
    return [number for pair in ends for number in range(pair[0], pair[-1] + 1)]


def _all_judged(functions: Sequence[str], numbers: Sequence[int]) -> dict[tuple[str, int], Judged]:
    """Returns what became of each case, by function and number; matches those that were not matched before."""
    folder, noise = BUILD / "transfer_fit", SensorNoiseSettings()
    model = FunctionalCorrespondence.from_pretrained("func-corr-s")
    hold_to(folder, provenance(noise, {str(model.identity["name"]): str(model.identity["sha256"])}))
    serving, found = categories_by_function(tuple(CATEGORIES)), {}
    for number in numbers:
        for function in functions:
            path = folder / f"{function}-{number:03d}.pkl"
            if not path.exists():
                for case in draw_cases(function, serving[function], 1, first=number):
                    with whole_file(path) as file:
                        pickle.dump(matched(case.sensed(noise, number), model, FAR), file)
                    print(f"{case.id}: {case.things[0].category} to {case.things[1].category}", flush=True)
            if path.exists():  # else no instance showed what the function needs
                kept: MatchedCase = pickle.loads(path.read_bytes())  # of this script's own making
                found[function, number] = judged(kept)
    return found


def _constants(weights: Mapping[str, float], models: Mapping[str, TrustModel]) -> list[str]:
    """Returns the constants as they stand in the code, with what stands there where it differs."""
    lines = [f"WEIGHTS = {_rounded(weights)}{_beside(weights, WEIGHTS)}"]
    for name, there in (("ROUND", ROUND), ("OTHER", OTHER)):
        fitted = models[name]
        flat, old = ({"": model.intercept, **model.coefficients} for model in (fitted, there))
        lines.append(f"{name} = TrustModel({fitted.intercept:.2f}, {_rounded(fitted.coefficients)}){_beside(flat, old)}")
    return lines


def _rounded(values: Mapping[str, float]) -> str:
    return "{" + ", ".join(f'"{name}": {value:.2f}' for name, value in values.items()) + "}"


def _beside(fitted: Mapping[str, float], there: Mapping[str, float]) -> str:
    same = all(round(value, 2) == round(there[name], 2) for name, value in fitted.items())
    return "   (as in the code)" if same else f"   (the code has {dict(there)})"


def _tables(title: str, cases: Sequence[Judged], probability: Mapping[str, float]) -> list[str]:
    """Returns how well the probabilities are calibrated, and risk over coverage; a case without one is always refused."""
    if not cases:
        return []
    told = np.array([probability.get(case.id, np.nan) for case in cases])
    right, same = (np.array([getattr(case, name) for case in cases]) for name in ("right", "within_category"))
    known = ~np.isnan(told)
    lines = [f"\n{title}: {len(cases)} cases, {known.sum()} transfers, area under the curve "
             f"{area_under_curve(told[known], right[known]):.2f}\n",
             "| told | transfers | mean told | right [95 %] |", "|---|---:|---:|---:|"]
    for low, high in zip(BINS[:-1], BINS[1:], strict=True):
        chosen = (told >= low) & ((told < high) | (high == BINS[-1]))
        shown = rate_interval(int(right[chosen].sum()), int(chosen.sum()))
        mean = told[chosen].mean() if chosen.any() else np.nan
        lines.append(f"| {low:.2f} to {high:.2f} | {chosen.sum()} | {mean:.2f} | {_percent(shown)} |")
    lines += ["", "| `min_probability` | accepted | right | wrong and accepted [95 %] | risk (wrong of accepted) "
              "| right / wrong, same category | right / wrong, across | error, mm [95 %] | deg [95 %] |", "|" + "---:|" * 9]
    errors = np.array([(1e3 * case.error.distance, case.error.angle_deg) if case.error else (np.nan,) * 2 for case in cases])
    return lines + [_row(threshold, told, right, same, errors) for threshold in THRESHOLDS]


def _row(
    threshold: float, told: Float64[np.ndarray, " n"], right: Bool[np.ndarray, " n"], same: Bool[np.ndarray, " n"],
    errors: Float64[np.ndarray, "n 2"],
) -> str:
    kept = told >= threshold
    wrong = rate_interval(int((kept & ~right).sum()), len(told))
    risk = (kept & ~right).sum() / max(kept.sum(), 1)
    of_kind = [f"{100 * (kept & right)[kind].mean():.0f} / {100 * (kept & ~right)[kind].mean():.1f} %" if kind.any() else "-"
               for kind in (same, ~same)]
    return (f"| {threshold:g} | {100 * kept.mean():.0f} % | {100 * (kept & right).mean():.0f} % | {_percent(wrong, 1)} | "
            f"{100 * risk:.0f} % | {' | '.join(of_kind)} | "
            + " | ".join("{:.0f} [{:.0f}, {:.0f}]".format(*median_interval(column)) for column in errors[kept].T) + " |")


def _percent(values: tuple[float, float, float], digits: int = 0) -> str:
    middle, low, high = (100 * value for value in values)
    return f"{middle:.{digits}f} % [{low:.0f}, {high:.0f}]"


if __name__ == "__main__":
    main()
