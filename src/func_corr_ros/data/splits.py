# SPDX-License-Identifier: Apache-2.0
"""What training never sees: the one place that says so, for the benchmark that tests it and the training that must keep to it."""
from __future__ import annotations

# The unseen objects of the paper (arXiv 2509.03893) that the parametric library has.
UNSEEN_CATEGORIES = frozenset({
    "chisel", "decanter", "hairbrush", "hoe", "meat tenderizer", "peeler", "pestle", "pizza cutter", "scalpel", "squeegee",
    "stirrer",
})
# One near to what is trained, one further, one far: nearly every edge that peels is trained as one that cuts; the inner side of a
# hook is trained as what hangs, on other objects; broad faces that carry from below are trained as nothing else of that frame.
UNSEEN_FUNCTIONS = frozenset({"peel-with", "pull-with", "lift-with"})
# Not trained either, nor tested: settings are chosen and confidence is calibrated on these.
VALIDATION_CATEGORIES = frozenset({"cleaver", "ladle", "rake", "screwdriver", "watering can", "wrench"})
# Trained by the heads that ship; runs that choose settings may hold them back (recipe.hold_back_functions).
VALIDATION_FUNCTIONS = frozenset({"hang-onto", "scrape-with"})
# Instances are drawn by seed: those of training lie below, those of benchmarks from here on.
FIRST_BENCHMARK_SEED = 1_000_000


def split_of(function: str, *categories: str) -> str:
    """Returns "unseen-function", "unseen-category" or "seen" for objects of ``categories`` that serve ``function``."""
    if function in UNSEEN_FUNCTIONS:
        return "unseen-function"
    return "unseen-category" if UNSEEN_CATEGORIES.intersection(categories) else "seen"
