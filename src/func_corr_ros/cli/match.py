# SPDX-License-Identifier: Apache-2.0
"""``func-corr match A B``: which place of the object in B serves as which place of the object in A, from two pictures."""
from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from func_corr_ros.cli.pipeline_arguments import add_settings_arguments, settings_of

if TYPE_CHECKING:
    from func_corr_ros.evaluation.image_pair import MatchedImages


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    parser.add_argument("a", type=Path, metavar="A", help="picture of the reference object")
    parser.add_argument("b", type=Path, metavar="B", help="picture of another object")
    parser.add_argument("--mask-a", type=Path, required=True, help="image that is bright on the object and black elsewhere in A")
    parser.add_argument("--mask-b", type=Path, required=True, help="image that is bright on the object and black elsewhere in B")
    parser.add_argument("--function", default="pour-with", help="what both serve for, such as pour-with (the default)")
    parser.add_argument("--points", type=Path, metavar="FILE",
                        help="JSON [[u, v], ...], pixels of A: only these are carried to B, a match for each, in this order")
    parser.add_argument("--out", type=Path, default=Path("build/match"), help="folder for the results (default: %(default)s)")
    add_settings_arguments(parser, segmenter=False)


def run(arguments: argparse.Namespace) -> int:
    """Writes ``matches.json``, ``part_a.png``, ``part_b.png``, ``matches.png``, without --points ``field.png``, and
    ``provenance.json``; returns 0.
    """
    from func_corr_ros.evaluation.benchmark import distance_outside
    from func_corr_ros.evaluation.frame_folder import read_color, read_mask
    from func_corr_ros.evaluation.image_pair import match_images, read_points, write_image_pair
    from func_corr_ros.provenance import provenance, sha256_of_file, write_json
    from func_corr_ros.settings import as_dict

    settings = settings_of(arguments)
    images = read_color(arguments.a), read_color(arguments.b)
    masks = read_mask(arguments.mask_a), read_mask(arguments.mask_b)
    points = None if arguments.points is None else read_points(arguments.points)
    model = settings.load_model()
    found = match_images(model, images, masks, arguments.function, points)
    if points is not None and (off := int((distance_outside(masks[0], found.uv_a) > 0.0).sum())):
        print(f"{off} of {len(points)} points lie off A's mask: matched by what is seen beside the object", file=sys.stderr)
    returning = write_image_pair(arguments.out, images, masks, found)
    files = (arguments.a, arguments.b, arguments.mask_a, arguments.mask_b, arguments.points)
    hashes = {str(path): sha256_of_file(path) for path in files if path is not None}
    made_with = {**as_dict(settings), "function": arguments.function}
    weights = {str(model.identity["name"]): str(model.identity["sha256"])}
    write_json(arguments.out / "provenance.json", provenance(made_with, {**hashes, **weights}))
    _tell(found, returning, arguments.out)
    return 0


def _tell(found: MatchedImages, returning: int, out: Path) -> None:
    turned = " (B is turned over: A's mirror image fits better)" if found.mirrored else ""
    print(f"{len(found.matches.score)} matches, {returning} of them come back when matched the other way round{turned}")
    for name, part in zip("AB", found.parts, strict=True):
        if part.fallback:
            print(f"no part of {name} was seen to serve the function: part_{name.lower()}.png is all of the object")
    pictures = "matches.png, part_a.png, part_b.png" + ("" if found.pointed else ", field.png")
    print(f"every match: {out}/matches.json; pictures beside it: {pictures}")
