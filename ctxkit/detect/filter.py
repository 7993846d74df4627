"""What of the findings is shown: the one place where comments, configuration, baseline and persona have their say."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ctxkit.baseline import accepted
from ctxkit.detect import DETECTORS
from ctxkit.model.finding import Findings, Suppressed
from ctxkit.text.conform import nearest
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ctxkit.config import Suppression
    from ctxkit.evidence import Document
    from ctxkit.model.check import BaselineEntry
    from ctxkit.model.finding import Finding, Location, Persona

    Matches = Callable[[str], bool]

_ASK = r"ctxkit:[ \t]*(ignore|ignore-file)[ \t]*\[([^\]\n]{0,500})\]"
_COMMENT = on_demand(rf"<!--\s*{_ASK}([\s\S]{{0,1000}}?)-->")
_LINE = on_demand(rf"(?m)^[^\n#]{{0,1000}}#[ \t]*{_ASK}([^\n]{{0,1000}})$")
_UNTIL = on_demand(r"(?:^|[\s,;])until[ \t]+(\S{1,40})\s*$")
_DATE = on_demand(r"\d{4}-\d{2}-\d{2}")
_HASH_FILES = (".toml", ".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Policy:
    """What decides which findings are shown.

    ``today``: the day (``2027-01-31``) that dates are held against. ``config``: how messages call the configuration.
    """

    persona: Persona
    today: str
    suppress: Sequence[Suppression] = ()
    baseline: Sequence[BaselineEntry] = ()
    config: str = "the configuration"


@dataclass(frozen=True, slots=True)
class _Wish:
    """A comment that counts. It speaks of findings that start from ``start`` to ``end`` (characters), or of all."""

    rules: frozenset[str]
    reason: str
    start: int
    end: int
    whole_file: bool


def filtered(found: Sequence[Finding], documents: Mapping[str, Document], policy: Policy) -> Findings:
    """``found`` divided into what is shown, suppressed and hidden, in the same order.

    ``documents``: the texts that may hold comments. A comment stands in the part that it speaks of or before it, gives
    a reason, and may end on a day; one that does not count is told in ``expired``.
    """
    wishes: dict[str, list[_Wish]] = {}
    told: list[str] = []
    for path in sorted(documents):
        wishes[path] = _wishes(documents[path], policy.today, told)
    rules = list(_rules(policy, told))
    shown: list[Finding] = []
    suppressed: dict[int, Suppressed] = {}
    for at, finding in enumerate(found):
        reason = _commented(finding, wishes, documents)
        if reason is not None:
            suppressed[at] = Suppressed(finding, "comment", reason)
            continue
        reason = next((s.reason for s, matches in rules if s.rule == finding.rule and _is_at(finding, matches)), None)
        if reason is not None:
            suppressed[at] = Suppressed(finding, "configuration", reason)
    left = [at for at in range(len(found)) if at not in suppressed]
    for place in accepted([found[at] for at in left], policy.baseline):
        suppressed[left[place]] = Suppressed(found[left[place]], "baseline")
    hidden: list[Finding] = []
    for at in left:
        if at not in suppressed:
            (shown if policy.persona.includes(found[at].persona) else hidden).append(found[at])
    return Findings(tuple(shown), tuple(suppressed[at] for at in sorted(suppressed)), tuple(hidden), tuple(told))


def _rules(policy: Policy, told: list[str]) -> Iterator[tuple[Suppression, Matches]]:
    """The wishes of the configuration that count today."""
    from ctxkit.agents.globs import matcher
    from ctxkit.agents.spec_parts import GlobDialect

    for suppression in policy.suppress:
        until = suppression.until.isoformat() if suppression.until is not None else ""
        if until and until < policy.today:
            what = f"{suppression.rule} in {suppression.path}"
            told.append(f"{policy.config}: suppress: {what} was let pass until {until}, which is over.")
        else:
            yield suppression, matcher([suppression.path], GlobDialect(style="gitignore"))


def _is_at(finding: Finding, matches: Matches) -> bool:
    place = finding.at[0] if finding.at else None
    return matches((place.path or "") if place is not None else "")


def _commented(
    finding: Finding, wishes: Mapping[str, Sequence[_Wish]], documents: Mapping[str, Document]
) -> str | None:
    """The reason that a comment at one of the places of ``finding`` gives for letting it pass; None without one."""
    for place in finding.at:
        for wish in wishes.get(place.path or "", ()):
            if finding.rule not in wish.rules:
                continue
            if wish.whole_file or _starts_in(place, wish, documents[place.path or ""]):
                return wish.reason
    return None


def _starts_in(place: Location, wish: _Wish, document: Document) -> bool:
    return place.span is not None and wish.start <= document.characters(place.span)[0] < wish.end


def _wishes(document: Document, today: str, told: list[str]) -> list[_Wish]:
    """The comments in ``document`` that count today; what is wrong with the others goes into ``told``."""
    if b"ctxkit:" not in document.data:
        return []
    found = []
    for match, start, end in _comments(document):
        place = f"{document.path}:{document.line(match.start())}"
        rules = frozenset(filter(None, (name.strip() for name in match[2].split(","))))
        reason = " ".join(match[3].split()).strip(" ,;:-")
        until = _UNTIL().search(f" {reason}")
        if until is not None:
            reason = f" {reason}"[: until.start()].strip(" ,;:-")
        wrong = _fault(rules, reason, until[1] if until else "", today)
        if wrong:
            told.append(f"{place}: {wrong}")
        if not wrong.endswith(_COUNTS_NOT):
            found.append(_Wish(rules, reason, start, end, match[1] == "ignore-file"))
    return found


_COUNTS_NOT = "does not count."


def _fault(rules: frozenset[str], reason: str, until: str, today: str) -> str:
    """What is wrong with a comment, as a sentence; it counts all the same unless the sentence says otherwise."""
    if not rules:
        return f"the comment names no rule, as in ignore[stale-reference]; it {_COUNTS_NOT}"
    if not reason:
        return f"the comment gives no reason behind the bracket; it {_COUNTS_NOT}"
    if until and not _DATE().fullmatch(until):
        return f"{until!r} is no date, write until 2027-01-31; the comment {_COUNTS_NOT}"
    if until and until < today:
        return f"the comment was to let {', '.join(sorted(rules))} pass until {until}, which is over; it {_COUNTS_NOT}"
    unknown = sorted(rules - set(DETECTORS))
    if unknown:
        hint = nearest(unknown[0], DETECTORS)
        return f"no detector is called {unknown[0]!r}; {hint}."
    return ""


def _comments(document: Document) -> Iterator[tuple[re.Match[str], int, int]]:
    """Each comment that speaks to ctxkit, with the characters from and to which it counts."""
    text = document.text
    if document.path.endswith(_HASH_FILES):
        for match in _LINE().finditer(text):
            after = text.find("\n", match.end() + 1)
            yield match, match.start(), after if after >= 0 else len(text)
        return
    parts = document.parts
    starts = [part.start for part in parts]
    for region in document.outline.of("html-comment", "inline-comment", "frontmatter"):
        frontmatter = region.kind == "frontmatter"
        for match in (_LINE if frontmatter else _COMMENT)().finditer(text, region.start, region.end):
            at = last = bisect_right(starts, match.start()) - 1
            while parts[last].kind == "comment" and last + 1 < len(parts):
                last += 1
            yield match, parts[at].start, parts[last].end
