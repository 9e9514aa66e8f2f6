# SPDX-License-Identifier: Apache-2.0
"""Other ways to find functional correspondences, all behind one interface, so that they are scored by the same code."""
import lazy_loader

# name -> what makes it from MethodSettings; a new method is one file and one line here
METHODS = {
    "chance": "func_corr_ros.correspondence.baselines.chance:Chance",
    "dino-224": "func_corr_ros.correspondence.baselines.plain:dino_224",
    "dino-448": "func_corr_ros.correspondence.baselines.plain:dino_448",
    "ours-224": "func_corr_ros.correspondence.baselines.plain:ours_224",
    "soft-argmax": "func_corr_ros.correspondence.baselines.decoding:soft_argmax",
    "mutual": "func_corr_ros.correspondence.baselines.decoding:mutual_only",
    "oracle-mask+dino": "func_corr_ros.correspondence.baselines.plain:oracle_mask",
    "sd-dino": "func_corr_ros.correspondence.baselines.sd_dino:sd_dino",
    "cogvlm+dino": "func_corr_ros.correspondence.baselines.grounded:cogvlm",
    "cogvlm-function+dino": "func_corr_ros.correspondence.baselines.grounded:cogvlm_function",
    "florence-2+dino": "func_corr_ros.correspondence.baselines.grounded:florence_2",
    "florence-2-function+dino": "func_corr_ros.correspondence.baselines.grounded:florence_2_function",
    "grounding-dino+dino": "func_corr_ros.correspondence.baselines.grounded:grounding_dino",
    "grounding-dino-function+dino": "func_corr_ros.correspondence.baselines.grounded:grounding_dino_function",
    "owlv2+dino": "func_corr_ros.correspondence.baselines.grounded:owlv2",
    "owlv2-function+dino": "func_corr_ros.correspondence.baselines.grounded:owlv2_function",
    "qwen2.5-vl+dino": "func_corr_ros.correspondence.baselines.grounded:qwen25_vl",
    "qwen2.5-vl-function+dino": "func_corr_ros.correspondence.baselines.grounded:qwen25_vl_function",
    "qwen3-vl+dino": "func_corr_ros.correspondence.baselines.grounded:qwen3_vl",
    "qwen3-vl-function+dino": "func_corr_ros.correspondence.baselines.grounded:qwen3_vl_function",
}

# trained heads that come with the package (models/manifest.toml)
HEADS: tuple[str, ...] = ("func-corr-s",)

__getattr__, __dir__, _lazy = lazy_loader.attach(
    __name__,
    submod_attrs={
        "dense": ["DenseMethod", "Described", "discovered"],
        "method": ["Discovery", "Method", "MethodSettings", "Subject", "load_method"],
    },
)
__all__ = [*_lazy, "HEADS", "METHODS"]
