# SPDX-License-Identifier: Apache-2.0
"""Which place of one object serves as which place of another? Two pictures and a mask for each are all it takes.

python examples/match_two_images.py A.png A_mask.png B.png B_mask.png [OUT]
"""
from __future__ import annotations

import sys
from pathlib import Path

from func_corr_ros.correspondence import FunctionalCorrespondence
from func_corr_ros.evaluation import match_images, read_color, read_mask, returning, write_image_pair


def main(a: str, mask_a: str, b: str, mask_b: str, out: str = "build/match") -> None:
    """Prints where the most confident place of B lies on A, and draws the matches into ``out``."""
    images = read_color(Path(a)), read_color(Path(b))
    masks = read_mask(Path(mask_a)), read_mask(Path(mask_b))
    model = FunctionalCorrespondence.from_pretrained("func-corr-s")  # comes with the package; nothing is downloaded
    found = match_images(model, images, masks, "pour-with")
    best = found.matches.confidence.argmax()
    print(f"pixel {found.uv_b[best]} of B serves as pixel {found.uv_a[best]} of A")
    print(f"{returning(found).sum()} of {len(found.uv_a)} matches come back when matched the other way round")
    write_image_pair(Path(out), images, masks, found)
    print(f"drawn in {out}/matches.png and {out}/field.png, listed in {out}/matches.json")


if __name__ == "__main__":
    main(*sys.argv[1:])
