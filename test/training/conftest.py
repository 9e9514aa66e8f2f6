# SPDX-License-Identifier: Apache-2.0
"""Views are rendered once for all tests of training, none of which changes them."""
from __future__ import annotations

from pathlib import Path

import pytest
from training.pools import small_pool


@pytest.fixture(scope="session")
def views(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of ``small_pool``: given it, that reads and draws nothing."""
    folder = tmp_path_factory.mktemp("views")
    small_pool(folder)
    return folder
