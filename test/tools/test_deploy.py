# SPDX-License-Identifier: Apache-2.0
"""What the container and the service start exists; neither can be built or run where the tests run."""
from __future__ import annotations

import configparser
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "deploy" / "Dockerfile", ROOT / "deploy" / "func_corr.service"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_and_module_that_is_named_is_there(path: Path) -> None:
    text = path.read_text()
    named = re.findall(r"/opt/func_corr_ros/([\w./]+\w)", text)
    assert "config/fastdds_large_images.xml" in named and all((ROOT / name).exists() for name in named)
    modules = re.findall(r"python -m ([\w.]+)", text)
    assert modules == ["func_corr_ros.nodes.func_corr"]
    assert all(importlib.util.find_spec(name.rpartition(".")[0]) for name in modules)
    assert ". tools/env.sh && exec" in text and (ROOT / "tools" / "env.sh").exists()


def test_the_service_restarts_but_not_for_ever() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(FILES[1])
    assert unit["Service"]["Restart"] == "on-failure" and unit["Service"]["KillSignal"] == "SIGINT"
    quickest = int(unit["Unit"]["StartLimitBurst"]) * float(unit["Service"]["RestartSec"])
    assert quickest < float(unit["Unit"]["StartLimitIntervalSec"])
