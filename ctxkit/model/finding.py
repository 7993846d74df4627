"""What a detector says, and what it would take out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from ctxkit.model.context import Span  # noqa: TC001 - msgspec reads the annotations
from ctxkit.model.tokens import Tokens  # noqa: TC001 - msgspec reads the annotations


class Severity(StrEnum):
    """How bad it is if it is true."""

    ERROR = "error"
    """It leaks something, or makes an agent do the wrong thing."""
    WARNING = "warning"
    """It misleads an agent now and then, or costs tokens in every request."""
    NOTE = "note"
    """It could be tidier."""

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


class Confidence(StrEnum):
    """How sure it is that it is true."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def weight(self) -> float:
        """What a token counts in the score that is found with this confidence; our own choice."""
        return {"high": 0.95, "medium": 0.8, "low": 0.5}[self.value]


class Persona(StrEnum):
    """Who wants to see it."""

    REGULAR = "regular"
    """Everybody: a maintainer would act on it."""
    PEDANTIC = "pedantic"
    """Whoever tidies up: true, and often left as it is with reason."""
    AUDITOR = "auditor"
    """Whoever looks for everything, false alarms included."""

    def includes(self, other: Persona) -> bool:
        """Does somebody who is this persona see what is meant for ``other``?"""
        order = list(Persona)
        return order.index(other) <= order.index(self)


@dataclass(frozen=True, slots=True)
class Region:
    """Where a span lies, in lines and columns (characters), all from 1; the end column is behind the last character."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Location:
    """A place: ``span`` of the file ``path`` (None: all of it), or the segment ``segment`` of what has no file.

    ``path`` as in :class:`~ctxkit.model.Segment`. ``note``: in a few words, what is there. ``region``: the lines of the
    span; detectors leave it empty. ``agent``: the only agent (its id) in whose window it is meant; empty: any.
    """

    path: str | None = None
    span: Span | None = None
    segment: str = ""
    note: str = ""
    region: Region | None = None
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """A byte span of ``path`` to remove, by which detector, and why. ``safe``: nothing but repetition goes."""

    path: str
    span: Span
    by: str
    reason: str
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Waste:
    """Tokens of one agent: ``start`` in every request from the first, ``later`` once what is meant is loaded."""

    agent: str
    start: Tokens
    later: Tokens


@dataclass(frozen=True, slots=True)
class Finding:
    """What a detector found.

    ``rule``: the detector's id. ``at``: where; the first place is the one to go to, the others are part of the
    evidence. ``message``: one sentence, what is the case. ``tip``: one sentence, what to do. ``evidence``: facts that
    show it, a line each. ``covers``: what of the windows is not needed (empty: what ``cuts`` take out). ``cuts`` only
    where removal alone mends it. ``key``: what stays the same when lines move, for baselines; with ``rule`` and path it
    names the finding. ``wasted``: of every agent that loads ``covers``; detectors leave it empty.
    """

    rule: str
    severity: Severity
    confidence: Confidence
    message: str
    tip: str
    at: tuple[Location, ...]
    key: str
    persona: Persona = Persona.REGULAR
    evidence: tuple[str, ...] = ()
    covers: tuple[Location, ...] = ()
    cuts: tuple[Cut, ...] = ()
    wasted: tuple[Waste, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that name the finding wherever it moves within its file."""
        place = self.at[0].path or self.at[0].segment if self.at else ""
        text = "\0".join((self.rule, place, " ".join(self.key.split())))
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]

    @property
    def unneeded(self) -> tuple[Location, ...]:
        """What of the windows it says is not needed."""
        return self.covers or tuple(Location(cut.path, cut.span) for cut in self.cuts)

    @property
    def start_tokens(self) -> int:
        """Tokens in every request of the agent that wastes most."""
        return max((waste.start.n for waste in self.wasted), default=0)

    @property
    def later_tokens(self) -> int:
        """Tokens once it is loaded, of the agent that wastes most."""
        return max((waste.later.n for waste in self.wasted), default=0)


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that somebody asked not to see: ``by`` (``comment``, ``configuration`` or ``baseline``) and why."""

    finding: Finding
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """All that the detectors said, worst first.

    ``shown``: to be acted on. ``suppressed``: not shown, and by whose wish. ``hidden``: meant for other personas.
    ``expired``: comments and settings whose date has passed, as sentences. ``wasted``: of each agent, what all of
    ``shown`` together say is not needed, no token twice; ``removable``: as much of that as their cuts take out.
    """

    shown: tuple[Finding, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    hidden: tuple[Finding, ...] = ()
    expired: tuple[str, ...] = ()
    wasted: tuple[Waste, ...] = ()
    removable: tuple[Waste, ...] = ()


NO_FINDINGS = Findings()
