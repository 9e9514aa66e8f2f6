# SPDX-License-Identifier: Apache-2.0
"""The strangers' files are the same every time, are of objects the library lacks, and their parts are functional ones."""

from pathlib import Path

import pytest

from func_corr_ros.data.objects import CATEGORIES
from func_corr_ros.data.pseudo_label.sample_files import write_sample_files
from func_corr_ros.data.pseudo_label.shape import ShapeSettings
from func_corr_ros.data.pseudo_label.sources import folder_sources, shape_of
from func_corr_ros.data.taxonomy import load_taxonomy

pytest.importorskip("trimesh")


def test_six_files_in_every_format_with_known_parts(tmp_path: Path) -> None:
    one, other = write_sample_files(tmp_path / "a"), write_sample_files(tmp_path / "b")
    assert len(one) == 6 and {path.suffix for path in one} == {".glb", ".obj", ".ply", ".stl"}
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]
    found, left_out = folder_sources(tmp_path / "a", load_taxonomy())
    assert len(found) == 6 and left_out == [] and not {source.object for source in found} & set(CATEGORIES)
    for source in found:
        shape, functional = shape_of(source, ShapeSettings(points=500)), load_taxonomy().functions_of(source.object)
        named = [part for part in shape.thing.part_names if any(part in parts for parts in functional.values())]
        assert shape.exact and named and all(0.005 < shape.truth(part).mean() < 0.95 for part in named)
