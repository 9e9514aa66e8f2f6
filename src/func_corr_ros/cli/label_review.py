# SPDX-License-Identifier: Apache-2.0
"""``func-corr label match`` says what assets may be, ``func-corr label review`` lets a person say yes or no in a browser."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from func_corr_ros.cli.pipeline_arguments import assignment
from func_corr_ros.errors import BadSettings, FuncCorrError

if TYPE_CHECKING:
    from func_corr_ros.data.pseudo_label.matching import Match
    from func_corr_ros.data.pseudo_label.sources import AssetSource


def add_actions(actions: Any) -> None:
    """Adds both actions to those of ``func-corr label``."""
    match = actions.add_parser("match", help="which object each asset may be, by its caption: matches.yaml")
    match.add_argument("--assets", type=Path, metavar="FOLDER", help="mesh files; captions.yaml there, or their names")
    match.add_argument("--objaverse", type=Path, metavar="FILE", help="Objaverse uids, one a line; downloads those that match")
    match.add_argument("--licences", nargs="+", metavar="NAME", help="licences of Objaverse to take (default: cc0 by)")
    match.add_argument("--text-encoder", default="minilm", help="minilm (default), clip-vit-b-32, or a folder")
    match.add_argument("--least", type=float, default=None, help="least cosine between caption and object")
    match.add_argument("--endpoint", action="append", default=[], metavar="NAME=VALUE",
                       help="ask a model about each picture too: url=http://host:8000/v1, model=NAME")
    match.add_argument("--out", type=Path, required=True, help="folder for matches.yaml and pictures")
    review = actions.add_parser("review", help="accept or reject matches in a browser, by keys; every word is saved")
    review.add_argument("--out", type=Path, required=True, help="folder that func-corr label match wrote")
    review.add_argument("--port", type=int, default=8766, help="port on this machine, 0 for any (default: %(default)s)")


def match(arguments: argparse.Namespace) -> int:
    """Writes matches and pictures, prints what was left out; returns 0, or 1 where nothing matches."""
    from dataclasses import replace

    from func_corr_ros.correspondence.text_encoder import load_text_encoder
    from func_corr_ros.data.pseudo_label.captions import folder_captions, objaverse_captions
    from func_corr_ros.data.pseudo_label.matching import MATCHES_FILE, MatchingSettings, looked_at, matched, write_matches
    from func_corr_ros.data.taxonomy import load_taxonomy

    if (arguments.assets is None) == (arguments.objaverse is None):
        raise BadSettings("give --assets FOLDER or --objaverse FILE, one of the two")
    if (arguments.out / MATCHES_FILE).exists():
        raise BadSettings(f"{arguments.out / MATCHES_FILE} is there, with a person's words in it perhaps; choose another --out")
    settings = MatchingSettings() if arguments.least is None else replace(MatchingSettings(), least=arguments.least)
    captions = folder_captions(arguments.assets) if arguments.assets else objaverse_captions(_uids(arguments.objaverse))
    found, left_out = matched(captions, load_taxonomy(), load_text_encoder(arguments.text_encoder), settings)
    sources, more = _sources(arguments, found)
    there = [one.asset for one in found if one.asset in sources]
    pictures = {asset: _picture(arguments.out, asset, sources[asset], left_out) for asset in there}
    kept = [one for one in found if pictures.get(one.asset) is not None]
    if arguments.endpoint:
        kept = looked_at(kept, _confirming(arguments, pictures))
    write_matches(arguments.out / MATCHES_FILE, kept)
    for asset, why in {**left_out, **more}.items():
        print(f"left out: {asset}: {why}")
    print(f"{len(kept)} of {len(captions)} assets match; look at them: func-corr label review --out {arguments.out}")
    return 0 if kept else 1


def review(arguments: argparse.Namespace) -> int:
    """Serves the page on 127.0.0.1 until interrupted, then writes accepted.yaml; returns 0."""
    import yaml

    from func_corr_ros.data.pseudo_label.matching import MATCHES_FILE, accepted_objects
    from func_corr_ros.evaluation.local_page import serve
    from func_corr_ros.evaluation.review_server import review_server
    from func_corr_ros.evaluation.review_session import ReviewSession
    from func_corr_ros.provenance import whole_file

    session = ReviewSession(arguments.out / MATCHES_FILE, {})
    session.pictures.update({one.asset: picture_file(arguments.out, one.asset) for one in session.matches})
    with review_server(session, arguments.port) as server:
        serve(server, f"shows {len(session.matches)} assets; every word is saved to {session.path}")
    with whole_file(arguments.out / "accepted.yaml") as file:
        file.write(yaml.safe_dump(accepted_objects(session.matches), allow_unicode=True).encode())
    print(f"{arguments.out / 'accepted.yaml'}: copy it to objects.yaml beside the files, or give it to --objaverse")
    return 0


def picture_file(out: Path, asset: str) -> Path:
    """Returns where the picture of an asset lies: a name of its own for every asset, whatever it is called."""
    import hashlib

    return out / "pictures" / f"{hashlib.sha256(asset.encode()).hexdigest()[:16]}.jpg"


def _uids(path: Path) -> list[str]:
    if not path.is_file():
        raise BadSettings(f"--objaverse {path}: a file with one uid a line is needed")
    return list(dict.fromkeys(path.read_text().split()))


def _sources(arguments: argparse.Namespace, found: list[Match]) -> tuple[dict[str, AssetSource], dict[str, str]]:
    from func_corr_ros.data.pseudo_label.sources import OPEN_LICENCES, AssetSource, objaverse_sources, write_sources

    if arguments.assets:
        return {one.asset: AssetSource(one.asset, one.object, path=str(arguments.assets / one.asset)) for one in found}, {}
    sources, skipped = objaverse_sources({one.asset: one.object for one in found}, arguments.licences or OPEN_LICENCES)
    write_sources(arguments.out / "sources.json", sources)
    by_path = {Path(one.path).stem: one for one in sources}  # Objaverse names files by uid
    return {one.asset: by_path[one.asset] for one in found if one.asset in by_path}, {one.asset: one.reason for one in skipped}


def _picture(out: Path, asset: str, source: AssetSource, left_out: dict[str, str]) -> Path | None:
    import cv2

    from func_corr_ros.data.pseudo_label.captions import asset_picture
    from func_corr_ros.provenance import whole_file

    try:
        picture = asset_picture(source)
    except FuncCorrError as error:
        left_out[asset] = str(error)
        return None
    path = picture_file(out, asset)
    with whole_file(path) as file:
        file.write(cv2.imencode(".jpg", picture[..., ::-1])[1].tobytes())
    return path


def _confirming(arguments: argparse.Namespace, pictures: dict[str, Path | None]) -> Any:
    import cv2

    from func_corr_ros.data.annotators.endpoint import EndpointAnnotator

    asked = EndpointAnnotator.load("endpoint", **dict(assignment(text) for text in arguments.endpoint))
    return lambda one: asked.confirm(cv2.imread(str(pictures[one.asset]))[..., ::-1], one.object)
