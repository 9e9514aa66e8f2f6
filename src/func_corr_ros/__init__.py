"""Functional correspondence for robots: one demonstration, carried over to objects never seen before."""
# SPDX-License-Identifier: Apache-2.0
from pkgutil import extend_path

# The generated func_corr_ros.msg and func_corr_ros.srv live in the colcon install folder; this lets both homes
# serve one name, whichever comes first on the path.
__path__ = extend_path(__path__, __name__)
