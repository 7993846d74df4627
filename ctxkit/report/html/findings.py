"""The findings: what is the case, what to do, the proof, and the text that would go."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from ctxkit.model.finding import Severity
from ctxkit.report.figures import count, full
from ctxkit.report.html.excerpt import Excerpt, excerpt
from ctxkit.report.html.markup import LONGEST, Bound, Markup, element, joined, plain
from ctxkit.text.secrets import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ctxkit.model import Span
    from ctxkit.model.finding import Finding, Findings, Location, Suppressed

    Read = Callable[[str], bytes | None]
    """The bytes of a file by its path as a Location has it; None where there is none."""

_PLACES = 6
"""Places of one finding that are shown with their text."""
_LINES = 12
"""Lines of evidence of one finding that are shown."""
_AGENTS = 6
_NOT_SHOWN = 50
"""Suppressed findings that are named."""


def findings_section(findings: Findings, names: Mapping[str, str], read: Read, most: int, size: int) -> Markup:
    """All that is shown, worst first, and what is not; ``names`` of the agents by id. ``most``, ``size``: see Bound."""
    shown = findings.shown
    seen: Counter[str] = Counter()

    def article(finding: Finding) -> Markup:
        seen[finding.fingerprint] += 1
        again = seen[finding.fingerprint]
        return _finding(finding, f"f-{finding.fingerprint}{f'-{again}' if again > 1 else ''}", names, read)

    rows, left = Bound(most, size).of(shown, article)
    return element(
        "section",
        element("h2", "Findings ", element("span", f"{len(shown):,}", class_="n"), id="findings-title"),
        _intro(findings),
        _controls(shown, names) if len(shown) > 1 else "",
        element("div", rows, id="finding-list"),
        _left(left),
        _not_shown(findings),
        id="findings",
        aria_labelledby="findings-title",
    )


def _intro(findings: Findings) -> Markup:
    if not findings.shown:
        return element("p", "Nothing was found that a maintainer would want to take out.", class_="calm")
    tokens = sum(bool(finding.start_tokens) for finding in findings.shown)
    cuts = sum(bool(finding.cuts) for finding in findings.shown)
    said = [f"{tokens:,} cost{'s' if tokens == 1 else ''} tokens in every request."] if tokens else []
    said += [f"{cuts:,} can be mended by removal alone."] if cuts else []
    if len(findings.shown) > 1:
        said.insert(0, "Worst first.")
    return element("p", " ".join(said), class_="lead") if said else Markup("")


def _controls(shown: tuple[Finding, ...], names: Mapping[str, str]) -> Markup:
    severities = Counter(finding.severity.value for finding in shown)
    rules = Counter(finding.rule for finding in shown)
    agents = Counter(waste.agent for finding in shown for waste in finding.wasted)
    return element(
        "form",
        element(
            "label",
            "Filter ",
            element("input", type="search", id="finding-filter", placeholder="words, a path, a rule"),
        ),
        element(
            "fieldset",
            element("legend", "Severity"),
            (_box("severity", s.value, s.value, severities[s.value]) for s in Severity if s.value in severities),
        ),
        _boxes("rule", "Rules", [(rule, rule, n) for rule, n in sorted(rules.items())]),
        _boxes("agent", "Agents", [(agent, names.get(agent, agent), n) for agent, n in sorted(agents.items())]),
        element("p", id="finding-count", role="status"),
        class_="controls live",
        data_for="finding-list",
    )


def _boxes(name: str, title: str, values: list[tuple[str, str, int]]) -> Markup:
    """A group of boxes that opens; nothing where there is no choice. ``values``: (value, name, how many)."""
    if len(values) < 2:
        return Markup("")
    legend = element("legend", title, class_="unseen")
    boxes = [_box(name, *value) for value in values]
    return element("details", element("summary", f"{title} ({len(values)})"), element("fieldset", legend, boxes))


def _box(name: str, value: str, said: str, n: int) -> Markup:
    box = Markup(element("input", type="checkbox", name=name, value=value).removesuffix(">") + " checked>")
    return element("label", box, f" {said} ", element("span", f"{n:,}", class_="n"))


def _finding(finding: Finding, identity: str, names: Mapping[str, str], read: Read) -> Markup:
    places = list(_places(finding, read))
    proof = [element("li", _masked(line)) for line in finding.evidence[:_LINES]]
    if more := finding.evidence[_LINES:]:
        proof.append(element("li", f"{len(more):,} more lines of evidence", class_="quiet"))
    body = [element("ul", proof, class_="proof")] if proof else []
    body += places
    label = "Evidence" if not finding.cuts else "Evidence, and the text that would go"
    return element(
        "article",
        element(
            "h3",
            _badge(finding.severity),
            " ",
            element("span", _masked(finding.message), id=f"{identity}-title"),
            element("a", "#", href=f"#{identity}", class_="anchor", aria_label="Link to this finding"),
        ),
        element(
            "p",
            element("code", finding.rule),
            _where(finding),
            element("span", f"confidence {finding.confidence.value}"),
            (element("span", line) for line in _wasted(finding, names)),
            class_="facts",
        ),
        element("p", _masked(finding.tip), class_="tip"),
        element("details", element("summary", label), body) if body else "",
        id=identity,
        class_="finding",
        data_severity=finding.severity.value,
        data_rule=finding.rule,
        data_agents=" ".join(waste.agent for waste in finding.wasted),
        aria_labelledby=f"{identity}-title",
    )


def _masked(text: str) -> str:
    """Evidence quotes files. Of more than is shown nothing is looked at, for masking takes time."""
    return without_secrets(text[: 2 * LONGEST])


def _badge(severity: Severity) -> Markup:
    return element("span", severity.value, class_=f"badge s-{severity.value}")


def _wasted(finding: Finding, names: Mapping[str, str]) -> Iterator[Markup]:
    wastes = sorted(finding.wasted, key=lambda waste: (-waste.start.n, -waste.later.n, waste.agent))
    for waste in wastes[:_AGENTS]:
        when = "in every request" if waste.start.n else "once it is loaded"
        tokens = waste.start if waste.start.n else waste.later
        yield joined([f"{names.get(waste.agent, waste.agent)} ", element("b", f"{full(tokens)} tokens"), f" {when}"])
    if more := wastes[_AGENTS:]:
        yield joined(f"and {count(len(more), 'more agent')}")


def _where(finding: Finding) -> Markup:
    places = {place.path or place.segment for place in finding.at}
    if not finding.at:
        return Markup("")
    first = finding.at[0]
    line = f":{first.region.start_line}" if first.region else ""
    more = f" and {len(places) - 1:,} more" if len(places) > 1 else ""
    return element("span", element("span", f"{plain(first.path or first.segment)}{line}", class_="path"), more)


def _places(finding: Finding, read: Read) -> Iterator[Markup]:
    """The places of a finding, each with its text: first those to be cut, then those that only prove it."""
    hide = "secret" in finding.rule
    cuts: dict[str, list[Span]] = defaultdict(list)
    for cut in sorted(finding.cuts, key=lambda cut: (cut.path, cut.span.start)):
        cuts[cut.path].append(cut.span)
    made = [place for path, spans in cuts.items() for place in _cut_places(finding, path, spans, read, hide)]
    made += [_shown_place(place, read, hide) for place in finding.at if not _is_cut(place, cuts)]
    yield from made[:_PLACES]
    if more := made[_PLACES:]:
        yield element("p", f"{count(len(more), 'more place')} not shown here.", class_="quiet")


def _is_cut(place: Location, cuts: Mapping[str, list[Span]]) -> bool:
    span = place.span
    spans = cuts.get(place.path or "", ())
    return span is not None and any(span.start < cut.end and cut.start < span.end for cut in spans)


def _cut_places(finding: Finding, path: str, spans: list[Span], read: Read, hide: bool) -> Iterator[Markup]:
    data = read(path) or b""
    for span in spans[: _PLACES + 1]:
        notes = [place.note for place in finding.at if place.note and _is_cut(place, {path: [span]})]
        reasons = [cut.reason for cut in finding.cuts if cut.path == path and cut.span == span]
        text = excerpt(data, [span], cut=True, hide=hide)
        line = f":{text.line}" if text else ""
        said = "; ".join(dict.fromkeys(filter(None, [*notes[:1], *reasons[:1]])))
        yield _place(f"{plain(path)}{line}", said, f"would go: {span.end - span.start:,} bytes", text)


def _shown_place(place: Location, read: Read, hide: bool) -> Markup:
    if place.path is None or place.span is None:
        return _place(plain(place.path or place.segment), place.note, "", None)
    text = excerpt(read(place.path) or b"", [place.span], cut=False, hide=hide)
    return _place(f"{plain(place.path)}{f':{text.line}' if text else ''}", place.note, "", text)


def _place(where: str, note: str, what: str, text: Excerpt | None) -> Markup:
    caption = element(
        "figcaption",
        element("span", where, class_="path"),
        element("span", _masked(note)) if note else "",
        element("span", what, class_="quiet") if what else "",
    )
    return element("figure", caption, text.html if text else "", class_="place")


def _left(left: object) -> Markup:
    n = len(left) if isinstance(left, tuple) else 0
    if not n:
        return Markup("")
    return element(
        "p", f"{count(n, 'further finding')} not shown here: ctxkit audit --format json has all.", class_="cutoff"
    )


def _not_shown(findings: Findings) -> Markup:
    parts: list[Markup] = []
    if findings.suppressed:
        rows = [_suppressed(item) for item in findings.suppressed[:_NOT_SHOWN]]
        if more := findings.suppressed[_NOT_SHOWN:]:
            rows.append(element("li", f"{len(more):,} more"))
        title = f"{count(len(findings.suppressed), 'finding')} suppressed by your wish"
        parts.append(element("details", element("summary", title), element("ul", rows)))
    if findings.hidden:
        said = f"{count(len(findings.hidden), 'finding')} meant for other personas: seldom worth an action."
        parts.append(element("p", said, class_="quiet"))
    parts += [element("p", sentence, class_="warn") for sentence in findings.expired[:_NOT_SHOWN]]
    return joined(parts)


def _suppressed(item: Suppressed) -> Markup:
    by = element("i", f"({item.by}: {item.reason})" if item.reason else f"({item.by})")
    return element("li", element("code", item.finding.rule), f" {_masked(item.finding.message)} ", by)
