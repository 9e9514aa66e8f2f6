# SPDX-License-Identifier: Apache-2.0
"""Each frame follows the conventions of its function."""
import numpy as np

from func_corr_ros.data.objects.functional_object import ANY_ANGLE
from func_corr_ros.data.objects.vessel_functions import about_z, clasp, outlet, pinch, pounding_side, pressing_base, rolling_body

AT = np.array([0.04, 0.01, 0.1])
X, Y, Z = np.eye(3)


def test_axes_point_where_the_conventions_say() -> None:
    expected = {
        "outlet": (outlet(AT), X, Z), "press": (pressing_base(0.002), -Z, X), "roll": (rolling_body(0.02, 0.06), X, Z),
        "pound": (pounding_side(AT), X, -Z), "pinch": (pinch(AT), X, -Z), "clasp": (clasp(AT), Z, X),
    }
    for name, (frame, x, z) in expected.items():
        np.testing.assert_allclose(frame[:3, 0], x, atol=1e-12, err_msg=name)
        np.testing.assert_allclose(frame[:3, 2], z, atol=1e-12, err_msg=name)
        np.testing.assert_allclose(np.cross(frame[:3, 2], frame[:3, 0]), frame[:3, 1], atol=1e-12, err_msg=name)


def test_origins_are_where_they_are_asked_for() -> None:
    np.testing.assert_array_equal(outlet(AT)[:3, 3], AT)
    np.testing.assert_allclose(rolling_body(0.02, 0.06)[:3, 3], [0.0, 0.0, 0.04])
    np.testing.assert_allclose(pressing_base(0.002)[:3, 3], [0.0, 0.0, 0.002])


def test_what_is_turned_is_free_and_what_has_facets_is_not() -> None:
    assert about_z().order == ANY_ANGLE and about_z(8).order == 8
    np.testing.assert_array_equal(about_z().direction, Z)
