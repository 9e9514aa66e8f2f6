# SPDX-License-Identifier: Apache-2.0
"""Time and memory of the functional loss, one log-sum-exp per anchor, against its logits written out and cross-entropy.

    python benchmarks/functional_loss.py            about a minute on one core; 6 GB of memory

50 pairs, 128 points of the part and 128 others on each side, descriptors of 256 channels, forward and backward. Written out,
each of a pair's 128 x 128 positives has a row with the 384 negatives of its anchor: 819,200 rows of 385 logits, all at once as
in the release of arXiv 2509.03893, or a pair at a time. Memory is what a process of its own holds at its peak beyond what it
held before; gradients count, inputs do not. Handing out that memory takes time, which is dear on virtual machines: it is told
apart (system). Ratios are of one run on one machine.
"""
from __future__ import annotations

import argparse
import ctypes
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from func_corr_ros.provenance import code_revision, write_json
from func_corr_ros.training.losses import functional_loss

PAIRS, POINTS, CHANNELS = 50, 128, 256
TEMPERATURE = 0.1
RESULTS = Path(__file__).resolve().parents[1] / "build" / "benchmarks"
MIB = 1 << 20


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--threads", type=int, default=1, help="of torch; with 1, CPU time counts, else time on the wall")
    arguments.add_argument("--repeats", type=int, default=5, help="runs of each way, in turns; the median counts")
    arguments.add_argument("--memory-of", choices=WAYS, help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    torch.set_num_threads(asked.threads)
    if asked.memory_of:
        print(json.dumps(memory_of(WAYS[asked.memory_of])))
        return
    command = [sys.executable, __file__, "--threads", str(asked.threads), "--memory-of"]
    memory = {name: json.loads(subprocess.run([*command, name], check=True, stdout=subprocess.PIPE).stdout) for name in WAYS}
    seconds, system, apart = times_and_differences(asked.repeats, time.process_time if asked.threads == 1 else time.perf_counter)
    rows = [{"way": name, "seconds": seconds[name], "system_seconds": system[name], "added_mib": memory[name],
             "apart": apart[name]} for name in WAYS]
    print(f"{machine()}; {'CPU time' if asked.threads == 1 else 'time on the wall'}, median of {asked.repeats}\n")
    print("| way | time | of it system | against fused | memory at its peak | against fused | gradients differ by |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for row in rows:
        times, larger = row["seconds"] / seconds["fused"], row["added_mib"] / memory["fused"]
        print(f"| {row['way']} | {row['seconds']:.2f} s | {row['system_seconds']:.2f} s | {times:.1f}x | "
              f"{row['added_mib']:.0f} MiB | {larger:.1f}x | {row['apart']:.1e} |")
    result = {"date": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "machine": platform.node(), "threads": asked.threads,
              "torch": torch.__version__, "revision": code_revision(), "rows": rows}
    print("written to", write_json(RESULTS / f"functional_loss_{time.strftime('%Y%m%d_%H%M%S')}_{platform.node()}.json", result))


def fused(parts: list[Tensor]) -> None:
    functional_loss(*parts, TEMPERATURE).backward()


def at_once(parts: list[Tensor]) -> None:
    written_out(*parts).backward()


def pair_by_pair(parts: list[Tensor]) -> None:
    """The least memory that written out logits can do with: the gradients of one pair are summed before the next is looked at."""
    for pair in zip(*(part.split(1) for part in parts), strict=True):
        (written_out(*pair) / len(parts[0])).backward()


WAYS: dict[str, Callable[[list[Tensor]], None]] = {
    "fused": fused, "written out": at_once, "written out pair by pair": pair_by_pair,
}


def written_out(part_a: Tensor, part_b: Tensor, rest_a: Tensor, rest_b: Tensor) -> Tensor:
    """The loss as its formula reads: the cross-entropy of each positive (i, j) against the 3 k negatives of anchor i."""
    b, n, _ = part_a.shape
    positive = part_a @ part_b.transpose(1, 2)
    crossed = (part_a, rest_b), (part_b, rest_a), (rest_a, rest_b)
    negative = torch.cat([one @ other.transpose(1, 2) for one, other in crossed], dim=2)
    logits = torch.cat([positive[..., None], negative[:, :, None].expand(b, n, n, -1)], dim=3).flatten(0, 2) / TEMPERATURE
    return cross_entropy(logits, torch.zeros(len(logits), dtype=torch.int64))


def inputs(pairs: int = PAIRS) -> list[Tensor]:
    """Returns unit descriptors: part and rest of a and b."""
    torch.manual_seed(0)
    part_a, part_b, rest_a, rest_b = (normalize(torch.randn(pairs, POINTS, CHANNELS), dim=2).requires_grad_() for _ in range(4))
    return [part_a, part_b, rest_a, rest_b]


def memory_of(way: Callable[[list[Tensor]], None]) -> float:
    """Returns the MiB that ``way`` adds to this process at its peak."""
    way(inputs(1))  # loads what is loaded when first needed
    parts = inputs()
    return added_mib(lambda: way(parts))


def added_mib(call: Callable[[], Any]) -> float:
    """Returns the MiB of memory that this process held at the peak of ``call`` beyond what it held before.

    getrusage's maximum would not do: a child inherits its parent's, and it never falls after a peak that came before.
    """
    ctypes.CDLL(None).malloc_trim(0)  # what was freed before would be used again, unseen
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew (proc_pid_clear_refs(5))
    before = resident_kib("VmRSS")
    call()
    return (resident_kib("VmHWM") - before) * 1024 / MIB


def resident_kib(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def times_and_differences(repeats: int, clock: Callable[[], float]) -> tuple[dict[str, float], ...]:
    """Returns each way's seconds, those of them that the system took, and how far its gradients are from those of the fused one,
    over the largest gradient.
    """
    parts = inputs()
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in WAYS}
    gradients: dict[str, list[Tensor]] = {}
    for _ in range(repeats):
        for name, way in WAYS.items():
            for part in parts:
                part.grad = None
            start, system = clock(), system_seconds()
            way(parts)
            taken[name].append((clock() - start, system_seconds() - system))
            gradients[name] = [part.grad for part in parts if part.grad is not None]
    largest = max(float(gradient.abs().max()) for gradient in gradients["fused"])
    apart = {name: max(float((one - other).abs().max()) for one, other in zip(found, gradients["fused"], strict=True)) / largest
             for name, found in gradients.items()}
    assert max(apart.values()) < 1e-5, f"the gradients are not those of the fused loss: {apart}"
    seconds, system_s = ({name: statistics.median(run[i] for run in runs) for name, runs in taken.items()} for i in (0, 1))
    return seconds, system_s, apart


def system_seconds() -> float:
    """Returns the CPU time that the system spent for this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_stime


def machine() -> str:
    """Returns what the figures were taken on; a load above the number of cores says that others worked too."""
    threads = torch.get_num_threads()
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; torch {torch.__version__}, threads: {threads}"


if __name__ == "__main__":
    main()
