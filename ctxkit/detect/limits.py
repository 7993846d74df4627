"""The thresholds of detectors: those that ship, changed by what a configuration says."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from ctxkit.data import data_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ctxkit.evidence import Limits


class Limit(Struct, frozen=True, forbid_unknown_fields=True):
    """One threshold. ``unit``: tokens, bytes, lines, share …; ``meaning``: a sentence; ``source``: who measured it."""

    value: float
    unit: str
    meaning: str
    source: str = "our own choice"


class DetectorData(Struct, frozen=True, forbid_unknown_fields=True):
    """``rules/detectors.yaml``."""

    date: str
    anchors: dict[str, float]
    limits: dict[str, dict[str, Limit]]


@cache
def detector_data() -> DetectorData:
    """The shipped thresholds. Raises ConfigError when the file does not have this form."""
    from ctxkit.text.datafile import load_yaml_cached

    return load_yaml_cached(data_file("detectors.yaml"), DetectorData)


def limits_of(identity: str, changed: Mapping[str, float] | None = None) -> Limits:
    """The thresholds of the detector ``identity``; ``changed``: by a configuration."""
    shipped = detector_data().limits.get(identity, {})
    return {name: limit.value for name, limit in shipped.items()} | dict(changed or {})
