# SPDX-License-Identifier: Apache-2.0
"""Where assets come from: the parametric library, a folder of mesh files, or Objaverse; each with an id and a licence."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from jaxtyping import Float64
from scipy.spatial import cKDTree

from func_corr_ros.data.assets import ENDINGS, Asset, read_asset
from func_corr_ros.data.objects import CATEGORIES
from func_corr_ros.data.objects.deviations import TAXONOMY_NAMES
from func_corr_ros.data.objects.functional_object import FunctionalObject
from func_corr_ros.data.pseudo_label.shape import Shape, ShapeSettings, prepared
from func_corr_ros.data.pseudo_label.stage import Skipped
from func_corr_ros.data.render_job import dressed_object
from func_corr_ros.data.splits import FIRST_BENCHMARK_SEED, UNSEEN_CATEGORIES
from func_corr_ros.data.taxonomy import Taxonomy
from func_corr_ros.errors import BadAsset, BadSettings
from func_corr_ros.geometry.se3 import transform_points
from func_corr_ros.optional import require
from func_corr_ros.provenance import sha256_of_file, whole_file, write_json

# Licences, as Objaverse abbreviates them, that let anyone train on an asset and publish the result, with its maker named.
OPEN_LICENCES = ("cc0", "by")
OBJECTS_FILE = "objects.yaml"
TRUTH_ENDING = ".parts.npz"


@dataclass(frozen=True)
class AssetSource:
    """One asset: ``object`` is its name in the taxonomy; of the library it is object number ``seed`` of ``category``, of a
    file it is at ``path``. ``maker`` and ``url`` are for attribution; ``named``: the file's meshes are called after their parts.
    """

    id: str
    object: str
    category: str = ""
    seed: int = 0
    path: str = ""
    licence: str = ""
    maker: str = ""
    url: str = ""
    named: bool = False


def asset_id(name: str, told_apart: str) -> str:
    """Returns an id that is a safe file name whatever ``name`` holds: letters, digits and hyphens of it, and what tells the asset
    from others of that name.
    """
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "asset"
    return f"{plain}-{told_apart}"


def library_sources(categories: Sequence[str], objects: int, first_seed: int = 0) -> list[AssetSource]:
    """Returns ``objects`` objects of each of ``categories`` of the parametric library; raises BadSettings for categories and
    seeds that are held back for tests.
    """
    wrong = sorted(set(categories) - (set(CATEGORIES) - UNSEEN_CATEGORIES))
    if wrong or not 0 <= first_seed <= first_seed + objects <= FIRST_BENCHMARK_SEED:
        raise BadSettings(
            f"{', '.join(wrong) or f'seeds from {first_seed} on'}: no objects to learn from; valid: seeds below "
            f"{FIRST_BENCHMARK_SEED} of {', '.join(sorted(set(CATEGORIES) - UNSEEN_CATEGORIES))}"
        )
    return [
        AssetSource(
            asset_id(category, f"s{seed:06d}"),
            TAXONOMY_NAMES.get(category, category),
            category,
            seed,
            licence="cc0",
            maker="func_corr_ros",
        )
        for seed in range(first_seed, first_seed + objects)
        for category in categories
    ]


def folder_sources(
    folder: Path, taxonomy: Taxonomy, more: Sequence[str] = ()
) -> tuple[list[AssetSource], list[Skipped]]:
    """Returns the mesh files below ``folder``, in order of their paths, and what was left out. Objects are those of ``taxonomy``,
    and ``more``.

    What a file shows is said by ``objects.yaml`` in ``folder`` (path: object, or path: {object, licence, maker, url, parts}),
    else by the name of the folder it lies in or the words that its own name begins with. The id is of the file's content: a copy
    is left out. So are files that nobody can name, and paths of objects.yaml that lead out of the folder. Raises BadSettings
    where there is no such folder or the YAML is no mapping.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BadSettings(f"{folder}: there is no such folder")
    told, skipped = _told(folder)
    found: dict[str, AssetSource] = {}
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    # Of copies the one is kept about which something is told: a maker may be named there.
    for path in sorted(paths, key=lambda path: path.relative_to(folder).as_posix() not in told):
        name = path.relative_to(folder).as_posix()
        about = told.pop(name, {})
        what = str(about.get("object") or _guessed(path, folder, (*taxonomy.objects, *more)))
        if what not in (*taxonomy.objects, *more) or what in taxonomy.unseen_objects:
            why = (
                f"a {what} is held back for tests"
                if what in taxonomy.objects
                else "nobody says what it shows; name its folder "
                f"or its file after an object of the taxonomy, or list it in {OBJECTS_FILE}"
            )
            skipped.append(Skipped(name, "assets", f"BadAsset: {why}"))
            continue
        source = AssetSource(
            asset_id(what, "f" + sha256_of_file(path)[:10]),
            what,
            path=str(path),
            licence=str(about.get("licence", "")),
            maker=str(about.get("maker", "")),
            url=str(about.get("url", "")),
            named=about.get("parts") == "named",
        )
        if source.id in found:
            skipped.append(Skipped(name, "assets", f"BadAsset: the same content as {found[source.id].path}"))
            continue
        found[source.id] = source
    skipped += [
        Skipped(name, "assets", f"BadAsset: {OBJECTS_FILE} names it, but there is no such mesh file in {folder}") for name in told
    ]
    return sorted(found.values(), key=lambda one: one.path), skipped


