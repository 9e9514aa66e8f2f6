# SPDX-License-Identifier: Apache-2.0
"""``func-corr export --model HEAD --out DIR``: a trained head and its backbone as ONNX graphs."""
from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    parser.add_argument("--model", required=True, metavar="HEAD", help="a trained head: a name, a .safetensors file, or a folder "
                        "or Hugging Face repository with head.safetensors")
    parser.add_argument("--out", type=Path, required=True, help="folder for embed.onnx, read.onnx, functions.safetensors and "
                        "export.json, which says how to use them")
    parser.add_argument("--function", nargs="+", default=[], metavar="NAME", help="functions whose vectors are written, names or "
                        "words in quotes (default: those that the head was trained on)")
    parser.add_argument("--download", action="store_true", help="fetch what of the model is not there yet from Hugging Face")


def run(arguments: argparse.Namespace) -> int:
    """Writes the graphs, prints how far they are from torch; returns 0."""
    from func_corr_ros.correspondence.model import FunctionalCorrespondence
    from func_corr_ros.correspondence.onnx_export import export_onnx

    model = FunctionalCorrespondence.from_pretrained(arguments.model, device="cpu", download=arguments.download)
    told = export_onnx(model, arguments.out, arguments.function)
    for file, graph in told["graphs"].items():
        differences = ", ".join(f"{name} by {value:.1e}" for name, value in graph["differs_from_torch"].items())
        print(f"{arguments.out / file} differs from torch: {differences}")
    print(f"{len(told['functions']['names'])} functions: {arguments.out / told['functions']['file']}; how to use them: "
          f"{arguments.out}/export.json")
    return 0
