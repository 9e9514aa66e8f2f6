# SPDX-License-Identifier: Apache-2.0
"""Writes docs/gallery.md and its pictures from what `func-corr match` answers: ``python tools/gallery.py`` (half a CPU minute).

``make gallery``, which `.ci/run` runs, makes it anew in build/gallery (``--check``) and ends with an error where the pages show
something else than the present head answers.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from func_corr_ros.cli.main import main as func_corr
from func_corr_ros.data.object_view import ObjectView
from func_corr_ros.data.render_job import rendered, views_around
from func_corr_ros.data.splits import FIRST_BENCHMARK_SEED, split_of

DOCS = Path(__file__).resolve().parents[1] / "docs"
VIEWS = 8
MODEL = "func-corr-s"
MOST_BYTES = 200_000
# Other processors round otherwise: so many matches more or less, as a share of them, and so much a picture's mean value [0..255],
# are the same gallery. Another head moves hundreds of lines.
SAME_SHARE, SAME_VALUE = 0.02, 2.0


@dataclass(frozen=True)
class Pair:
    """A function and the category of each object; the objects are of seeds that no training sees."""

    function: str
    a: str
    b: str


# Written down before any picture was looked at, and none was taken out afterwards.
PAIRS = (
    Pair("pour-with", "mug", "kettle"),
    Pair("cut-with", "knife", "pizza cutter"),
    Pair("pound-with", "hammer", "meat tenderizer"),
    Pair("scoop-with", "spoon", "shovel"),
    Pair("hang-onto", "mug", "pitcher"),
    Pair("brush-with", "toothbrush", "hairbrush"),
    Pair("lift-with", "spatula", "tray"),
    Pair("peel-with", "knife", "peeler"),
)
HEAD = f"""# Gallery

What `func-corr match` answers with the shipped head `{MODEL}`: written by `python tools/gallery.py` from its own output, made
anew by `make gallery` in each CI run, which fails where this page shows something else. Objects are of the library, dressed, of
seeds that training never sees. They and the functions were written down before any was looked at, and none was taken out, so
that failures are seen as well; of eight views all round, the one that sees most of the functional part is shown. Coloured lines
come back when matched the other way round; thin grey ones do not. How many matches are *taken for correspondences* is what their
confidence says. Figures over thousands of pairs are in [evaluation](evaluation.md), real pictures in
[correspondence](correspondence.md#the-trained-head-on-real-pictures).
"""
SPLITS = {
    "seen": "",
    "unseen-category": ", a category that training never sees",
    "unseen-function": ", a function that training never sees",
}


def best_view(category: str, seed: int, function: str) -> ObjectView:
    """Returns that of VIEWS views all round which sees most of the part that serves ``function``."""
    small = [rendered(task).part_mask(function).sum() for task in views_around(category, seed, VIEWS, 112)]
    return rendered(views_around(category, seed, VIEWS, supersampling=2)[int(np.argmax(small))])


def matched(pair: Pair, seed: int, folder: Path) -> tuple[np.ndarray, int, int]:
    """Returns the picture of one pair, how many matches come back, and how many there are."""
    files = []
    for name, category, number in (("a", pair.a, seed), ("b", pair.b, seed + 1)):
        seen = best_view(category, number, pair.function)
        files += [folder / f"{name}.png", folder / f"{name}_mask.png"]
        cv2.imwrite(str(files[-2]), seen.color[..., ::-1])
        cv2.imwrite(str(files[-1]), seen.mask.astype(np.uint8) * 255)
    a, a_mask, b, b_mask = map(str, files)
    words = ["match", a, b, "--mask-a", a_mask, "--mask-b", b_mask, "--function", pair.function, "--model", MODEL]
    if func_corr([*words, "--out", str(folder)]):
        raise SystemExit(f"func-corr match failed on {pair}")
    rows = json.loads((folder / "matches.json").read_text())
    return cv2.imread(str(folder / "matches.png")), sum(row["accepted"] for row in rows), len(rows)


def compressed(picture: np.ndarray) -> bytes:
    """Returns a JPEG of at most MOST_BYTES, of the highest quality that allows it."""
    for quality in range(88, 30, -6):
        data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(data) <= MOST_BYTES:
            return bytes(data)
    raise SystemExit(f"a picture of {picture.shape} is larger than {MOST_BYTES} bytes at any quality")


def differences(made: Path, shown: Path) -> list[str]:
    """Returns what the gallery in ``shown`` says otherwise than that in ``made``, a line each; nothing where they agree."""
    texts = [(folder / "gallery.md").read_text() for folder in (made, shown)]
    words = [re.sub(r"\d+ of \d+ matches", "matches", text) for text in texts]
    found = [] if words[0] == words[1] else ["gallery.md has other words"]
    counts = [re.findall(r"\*(\S+): .*?(\d+) of (\d+) matches", text) for text in texts]
    for (name, *now), (_, *then) in zip(*counts, strict=False):
        if any(abs(int(a) - int(b)) > SAME_SHARE * int(then[1]) for a, b in zip(now, then, strict=True)):
            found.append(f"{name}: {now[0]} of {now[1]} matches are taken for correspondences, shown are {then[0]} of {then[1]}")
    for path in sorted((made / "images" / "gallery").iterdir()):
        a, b = cv2.imread(str(path)), cv2.imread(str(shown / "images" / "gallery" / path.name))
        if b is None or a.shape != b.shape or np.abs(a.astype(np.int16) - b).mean() > SAME_VALUE:
            found.append(f"{path.name} is another picture")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of gallery.md and images/gallery (default: docs)")
    parser.add_argument("--check", action="store_true", help="compare what is made with docs; exit code 1 where they differ")
    arguments = parser.parse_args()
    out = arguments.out
    (out / "images" / "gallery").mkdir(parents=True, exist_ok=True)
    parts = [HEAD]
    for number, pair in enumerate(PAIRS):
        with tempfile.TemporaryDirectory() as folder:
            picture, accepted, count = matched(pair, FIRST_BENCHMARK_SEED + 10 * number, Path(folder))
        name = f"images/gallery/{pair.function}.jpg"
        (out / name).write_bytes(compressed(picture))
        words = f"{pair.function}: from {pair.a} to {pair.b}{SPLITS[split_of(pair.function, pair.a, pair.b)]}"
        parts.append(f"![{words}]({name})\n\n*{words}. {accepted} of {count} matches are taken for correspondences.*\n")
    (out / "gallery.md").write_text("\n".join(parts))
    found = differences(out, DOCS) if arguments.check else []
    for line in found:
        print(f"gallery: {line}", file=sys.stderr)
    if found:
        print("gallery: docs show what this head does not answer; write them anew: python tools/gallery.py", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
