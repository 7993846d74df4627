"""Markdown for GitHub: nothing that others wrote means anything in it."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from ctxkit.model import Tokens
from ctxkit.model.finding import Confidence, Finding, Findings, Location, Region, Severity, Waste
from ctxkit.report.markdown import COMMENT_CHARACTERS, code, fitted, prose, table
from ctxkit.report.markdown_findings import audit_markdown, finding_block, findings_blocks

HOSTILE = (
    "a | b | c",
    "`code` ``x`` ```",
    "<script>alert(1)</script>",
    "</details></summary><img src=x onerror=alert(1)>",
    "<!-- x",
    "&lt;b&gt; &amp;",
    "@octocat @org/team",
    "closes #12, fixes org/repo#3, GH-4",
    "[text](https://evil.example) ![image](x) [ref]: http://x",
    "https://evil.example/a www.evil.example",
    "**bold** __b__ _i_ ~~s~~ $x$ {{x}}",
    "line\n\n# Heading\n\n- item",
    "# Heading",
    "- item",
    "1. item",
    "---",
    "===",
    "> quote",
    ":tada: :+1:",
    "\u202eabc \u200b \x1b[31m \udcff",
    "\\| \\",
)
_SYNTAX = re.compile(r"[`*_\[\]|~<>\\$\"'{}!]")
ALLOWED = {"code", "details", "summary"}


class Tags(HTMLParser):
    """The tags of a piece of HTML, and whether they are closed as they were opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not attrs
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def finding(**more: Any) -> Finding:
    fields: dict[str, Any] = {
        "rule": "duplicate-text",
        "severity": Severity.WARNING,
        "confidence": Confidence.HIGH,
        "message": "It is said twice.",
        "tip": "Say it once.",
        "at": (Location("CLAUDE.md", region=Region(3, 1, 5, 12)),),
        "key": "said twice",
    }
    return Finding(**fields | more)


@pytest.mark.parametrize("text", HOSTILE)
def test_prose_has_no_syntax(text: str) -> None:
    shown = prose(text)
    assert "\n" not in shown
    assert not _SYNTAX.search(shown)
    assert not re.search(r"&(?!#\d+;)", shown)
    assert not re.match(r"\s*(?:[-+=]|\d+[.)])", shown)
    assert not re.search(r"[@#](?=\w)|://|www\.|\bGH-\d", html.unescape(shown))


@pytest.mark.parametrize("text", HOSTILE)
def test_code_has_no_syntax(text: str) -> None:
    shown = code(text)
    assert shown.startswith("<code>")
    inside = shown.removeprefix("<code>").removesuffix("</code>")
    assert not _SYNTAX.search(inside)
    assert not re.search(r"&(?!#\d+;)|[@:]|(?<!&)#", inside)


@pytest.mark.parametrize("text", ["plain words", "a | b", "<b>", "`x`", "1. a", "x_y", "C# & co", "me@example.com"])
def test_what_is_shown_is_what_was_written(text: str) -> None:
    assert html.unescape(prose(text)).replace("\u200b", "") == text
    assert html.unescape(re.sub(r"</?code>", "", code(text))) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_finding_of_hostile_text_stays_one_block(text: str) -> None:
    places = (Location(text, region=Region(1, 1, 1, 2), note=text), Location(text, note=text))
    waste = Waste(text, Tokens(9, True, "x"), Tokens(0))
    block = finding_block(finding(message=text, tip=text, evidence=(text, text), at=places, wasted=(waste,)))
    tags = Tags()
    tags.feed(block)
    assert tags.open == []
    assert tags.seen <= ALLOWED
    assert block.count("<details>") == 1
    assert block.startswith("<details><summary>")
    lines = block.split("\n")
    assert [line for line in lines[2:-2] if not line.startswith("- ")] == []


def test_a_table_keeps_its_columns_whatever_is_in_it() -> None:
    rows = table(("a", "b"), [(prose(text), code(text)) for text in HOSTILE], right=(1,)).split("\n")
    assert len(rows) == len(HOSTILE) + 2
    assert {row.count("|") for row in rows} == {3}
    assert rows[1] == "| --- | ---: |"


def test_no_comment_is_longer_than_github_takes() -> None:
    many = Findings(tuple(finding(key=f"{n}", message="x🙂" * 200, evidence=("🙂" * 300,) * 5) for n in range(2_000)))
    text = fitted(list(findings_blocks(many)))
    assert len(text.encode("utf-16-le")) // 2 <= COMMENT_CHARACTERS
    assert re.search(r"_1,9\d\d more did not fit here; ", text)
    tags = Tags()
    tags.feed(text)
    assert tags.open == []


def test_what_fits_is_whole() -> None:
    assert fitted(["one", "two"], 10) == "one\n\ntwo\n"
    assert fitted(["one", "two" * 99], 100).startswith("one\n\n_1 more")


def test_an_audit_shows_agents_first_and_findings_behind_a_line(several: Any, models: Any) -> None:
    blocks = audit_markdown(replace(several, findings=Findings((finding(),))), models)
    assert blocks[0] == "## ctxkit"
    agents = [row.split(" | ")[0] for row in blocks[2].split("\n")[2:]]
    assert agents == [f"| {agent.context.name}" for agent in reversed(several.agents)]
    assert blocks[3:] == ["### Findings: 1 warning", finding_block(finding())]
