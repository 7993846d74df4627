"""Several recorded sessions side by side."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctxkit.model import Skipped
    from ctxkit.sources.history.reader import Peek
    from ctxkit.sources.session.overview import Overview

_ID = 8


@dataclass(frozen=True, slots=True)
class Listed:
    """One session of a list. ``overview`` is None where it was not read whole, ``problem`` says why it could not be."""

    agent: str
    format: str
    peek: Peek
    overview: Overview | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """Several sessions: those held in ``root``, or those in the transcript ``root``, newest first.

    ``here``: the beginning of an id names one of them, without more.
    """

    root: str
    sessions: tuple[Listed, ...]
    skipped: tuple[Skipped, ...] = ()
    here: bool = False


def short_ids(ids: Sequence[str]) -> dict[str, str]:
    """Each of ``ids`` → so much of its beginning, eight characters at least, that no other begins alike."""
    ordered = sorted(set(ids))
    needed = dict.fromkeys(ordered, _ID)
    for one, other in pairwise(ordered):
        alike = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one)) + 1
        needed[one], needed[other] = max(needed[one], alike), max(needed[other], alike)
    return {identity: identity[:length] for identity, length in needed.items()}
