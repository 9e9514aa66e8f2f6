# SPDX-License-Identifier: Apache-2.0
"""``func-corr match A B``: which place of the object in B serves as which place of the object in A, from two pictures."""
from __future__ import annotations

import argparse
from pathlib import Path

from func_corr_ros.cli.pipeline_arguments import add_settings_arguments, settings_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    parser.add_argument("a", type=Path, metavar="A", help="picture of the reference object")
    parser.add_argument("b", type=Path, metavar="B", help="picture of another object")
    parser.add_argument("--mask-a", type=Path, required=True, help="image that is bright on the object and black elsewhere in A")
    parser.add_argument("--mask-b", type=Path, required=True, help="image that is bright on the object and black elsewhere in B")
    parser.add_argument("--function", default="pour-with", help="what both serve for, such as pour-with (the default)")
    parser.add_argument("--out", type=Path, default=Path("build/match"), help="folder for the results (default: %(default)s)")
    add_settings_arguments(parser, segmenter=False)


def run(arguments: argparse.Namespace) -> int:
    """Writes ``matches.png``, ``field.png``, ``matches.csv`` and ``provenance.json``; returns 0."""
    from func_corr_ros.evaluation.frame_folder import read_color, read_mask
    from func_corr_ros.evaluation.image_pair import match_images, write_image_pair
    from func_corr_ros.provenance import provenance, sha256_of_file, write_json

    settings = settings_of(arguments)
    images = read_color(arguments.a), read_color(arguments.b)
    masks = read_mask(arguments.mask_a), read_mask(arguments.mask_b)
    model = settings.load_model()
    found = match_images(model, images, masks, arguments.function)
    returning = write_image_pair(arguments.out, images, masks, found)
    hashes = {str(path): sha256_of_file(path) for path in (arguments.a, arguments.b, arguments.mask_a, arguments.mask_b)}
    made_with = provenance(settings, {**hashes, str(model.identity["name"]): str(model.identity["sha256"])})
    write_json(arguments.out / "provenance.json", made_with)
    turned = " (B is turned over: A's mirror image fits better)" if found.mirrored else ""
    print(f"{len(found.confidence)} matches, {returning} of them come back when matched the other way round{turned}")
    print(f"pictures: {arguments.out}/matches.png, {arguments.out}/field.png; all matches: {arguments.out}/matches.csv")
    return 0
