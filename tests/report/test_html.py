"""The page: self-contained, safe whatever the repository holds, the same every time, of bounded size."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctxkit.model import Activation, Category, Segment, Skipped, Span, Tokens
from ctxkit.model.audit import AgentAudit, Audit
from ctxkit.model.finding import (
    Confidence,
    Cut,
    Finding,
    Findings,
    Location,
    Region,
    Severity,
    Suppressed,
    Waste,
)
from ctxkit.model.score import Addend, AgentScore, Score
from ctxkit.report.html import audit_html

VOID = {"meta", "link", "input", "br"}
TAGS = {
    "html", "head", "meta", "link", "title", "style", "script", "body", "header", "nav", "main", "section", "footer",
    "div", "span", "p", "a", "b", "i", "h1", "h2", "h3", "ul", "li", "dl", "dt", "dd", "table", "caption", "thead",
    "tbody", "tr", "th", "td", "figure", "figcaption", "article", "details", "summary", "form", "fieldset", "legend",
    "label", "input", "code", "pre", "del", "mark", "svg", "g", "rect", "text", "desc", "defs", "pattern",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "rel", "href", "type", "id", "class", "role", "title", "scope",
    "tabindex", "width", "height", "viewbox", "x", "y", "fill", "placeholder", "value", "checked", "patternunits",
    "patterntransform", "preserveaspectratio",
}  # fmt: skip
NASTY = (
    "</script>", "<!--", "-->", "]]>", "<img src=x onerror=alert(1)>", "' onload='", '" onload="', "&lt;", "&#60;",
    "javascript:alert(1)", "https://example.org/x.js", "url(//example.org)", "\u2028", "\u2029", "\u202e", "\u200b",
    "\u3164", "\U000e0041", "\ufeff", "\x00", "\x1b[2J", "\r\n", "\udcff", "</title>", "</style>", "`${x}`", "\\u003c",
)  # fmt: skip
hostile = st.lists(st.sampled_from(NASTY) | st.text(max_size=8), min_size=1, max_size=6).map("".join)


class Page(HTMLParser):
    """What a page holds. Fails where an element is closed that is not the innermost open one."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(html)
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute of {tag} twice"
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def of(self, tag: str) -> list[dict[str, str]]:
        """The attributes of all elements of that name."""
        return [attributes for name, attributes in self.tags if name == tag]

    def inside(self, tag: str) -> list[str]:
        """The texts directly in elements of that name."""
        return [text for name, text in self.texts if name == tag]

    @property
    def said(self) -> str:
        """All that is to be read."""
        return "".join(text for name, text in self.texts if name not in ("script", "style"))

    @property
    def data(self) -> dict[str, list[object]]:
        """What the script draws from."""
        return json.loads(self.inside("script")[-1])


def render(audit: Audit, models, **options) -> str:
    return b"".join(audit_html(audit, models, **options)).decode("utf-8")


def finding(message: str = "A rule stands twice.", **more: object) -> Finding:
    fields: dict[str, object] = {
        "rule": "duplicate-text",
        "severity": Severity.WARNING,
        "confidence": Confidence.HIGH,
        "tip": "Remove this copy.",
        "at": (Location("CLAUDE.md", Span(10, 20), note="here", region=Region(2, 3, 2, 13)),),
        "key": message,
        "evidence": ("It stands in AGENTS.md too.",),
        "cuts": (Cut("CLAUDE.md", Span(10, 20), "duplicate-text", "a copy", safe=True),),
        "wasted": (Waste("claude-code", Tokens(412, False, "estimate", 0.1), Tokens(412)),),
    }
    return Finding(message=message, **(fields | more))  # type: ignore[arg-type]


