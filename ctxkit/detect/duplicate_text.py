"""Text that an agent pays for twice.

What it finds: passages that stand word for word (white space, emphasis and list markers apart), or with other filler
words only, in two files that one agent has in its window together, or twice in one file; whole files that are copies
of or links to one another; files that an agent loads twice. The largest stretch is reported once.

Why it costs: each copy is paid for in every request that holds it, and when only one of them is changed the agent is
told two things.

What to do: remove the copy that no agent needs, which is the later or the deeper one; where different agents need both,
let one file refer to the other if those agents can follow it.

When to ignore it: a skill that must be complete when it is copied elsewhere, or a warning that is repeated on purpose.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.detect.together import Company, Together
from ctxkit.model import Span
from ctxkit.model.finding import Confidence, Cut, Finding, Location, Persona, Severity
from ctxkit.text.copies import copies, size
from ctxkit.text.passages import passages
from ctxkit.text.removal import removal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.detect.together import Meeting
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
    def span(self) -> Span:
        """From the first to the last of them."""
        return self.document.span(self.passages[self.numbers[0]].start, self.passages[self.numbers[-1]].end)

    @property
    def is_all(self) -> bool:
        """Is it all that the document says, titles apart?"""
        chosen = set(self.numbers)
        return all(number in chosen or each.kind == "heading" for number, each in enumerate(self.passages))


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each stretch that stands twice, and for each file that an agent loads twice."""
    together = Together(evidence)
    yield from _loaded_twice(evidence, together)
    documents = [evidence.documents[path] for path in together.paths]
    texts = [passages(document.text, document.parts, document.outline) for document in documents]
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

    for copy in copies(texts, rank, least):
        yield _finding(copy, documents, texts, together, limits)


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
                f"The second time {'it is imported by ' + _listed(importers) if importers else 'it is loaded by itself'}.",
                *(f"{by} is loaded by {_listed(together.agents(by))}." for by in needed),
            ),
            covers=tuple(Location(segment=identity) for identity in sorted({segment.id for _, segment in loads})),
        )


def _finding(
    copy: Copy,
    documents: Sequence[Document],
    texts: Sequence[Sequence[Passage]],
    together: Together,
    limits: Limits,
) -> Finding:
    later, earlier = (
        _Side(documents[number], texts[number], tuple(pair[place] for pair in copy.pairs))
        for number, place in ((copy.here, 0), (copy.there, 1))
    )
    removable = together.stands_in_for(earlier.document.path, later.document.path)
    if not removable and together.stands_in_for(later.document.path, earlier.document.path):
        later, earlier, removable = earlier, later, True
    meeting = together.meeting(later.document.path, earlier.document.path)
    assert meeting is not None
    words = size(later.passages, [(number, number) for number in later.numbers])
    exact = [each.words for each in _chosen(later)] == [each.words for each in _chosen(earlier)]
    within = later.document is earlier.document
    is_link = not within and later.document.data == earlier.document.data and later.document.path in together.links
    where = f"line {_line(earlier)}" if within else f"{earlier.document.path}, line {_line(earlier)}"
    return Finding(
        rule=ID,
        severity=Severity.WARNING if meeting.company is Company.START else Severity.NOTE,
        confidence=Confidence.HIGH if exact else Confidence.MEDIUM,
        message=f"{_what(later, words)} {'also' if exact else 'in almost the same words also'} in {where}.",
        tip="Remove this copy." if removable else "Say it in one file that all of these agents load.",
        at=(
            Location(later.document.path, later.span),
            Location(earlier.document.path, earlier.span, note="the same text"),
        ),
        key=" ".join(word for each in _chosen(later) for word in each.words)[:400],
        persona=_persona(later, words, within, removable, meeting, limits),
        evidence=tuple(_evidence(later, earlier, meeting, together, removable, exact)),
        covers=(Location(later.document.path),) if removable and is_link else (),
        cuts=tuple(_cuts(later, earlier, exact)) if removable and not is_link else (),
    )


def _chosen(side: _Side) -> list[Passage]:
    return [side.passages[number] for number in side.numbers]


def _line(side: _Side) -> int:
    return side.document.line(side.passages[side.numbers[0]].start)


def _what(side: _Side, words: int) -> str:
    """What stands there, in a few words, with its verb."""
    chosen = _chosen(side)
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


def _persona(side: _Side, words: int, within: bool, removable: bool, meeting: Meeting, limits: Limits) -> Persona:
    """Whom it is told: what stands twice in one file is often meant when it is short, or an example."""
    if meeting.company is Company.RARE:
        return Persona.AUDITOR
    is_code = all(each.kind in ("fence", "heading") for each in _chosen(side))
    clear = limits["words-within-clear" if within else "words-clear"]
    if meeting.company is Company.LIKELY or not removable or words < clear or (within and is_code):
        return Persona.PEDANTIC
    return Persona.REGULAR


def _evidence(
    later: _Side, earlier: _Side, meeting: Meeting, together: Together, removable: bool, exact: bool
) -> Iterator[str]:
    when = {
        Company.START: "in every request",
        Company.SURE: f"once {later.document.path} is loaded",
        Company.LIKELY: "in the sessions that need both",
        Company.RARE: "in the sessions that use both",
    }[meeting.company]
    yield f"Paid twice {when} by {_listed(meeting.agents)}."
    if later.document.path in together.links or earlier.document.path in together.links:
        yield "One is a symbolic link to the other, or both lead to one file."
    if not removable:
        for side in (earlier, later):
            yield f"{side.document.path} is loaded by {_listed(together.agents(side.document.path))}."
    pair = next(
        (pair for pair in zip(_chosen(later), _chosen(earlier), strict=True) if pair[0].words != pair[1].words), None
    )
    shown = [(later, pair[0]), (earlier, pair[1])] if pair is not None and not exact else [(later, _chosen(later)[0])]
    for side, passage in shown:
        text = " ".join(side.document.text[passage.start : passage.end].split())
        yield f"{side.document.path}: {text[:160]}{'…' if len(text) > 160 else ''}"


def _cuts(later: _Side, earlier: _Side, exact: bool) -> Iterator[Cut]:
    document = later.document
    if document is not earlier.document and document.data == earlier.document.data:
        yield Cut(document.path, Span(0, len(document.data)), ID, f"a copy of {earlier.document.path}", safe=True)
        return
    stretches, alone = removal(document.text, later.passages, later.numbers)
    for start, end in stretches:
        reason = f"stands in {earlier.document.path}, line {_line(earlier)}"
        yield Cut(document.path, document.span(start, end), ID, reason, safe=exact and alone)


def _listed(names: Sequence[str]) -> str:
    if len(names) > 3:
        return f"{len(names)} agents"
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])
