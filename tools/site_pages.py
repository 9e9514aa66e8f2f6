# SPDX-License-Identifier: Apache-2.0
"""A hook of MkDocs (mkdocs.yml): pages that lie outside of docs/ stand in the site as well, and links to and from them hold."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
# A page of the repository -> its name in the site.
BROUGHT_IN = {
    "README.md": "index.md",
    "models/func-corr-s.md": "model_card.md",
    "test/data/keypoints/README.md": "marked_keypoints.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "QUALITY_DECLARATION.md": "quality_declaration.md",
    "THIRD_PARTY_NOTICES.md": "third_party.md",
}
ORIGIN = {name: path for path, name in BROUGHT_IN.items()}
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]*)(#[^)\s]*)?\)")
FENCED = re.compile(r"(```.*?```)", re.S)


def on_files(files: Files, config: Any) -> Files:
    """Adds the pages that are brought in."""
    for path, name in BROUGHT_IN.items():
        files.append(File.generated(config, name, content=(ROOT / path).read_text()))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Returns the page with its links as they must be in the site."""
    return linked(markdown, page.file.src_uri)


def linked(markdown: str, name: str) -> str:
    """Returns the text of the page ``name`` (in the site) with every link out of docs/ led to a page of the site.

    A file of the repository that is no page is named, not linked. Raises PluginError where a link leads to nothing.
    """
    home = posixpath.dirname(ORIGIN.get(name, f"docs/{name}"))

    def led(match: re.Match[str]) -> str:
        mark, words, target, anchor = match[1], match[2], match[3], match[4] or ""
        if not target or "://" in target or target.startswith("mailto:"):
            return match[0]
        path = posixpath.normpath(posixpath.join(home, target))
        if not (ROOT / path).exists():
            raise PluginError(f"{ORIGIN.get(name, f'docs/{name}')}: {target} is not there")
        inside = BROUGHT_IN.get(path, path.removeprefix("docs/") if path.startswith("docs/") else "")
        if not inside or not posixpath.splitext(inside)[1]:
            return f"{words} (`{path}` in the repository)" if words.strip("`") != path else words
        return f"{mark}[{words}]({posixpath.relpath(inside, posixpath.dirname(name) or '.')}{anchor})"

    return "".join(part if FENCED.fullmatch(part) else LINK.sub(led, part) for part in FENCED.split(markdown))
