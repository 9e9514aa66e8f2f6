# SPDX-License-Identifier: Apache-2.0
"""Settings live in frozen dataclasses beside the classes they drive; this file gives them words, limits and strict loading.

A setting is declared once, with :func:`setting`. ROS parameters, YAML files, command-line flags and the tables in
``docs/`` are derived from that declaration, never typed again.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from func_corr_ros.errors import BadSettings

T = TypeVar("T")


def setting(
    default: Any,
    description: str,
    *,
    unit: str = "",
    at_least: int | float | None = None,
    at_most: int | float | None = None,
    choices: tuple[str, ...] = (),
    live: bool = False,
) -> Any:
    """Returns a dataclass field with its words and limits; ``live`` means a running node may change it."""
    return field(
        default=default,
        metadata={
            "description": description,
            "unit": unit,
            "at_least": at_least,
            "at_most": at_most,
            "choices": choices,
            "live": live,
        },
    )


@dataclass(frozen=True)
class SettingInfo:
    """One leaf of a settings dataclass: its dotted ``name``, ``kind``, default and limits."""

    name: str
    kind: type
    default: Any
    description: str
    unit: str
    at_least: int | float | None
    at_most: int | float | None
    choices: tuple[str, ...]
    live: bool

    def check(self, value: Any) -> Any:
        """Returns ``value`` as this setting's kind; raises BadSettings that says what is valid."""
        if self.kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if self.kind is tuple and isinstance(value, list):
            value = tuple(value)
        if not isinstance(value, self.kind) or (self.kind is int and isinstance(value, bool)):
            raise BadSettings(f"{self.name} is {value!r}; a {self.kind.__name__} is needed ({self.description})")
        if self.choices and value not in self.choices:
            raise BadSettings(f"{self.name} is {value!r}; valid: {', '.join(self.choices)}")
        if self.at_least is not None and not value >= self.at_least:
            raise BadSettings(f"{self.name} is {value!r}; at least {self.at_least} {self.unit}".rstrip())
        if self.at_most is not None and not value <= self.at_most:
            raise BadSettings(f"{self.name} is {value!r}; at most {self.at_most} {self.unit}".rstrip())
        return value


def leaves(settings: Any, prefix: str = "") -> Iterator[SettingInfo]:
    """Yields every leaf of a settings dataclass (class or instance), nested ones by dotted name; the defaults of an
    instance are its own values."""
    hints = get_type_hints(settings if isinstance(settings, type) else type(settings))
    instance = settings() if isinstance(settings, type) else settings
    for item in fields(instance):
        value = getattr(instance, item.name)
        if is_dataclass(value):
            yield from leaves(value, f"{prefix}{item.name}.")
            continue
        info = {key: item.metadata[key] for key in ("description", "unit", "at_least", "at_most", "choices", "live")}
        kind = getattr(hints[item.name], "__origin__", hints[item.name])
        yield SettingInfo(name=prefix + item.name, kind=kind, default=value, **info)


def override(settings: T, values: Mapping[str, Any], source: str = "settings") -> T:
    """Returns a copy of ``settings`` with dotted or nested ``values`` put in.

    Raises BadSettings, naming ``source`` and the nearest valid key, for a key that does not exist or a value out of range.
    """
    known = {info.name: info for info in leaves(settings)}
    for name, value in _flattened(values, set(known)):
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            raise BadSettings(f"{source}: unknown key {name!r}; did you mean {near[0]!r}? valid: {', '.join(known)}")
        settings = _with_value(settings, name.split("."), known[name].check(value))
    return settings


def load_yaml(settings: T, path: Path) -> T:
    """Returns ``settings`` overridden by the YAML file at ``path`` (safe-loaded, strict)."""
    import yaml

    values = yaml.safe_load(Path(path).read_text()) or {}
    if not isinstance(values, Mapping):
        raise BadSettings(f"{path}: a mapping of settings is needed, {type(values).__name__} was found")
    return override(settings, values, source=str(path))


def as_dict(settings: Any) -> dict[str, Any]:
    """Returns the settings as nested plain values, ready for JSON or YAML."""
    return dataclasses.asdict(settings)


def _flattened(values: Mapping[str, Any], known: set[str], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and name not in known:
            yield from _flattened(value, known, name + ".")
        else:
            yield name, value


def _with_value(settings: Any, path: list[str], value: Any) -> Any:
    head, rest = path[0], path[1:]
    return replace(settings, **{head: _with_value(getattr(settings, head), rest, value) if rest else value})
