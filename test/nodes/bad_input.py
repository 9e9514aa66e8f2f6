# SPDX-License-Identifier: Apache-2.0
"""Every way to spoil the three messages of a good frame, with the error code that must come of it."""

import numpy as np
from sensor_msgs.msg import Image

from func_corr_ros.errors import ErrorCode


def changed(message: Image, **fields) -> Image:
    for name, value in fields.items():
        setattr(message, name, value)
    return message


BAD = {
    "empty image": (ErrorCode.BAD_IMAGE, lambda c, d, i: (changed(c, data=[], width=0, height=0, step=0), d, i)),
    "wrong encoding": (ErrorCode.BAD_IMAGE, lambda c, d, i: (changed(c, encoding="yuv422"), d, i)),
    "truncated image": (ErrorCode.BAD_IMAGE, lambda c, d, i: (changed(c, data=c.data[:1000]), d, i)),
    "depth of colours": (ErrorCode.BAD_IMAGE, lambda c, d, i: (c, changed(d, encoding="rgb8"), i)),
    "mismatched sizes": (ErrorCode.SIZE_MISMATCH, lambda c, d, i: (c, changed(d, height=240), i)),
    "camera of zeros": (ErrorCode.BAD_CAMERA, lambda c, d, i: (c, d, changed(i, k=[0.0] * 9, p=[0.0] * 12))),
    "no depth at all": (ErrorCode.NO_DEPTH, lambda c, d, i: (c, changed(d, data=bytes(len(d.data))), i)),
    "NaN depth": (
        ErrorCode.NO_DEPTH,
        lambda c, d, i: (
            c,
            changed(d, encoding="32FC1", step=4 * d.width, data=np.full(d.width * d.height, np.nan, "<f4").tobytes()),
            i,
        ),
    ),
}