def objaverse_sources(
    wanted: Mapping[str, str], licences: Sequence[str] = OPEN_LICENCES, processes: int = 1
) -> tuple[list[AssetSource], list[Skipped]]:
    """Downloads the Objaverse assets of ``wanted`` (uid -> object of the taxonomy) whose licence is among ``licences``, and
    returns them and what was left out. Goes online, here and nowhere else. Raises MissingOptional without ``objaverse``.
    """
    objaverse: Any = require("objaverse")
    known = objaverse.load_annotations(list(wanted))
    skipped = [Skipped(uid, "assets", "BadAsset: Objaverse does not have it") for uid in wanted if uid not in known]
    fit = []
    for uid in (uid for uid in wanted if uid in known):
        licence = str(known[uid].get("license", "")).lower()
        if licence in licences:
            fit.append(uid)
        else:
            skipped.append(
                Skipped(uid, "assets", f"BadAsset: its licence is {licence or 'not known'!r}; wanted: {', '.join(licences)}")
            )
    files = objaverse.load_objects(fit, download_processes=processes) if fit else {}
    return [
        AssetSource(
            asset_id(wanted[uid], "o" + hashlib.sha256(uid.encode()).hexdigest()[:10]),
            wanted[uid],
            path=str(files[uid]),
            licence=str(known[uid]["license"]).lower(),
            maker=str(known[uid].get("user", {}).get("username", "")),
            url=str(known[uid].get("viewerUrl", "")),
        )
        for uid in fit
        if uid in files
    ], skipped


def write_sources(path: Path, sources: Iterable[AssetSource]) -> None:
    """Writes ``sources`` as JSON to ``path``, and beside it ATTRIBUTION.md, which names every maker and licence."""
    listed = list(sources)
    write_json(path, [asdict(source) for source in listed])
    lines = [
        "# Assets that these labels were made from",
        "",
        "| asset | object | maker | licence | source |",
        "|---|---|---|---|---|",
    ]
    for one in listed:
        where = one.url or (f"parametric library, {one.category} {one.seed}" if one.category else Path(one.path).name)
        cells = (one.id, one.object, one.maker or "not told", one.licence or "not told", where)
        lines.append("| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |")
    with whole_file(path.with_name("ATTRIBUTION.md")) as file:
        file.write(("\n".join(lines) + "\n").encode())


def read_sources(path: Path) -> list[AssetSource]:
    """Returns what :func:`write_sources` wrote."""
    return [AssetSource(**one) for one in json.loads(path.read_text())]


