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

from bisect import bisect_right
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from ctxkit.detect.copied import Side, Twice, is_never_met, twice_of
from ctxkit.detect.together import Company, Together
from ctxkit.model import Span
from ctxkit.model.finding import Confidence, Cut, Finding, Location, Persona, Severity
from ctxkit.text.copies import copies, size
from ctxkit.text.removal import whole_removal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.evidence import Evidence, Limits
    from ctxkit.model import Segment
    from ctxkit.text.passages import Passage

ID = "duplicate-text"


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

    found: dict[tuple[str, str, Persona], list[Twice]] = defaultdict(list)
    for copy in copies(texts, rank, least):
        twice = twice_of(copy, documents, texts, together)
        if twice is not None and not is_never_met(twice, evidence):
            persona = _persona(twice, together, limits, evidence)
            found[twice.later.document.path, twice.earlier.document.path, persona].append(twice)
    spread: dict[tuple[str, str, Persona, bool], list[Twice]] = defaultdict(list)
    _join_near_identical(found, limits["share"])
    for (_, there, persona), group in found.items():
        if len(group) > limits["each"] or (len(group) > 1 and _share(group) >= limits["share"]):
            yield _finding(group, _persona_of_many(group, persona, limits), together)
        else:
            for twice in group:
                spread[twice.key, there, persona, twice.removable].append(twice)
    for (_, _, persona, _), group in spread.items():
        if len(group) > limits["files"]:
            yield _finding(group, persona, together)
        else:
            for twice in group:
                yield _finding([twice], persona, together)


def _share(group: Sequence[Twice]) -> float:
    """How much of the smaller file stands in the other."""
    both = (group[0].later, group[0].earlier)
    return sum(twice.words for twice in group) / max(1, min(_said(side) for side in both))


def _said(side: Side) -> int:
    return size(side.passages, [(number, number) for number in range(len(side.passages))])


def _join_near_identical(found: dict[tuple[str, str, Persona], list[Twice]], share: float) -> None:
    """Puts what two files share under one persona where it is so much of the smaller one."""
    for later, earlier in dict.fromkeys(key[:2] for key in found):
        keys = [(later, earlier, persona) for persona in Persona if (later, earlier, persona) in found]
        group = [twice for key in keys for twice in found[key]]
        if later != earlier and len(keys) > 1 and _share(group) >= share:
            for key in keys[1:]:
                del found[key]
            found[keys[0]] = group


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


def _persona(twice: Twice, together: Together, limits: Limits, evidence: Evidence) -> Persona:
    """Whom it is told: what stands twice in one file is often meant when it is short, or an example."""
    company = twice.meeting.company
    if company is Company.RARE or (company is Company.APART and not twice.removable):
        return Persona.AUDITOR
    if twice.later.is_all and company is Company.START and twice.words >= limits["words-all"]:
        return Persona.REGULAR
    is_code = all(each.kind in ("fence", "heading") for each in twice.later.chosen)
    clear = limits["words-within-clear" if twice.is_within else "words-whole"]
    if company is Company.SURE:
        clear = max(clear, limits["words-later-clear"])
    if twice.is_digest or not _is_worth_it(twice, limits, evidence):
        return Persona.PEDANTIC
    said = twice.words - sum(len(each.words) for each in twice.later.chosen if _is_of_its_file(each))
    if company is Company.LIKELY or not twice.removable or said < clear:
        return Persona.PEDANTIC
    if twice.is_within and (is_code or together.is_listed(twice.later.document.path)):
        return Persona.PEDANTIC
    return Persona.REGULAR


def _persona_of_many(group: Sequence[Twice], persona: Persona, limits: Limits) -> Persona:
    """Whom many copies are told: items that are each too short are much together."""
    whole = [twice for twice in group if twice.removable and twice.later.is_whole and not twice.is_digest]
    at_start = all(twice.meeting.company is Company.START and not twice.is_within for twice in group)
    if persona is Persona.PEDANTIC and at_start and sum(twice.words for twice in whole) >= limits["words-all"]:
        return Persona.REGULAR
    return persona


def _is_worth_it(twice: Twice, limits: Limits, evidence: Evidence) -> bool:
    """Is it long enough, and no mere fragments of paragraphs that say the rest in another way?"""
    if not twice.later.is_whole:
        return twice.words >= limits["words-fragments"]
    if not limits["words-whole"] <= twice.words < limits["words-clear"]:
        return twice.words >= limits["words-clear"]
    return sum(evidence.count(twice.later.document.words(twice.later.span), [0])) >= limits["tokens-whole"]


def _is_of_its_file(passage: Passage) -> bool:
    """Does it speak of the file that it stands in, as introductions do?"""
    return any(one == "this" and other in ("file", "document", "guide") for one, other in pairwise(passage.words))


