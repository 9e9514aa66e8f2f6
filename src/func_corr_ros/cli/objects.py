# SPDX-License-Identifier: Apache-2.0
"""``func-corr objects list | render | sheet | labels | pages``: the library's objects, or meshes of yours, and their pictures."""
from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="<action>")
    actions.add_parser("list", help="every category with its parts and functions")
    render = actions.add_parser("render", help="views of one object: picture and truth")
    what = render.add_mutually_exclusive_group(required=True)
    what.add_argument("--category", help="such as mug; `func-corr objects list` lists all")
    what.add_argument(
        "--asset", type=Path, metavar="FILE",
        help="a mesh of yours instead: .glb, .gltf, .obj, .ply, .stl or .usd (.usda, .usdc, .usdz)",
    )
    render.add_argument("--unit", default="m", help="unit of length in FILE: m, dm, cm, mm or inch (default: %(default)s)")
    render.add_argument("--seed", type=int, default=0, help="draws shape and look (default: %(default)s)")
    render.add_argument("--views", type=int, default=8, help="number of views, all round (default: %(default)s)")
    render.add_argument("--size", type=int, default=448, help="side of the pictures [px] (default: %(default)s)")
    render.add_argument("--supersampling", type=int, default=2, help="samples per pixel, squared (default: %(default)s)")
    render.add_argument("--out", type=Path, default=Path("build/objects"), help="folder for the files (default: %(default)s)")
    render.add_argument("--photo", type=int, default=0, metavar="PATHS",
                        help="photo-real pictures as well, path traced by Mitsuba with so many paths a pixel (64 is fair)")
    sheet = actions.add_parser("sheet", help="a contact sheet of drawn objects")
    sheet.add_argument("--categories", nargs="+", metavar="NAME", help="which (all when left out)")
    sheet.add_argument("--draws", type=int, default=6, help="objects of each category (default: %(default)s)")
    sheet.add_argument("--columns", type=int, default=1, help="categories side by side (default: %(default)s)")
    sheet.add_argument("--size", type=int, default=180, help="side of one picture [px] (default: %(default)s)")
    sheet.add_argument("--textured", action="store_true", help="dressed in materials instead of their parts in colours")
    sheet.add_argument("--out", type=Path, default=Path("build/objects.png"), help="the picture (default: %(default)s)")
    labels = actions.add_parser("labels", help="a picture of meshes that a person labelled: parts and frames of each function")
    labels.add_argument("file", type=Path, metavar="FILE", help="their labels, as examples/public_meshes.yaml")
    labels.add_argument("--root", type=Path, metavar="DIR", help="folder that the meshes' paths begin in (default: that of FILE)")
    labels.add_argument("--only", nargs="+", metavar="NAME", help="which of them (all when left out)")
    labels.add_argument("--size", type=int, default=240, help="side of one picture [px] (default: %(default)s)")
    labels.add_argument("--out", type=Path, default=Path("build/labels.png"), help="the picture (default: %(default)s)")
    pages = actions.add_parser("pages", help="write functions.md (every frame, pictured) and objects.md (what varies)")
    pages.add_argument("--out", type=Path, default=Path("docs"), help="folder of the pages (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Lists, renders or draws; returns 0."""
    from func_corr_ros.errors import BadSettings

    for name in ("views", "draws", "columns", "size", "supersampling"):
        if getattr(arguments, name, 1) < 1:
            raise BadSettings(f"--{name} is {getattr(arguments, name)}; at least 1 is needed")
    {"list": _list, "render": _render, "sheet": _sheet, "labels": _labels, "pages": _pages}[arguments.action](arguments)
    return 0


def _list(arguments: argparse.Namespace) -> None:
    from func_corr_ros.data.objects import CATEGORIES
    from func_corr_ros.data.render_job import drawn_object

    for category in CATEGORIES:
        thing = drawn_object(category, 0)
        served = "; ".join(f"{function}: {', '.join(parts)}" for function, parts in thing.function_parts.items())
        print(f"{category:18}{', '.join(thing.part_names)}\n{'':18}{served or 'serves no function'}")


def _render(arguments: argparse.Namespace) -> None:
    from func_corr_ros.data.assets import read_asset
    from func_corr_ros.data.render_job import dressed_object, render_all, render_asset, views_around

    name = arguments.category or arguments.asset.stem
    tasks = views_around(name, arguments.seed, arguments.views, arguments.size, arguments.supersampling)
    if arguments.asset is None:
        files, dressed = render_all(tasks, arguments.out), dressed_object(name, arguments.seed)
    else:
        asset = read_asset(arguments.asset, arguments.unit)
        for warning in asset.warnings:
            print(f"{arguments.asset}: {warning}; it can be rendered, but is no solid")
        for note in asset.notes:
            print(f"{arguments.asset}: {note}")
        files, dressed = render_asset(asset, tasks, arguments.out), (asset.object, {"": asset.material})
    print(f"{len(files)} views in {arguments.out}: picture .png, truth .npz (depth, parts, faces, K, camera_from_object)")
    if arguments.photo:
        _photos(dressed, tasks, files, arguments.photo)


def _photos(dressed: Any, tasks: list[Any], files: list[Path], paths: int) -> None:
    import cv2
    from rich.progress import track

    from func_corr_ros.data.photo_view import photo_view
    from func_corr_ros.data.render_job import setting_of

    thing, look = dressed
    for task, file in track(list(zip(tasks, files, strict=True)), "path tracing"):
        camera, pose, light = setting_of(task, thing)
        picture = photo_view(thing, look, camera, pose, lighting=light, samples=paths, seed=task.view)
        cv2.imwrite(str(file.with_suffix(".photo.png")), picture[..., ::-1])
    print(f"{len(files)} photo-real ones beside them: .photo.png")


def _sheet(arguments: argparse.Namespace) -> None:
    from func_corr_ros.data.contact_sheet import contact_sheet
    from func_corr_ros.data.objects import CATEGORIES

    picture = contact_sheet(arguments.categories or list(CATEGORIES), arguments.draws, side=arguments.size,
                            columns=arguments.columns, textured=arguments.textured)
    _write(arguments.out, picture)


def _labels(arguments: argparse.Namespace) -> None:
    from func_corr_ros.data.functions_page import functions_sheet
    from func_corr_ros.data.labelled_meshes import read_labelled_meshes
    from func_corr_ros.errors import BadSettings

    meshes = read_labelled_meshes(arguments.file, arguments.root)
    wanted = arguments.only or list(meshes)
    if unknown := set(wanted) - set(meshes):
        raise BadSettings(f"--only: no {', '.join(sorted(unknown))} in {arguments.file}; valid: {', '.join(meshes)}")
    _write(arguments.out, functions_sheet([replace(meshes[name].built()[0], category=name) for name in wanted], arguments.size))


def _write(out: Path, picture: Any) -> None:
    import cv2

    from func_corr_ros.errors import BadSettings

    out.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(out), picture[..., ::-1]):
        raise BadSettings(f"{out} cannot be written; give a file ending in .png or .jpg in a writable folder")
    print(f"{out}: {picture.shape[1]}x{picture.shape[0]} px")


def _pages(arguments: argparse.Namespace) -> None:
    from func_corr_ros.data.functions_page import write_functions_page
    from func_corr_ros.data.objects_page import objects_page

    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "objects.md").write_text(objects_page())
    pictures = write_functions_page(arguments.out / "functions.md")[1:]
    print(f"functions.md, objects.md and {len(pictures)} pictures are in {arguments.out}")
