"""Ids of segments: one of its own for each, and the same from run to run while the file does not change."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from ctxkit.model import Category

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ctxkit.model import Segment


def rule_id(path: str, text: str, part: str = "") -> str:
    """The id of what comes from the file ``path`` with this ``text``: ``rules:path#part@digest``.

    ``part``: the headings that lead to a section, or the name of an entry, where the file holds several.
    """
    return f"{Category.RULES}:{path}" + (f"#{part}" if part else "") + (f"@{_digest(text)}" if text else "")


def with_distinct_ids(segments: Iterable[Segment]) -> list[Segment]:
    """``segments`` with ``~2``, ``~3`` … behind an id that an earlier one has, those of children included."""
    seen: set[str] = set()
    return [_distinct(segment, seen) for segment in segments]


def _distinct(segment: Segment, seen: set[str]) -> Segment:
    own, n = segment.id, 1
    while own in seen:
        n += 1
        own = f"{segment.id}~{n}"
    seen.add(own)
    children = tuple(_distinct(child, seen) for child in segment.children)
    if n > 1 or any(new is not old for new, old in zip(children, segment.children, strict=True)):
        return replace(segment, id=own, children=children)
    return segment


def _digest(text: str) -> str:
    return hashlib.sha1(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()[:8]
