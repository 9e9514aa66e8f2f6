# SPDX-License-Identifier: Apache-2.0
"""What a release says of itself: one version, notices of what it is built with, pages that the code wrote, rosdep's keys."""
from __future__ import annotations

import re
import runpy
import xml.etree.ElementTree as ElementTree
from importlib import metadata
from pathlib import Path

import pytest
import third_party
import yaml

from func_corr_ros.cli import reference
from func_corr_ros.provenance import package_version

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = ElementTree.parse(ROOT / "package.xml").getroot()
# Keys of rosdep/python.yaml in ros/rosdistro that package.xml names, and the modules that they bring. On 2026-11-28 bloom
# resolved them and all others of package.xml for humble, jazzy, kilted, lyrical and rolling (CONTRIBUTING.md has the command).
PYTHON_KEYS = {
    "python3-jinja2": "jinja2", "python3-numpy": "numpy", "python3-opencv": "cv2", "python3-pil": "PIL",
    "python3-pytest": "pytest", "python3-rich": "rich", "python3-scipy": "scipy", "python3-yaml": "yaml",
}  # fmt: skip


def test_the_version_stands_in_package_xml_only() -> None:
    version = str(MANIFEST.findtext("version"))
    assert re.fullmatch(r"\d+\.\d+\.\d+", version) and package_version() == version
    elsewhere = ["setup.py", "pyproject.toml", "CMakeLists.txt", "CITATION.cff", "mkdocs.yml", "src/func_corr_ros/__init__.py"]
    assert [name for name in elsewhere if re.search(rf"\b{re.escape(version)}\b", (ROOT / name).read_text())] == []
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert headings[0] == "Unreleased" or headings[0].startswith(version)


def test_package_xml_names_keys_that_rosdep_knows_and_the_code_uses() -> None:
    named = {str(element.text) for element in MANIFEST if element.tag.endswith("depend")}
    assert {key for key in named if key.startswith("python3-")} == set(PYTHON_KEYS)
    sources = "\n".join(path.read_text() for path in [*(ROOT / "src").rglob("*.py"), *(ROOT / "test").rglob("*.py")])
    assert [key for key, module in PYTHON_KEYS.items() if not re.search(rf"^\s*(?:import|from) {module}\b", sources, re.M)] == []
    assert all(re.fullmatch(r"[a-z0-9_-]+", key) for key in named)


def test_package_xml_is_valid_to_the_tools_that_release() -> None:
    package = pytest.importorskip("catkin_pkg.package", reason="it comes with colcon")
    warnings: list[str] = []
    package.parse_package(str(ROOT / "package.xml"), warnings=warnings).validate(warnings)
    assert warnings == []


def test_the_notices_are_of_what_is_locked() -> None:
    text = third_party.PAGE.read_text()
    rows = {cells[1]: cells[2:4] for line in text.splitlines() if len(cells := [cell.strip() for cell in line.split("|")]) == 6}
    pinned = {name: version for section in third_party.sections().values() for name, version in section}
    assert {name: cells[0] for name, cells in rows.items() if name in pinned} == pinned, "run python tools/third_party.py"
    assert [name for name in pinned if rows[name][1] in ("", "not stated")] == []


def test_the_notices_say_what_the_distributions_say() -> None:
    lines = set(third_party.PAGE.read_text().splitlines())
    checked = 0
    for name, version in (one for section in third_party.sections().values() for one in section):
        try:
            there = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        if there == version:
            assert third_party.row(name, version) in lines, "run python tools/third_party.py"
            checked += 1
    assert checked > 50


@pytest.mark.parametrize("name, page", [("cli.md", reference.cli_page), ("error_codes.md", reference.error_page)])
def test_reference_pages_are_what_the_code_says(name: str, page) -> None:
    assert (ROOT / "docs" / name).read_text() == page(), "run make api"


def test_every_page_has_its_place_in_the_site() -> None:
    def leaves(node) -> list[str]:
        children = node.values() if isinstance(node, dict) else node
        return [node] if isinstance(node, str) else [leaf for child in children for leaf in leaves(child)]

    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    placed, pages = leaves(site["nav"]), {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    brought = re.findall(r'^    ".*": "(\w+\.md)",$', (ROOT / "tools" / "site_pages.py").read_text(), re.M)
    assert len(placed) == len(set(placed)) and set(placed) == pages | set(brought)
    assert site["theme"]["font"] is False, "a site that asks nobody for anything"


def test_pictures_of_the_gallery_are_small_and_all_shown() -> None:
    shown = set(re.findall(r"\((images/gallery/[\w -]+\.jpg)\)", (ROOT / "docs" / "gallery.md").read_text()))
    there = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs" / "images" / "gallery").iterdir()}
    assert shown == there and shown
    assert max((ROOT / "docs" / name).stat().st_size for name in shown) <= 200_000


def test_the_site_builds_and_no_link_leads_nowhere(tmp_path: Path) -> None:
    build = pytest.importorskip("mkdocs.commands.build", reason="pip install 'func_corr_ros[docs]'")
    from mkdocs.config import load_config

    build.build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(tmp_path / "site")))
    home = (tmp_path / "site" / "index.html").read_text()
    assert "tutorials/first_demo.html" in home and "models/func-corr-s.md" not in home
    page = (tmp_path / "site" / "tutorials" / "evaluate_my_bags.html").read_text()
    assert not re.findall(r'(?:src|href)="https?://(?!github\.com|squidfunk\.github\.io)[^"]*\.(?:js|css|woff2?)"', page)


def test_an_installed_command_does_nothing_where_a_spawned_process_reads_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "func-corr"
    script.write_text((ROOT / "tools" / "executable.in").read_text().replace("@module@", "cli.main"))
    assert "main" in runpy.run_path(str(script), run_name="__mp_main__")  # as multiprocessing.spawn does
    monkeypatch.setattr("sys.argv", ["func-corr", "--version"])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_path(str(script), run_name="__main__")
