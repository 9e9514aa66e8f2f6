# SPDX-License-Identifier: Apache-2.0
"""The share folder is found in each of the four ways the package can lie on a machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from func_corr_ros import share
from func_corr_ros.errors import FuncCorrError

LAYOUTS = {
    "source tree": ("repo/src/func_corr_ros", "repo"),
    "colcon": ("install/func_corr_ros/lib/python3.12/site-packages/func_corr_ros", "install/func_corr_ros/share/func_corr_ros"),
    "pip": ("env/lib/python3.11/site-packages/func_corr_ros", "env/share/func_corr_ros"),
    "pip --target": ("folder/func_corr_ros", "folder/share/func_corr_ros"),
}


def lay(code: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (code, shared / "models"):
        folder.mkdir(parents=True, exist_ok=True)
    (shared / "package.xml").write_text("<package/>")
    (shared / "models" / "manifest.toml").write_text("")
    monkeypatch.setattr(share, "__file__", str(code / "share.py"))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_found_in_every_layout(layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, shared = (tmp_path / part for part in LAYOUTS[layout])
    lay(code, shared, monkeypatch)
    assert share.share_folder() == shared
    assert share.shared_file("models/manifest.toml") == shared / "models" / "manifest.toml"


def test_an_environment_inside_another_repository_keeps_to_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "package.xml").write_text("<package/>")  # some other package, with our environment in its folder
    lay(tmp_path / ".venv/lib/python3.11/site-packages/func_corr_ros", tmp_path / ".venv/share/func_corr_ros", monkeypatch)
    assert share.share_folder() == tmp_path / ".venv/share/func_corr_ros"


def test_linked_code_belongs_to_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path / "install/lib/python3.12/site-packages/func_corr_ros", tmp_path / "install/share/func_corr_ros", monkeypatch)
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "share.py").write_text("")
    Path(share.__file__).symlink_to(tmp_path / "repo" / "share.py")
    assert share.share_folder() == tmp_path / "install/share/func_corr_ros"


def test_nothing_found_is_refused_with_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share, "__file__", str(tmp_path / "func_corr_ros" / "share.py"))
    with pytest.raises(FuncCorrError, match="pip install"):
        share.share_folder()


def test_a_missing_file_is_refused_by_name() -> None:
    with pytest.raises(FuncCorrError, match="models/no_such_file is missing"):
        share.shared_file("models/no_such_file")


def test_the_real_one_holds_the_manifest() -> None:
    assert share.shared_file("models/manifest.toml").is_file()
