# SPDX-License-Identifier: Apache-2.0
"""Objects that know their parts and functions, exact renders of them, and sensors' faults added afterwards."""
import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["objects"],
    submod_attrs={
        "demo_scenes": ["DemoScenes"],
        "materials": ["Material"],
        "render": ["Rendering"],
        "sensor_noise": ["SensorNoiseSettings", "noisy_color", "noisy_depth"],
        "tabletop_scene": ["PlacedObject", "SceneView", "TabletopScene"],
    },
)