TEXT = b"# Rules\n\nBe brief.\nBe brief.\nAlways run `make test`.\n"
FOUND = Findings(
    shown=(
        finding(),
        finding("A key is in the file.", rule="secret-in-context", severity=Severity.ERROR, cuts=(), wasted=()),
        finding("A path is not there.", rule="stale-path", severity=Severity.NOTE, cuts=(), at=(Location("a.md"),),
                wasted=(Waste("codex", Tokens(0), Tokens(9)),)),
    ),
    suppressed=(Suppressed(finding("Known."), "baseline"),),
    hidden=(finding("For pedants."),),
    expired=("An ignore comment in CLAUDE.md is past its date.",),
    wasted=(Waste("claude-code", Tokens(2_000, False, "estimate", 0.1), Tokens(0)),),
    removable=(Waste("claude-code", Tokens(412, False, "estimate", 0.1), Tokens(0)),),
)  # fmt: skip
ADDENDS = (
    Addend("waste", 12.5, 60, 2_000, "2,000 tokens of every request not needed"),
    Addend("weight", 20, 40, 9, "x"),
)
SCORE = Score(
    33, "C", "claude-code", ADDENDS, (AgentScore("claude-code", 33, ADDENDS), AgentScore("codex", 4, ADDENDS))
)


@pytest.fixture
def found(several: Audit) -> Audit:
    return replace(several, findings=FOUND, score=SCORE)


def test_it_is_well_formed_and_every_reference_leads_somewhere(found, one, models) -> None:
    for audit in (found, one):
        page = Page(render(audit, models, read=lambda path: TEXT))
        ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
        assert len(ids) == len(set(ids)), "no id twice"
        wanted = [a["href"][1:] for a in page.of("a")]
        for _, attributes in page.tags:
            for name in ("aria-labelledby", "aria-describedby", "data-filter", "data-for", "for"):
                wanted += attributes.get(name, "").split()
        assert len(wanted) > 10
        assert set(wanted) <= set(ids)
        assert page.tags[0] == ("html", {"lang": "en"})


