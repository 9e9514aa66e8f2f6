# SPDX-License-Identifier: Apache-2.0
"""Maths of cameras, rigid motions and planes, in metres and float64; imports no other room. ``frames`` states the conventions."""
import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    # robust_fit stays a module: a function of its own module's name would change meaning with the order of imports
    submodules={"frames", "robust_fit", "se3"},
    submod_attrs={
        "camera": ["PinholeCamera"],
        "depth_image": ["back_project", "sample_depth"],
        "frames": ["BODY_FROM_OPTICAL", "frame_from_axes"],
        "plane": ["Plane", "fit_plane"],
        "rgbd_frame": ["RgbdFrame"],
        "rigid_fit": ["Similarity", "fit_rigid", "fit_similarity", "fit_upright"],
        "robust_fit": ["RobustFit"],
    },
)
