# SPDX-License-Identifier: Apache-2.0
"""One stage for many assets: a file for each, whole or not at all; what fails is listed with its reason, the rest goes on."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from func_corr_ros.data.pseudo_label.engine import Engine, LocalEngine
from func_corr_ros.errors import EndpointUnavailable, FuncCorrError, NoSpace
from func_corr_ros.provenance import hold_to, write_json

_SKIPPED = ".skipped.json"


@dataclass(frozen=True)
class Skipped:
    """An asset that a stage left out, and why."""

    asset: str
    stage: str
    reason: str


@dataclass(frozen=True)
class StageResult:
    """What a stage brought: the ids whose file is there, and those that were left out, both in the order asked for."""

    out: Path
    done: tuple[str, ...]
    skipped: tuple[Skipped, ...]


def file_of(out: Path, asset: str) -> Path:
    """Returns where the stage in folder ``out`` keeps the file of ``asset`` (an id of ``sources.asset_id``)."""
    return Path(out) / asset.rpartition("-")[0] / f"{asset}.npz"


def run_stage(
    name: str,
    out: Path,
    items: Mapping[str, Any],
    work: Callable[[Any, Path], None],
    made_with: Mapping[str, Any],
    *,
    engine: Engine = LocalEngine(),
    keeps: bool = False,
) -> StageResult:
    """Calls ``work(item, file)`` for each of ``items`` (by asset id) whose file is not there; ``engine`` does it, and knows by
    ``keeps`` whether ``work`` holds a model.

    A FuncCorrError becomes a skip that is remembered beside the files and not tried again; an endpoint that is away one that the
    next run tries again. Raises BadSettings where the folder was filled with other settings (``made_with``, see
    provenance.hold_to), and NoSpace, at once, where the disk is full.
    """
    guarded(out, lambda: hold_to(out, made_with))
    todo = [
        (asset, item) for asset, item in items.items() if not file_of(out, asset).exists() and not _skip_file(out, asset).exists()
    ]
    outcomes = engine.each(partial(_attempt, out, work), todo, name, keeps=keeps)
    for_now = {asset: reason for (asset, _), reason in zip(todo, outcomes, strict=True) if reason}
    done, skipped = [], []
    for asset in items:
        if file_of(out, asset).exists():
            done.append(asset)
        else:
            noted = _skip_file(out, asset)
            skipped.append(Skipped(asset, name, json.loads(noted.read_text())["reason"] if noted.exists() else for_now[asset]))
    return StageResult(out, tuple(done), tuple(skipped))


def only(items: Mapping[str, Any], ids: Sequence[str]) -> dict[str, Any]:
    """Returns those of ``items`` whose id is among ``ids``, in the order of ``ids``."""
    return {asset: items[asset] for asset in ids}


def _skip_file(out: Path, asset: str) -> Path:
    return file_of(out, asset).with_suffix(_SKIPPED)


def _attempt(out: Path, work: Callable[[Any, Path], None], item: tuple[str, Any]) -> str:
    """Returns "" where the file was made, else why not. A worker that died may have made it, and told nobody."""
    asset, value = item
    if file_of(out, asset).exists():
        return ""
    if _skip_file(out, asset).exists():
        return str(json.loads(_skip_file(out, asset).read_text())["reason"])
    try:
        guarded(out, lambda: work(value, file_of(out, asset)))
    except NoSpace:
        raise
    except EndpointUnavailable as error:
        return _said(error)
    except FuncCorrError as error:
        guarded(out, lambda: write_json(_skip_file(out, asset), {"asset": asset, "reason": _said(error)}))
        return _said(error)
    return ""


def guarded(out: Path, action: Callable[[], Any]) -> None:
    """Calls ``action``; raises NoSpace where the disk of ``out`` is full."""
    try:
        action()
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise NoSpace(
            f"the disk of {out} is full; make room (files there that begin with a dot are unfinished) and call again: "
            "what is finished is kept"
        ) from error


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