def _finding(group: Sequence[Twice], persona: Persona, together: Together) -> Finding:
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
    cuts = tuple(_cuts([twice for twice in group if twice.removable and not twice.is_digest], exact))
    taken = sorted((cut.path, cut.span.start, cut.span.end) for cut in cuts)
    return Finding(
        rule=ID,
        severity=Severity.WARNING if first.meeting.company is Company.START else Severity.NOTE,
        confidence=Confidence.HIGH if exact else Confidence.MEDIUM,
        message=f"{what} {'also' if exact else 'in almost the same words also'} in {where}.",
        tip=_tip(first, bool(cuts)),
        at=tuple(place for twice in group for place in _places(twice, taken)),
        key=key,
        persona=persona,
        evidence=tuple(_evidence(group, together, taken)),
        covers=() if cuts and not any(twice.is_link for twice in group) else tuple(_covers(group)),
        cuts=cuts,
    )


def _tip(twice: Twice, has_cuts: bool) -> str:
    if twice.removable and (has_cuts or twice.is_link):
        return "Remove this copy."
    if twice.removable:
        return "Decide which of the two places is to say it, and take it out of the other by hand."
    if twice.later.is_all and not twice.is_link:
        return "Keep one of the two files, or make one a link to the other for agents that load a file once."
    return "Say it in one file that all of these agents load."


def _begin(twice: Twice, taken: Sequence[tuple[str, int, int]]) -> int:
    """The passage that the later place begins with: the first of the headings above that are ``taken`` out with it."""
    side, number = twice.later, twice.later.begin
    at = bisect_right(taken, (side.document.path, side.span.start, 0)) - 1
    if at < 0 or taken[at][0] != side.document.path or taken[at][2] <= side.span.start:
        return number
    while number and side.passages[number - 1].kind == "heading":
        first = side.passages[number - 1].start
        if side.document.span(first, first).start < taken[at][1]:
            break
        number -= 1
    return number


def _places(twice: Twice, taken: Sequence[tuple[str, int, int]]) -> tuple[Location, Location]:
    side = twice.later
    return (
        Location(
            side.document.path,
            side.document.span(side.passages[_begin(twice, taken)].start, side.passages[side.numbers[-1]].end),
        ),
        Location(twice.earlier.document.path, twice.earlier.span, note="the same text"),
    )


def _what(side: Side, words: int) -> str:
    """What stands there, in a few words, with its verb."""
    chosen = side.chosen
    if side.is_all:
        return f"All of {side.document.path} ({words:,} words) stands"
    titles = [each for each in chosen if each.kind == "heading"]
    if titles and side.is_section:
        title = " ".join(side.document.text[titles[0].start : titles[0].end].strip("#= \n").split())[:80]
        subject = f'The section "{title}"' if len(titles) == 1 else f"{len(titles)} sections"
        return f"{subject} ({words:,} words) {'stands' if len(titles) == 1 else 'stand'}"
    kinds = {each.kind for each in chosen} - {"heading"}
    kind = {"fence": "code block", "table": "table"}.get(kinds.pop(), "sentence") if len(kinds) == 1 else "passage"
    number = len(chosen) - len(titles)
    if kind == "sentence" and all(each.depth >= 0 for each in chosen if each.kind != "heading"):
        items = len({each.block for each in chosen if each.kind != "heading"})
        if items > 1 or (number > 1 and side.is_whole):
            kind, number = "list item", items
    return f"A {kind} ({words:,} words) stands" if number == 1 else f"{number} {kind}s ({words:,} words) stand"


def _evidence(group: Sequence[Twice], together: Together, taken: Sequence[tuple[str, int, int]]) -> Iterator[str]:
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
        yield _quoted(twice.later, twice.later.passages[_begin(twice, taken)] if pair is None else pair[0])
        if pair is not None:
            yield _quoted(twice.earlier, pair[1])


def _quoted(side: Side, passage: Passage) -> str:
    text = " ".join(side.document.text[passage.start : passage.end].split())
    return (
        f"{side.document.path}, line {side.document.line(passage.start)}: {text[:160]}{'…' if len(text) > 160 else ''}"
    )


def _covers(group: Sequence[Twice]) -> Iterator[Location]:
    """What the agents that have both need once."""
    for twice in group:
        path = twice.later.document.path
        span = None if twice.later.is_all else twice.later.span
        if twice.removable:
            yield Location(path, span)
        else:
            for agent in twice.meeting.ids:
                yield Location(path, span, agent=agent)


def _cuts(group: Sequence[Twice], exact: bool) -> Iterator[Cut]:
    by_path: dict[str, list[Twice]] = defaultdict(list)
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
        for start, end in whole_removal(document.text, some[0].later.passages, numbers):
            yield Cut(path, document.span(start, end), ID, reason, safe=exact)


def _listed(names: Sequence[str]) -> str:
    if len(names) > 3:
        return f"{len(names)} agents"
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])
