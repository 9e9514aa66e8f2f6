# SPDX-License-Identifier: Apache-2.0
"""Shapes and dtypes of the whole package are checked while tests run, and every source of chance is seeded."""
import os
import random
import signal
import sys

import numpy as np
import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

install_import_hook("func_corr_ros", "beartype.beartype")

# Side by side (`pytest -n`), each process has one core: threads that wait for each other's cores are slower than none.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# The same examples in every run; no deadline, because machines that run the tests are shared.
settings.register_profile("func_corr_ros", derandomize=True, deadline=None, max_examples=50, database=None)
settings.load_profile("func_corr_ros")

# A shell without job control starts what runs in the background with SIGINT ignored, which every program started from here would
# inherit: asked to end, it would not. A handler is not inherited; that of pytest itself does as much as ignoring did.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, lambda number, frame: None)


@pytest.fixture(autouse=True)
def _seeds() -> None:
    random.seed(0)
    np.random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


@pytest.fixture
def rng() -> np.random.Generator:
    """A seeded source of chance for one test."""
    return np.random.default_rng(0)
