# SPDX-License-Identifier: Apache-2.0
"""What cameras, rooms and segmenters do to a picture and its mask, drawn at random. No pixel is moved: truth stays true."""
from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from func_corr_ros.data.backgrounds import blurred_room, paper
from func_corr_ros.data.materials import value_noise
from func_corr_ros.geometry.camera import PinholeCamera
from func_corr_ros.settings import setting


@dataclass(frozen=True)
class DisturbanceSettings:
    """How often each kind of disturbance happens."""

    texture: float = setting(0.2, "share of views whose object is painted over with blotches", at_least=0.0, at_most=1.0)
    light: float = setting(0.8, "share of views with other colours, contrast and exposure", at_least=0.0, at_most=1.0)
    blur: float = setting(0.35, "share of views out of focus or shaken", at_least=0.0, at_most=1.0)
    noise: float = setting(0.4, "share of views with noise of the sensor, or as JPEG", at_least=0.0, at_most=1.0)
    mask: float = setting(0.35, "share of masks a few pixels too wide or too narrow", at_least=0.0, at_most=1.0)
    occlusion: float = setting(0.3, "share of objects with something before them", at_least=0.0, at_most=1.0)
    least_seen: float = setting(0.6, "share of an object's pixels that nothing hides", at_least=0.1, at_most=1.0)


def drawn_background(camera: PinholeCamera, rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """Returns a background: one colour, paper, or a room out of focus."""
    kind = rng.random()
    if kind < 0.3:
        return np.broadcast_to(rng.integers(0, 256, 3, dtype=np.uint8), (camera.height, camera.width, 3)).copy()
    return paper(camera, rng) if kind < 0.55 else blurred_room(camera, rng)


def disturbed(
    color: UInt8[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"], settings: DisturbanceSettings, rng: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """Returns the picture as another camera might give it."""
    picture = color.astype(np.float32) / 255.0
    if rng.random() < settings.texture:
        picture = _painted(picture, mask, rng)
    if rng.random() < settings.light:
        picture = _lit(picture, rng)
    if rng.random() < settings.blur:
        picture = _blurred(picture, rng)
    if rng.random() < settings.noise:
        picture = picture + rng.normal(0.0, rng.uniform(0.005, 0.04), picture.shape).astype(np.float32)
    whole: UInt8[np.ndarray, "h w 3"] = np.round(np.clip(picture, 0.0, 1.0) * 255.0).astype(np.uint8)
    if rng.random() < settings.noise:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 95))]
        whole = cv2.imdecode(cv2.imencode(".jpg", whole, quality)[1], cv2.IMREAD_COLOR)
    return whole


def disturbed_mask(
    mask: Bool[np.ndarray, "h w"], settings: DisturbanceSettings, rng: np.random.Generator
) -> tuple[Bool[np.ndarray, "h w"], Bool[np.ndarray, "h w"]]:
    """Returns the mask as a segmenter might give it, and where something hides the object; that share is never in the mask."""
    hidden = np.zeros_like(mask)
    if rng.random() < settings.occlusion:
        bite = _bite(mask, rng)
        if (mask & ~bite).sum() >= settings.least_seen * mask.sum():
            hidden = bite
    given = mask & ~hidden
    if rng.random() < settings.mask:
        width = 2 * int(rng.integers(1, 4)) + 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
        change = cv2.dilate if rng.random() < 0.6 else cv2.erode
        changed = change(given.astype(np.uint8), kernel).astype(bool) & ~hidden
        if changed.sum() >= 0.7 * given.sum():  # thin things would vanish
            given = changed
    return given, hidden


def _painted(
    picture: Float32[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"], rng: np.random.Generator
) -> Float32[np.ndarray, "h w 3"]:
    height, width = mask.shape
    v, u = np.mgrid[0:height, 0:width].astype(np.float32) / max(height, width)
    places = np.stack([u, v, np.full_like(u, rng.uniform(0.0, 30.0))], axis=-1).reshape(-1, 3) * rng.uniform(4.0, 30.0)
    share = np.clip(3.0 * value_noise(places.astype(np.float32), int(rng.integers(64))) - 1.2, 0.0, 1.0).reshape(height, width, 1)
    paint = rng.uniform(0.0, 1.0, 3).astype(np.float32)
    shade = picture.mean(axis=2, keepdims=True) / max(float(picture[mask].mean()), 0.05)
    painted = picture + rng.uniform(0.3, 0.9) * share * (shade * paint - picture)
    return np.where(mask[..., None], painted, picture).astype(np.float32)


def _lit(picture: Float32[np.ndarray, "h w 3"], rng: np.random.Generator) -> Float32[np.ndarray, "h w 3"]:
    picture = np.clip(picture, 1e-4, 1.0) ** np.float32(np.exp(rng.uniform(-0.45, 0.45)))
    grey = picture.mean(axis=2, keepdims=True)
    picture = grey + np.float32(rng.uniform(0.0 if rng.random() < 0.15 else 0.5, 1.6)) * (picture - grey)
    tint = rng.uniform(0.85, 1.15, 3).astype(np.float32)
    return (0.5 + rng.uniform(0.7, 1.3) * (picture * tint - 0.5) + rng.uniform(-0.08, 0.08)).astype(np.float32)


def _blurred(picture: Float32[np.ndarray, "h w 3"], rng: np.random.Generator) -> Float32[np.ndarray, "h w 3"]:
    if rng.random() < 0.6:
        return cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 1.8)))
    length = int(rng.integers(3, 8))
    kernel = np.zeros((length, length), dtype=np.float32)
    angle = rng.uniform(0.0, np.pi)
    along = np.linspace(-(length - 1) / 2.0, (length - 1) / 2.0, 4 * length)
    middle = (length - 1) / 2.0
    kernel[np.rint(middle + along * np.sin(angle)).astype(int), np.rint(middle + along * np.cos(angle)).astype(int)] = 1.0
    return cv2.filter2D(picture, -1, kernel / kernel.sum())


def _bite(mask: Bool[np.ndarray, "h w"], rng: np.random.Generator) -> Bool[np.ndarray, "h w"]:
    """Returns an ellipse, or all beyond a line, near the mask's border."""
    rows, columns = np.nonzero(mask)
    v, u = np.mgrid[0 : mask.shape[0], 0 : mask.shape[1]]
    size = max(int(np.ptp(rows)), int(np.ptp(columns)), 1)
    at = int(rng.integers(len(rows)))
    angle = rng.uniform(0.0, 2.0 * np.pi)
    across = (u - columns[at]) * np.cos(angle) + (v - rows[at]) * np.sin(angle)
    along = (v - rows[at]) * np.cos(angle) - (u - columns[at]) * np.sin(angle)
    if rng.random() < 0.3:
        return across > size * rng.uniform(0.0, 0.2)
    return (across / (size * rng.uniform(0.05, 0.25))) ** 2 + (along / (size * rng.uniform(0.05, 0.4))) ** 2 < 1.0
