"""Text that an agent pays for twice.

What it finds: passages that stand word for word (white space, emphasis and list markers apart), or with other filler
words only, in two files that one agent has in its window together, or twice in one file; whole files that are copies
of or links to one another; files that an agent loads twice. The largest stretch is reported once, and many copies
between the same two files, or of one text in many files, are one finding.

Why it costs: each copy is paid for in every request that holds it, and when only one of them is changed the agent is
told two things.

What to do: remove the copy that no agent needs, which is the later or the deeper one; where different agents need both,
let one file refer to the other if those agents can follow it.

When to ignore it: a skill that must be complete when it is copied elsewhere, or a warning that is repeated on purpose.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.detect.together import Company, Meeting, Together
from ctxkit.model import Span
from ctxkit.model.finding import Confidence, Cut, Finding, Location, Persona, Severity
from ctxkit.text.copies import copies, size
from ctxkit.text.removal import removal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.evidence import Document, Evidence, Limits
    from ctxkit.model import Segment
    from ctxkit.text.copies import Copy
    from ctxkit.text.passages import Passage

ID = "duplicate-text"


class _Side(NamedTuple):
    """One of the two places of a copy: passages of a document, by number."""

    document: Document
    passages: Sequence[Passage]
    numbers: tuple[int, ...]

    @property
    def chosen(self) -> list[Passage]:
        """The passages."""
        return [self.passages[number] for number in self.numbers]

    @property
    def span(self) -> Span:
        """From the first to the last of them."""
        return self.document.span(self.passages[self.numbers[0]].start, self.passages[self.numbers[-1]].end)

    @property
    def line(self) -> int:
        """Where the first of them begins."""
        return self.document.line(self.passages[self.numbers[0]].start)

    @property
    def is_all(self) -> bool:
        """Is it all that the document says, titles apart?"""
        chosen = set(self.numbers)
        return all(number in chosen or each.kind == "heading" for number, each in enumerate(self.passages))


@dataclass(frozen=True)
class _Twice:
    """That ``later`` is a copy of ``earlier``, of so many ``words``.

    ``removable``: every agent that has the later place has the earlier one too. ``exact``: not even filler differs.
    ``is_link``: the two files are one file.
    """

    later: _Side
    earlier: _Side
    words: int
    meeting: Meeting
    removable: bool
    exact: bool
    is_link: bool

    @property
    def key(self) -> str:
        """The words that stand twice."""
        return " ".join(word for each in self.later.chosen for word in each.words)

    @property
    def is_within(self) -> bool:
        """Are both places in one file?"""
        return self.later.document is self.earlier.document


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each stretch that stands twice, or for many of two files; one for each file loaded twice."""
    together = Together(evidence)
    yield from _loaded_twice(evidence, together)
    documents = [evidence.documents[path] for path in together.paths]
    texts = [document.passages for document in documents]
    first: dict[bytes, int] = {}
    for number, document in enumerate(documents):
        first.setdefault(document.data, number)

    def rank(one: int, other: int) -> int | None:
        if one == other and first[documents[one].data] != one:
            return None
        meeting = together.meeting(documents[one].path, documents[other].path)
        return None if meeting is None else int(meeting.company)

    def least(one: int, other: int) -> float:
        return limits["words-within" if one == other else "words"]

    found: dict[tuple[str, str, Persona], list[_Twice]] = defaultdict(list)
    for copy in copies(texts, rank, least):
        twice = _twice(copy, documents, texts, together)
        if twice is not None:
            persona = _persona(twice, together, limits)
            found[twice.later.document.path, twice.earlier.document.path, persona].append(twice)
    spread: dict[tuple[str, str, Persona, bool], list[_Twice]] = defaultdict(list)
    for (_, there, persona), group in found.items():
        if len(group) > limits["each"]:
            yield _finding(group, persona, together)
        else:
            for twice in group:
                spread[twice.key, there, persona, twice.removable].append(twice)
    for (_, _, persona, _), group in spread.items():
        if len(group) > limits["files"]:
            yield _finding(group, persona, together)
        else:
            for twice in group:
                yield _finding([twice], persona, together)


