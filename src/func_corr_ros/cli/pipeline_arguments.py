# SPDX-License-Identifier: Apache-2.0
"""What match, transfer and replay ask for alike: which features, which segmenter, and any setting by its name.

Only the standard library is needed to show ``--help``; the settings themselves are declared in the other rooms.
"""
from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from func_corr_ros.errors import BadSettings

if TYPE_CHECKING:
    from func_corr_ros.evaluation.pipeline_settings import PipelineSettings

# The flags that name a setting directly; every other setting goes through --set.
DIRECT = ("model", "device", "segmenter")


def add_settings_arguments(parser: argparse.ArgumentParser, *, segmenter: bool) -> None:
    """Adds what says which settings are meant to ``parser``: --model, --set and others, --segmenter and --mask for frames."""
    parser.add_argument("--model", help="weights: func-corr-s (the default), the file of a trained head, a bare backbone such as "
                                        "dinov2-small")
    parser.add_argument("--device", help="cpu, cuda, cuda:1 ... or auto (the default)")
    parser.add_argument("--strict-functions", action="store_true", help="refuse functions that the head was not trained on")
    if segmenter:
        parser.add_argument("--segmenter", help="who finds the object: tabletop (the default), given_mask or sam")
        parser.add_argument("--mask", type=Path, help="image that is bright on the object (then --segmenter is given_mask)")
    parser.add_argument("--config", type=Path, metavar="FILE", help="YAML with settings")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting: transfer.max_residual=0.1")


def settings_of(arguments: argparse.Namespace) -> PipelineSettings:
    """Returns the settings that the command line asks for: defaults, then --config, then --set, then the direct flags.

    Raises BadSettings that names the nearest valid setting.
    """
    from func_corr_ros.evaluation.pipeline_settings import PipelineSettings
    from func_corr_ros.settings import load_yaml, override

    settings = PipelineSettings()
    if arguments.config is not None:
        if not arguments.config.is_file():
            raise BadSettings(f"--config {arguments.config} is no file")
        settings = load_yaml(settings, arguments.config)
    settings = override(settings, dict(assignment(text) for text in arguments.set), source="--set")
    direct = {name: getattr(arguments, name) for name in DIRECT if getattr(arguments, name, None) is not None}
    if arguments.strict_functions:
        direct["correspondence.strict_functions"] = True
    if getattr(arguments, "mask", None) is not None:
        direct = {"segmenter": "given_mask", "given_mask.path": str(arguments.mask), **direct}
    return override(settings, direct, source="command line")


def assignment(text: str) -> tuple[str, Any]:
    """Returns the name and the value of NAME=VALUE, the value read as YAML; raises BadSettings."""
    name, equals, value = text.partition("=")
    if not equals:
        raise BadSettings(f"--set {text}: NAME=VALUE is needed, such as transfer.max_residual=0.1")
    return name.strip(), yaml.safe_load(value)
