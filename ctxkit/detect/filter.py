"""What of the findings is shown: the one place where comments, configuration, baseline and persona have their say."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.baseline import accepted
from ctxkit.detect import DETECTORS
from ctxkit.detect.run import order
from ctxkit.model.finding import Findings, Suppressed
from ctxkit.text.conform import nearest
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ctxkit.config import Detector, Ignore
    from ctxkit.evidence import Document
    from ctxkit.model.check import BaselineEntry
    from ctxkit.model.finding import Finding, Persona

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

    ``today``: the day (``2027-01-31``) that dates are held against. ``detectors``, ``ignore``: of the configuration,
    which messages call ``config``; its patterns start where the root has the path ``prefix``.
    """

    persona: Persona
    today: str
    detectors: Mapping[str, Detector] = field(default_factory=dict)
    ignore: Sequence[Ignore] = ()
    baseline: Sequence[BaselineEntry] = ()
    config: str = "the configuration"
    prefix: str = ""


class _Wish(NamedTuple):
    """A comment that counts. It speaks of findings that start from ``start`` to ``end`` (characters), or of all."""

    start: int
    end: int
    reason: str


class _Wishes:
    """The comments of one document about one rule, in order."""

    def __init__(self) -> None:
        self.whole_file: str | None = None
        self._starts: list[int] = []
        self._furthest: list[_Wish] = []

    def add(self, wish: _Wish) -> None:
        """One that stands behind those before."""
        reaches = not self._furthest or wish.end > self._furthest[-1].end
        self._starts.append(wish.start)
        self._furthest.append(wish if reaches else self._furthest[-1])

    def reason(self, character: int) -> str | None:
        """The reason that one of them gives for what starts at ``character``; None where none speaks of it."""
        at = bisect_right(self._starts, character) - 1
        if at >= 0 and self._furthest[at].end > character:
            return self._furthest[at].reason
        return None


def filtered(found: Sequence[Finding], documents: Mapping[str, Document], policy: Policy) -> Findings:
    """``found`` divided into what is shown, suppressed and hidden, each worst first.

    ``documents``: the texts that may hold comments. A comment stands in the part that it speaks of or before it, gives
    a reason, and may end on a day; one that does not count is told in ``expired``.
    """
    wishes: dict[str, dict[str, _Wishes]] = {}
    told: list[str] = []
    for path in sorted(documents):
        wishes[path] = _wishes(documents[path], policy.today, told)
    rules = list(_rules(policy, told))
    found = _graded(found, policy)
    shown: list[Finding] = []
    suppressed: dict[int, Suppressed] = {}
    for at, finding in enumerate(found):
        reason = _commented(finding, wishes, documents)
        if reason is not None:
            suppressed[at] = Suppressed(finding, "comment", reason)
            continue
        reason = _configured(finding, rules, policy)
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


def _graded(found: Sequence[Finding], policy: Policy) -> Sequence[Finding]:
    """``found`` with the severities that the configuration gives, in order again."""
    given = {name: settings.severity for name, settings in policy.detectors.items() if settings.severity is not None}
    if not given:
        return found
    graded = [replace(finding, severity=given.get(finding.rule, finding.severity)) for finding in found]
    return sorted(graded, key=order)


def _rules(policy: Policy, told: list[str]) -> Iterator[tuple[Ignore, Matches]]:
    """The wishes of the configuration that count today."""
    if not policy.ignore:
        return
    from ctxkit.config import matching

    for ignore in policy.ignore:
        until = ignore.until.isoformat() if ignore.until is not None else ""
        if until and until < policy.today:
            what = f"{ignore.rule} in {', '.join(ignore.paths)}"
            told.append(f"{policy.config}: ignore: {what} was let pass until {until}, which is over.")
        else:
            yield ignore, matching(ignore.paths, policy.prefix)


def _configured(finding: Finding, rules: Sequence[tuple[Ignore, Matches]], policy: Policy) -> str | None:
    """The reason that the configuration gives for letting ``finding`` pass; None without one."""
    settings = policy.detectors.get(finding.rule)
    if settings is not None and not settings.enabled:
        return "the detector is off"
    path = (finding.at[0].path or "") if finding.at else ""
    return next((ignore.reason for ignore, matches in rules if ignore.rule == finding.rule and matches(path)), None)


def _commented(
    finding: Finding, wishes: Mapping[str, Mapping[str, _Wishes]], documents: Mapping[str, Document]
) -> str | None:
    """The reason that a comment at one of the places of ``finding`` gives for letting it pass; None without one."""
    for place in finding.at:
        path = place.path or ""
        mine = wishes.get(path, {}).get(finding.rule)
        if mine is None:
            continue
        reason = mine.whole_file
        if reason is None and place.span is not None:
            reason = mine.reason(documents[path].characters(place.span)[0])
        if reason is not None:
            return reason
    return None


def _wishes(document: Document, today: str, told: list[str]) -> dict[str, _Wishes]:
    """Rule → the comments in ``document`` that count today; what is wrong with the others goes into ``told``."""
    if b"ctxkit:" not in document.data:
        return {}
    found: dict[str, _Wishes] = {}
    wrongs = 0
    for match, start, end in _comments(document):
        rules = frozenset(filter(None, (name.strip() for name in match[2].split(","))))
        reason = " ".join(match[3].split()).strip(" ,;:-")
        until = _UNTIL().search(f" {reason}")
        if until is not None:
            reason = f" {reason}"[: until.start()].strip(" ,;:-")
        wrong = _fault(rules, reason, until[1] if until else "", today) if wrongs < _TOLD else _COUNTS_NOT
        if wrong:
            wrongs += 1
            if wrongs <= _TOLD:
                told.append(f"{document.path}:{document.line(match.start())}: {wrong}")
        for rule in () if wrong.endswith(_COUNTS_NOT) else rules:
            mine = found.setdefault(rule, _Wishes())
            if match[1] == "ignore-file":
                mine.whole_file = mine.whole_file or reason
            else:
                mine.add(_Wish(start, end, reason))
    return found


_TOLD = 50
"""Comments of one file that are told to be wrong; after so many no more of it are read."""

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
    spoken = list(range(len(parts)))  # the part that a comment in this one speaks of: the first that is no comment
    for at in reversed(range(len(parts) - 1)):
        if parts[at].kind == "comment":
            spoken[at] = spoken[at + 1]
    for region in document.outline.of("html-comment", "inline-comment", "frontmatter"):
        frontmatter = region.kind == "frontmatter"
        for match in (_LINE if frontmatter else _COMMENT)().finditer(text, region.start, region.end):
            at = bisect_right(starts, match.start()) - 1
            yield match, parts[at].start, parts[spoken[at]].end
