"""Detectors: one file each, a pure function from the evidence to findings.

A detector is a module with ``ID`` (its name, with dashes), a docstring (one line, then *What it finds*, *Why it costs*,
*What to do*, *When to ignore it*) and ``detect``. Its thresholds stand under its id in ``rules/detectors.yaml``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.evidence import Evidence, Limits
    from ctxkit.model.finding import Finding


class Detector(Protocol):
    """What the module of a detector has."""

    ID: str

    def detect(self, evidence: Evidence, limits: Limits) -> Iterator[Finding]:
        """What it finds in ``evidence``, without :attr:`Finding.wasted`."""
        ...


DETECTORS = (
    "broken-import",
    "buried-rule",
    "contradiction",
    "dead-rule",
    "drifted-copy",
    "duplicate-text",
    "duplicate-tool",
    "enforced-rule",
    "exposed-files",
    "invisible-text",
    "known-anyway",
    "long-listing",
    "oversized-tool",
    "schema-noise",
    "scopeable-section",
    "secret-in-context",
    "stale-command",
    "stale-path",
    "unloaded-rules",
    "unread-ignore-file",
    "unused-tool",
)  # fmt: skip
"""The ids of all detectors, in alphabetical order; the module of each is named as it is, with underscores."""


def detector(identity: str) -> Detector:
    """The detector of this id."""
    return cast("Detector", import_module(f"ctxkit.detect.{identity.replace('-', '_')}"))
