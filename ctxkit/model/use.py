"""What recorded sessions say about the use of what is in a window."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ctxkit.model.context import Segment


@dataclass(frozen=True, slots=True)
class Use:
    """What the sessions that were read say about one segment.

    ``seen``: in how many of them it was used: a tool called, a skill loaded, a command, path or name of a rule met in
    a call. ``looked_for``: how many such signs it has; 0 means that nothing could tell. ``found``: some of those met.
    ``carried``: its tokens times the requests that it was in. ``paid``: US dollars of input that this is at the
    sessions' own prices; None where they have none.
    """

    seen: int
    looked_for: int
    found: tuple[str, ...] = ()
    carried: int = 0
    paid: float | None = None

    @property
    def unused(self) -> bool:
        """Was there something to look for, and none of it met?"""
        return self.looked_for > 0 and self.seen == 0


@dataclass(frozen=True, slots=True)
class AgentUse:
    """The use of one agent's segments: ``by_id`` of the segment. ``sessions``: read; ``requests``: sent in them.

    ``parts``: the paragraphs, list items and fences of rule sections, by the id of the section; their use stands in
    ``by_id`` too.
    """

    sessions: int
    requests: int
    by_id: Mapping[str, Use] = field(default_factory=dict)
    parts: Mapping[str, tuple[Segment, ...]] = field(default_factory=dict)
