# SPDX-License-Identifier: Apache-2.0
"""Many runs as one table: every suite by every method, noise and clutter, each in its own folder, where it goes on."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from func_corr_ros.provenance import whole_file

HEAD = ("suite", "method", "noise", "clutter", "trials", "success % [95 %]", "within %", "across %", "wrong %", "refused %",
        "mm", "deg", "s")


@dataclass(frozen=True)
class Cell:
    """One run of the table."""

    suite: str
    method: str
    noise: float
    clutter: int

    def folder(self, out: Path) -> Path:
        """Returns where the run lies below ``out``."""
        method = Path(self.method).stem if self.method.endswith(".safetensors") else self.method
        return out / f"{self.suite}-{method}-noise{self.noise:g}-clutter{self.clutter}"


def cells(suites: Sequence[str], methods: Sequence[str], noises: Sequence[float], clutters: Sequence[int]) -> Iterator[Cell]:
    """Yields every combination, methods innermost, so that rows to compare become known together."""
    for suite, noise, clutter, method in product(suites, noises, clutters, methods):
        yield Cell(suite, method, noise, clutter)


def table(results: Iterable[tuple[Cell, Mapping[str, Any]]]) -> str:
    """Returns the results (of ``simulate``) as a markdown table; errors are medians of the poses given, seconds CPU seconds."""
    lines = ["| " + " | ".join(HEAD) + " |", "|" + "---|" * 4 + "---:|" * (len(HEAD) - 4)]
    for cell, result in results:
        low, high = result["ci95"]
        parts = [result["by_relation"][name] for name in ("within", "across")]
        spreads = [result[name] for name in ("translation_error_mm", "rotation_error_deg")]
        errors = [spread["median"] if spread["n"] else None for spread in spreads]
        shown = [
            cell.suite, cell.method, f"{cell.noise:g}", str(cell.clutter), str(result["trials"]),
            f"{_percent(result['success_rate'])} [{_percent(low)}, {_percent(high)}]",
            *(_percent(part["success_rate"]) if part["trials"] else "-" for part in parts),
            _percent(result["wrong_and_confident_rate"]), _percent(result["refused_rate"]),
            *("-" if error is None else f"{error:.1f}" for error in errors), f"{result['seconds_per_trial']:.1f}",
        ]
        lines.append("| " + " | ".join(shown) + " |")
    return "\n".join(lines) + "\n"


def write_table(path: Path, results: Iterable[tuple[Cell, Mapping[str, Any]]]) -> Path:
    """Writes :func:`table` to ``path``."""
    with whole_file(path) as file:
        file.write(table(results).encode())
    return path


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f}"
