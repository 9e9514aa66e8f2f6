# SPDX-License-Identifier: Apache-2.0
"""What a method answers for every pair of a benchmark, written to files once; every metric reads those files.

``<out>/predictions/<pair>.npz`` holds both directions of a pair, ``<out>/provenance.json`` what they were made with.
"""
from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32

from func_corr_ros.correspondence.baselines.method import Discovery, Method, PointMatches, Subject
from func_corr_ros.data.objects.deviations import TAXONOMY_NAMES
from func_corr_ros.data.taxonomy import load_taxonomy
from func_corr_ros.errors import BadBenchmark, BadSettings
from func_corr_ros.evaluation.benchmark import Benchmark, BenchmarkPair, NegativePair
from func_corr_ros.evaluation.benchmark_files import read_arrays
from func_corr_ros.provenance import provenance, whole_file, write_json

FOLDER, MADE_WITH = "predictions", "provenance.json"
# Descriptions kept: a view comes again within a few pairs or not at all.
KEPT = 64
# What every file of predictions holds of both directions; the rest depends on the method.
_NEEDED = ("points", "confidence", "uv_a", "uv_b", "score", "fallback", "exists")


@dataclass(frozen=True)
class Answers:
    """One direction of a pair: ``points``, where the queried pixels belong in the target (NaN: no answer), with their
    ``confidence``, and the matches of discovery (their order is no ranking). ``region`` is the functional part predicted on the
    querying object; ``fallback`` says that the one predicted on the target was empty; ``exists`` scores that there is a
    correspondence at all.
    """

    points: Float32[np.ndarray, "k 2"]
    confidence: Float32[np.ndarray, " k"]
    uv_a: Float32[np.ndarray, "n 2"]
    uv_b: Float32[np.ndarray, "n 2"]
    score: Float32[np.ndarray, " n"]
    in_part: Bool[np.ndarray, " n"] | None
    region: Bool[np.ndarray, "h w"] | None
    fallback: Bool[np.ndarray, ""]
    exists: Float32[np.ndarray, ""]


def predict(
    benchmark: Benchmark, method: Method, out: Path, pairs: Sequence[BenchmarkPair], *,
    overwrite: bool = False, on_pair: Callable[[BenchmarkPair], None] = lambda pair: None,
    made: Mapping[str, Any] | None = None,
) -> Path:
    """Writes the predictions of ``pairs`` that are not there yet and returns their folder; ``on_pair`` is called for each.
    ``made`` is what :func:`made_with` said when the run began, for runs that predict more than once.

    Raises BadSettings where ``out`` holds predictions for another benchmark, of another method or settings, or where some
    were made by other code and some are missing, unless ``overwrite``, which makes all anew.
    """
    out, folder = Path(out), Path(out) / FOLDER
    missing = [pair for pair in pairs if not path_of(folder, pair).exists()]
    claim(out, made or made_with(benchmark, method), unfinished=bool(missing), overwrite=overwrite)
    described = Descriptions(benchmark, method)
    for pair in pairs:
        if not path_of(folder, pair).exists():
            write_answers(path_of(folder, pair), *answers_of(pair, method, described))
        on_pair(pair)
    return folder


def answers_of(pair: BenchmarkPair, method: Method, described: Descriptions) -> tuple[Answers, Answers]:
    """Returns what ``method`` answers from a to b, and from b to a."""
    truth = pair.truth()
    a, b = described.of(pair.a, pair.function, pair.part_a), described.of(pair.b, pair.function, pair.part_b)
    return _answers(method, a, b, truth.a), _answers(method, b, a, truth.b)


