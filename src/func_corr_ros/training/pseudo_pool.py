# SPDX-License-Identifier: Apache-2.0
"""Views to learn from whose labels the pseudo-label pipeline made: its shards, or the exact recipe's own views labelled anew."""
from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from func_corr_ros.errors import BadSettings
from func_corr_ros.provenance import sha256_of_file, whole_file
from func_corr_ros.settings import setting
from func_corr_ros.training.estimated_frame import estimated_samples
from func_corr_ros.training.training_views import Instance, Serving, read_instance

FRAMES = ("estimated", "none")
# Ids as sources.asset_id makes them: no path leads out of a folder by one.
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")


@dataclass(frozen=True)
class PseudoSettings:
    """How pseudo-labels are learnt from, and how many exact labels beside them."""

    frames: str = setting(
        "estimated",
        "between objects: matches by frames guessed from part and body, or none; views of one object match exactly",
        choices=FRAMES,
    )
    exact_first: float = setting(0.0, "share of pairs with exact labels at the first step", at_least=0.0, at_most=1.0)
    exact_last: float = setting(0.0, "the same at the last step; between them it moves evenly", at_least=0.0, at_most=1.0)

    @property
    def mixed(self) -> bool:
        """Whether exact labels are learnt from too."""
        return max(self.exact_first, self.exact_last) > 0.0


@dataclass(frozen=True)
class PseudoSource:
    """Where pseudo-labels come from: ``folder`` of `func-corr label run`. With ``same_views`` the labels of its votes are put on
    the exact recipe's own views of the same objects, so that nothing but labels differs; ``cleaned`` says (for those; shards are
    cleaned already) whether what cleaning left out stays out. ``exact`` takes the exact labels of those very objects: what labels
    cost is the difference.
    """

    folder: Path
    same_views: bool = False
    cleaned: bool = True
    exact: bool = False


def shards_hash(folder: Path) -> str:
    """Returns what tells the shards of ``folder`` from others; raises BadSettings where there are none."""
    listed = folder / "shards" / "shards.json"
    if not listed.is_file():
        raise BadSettings(f"{folder} has no shards/shards.json; make labels first: func-corr label run --out {folder}")
    return sha256_of_file(listed)


def unpacked_shards(folder: Path, out: Path) -> list[Path]:
    """Returns the files of all assets in the shards of ``folder``, unpacked below ``out`` (<object>/<id>.npz) where they are not
    there yet. Raises BadSettings where there are no shards, or one is not what shards.json says.
    """
    listed, _ = folder / "shards" / "shards.json", shards_hash(folder)
    files = []
    for one in json.loads(listed.read_text()):
        shard = folder / "shards" / one["shard"]
        if not shard.is_file() or sha256_of_file(shard) != one["sha256"]:
            raise BadSettings(f"{shard} is missing or not what shards.json says; run func-corr label run again")
        strange = [asset for asset in one["assets"] if not _ID.fullmatch(asset)]
        if strange:
            raise BadSettings(f"{listed}: {strange[0]!r} is no id of an asset; letters, digits and hyphens are")
        wanted = {asset: out / one["sha256"][:16] / asset.rpartition("-")[0] / f"{asset}.npz" for asset in one["assets"]}
        if not all(path.exists() for path in wanted.values()):
            with tarfile.open(shard) as tar:
                for asset, path in wanted.items():
                    content = tar.extractfile(f"{asset}.npz")
                    if content is None:
                        raise BadSettings(f"{shard} lacks {asset}.npz, which shards.json lists")
                    with whole_file(path) as file:
                        file.write(content.read())
        files += wanted.values()
    if not files:
        raise BadSettings(f"the shards of {folder} hold no asset")
    return files


def pseudo_reader(
    settings: PseudoSettings, rejected: Mapping[Path, frozenset[str]] | None = None
) -> Callable[[Path], Instance]:
    """Returns what reads a file of labels as ViewPool wants it; functions that are ``rejected`` in a file are of those that the
    object serves nobody knows where.
    """
    return lambda path: read_pseudo(path, settings, (rejected or {}).get(path, frozenset()))


def read_pseudo(path: Path, settings: PseudoSettings, rejected: frozenset[str] = frozenset()) -> Instance:
    """Returns the views of one file of pseudo-labels, their frames guessed or left out, without the functions ``rejected``."""
    one = read_instance(path)
    with np.load(path) as file:
        body = file["points"].astype(np.float64)
    serving = {
        function: replace(_framed(values, body) if settings.frames == "estimated" else values, estimated=True)
        for function, values in one.serving.items()
        if function not in rejected
    }
    return replace(one, serving=serving, also_serves=tuple(sorted({*one.also_serves, *rejected})))


def _framed(one: Serving, body: np.ndarray) -> Serving:
    samples = one.samples
    return replace(one, samples=estimated_samples(samples.points.astype(np.float64), samples.normals.astype(np.float64), body))
