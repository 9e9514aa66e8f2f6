# SPDX-License-Identifier: Apache-2.0
"""Methods are found by name; a name that is none is told what there is."""
from pathlib import Path
from pkgutil import resolve_name

import pytest

from func_corr_ros.correspondence.baselines import METHODS
from func_corr_ros.correspondence.baselines.method import Method, MethodSettings, load_method
from func_corr_ros.errors import BadSettings, BadWeights


def test_every_name_leads_to_something() -> None:
    assert all(callable(resolve_name(target)) for target in METHODS.values())


def test_a_method_gets_the_settings() -> None:
    method = load_method("chance", MethodSettings(max_pixels=77))
    assert isinstance(method, Method) and method.name == "chance" and method.identity["max_pixels"] == 77


def test_an_unknown_name_is_told_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="'dinosaur'; valid: func-corr-s, chance, dino-224"):
        load_method("dinosaur")
    with pytest.raises(BadWeights):
        load_method(str(tmp_path))