class Descriptions:
    """What a method made of the last views it saw; one per view and function, or per view if functions mean nothing to it."""

    def __init__(self, benchmark: Benchmark, method: Method, kept: int = KEPT) -> None:
        self._benchmark, self._method, self._kept = benchmark, method, kept
        self._taxonomy = load_taxonomy()  # what the parts are called that a language model is asked for
        self._made: OrderedDict[tuple[str, str], Any] = OrderedDict()

    def of(self, view_id: str, function: str, part: Callable[[], Bool[np.ndarray, "h w"] | None] = lambda: None) -> Any:
        """Returns the description of a view, by ``function`` where the method minds it; ``part`` reads the true functional
        part.
        """
        key = view_id, function if self._method.identity.get("conditioned", True) else ""
        if key not in self._made:
            view = self._benchmark.views[view_id]
            name = str(view.description["object"])
            asked = self._taxonomy.parts(function, TAXONOMY_NAMES.get(name, name))
            self._made[key] = self._method.describe(Subject(view.image, view.mask, function, part(), view_id, name, asked))
        self._made.move_to_end(key)
        if len(self._made) > self._kept:
            self._made.popitem(last=False)
        return self._made[key]


def made_with(benchmark: Benchmark, method: Method) -> dict[str, Any]:
    """Returns what predictions of ``method`` depend on, as it is read back from JSON."""
    settings = {"method": method.name, "identity": dict(method.identity)}
    return json.loads(json.dumps(provenance(settings, {"benchmark": benchmark.sha256}), default=str))


def claim(out: Path, wanted: Mapping[str, Any], *, unfinished: bool, overwrite: bool) -> None:
    """Makes ``out`` a folder for results :func:`made_with` these; raises BadSettings where it holds others, unless
    ``overwrite``.
    """
    beside, folder = out / MADE_WITH, out / FOLDER
    if beside.exists() and not overwrite:
        found = json.loads(beside.read_text())
        # Whole predictions can be scored by newer code; predictions of two codes must not stand side by side.
        compared = ("settings", "sha256", "version", "revision") if unfinished else ("settings", "sha256")
        changed = sorted(key for key in compared if found.get(key) != wanted[key])
        if changed:
            raise BadSettings(f"{folder} holds predictions that were made otherwise (they differ in {', '.join(changed)}; see "
                              f"{beside}); choose another --out, or add --overwrite")
        return
    for path in folder.glob("*.npz"):
        path.unlink()
    write_json(beside, wanted)


def path_of(folder: Path, pair: BenchmarkPair | NegativePair) -> Path:
    """Returns where the predictions of ``pair`` lie; raises BadBenchmark for an id that is no plain file name."""
    if Path(pair.id).name != pair.id or pair.id.startswith("."):
        raise BadBenchmark(f"pair id {pair.id!r} is no plain file name; letters, digits, '-', '_' and '.' are")
    return folder / f"{pair.id}.npz"


def write_answers(path: Path, forth: Answers, back: Answers) -> None:
    """Writes both directions into one .npz, whole or not at all."""
    ways = (("ab", forth), ("ba", back))
    arrays: dict[str, Any] = {f"{way}_{name}": value for way, answers in ways for name, value in _present(answers)}
    with whole_file(path) as file:
        np.savez_compressed(file, **arrays)


def read_answers(path: Path) -> tuple[Answers, Answers]:
    """Returns what :func:`write_answers` wrote; raises BadBenchmark for a file that is none."""
    arrays = read_arrays(path)
    names = [field.name for field in fields(Answers)]
    missing = [f"{way}_{name}" for way in ("ab", "ba") for name in _NEEDED if f"{way}_{name}" not in arrays]
    if missing:
        raise BadBenchmark(f"{path}: {', '.join(missing)} missing; delete the file, and it is made again")
    forth, back = (Answers(**{name: arrays.get(f"{way}_{name}") for name in names}) for way in ("ab", "ba"))
    return forth, back


def _answers(method: Method, a: Any, b: Any, points: Float32[np.ndarray, "k 2"]) -> Answers:
    found: Discovery = method.discover(a, b)
    asked: PointMatches = method.transfer(a, b, points)
    fallback = np.array(bool(getattr(b, "fallback", False)))
    return Answers(
        asked.uv, asked.confidence, found.uv_a, found.uv_b, found.score, found.in_part, getattr(a, "region", None), fallback,
        np.array(found.exists, dtype=np.float32),
    )


def _present(answers: Answers) -> list[tuple[str, np.ndarray]]:
    values = [(field.name, getattr(answers, field.name)) for field in fields(Answers)]
    return [(name, value) for name, value in values if value is not None]
