# SPDX-License-Identifier: Apache-2.0
"""Dense matches between two objects that serve the same function: features of pixels, compared both ways."""
import lazy_loader

# name -> class that loads it; a new backbone is one file and one line here
BACKBONES = {
    "dinov2-small": "func_corr_ros.correspondence.backbone:Dinov2Backbone",
    "dinov2-base": "func_corr_ros.correspondence.backbone:Dinov2Backbone",
    "dinov2-large": "func_corr_ros.correspondence.backbone:Dinov2Backbone",
}

# name -> class that loads it
TEXT_ENCODERS = {
    "minilm": "func_corr_ros.correspondence.text_encoder:SentenceEncoder",
    "clip-vit-b-32": "func_corr_ros.correspondence.text_encoder:ClipTextEncoder",
    "words": "func_corr_ros.correspondence.text_encoder:WordHashes",
}

__getattr__, __dir__, _lazy = lazy_loader.attach(
    __name__,
    submod_attrs={
        "backbone": ["Backbone", "BackboneSettings", "Dinov2Backbone", "load_backbone"],
        "matching": ["NearestNeighbours", "cycle_distance", "mutual", "nearest_neighbours", "soft_neighbours"],
        "embedding": ["Embedding"],
        "model": ["CorrespondenceSettings", "FunctionalCorrespondence", "Matches"],
        "object_crop": ["CropSettings", "CropWindow", "crop_object"],
        "onnx_export": ["export_onnx"],
        "patch_grid": ["sample_grid"],
        "trained_head": ["TrainedHead"],
        "text_encoder": ["TextEncoder", "load_text_encoder", "phrase"],
    },
)
__all__ = [*_lazy, "BACKBONES", "TEXT_ENCODERS"]
