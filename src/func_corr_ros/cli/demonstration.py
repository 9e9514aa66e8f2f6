# SPDX-License-Identifier: Apache-2.0
"""``func-corr demonstration click | record | library | list``: by clicks, from files, from the library; those there are."""
from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds this verb's arguments to ``parser``."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="<action>")
    click = actions.add_parser("click", help="by clicks on an RGB-D frame, in a browser: no robot is needed")
    record = actions.add_parser("record", help="from an RGB-D frame, the object's mask and a file of marks")
    for action in (click, record):
        action.add_argument("--color", type=Path, required=True, metavar="FILE", help="colour image")
        action.add_argument("--depth", type=Path, required=True, metavar="FILE",
                            help="depth image: 16 bits, registered to it")
        action.add_argument("--camera", type=Path, required=True, metavar="FILE",
                            help="frame.json: K, width, height, depth_scale_m_per_count")
    click.add_argument("--mask", type=Path, metavar="FILE",
                       help="image that is bright on the object (default: what stands on the table)")
    click.add_argument("--function", required=True, help="such as pour-with")
    click.add_argument("--object", required=True, help="what it is, such as mug")
    click.add_argument("--gripper-link", default="gripper", help="link whose z approaches and y closes (default: %(default)s)")
    click.add_argument("--tool-link", default="tool", help="the link of the pose in action (default: %(default)s)")
    click.add_argument("--port", type=int, default=8767, help="port on this machine, 0 for any (default: %(default)s)")
    record.add_argument("--mask", type=Path, required=True, metavar="FILE", help="image that is bright on the object")
    record.add_argument("--marks", type=Path, required=True, metavar="FILE",
                        help="function, object, keypoints, phases (YAML, JSON)")
    library = actions.add_parser("library", help="of an object of the library, with its exact frames, rendered on a table")
    library.add_argument("--category", required=True, help="such as mug; `func-corr objects list` lists all")
    library.add_argument("--function", required=True, help="such as pour-with")
    library.add_argument("--seed", type=int, default=0, help="draws shape, look and place (default: %(default)s)")
    library.add_argument("--noise", action="store_true", help="as a depth camera sees it, not perfectly")
    for action in (click, record, library):
        action.add_argument("--id", required=True, help="its name: lower-case letters, digits, '_' and '-'")
        action.add_argument("--overwrite", action="store_true", help="replace a demonstration of this name")
    listed = actions.add_parser("list", help="what the store holds")
    for action in (click, record, library, listed):
        action.add_argument("--store", type=Path, default=Path("build/demonstrations"), help="the folder of demonstrations "
                            "(default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Records or lists; returns 0."""
    {"click": _click, "record": _record, "library": _library, "list": _list}[arguments.action](arguments)
    return 0


def _click(arguments: argparse.Namespace) -> None:
    from func_corr_ros.evaluation.click_server import click_server
    from func_corr_ros.evaluation.click_session import ClickSession, Wanted
    from func_corr_ros.evaluation.frame_folder import read_frame_files, read_mask
    from func_corr_ros.evaluation.local_page import serve
    from func_corr_ros.segmentation.given_mask import GivenMaskSegmenter
    from func_corr_ros.segmentation.tabletop import TabletopSegmenter
    from func_corr_ros.transfer.demonstration_store import DemonstrationStore

    wanted = Wanted(arguments.id, arguments.function, arguments.object, arguments.gripper_link, arguments.tool_link,
                          arguments.overwrite)
    frame, store = read_frame_files(arguments.color, arguments.depth, arguments.camera), DemonstrationStore(arguments.store)
    segmenter = GivenMaskSegmenter(read_mask(arguments.mask)) if arguments.mask else TabletopSegmenter()
    session = ClickSession(frame, segmenter.segment(frame), wanted, store)
    with click_server(session, arguments.port) as server:
        serve(server, f"takes clicks; nothing is written before it is kept, in {store.folder / wanted.id}")
    print(f"recorded {session.kept}" if session.kept else "nothing was kept")


def _record(arguments: argparse.Namespace) -> None:
    from func_corr_ros.evaluation.frame_folder import read_frame_files, read_mask
    from func_corr_ros.evaluation.marked_demonstration import demonstration_of, read_marks
    from func_corr_ros.transfer.demonstration_store import DemonstrationStore

    frame = read_frame_files(arguments.color, arguments.depth, arguments.camera)
    shown = demonstration_of(frame, read_mask(arguments.mask), read_marks(arguments.marks), arguments.id)
    print("recorded", DemonstrationStore(arguments.store).record(shown, replace=arguments.overwrite))


def _library(arguments: argparse.Namespace) -> None:
    import numpy as np

    from func_corr_ros.data.library_demonstration import draw_object, library_demonstration, sensed, view_of
    from func_corr_ros.data.sensor_noise import SensorNoiseSettings
    from func_corr_ros.transfer.demonstration_store import DemonstrationStore

    rng = np.random.default_rng(arguments.seed)
    thing = draw_object(arguments.category, rng)
    thing.object_from_function(arguments.function)  # refuses before anything is rendered
    view = sensed(view_of(thing, arguments.function, rng), SensorNoiseSettings() if arguments.noise else None, arguments.seed)
    shown = library_demonstration(view, arguments.function, arguments.id)
    print("recorded", DemonstrationStore(arguments.store).record(shown, replace=arguments.overwrite))


def _list(arguments: argparse.Namespace) -> None:
    from func_corr_ros.transfer.demonstration_store import DemonstrationStore

    store = DemonstrationStore(arguments.store)
    for name in store.ids():
        shown = store.load(name)
        print(f"{name}: {shown.function} with a {shown.object}, {', '.join(phase.name for phase in shown.phases)}")
