"""Which facts hold for a version."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctxkit.agents.spec import Part


def key(version: str) -> tuple[int, ...]:
    """The numbers of a version, for comparing: ``2.1.277`` → (2, 1, 277)."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:6])


def applies(part: Part, version: str) -> bool:
    """Does a fact hold for ``version``: from ``since`` on, and before ``before``?"""
    if part.since is not None and key(version) < key(part.since):
        return False
    return part.before is None or key(version) < key(part.before)
