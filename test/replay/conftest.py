# SPDX-License-Identifier: Apache-2.0
"""This room is tested in the painted world, whose truth is known."""
import painted_world

color_model, demonstration = painted_world.color_model, painted_world.demonstration
target, pipeline = painted_world.target, painted_world.pipeline