def _loaded_twice(evidence: Evidence, together: Together) -> Iterator[Finding]:
    """Files that one agent has twice in its first request."""
    found: dict[str, list[tuple[str, Segment]]] = defaultdict(list)
    for agent in evidence.agents:
        seen: set[str] = set()
        for segment, document in evidence.at_start(agent):
            if document.path in seen:
                found[document.path].append((agent.context.name, segment))
            seen.add(document.path)
    for path, loads in sorted(found.items()):
        agents = tuple(dict.fromkeys(name for name, _ in loads))
        importers = sorted({segment.via[-1] for _, segment in loads if segment.via})
        needed = [by for by in importers if set(together.agents(by)) - set(agents)]
        way = f"it is imported by {_listed(importers)}" if importers else "it is loaded by itself"
        yield Finding(
            rule=ID,
            severity=Severity.WARNING,
            confidence=Confidence.HIGH,
            message=f"{_listed(agents)} {'have' if len(agents) > 1 else 'has'} {path} twice in every request.",
            tip="Leave only one of the ways that lead to it.",
            at=(Location(path), *(Location(by, note="imports it") for by in importers)),
            key="loaded twice",
            persona=Persona.PEDANTIC if needed else Persona.REGULAR,
            evidence=(
                f"The second time {way}.",
                *(f"{by} is loaded by {_listed(together.agents(by))}." for by in needed),
            ),
            covers=tuple(Location(segment=identity) for identity in sorted({segment.id for _, segment in loads})),
        )


def _twice(
    copy: Copy, documents: Sequence[Document], texts: Sequence[Sequence[Passage]], together: Together
) -> _Twice | None:
    later, earlier = (
        _Side(documents[number], texts[number], tuple(pair[place] for pair in copy.pairs))
        for number, place in ((copy.here, 0), (copy.there, 1))
    )
    removable = together.stands_in_for(earlier.document.path, later.document.path)
    if not removable and together.stands_in_for(later.document.path, earlier.document.path):
        later, earlier, removable = earlier, later, True
    meeting = together.meeting(later.document.path, earlier.document.path)
    if meeting is None:
        return None
    return _Twice(
        later,
        earlier,
        size(later.passages, [(number, number) for number in later.numbers]),
        meeting,
        removable,
        exact=[each.words for each in later.chosen] == [each.words for each in earlier.chosen],
        is_link=later.document is not earlier.document
        and later.document.data == earlier.document.data
        and bool(together.links & {later.document.path, earlier.document.path}),
    )


def _persona(twice: _Twice, together: Together, limits: Limits) -> Persona:
    """Whom it is told: what stands twice in one file is often meant when it is short, or an example."""
    company = twice.meeting.company
    if company is Company.RARE or (company is Company.APART and not twice.removable):
        return Persona.AUDITOR
    if twice.later.is_all and company is Company.START and twice.words >= limits["words-all"]:
        return Persona.REGULAR
    is_code = all(each.kind in ("fence", "heading") for each in twice.later.chosen)
    clear = limits["words-within-clear" if twice.is_within else "words-clear"]
    if company is Company.SURE:
        clear = max(clear, limits["words-later-clear"])
    said = twice.words - sum(len(each.words) for each in twice.later.chosen if _is_of_its_file(each))
    if company is Company.LIKELY or not twice.removable or said < clear:
        return Persona.PEDANTIC
    if twice.is_within and (is_code or together.is_listed(twice.later.document.path)):
        return Persona.PEDANTIC
    return Persona.REGULAR


def _is_of_its_file(passage: Passage) -> bool:
    """Does it speak of the file that it stands in, as introductions do?"""
    return any(one == "this" and other in ("file", "document", "guide") for one, other in pairwise(passage.words))


def _finding(group: Sequence[_Twice], persona: Persona, together: Together) -> Finding:
    first = group[0]
    later, earlier = first.later.document.path, first.earlier.document.path
    is_spread = len({twice.later.document.path for twice in group}) > 1
    exact = all(twice.exact for twice in group)
    if len(group) == 1 or is_spread:
        what = _what(first.later, first.words)
        where = f"line {first.earlier.line}" if first.is_within else f"{earlier}, line {first.earlier.line}"
        where += f"; so it does in {len(group) - 1:,} more places" if is_spread else ""
        key = first.key[:400]
    else:
        what = f"{len(group)} passages of {later} ({sum(twice.words for twice in group):,} words) stand"
        where = "other places of it" if first.is_within else earlier
        key = f"many of {earlier}"
    cuts = tuple(_cuts(group, exact)) if first.removable else ()
    return Finding(
        rule=ID,
        severity=Severity.WARNING if first.meeting.company is Company.START else Severity.NOTE,
        confidence=Confidence.HIGH if exact else Confidence.MEDIUM,
        message=f"{what} {'also' if exact else 'in almost the same words also'} in {where}.",
        tip=_tip(first),
        at=tuple(place for twice in group for place in _places(twice)),
        key=key,
        persona=persona,
        evidence=tuple(_evidence(group, together)),
        covers=() if cuts and not any(twice.is_link for twice in group) else tuple(_covers(group)),
        cuts=cuts,
    )