def test_nothing_is_loaded_and_nothing_else_may_run(found, models) -> None:
    html = render(found, models, read=lambda path: TEXT)
    page = Page(html)
    for tag, attributes in page.tags:
        assert "src" not in attributes
        assert "style" not in attributes
        assert attributes.get("href", "#")[:1] == "#" or (tag, attributes["href"]) == ("link", "data:,")
    assert "http:" not in html.replace("http://www.w3.org/2000/svg", "")
    assert "https:" not in html
    assert not re.search(r"@import|url\((?!#)", html)
    policy = next(meta["content"] for meta in page.of("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    said = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert said["default-src"] == said["form-action"] == said["base-uri"] == "'none'"
    assert set(said) == {"default-src", "form-action", "base-uri", "script-src", "style-src", "img-src"}
    for source, tag in (("script-src", "script"), ("style-src", "style")):
        text = page.inside(tag)[0]
        assert said[source] == f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_whole_content_is_there_without_javascript(found, models) -> None:
    page = Page(render(found, models, read=lambda path: TEXT))
    for text in ("CLAUDE.md", "Commands", "search_issues", "AGENTS.md", "packages/api/CLAUDE.md", "Codex CLI"):
        assert text in page.said
    for text in ("A rule stands twice.", "Remove this copy.", "It stands in AGENTS.md too.", "CLAUDE.md:2"):
        assert text in page.said
    for text in ("past its date", "1 finding suppressed", "1 finding meant for other personas", "permission denied"):
        assert text in page.said
    titles = [text for text in page.inside("title") if text.startswith("CLAUDE.md: ~4,310 tokens")]
    assert len(titles) == 1, "drawn once, in the picture of what is there from the start"
    assert not any("hidden" in attributes for _, attributes in page.tags)


def test_later_is_apart_and_what_is_never_read_is_in_no_picture(found, models) -> None:
    page = Page(render(found, models))
    start, later = (
        re.search(rf'id="map-{measure}-claude-code".*?</figure>', render(found, models), re.DOTALL)[0]
        for measure in ("start", "later")
    )
    assert "packages/api/CLAUDE.md: ~1,020 tokens" in later
    assert "packages/api/CLAUDE.md" not in start
    assert "deploy: ~61 tokens" in start
    assert "deploy: ~1,940 tokens" in later, "what the body adds to what is listed"
    assert "AGENTS.md: ~3,020" not in start + later
    assert 'id="map-later-codex"' not in render(found, models)
    assert "AGENTS.md" in page.said


def test_before_and_after(found, models) -> None:
    html = render(found, models)
    table = re.search(r"<caption><span>Before and after.*?</table>", html, re.DOTALL)[0]
    rows = [re.sub(r"<[^>]+>", "|", row) for row in table.split("<tr>")[2:]]
    start = sum(s.tokens.n for s in found.agents[1].context.segments)
    assert [re.sub(r"\|+", "|", row).split("|")[1] for row in rows] == [
        "Now", "With the proposed cuts", "Without all that is not needed",
    ]  # fmt: skip
    assert f"~{start:,}" in rows[0]
    assert f"~{start - 412:,}" in rows[1]
    assert f"{412 / start * 100:.1f} %" in rows[1]
    assert f"~{start - 2_000:,}" in rows[2]
    before, after = ((3.75 + 99 * 0.3) * n / 1e6 for n in (start, start - 2_000))
    assert f"${after:,.2f}" in rows[2]
    assert f"${before - after:,.2f}" in rows[2]


def test_a_score_shows_what_it_is_made_of(found, models) -> None:
    said = Page(render(found, models)).said
    for text in (
        "bloat score 33 of 100, that of Claude Code",
        "12.5 of 60",
        "2,000 tokens of every request not needed",
    ):
        assert text in said


def test_each_finding_has_an_address_and_says_what_filters_ask(found, models) -> None:
    page = Page(render(found, models, read=lambda path: TEXT))
    articles = page.of("article")
    assert [a["data-severity"] for a in articles] == ["warning", "error", "note"]
    assert [a["data-agents"] for a in articles] == ["claude-code", "", "codex"]
    assert [a["id"] for a in articles] == [f"f-{f.fingerprint}" for f in found.findings.shown]
    boxes = {(box["name"], box["value"]) for box in page.of("input") if box["type"] == "checkbox"}
    assert {("severity", "error"), ("rule", "stale-path"), ("agent", "codex")} <= boxes
    assert all("checked" in box for box in page.of("input") if box["type"] == "checkbox")
    twice = replace(found, findings=replace(FOUND, shown=(finding(), finding())))
    ids = [a["id"] for a in Page(render(twice, models)).of("article")]
    assert len(set(ids)) == 2, "the same finding twice has two addresses"


def test_every_table_has_a_caption_and_scopes(found, models) -> None:
    page = Page(render(found, models, read=lambda path: TEXT))
    assert len(page.of("table")) == len(page.of("caption"))
    assert all(th.get("scope") in ("col", "row") for th in page.of("th"))
    for svg in page.of("svg"):
        assert svg.get("aria-hidden") == "true" or (svg["role"] == "img" and svg["aria-labelledby"])
    assert len(page.of("h1")) == len(page.of("main")) == 1


def test_how_each_number_was_made(found, models) -> None:
    said = Page(render(found, models)).said
    assert "±8 %" in said
    assert "exact" in said
    assert "o200k_base" in said
    assert "$3.00" in said


def with_text(audit: Audit, text: str) -> Audit:
    """``audit`` with ``text`` wherever a repository, a server or a user can put one."""
    segment = Segment(
        Category.RULES, "rule", text, Activation.ALWAYS, text, True, tokens=Tokens(900), tokens_if_used=Tokens(2_000),
        via=(text,), why=text, id=text, span=Span(0, 9),
        children=(Segment(Category.RULES, "section", f"## {text}", Activation.ALWAYS, text, True, tokens=Tokens(400)),),
    )  # fmt: skip
    skipped = (Skipped(text, text, text),)
    agents = tuple(
        replace(
            agent,
            context=replace(
                agent.context, segments=(*agent.context.segments, segment), notes=(text,), version=text, skipped=skipped
            ),
            hidden=frozenset({text}),
        )
        for agent in audit.agents
    )
    places = (Location(text, Span(0, 40), note=text), Location(segment=text, note=text))
    cut = (Cut(text, Span(2, 30), text, text),)
    bad = finding(text, tip=text, at=places, key=text, evidence=(text, text), cuts=cut, covers=places)
    found = Findings((bad, bad), (Suppressed(bad, "comment", text),), (bad,), (text,))
    return replace(audit, root=f"/{text}", agents=agents, skipped=skipped, findings=found, score=SCORE)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=hostile)
def test_no_text_breaks_out(several, text: str) -> None:
    audit = with_text(several, text)
    data = text.encode("utf-8", "surrogatepass")
    html = render(audit, {}, read=lambda path: data * 3)
    page = Page(html)
    for tag, attributes in page.tags:
        assert tag in TAGS
        for name in attributes:
            assert name in ATTRIBUTES or re.fullmatch(r"(aria|data)-[a-z]+", name)
    assert len(page.inside("script")) == len(page.of("script")) == 2
    assert page.data["agents"], "the data can be read"
    body = html.replace("\n", "").replace("\t", "")
    assert not re.search("[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069\u3164\ufeff\ud800-\udfff]", body)
    assert not re.search("[\U000e0000-\U000e0fff]", body)
    inside = page.inside("script")[-1]
    assert "<" not in inside
    assert "&" not in inside


def test_hostile_text_is_still_to_be_read(several, models) -> None:
    text = "<b>&amp;</b> \u202eevil\u3164 \udcff"
    page = Page(render(with_text(several, text), models))
    assert "<b>&amp;</b> \\u202eevil\\u3164 \\xff" in page.said
    assert "<b>&amp;</b> \\u202eevil\\u3164 \\xff" in page.data["texts"]


def test_secrets_in_what_findings_quote_are_masked(found, models) -> None:
    key = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    data = f"# Rules\n\nUse the token {key} there.\n".encode()
    place = Location("CLAUDE.md", Span(data.index(b"Use"), len(data)), note=f"token={key}")
    said = finding(f"It says {key}.", at=(place,), cuts=(), evidence=(f"password: {key}",), tip=f"Remove {key}.")
    audit = replace(found, findings=Findings((said,), (Suppressed(said, "baseline"),)))
    html = render(audit, models, read=lambda path: data)
    assert key not in html
    assert html.count("***") >= 6
    assert "Use the token" in html


def test_the_data_holds_the_windows(found, models) -> None:
    data = Page(render(found, models)).data
    texts = data["texts"]
    claude, codex = data["agents"]
    assert (claude["id"], codex["name"], codex["window"]) == ("claude-code", "Codex CLI", 272_000)
    title, start, later, *_, children = claude["tree"]
    assert (texts[title], start) == ("Window", sum(s.tokens.n for s in found.agents[1].context.segments))
    assert sum(child[1] for child in children) == start
    assert sum(child[2] for child in children) == later == 1_940 + 5_262 + 737 + 270 + 1_020 + 402
    assert [texts[child[0]] for child in children] == ["system", "tools", "rules"]


def test_the_same_audit_gives_the_same_bytes(found, models) -> None:
    again = replace(found, agents=tuple(replace(agent, hidden=frozenset(list(agent.hidden))) for agent in found.agents))
    assert render(found, models, read=lambda path: TEXT) == render(again, models, read=lambda path: TEXT)


@dataclass(frozen=True)
class File:
    path: str
    tokens: int
    size: int = 900
    kind: str = "source"
    estimated: bool = False
    binary: bool = False


@dataclass(frozen=True)
class Files:
    """As many files as there may be."""

    files: list[File] = field(default_factory=lambda: [File(f"{WIDE}/{n}", n) for n in range(58_000)])
    count: int = 58_000
    total: int = 58_000 * 57_999 // 2

    def largest(self, n: int) -> list[File]:
        return self.files[: -n - 1 : -1]

    def by_kind(self) -> dict[str, tuple[int, int]]:
        return {"source": (self.count, self.total)}

    def entries(self):
        return iter(self.files)


WIDE = "\U000e0041" * 300
"""A text that is ten times as long where it is shown."""


@pytest.mark.parametrize("agents", [1, 25])
def test_a_page_stays_small_whatever_there_is(several, models, agents: int) -> None:
    segments = tuple(
        Segment(
            Category.RULES, "rule", f"{n}{WIDE}", Activation.ALWAYS, f"{WIDE}/{n}.md", True,
            tokens=Tokens(9_000 - n), tokens_if_used=Tokens(20_000), why=WIDE, span=Span(0, 900), id=f"{n}",
            children=tuple(
                Segment(Category.RULES, "section", f"## {n}.{m}{WIDE}", Activation.ALWAYS, f"{WIDE}/{n}.md", True,
                        tokens=Tokens(40 + m), tokens_if_used=Tokens(80), span=Span(m * 9, m * 9 + 9))
                for m in range(6)
            ),
        )
        for n in range(2_000 // agents)
    )  # fmt: skip
    context = replace(several.agents[1].context, segments=segments)
    contexts = [replace(context, agent=f"agent-{n}", name=f"Agent {n}") for n in range(agents)]
    findings = tuple(
        finding(f"{n}{WIDE}", tip=WIDE, evidence=(WIDE,) * 90, at=(Location(f"{WIDE}/{n}.md", Span(0, 900)),) * 50)
        for n in range(400)
    )
    skipped = tuple(Skipped(f"{WIDE}{n}", WIDE, WIDE) for n in range(1_000))
    audit = Audit("/r", tuple(map(AgentAudit, contexts)), Files(), skipped, findings=Findings(findings))
    html = render(audit, models, read=lambda path: TEXT * 4_000)
    assert 500_000 < len(html.encode()) < 3_000_000
    page = Page(html)
    assert re.search(r"[\d,]+ further findings not shown here", page.said)
    assert re.search(r"[\d,]+ smaller items not shown here", page.said)
    assert re.search(r"[\d,]+ more not shown here", page.said), "of what could not be read"
    assert f"{58_000:,} files" in page.said
    assert len(page.data["agents"]) == agents


def test_a_file_with_as_many_sections_and_cuts_as_there_may_be(several, models) -> None:
    children = tuple(
        Segment(Category.RULES, "section", f"# {n}", Activation.ALWAYS, "CLAUDE.md", True, tokens=Tokens(3),
                tokens_if_used=Tokens(3), span=Span(9 * n, 9 * n + 9))
        for n in range(30_000)
    )  # fmt: skip
    whole = Segment(
        Category.RULES, "rule", "CLAUDE.md", Activation.ALWAYS, "CLAUDE.md", True, tokens=Tokens(90_000),
        tokens_if_used=Tokens(90_000), span=Span(0, 270_000), children=children,
    )  # fmt: skip
    agent = replace(several.agents[1], context=replace(several.agents[1].context, segments=(whole,)))
    cuts = tuple(Cut("CLAUDE.md", Span(18 * n, 18 * n + 9), "x", "r") for n in range(15_000))
    audit = replace(several, agents=(agent,), findings=Findings((finding(cuts=cuts),)))
    html = render(audit, models, read=lambda path: b"12345678\n" * 30_000)
    assert len(html) < 3_000_000
    assert "29,970 more" in html


def test_an_audit_of_nothing(several, models) -> None:
    empty = replace(several, agents=(), skipped=(), findings=Findings(), score=None)
    page = Page(render(empty, {}))
    assert "No agent was audited." in page.said
    silent = replace(several, agents=tuple(replace(a, context=replace(a.context, segments=())) for a in several.agents))
    Page(render(silent, models))