def shape_of(source: AssetSource, settings: ShapeSettings) -> Shape:
    """Returns the prepared shape of ``source``; raises what read_asset and prepared raise."""
    if source.category:
        thing, materials = dressed_object(source.category, source.seed)
        return prepared(source.id, thing, materials, exact=True, solid=True, settings=settings)
    path = Path(source.path)
    asset = read_asset(path)
    thing, truth = asset.object, path.with_name(path.stem + TRUTH_ENDING)
    if truth.is_file():
        thing = _with_truth(thing, truth, asset.from_file)
    elif source.named:
        thing = _with_names(thing, asset)
    exact = truth.is_file() or source.named
    made = prepared(source.id, thing, {"": asset.material}, exact=exact, solid=not asset.warnings, settings=settings)
    return replace(made, notes=asset.notes)


def _with_truth(thing: FunctionalObject, truth: Path, from_file: Float64[np.ndarray, "4 4"]) -> FunctionalObject:
    """Returns ``thing`` with the parts of labelled points (``points`` n x 3 in the file's coordinates, ``part`` n indices,
    ``names``): each face is of the part whose point is nearest to its middle.
    """
    try:
        with np.load(truth) as file:
            points, part, names = file["points"], file["part"].astype(np.int64), tuple(file["names"].tolist())
    except (OSError, ValueError, KeyError) as error:
        raise BadAsset(f"{truth}: points, part and names are needed ({type(error).__name__}: {error})") from error
    fits = points.ndim == 2 and points.shape[1] == 3 and part.shape == points.shape[:1] and np.isfinite(points).all()
    if not fits or not len(part) or part.min() < 0 or part.max() >= len(names):
        raise BadAsset(
            f"{truth}: points are {points.shape}, parts {part.shape} of {len(names)} names; n x 3 finite points are needed, and "
            "one of the names for each point"
        )
    nearest = cKDTree(transform_points(from_file, points.astype(np.float64))).query(thing.vertices[thing.faces].mean(axis=1))[1]
    return FunctionalObject(thing.category, thing.vertices, thing.faces, part[nearest], names)


def _with_names(thing: FunctionalObject, asset: Asset) -> FunctionalObject:
    """Returns ``thing`` with the file's own meshes as its parts: "/mug/Handle_2" is of the part "handle"."""
    called = [" ".join(re.findall("[a-z]+", name.rpartition("/")[2].lower())) or "rest" for name in asset.pieces]
    names = tuple(dict.fromkeys(called))
    part = np.array([names.index(name) for name in called])[asset.piece]
    return FunctionalObject(thing.category, thing.vertices, thing.faces, part, names)


def _told(folder: Path) -> tuple[dict[str, dict[str, Any]], list[Skipped]]:
    file = folder / OBJECTS_FILE
    content = yaml.safe_load(file.read_text()) if file.is_file() else {}
    if not isinstance(content, dict):
        raise BadSettings(f"{file}: a mapping of file names to objects is needed")
    told, skipped = {}, []
    for name, about in content.items():
        inside = (folder / str(name)).resolve().is_relative_to(folder.resolve())
        if inside and isinstance(about, str | dict):
            told[str(name)] = {"object": about} if isinstance(about, str) else about
        else:
            reason = "is no object's name or mapping" if inside else "leads out of the folder"
            skipped.append(Skipped(str(name), "assets", f"BadAsset: in {OBJECTS_FILE} it {reason}"))
    return told, skipped


def _guessed(path: Path, folder: Path, names: Sequence[str]) -> str:
    """Returns the object that the file's folder, or the words its name begins with, are called after; "" if none."""
    words = " ".join(re.findall(r"[a-z]+", path.stem.lower()))
    objects = {name.lower(): name for name in names}
    if path.parent != folder and path.parent.name.lower().replace("-", " ") in objects:
        return objects[path.parent.name.lower().replace("-", " ")]
    fitting = [name for name in objects if f"{words} ".startswith(f"{name} ")]
    return objects[max(fitting, key=len)] if fitting else ""