def _tip(twice: _Twice) -> str:
    if twice.removable:
        return "Remove this copy."
    if twice.later.is_all and not twice.is_link:
        return "Keep one of the two files, or make one a link to the other for agents that load a file once."
    return "Say it in one file that all of these agents load."


def _places(twice: _Twice) -> tuple[Location, Location]:
    return (
        Location(twice.later.document.path, twice.later.span),
        Location(twice.earlier.document.path, twice.earlier.span, note="the same text"),
    )


def _what(side: _Side, words: int) -> str:
    """What stands there, in a few words, with its verb."""
    chosen = side.chosen
    if side.is_all:
        return f"All of {side.document.path} ({words:,} words) stands"
    titles = [each for each in chosen if each.kind == "heading"]
    behind = side.numbers[-1] + 1
    ends = behind == len(side.passages) or side.passages[behind].kind == "heading"
    if titles and chosen[0].kind == "heading" and ends:
        title = " ".join(side.document.text[titles[0].start : titles[0].end].strip("#= \n").split())[:80]
        subject = f'The section "{title}"' if len(titles) == 1 else f"{len(titles)} sections"
        return f"{subject} ({words:,} words) {'stands' if len(titles) == 1 else 'stand'}"
    kinds = {each.kind for each in chosen} - {"heading"}
    kind = {"fence": "code block", "table": "table"}.get(kinds.pop(), "sentence") if len(kinds) == 1 else "passage"
    number = len(chosen) - len(titles)
    return f"A {kind} ({words:,} words) stands" if number == 1 else f"{number} {kind}s ({words:,} words) stand"


def _evidence(group: Sequence[_Twice], together: Together) -> Iterator[str]:
    first = group[0]
    later, earlier = first.later.document.path, first.earlier.document.path
    when = {
        Company.START: "in every request",
        Company.SURE: f"once {later} is loaded",
        Company.LIKELY: "in the sessions that need both",
        Company.APART: "in the sessions that work in both places",
        Company.RARE: "in the sessions that use both",
    }[first.meeting.company]
    yield f"Paid twice {when} by {_listed(first.meeting.agents)}."
    if first.is_link:
        yield "One is a symbolic link to the other, or both lead to one file."
    if not first.removable:
        for path in (earlier, later):
            yield f"{path} is loaded by {_listed(together.agents(path))}."
    for twice in group[:12]:
        pairs = zip(twice.later.chosen, twice.earlier.chosen, strict=True)
        pair = next((pair for pair in pairs if pair[0].words != pair[1].words), None)
        yield _quoted(twice.later, twice.later.chosen[0] if pair is None else pair[0])
        if pair is not None:
            yield _quoted(twice.earlier, pair[1])


def _quoted(side: _Side, passage: Passage) -> str:
    text = " ".join(side.document.text[passage.start : passage.end].split())
    return (
        f"{side.document.path}, line {side.document.line(passage.start)}: {text[:160]}{'…' if len(text) > 160 else ''}"
    )


def _covers(group: Sequence[_Twice]) -> Iterator[Location]:
    """What the agents that have both need once."""
    for twice in group:
        path = twice.later.document.path
        span = None if twice.later.is_all else twice.later.span
        if twice.removable:
            yield Location(path, span)
        else:
            for agent in twice.meeting.ids:
                yield Location(path, span, agent=agent)


def _cuts(group: Sequence[_Twice], exact: bool) -> Iterator[Cut]:
    by_path: dict[str, list[_Twice]] = defaultdict(list)
    for twice in group:
        if not twice.is_link:
            by_path[twice.later.document.path].append(twice)
    for path, some in by_path.items():
        document, earlier = some[0].later.document, some[0].earlier
        if not some[0].is_within and document.data == earlier.document.data:
            yield Cut(path, Span(0, len(document.data)), ID, f"a copy of {earlier.document.path}", safe=True)
            continue
        reason = f"stands in {earlier.document.path}" + (f", line {earlier.line}" if len(some) == 1 else "")
        numbers = {number for twice in some for number in twice.later.numbers}
        for start, end, is_whole in removal(document.text, some[0].later.passages, numbers):
            yield Cut(path, document.span(start, end), ID, reason, safe=exact and is_whole)


def _listed(names: Sequence[str]) -> str:
    if len(names) > 3:
        return f"{len(names)} agents"
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])
