"""The page: head with its policy, header, sections, and the data that the script draws from."""

from __future__ import annotations

import base64
import hashlib
import os
from typing import TYPE_CHECKING

from ctxkit.report.figures import count, full, money, percent
from ctxkit.report.html.agents import Face, faces_of, side_by_side, window_section
from ctxkit.report.html.findings import findings_section
from ctxkit.report.html.markup import Bound, Markup, element, joined
from ctxkit.report.html.method import method_section
from ctxkit.report.html.payload import payload
from ctxkit.report.html.tables import files_section, skipped_section
from ctxkit.report.html.tree import Places
from ctxkit.report.summary import hidden_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ctxkit.model.audit import Audit
    from ctxkit.model.score import Score
    from ctxkit.report.cost import Priced

TILES = (3_000, 900_000)
ITEMS = (1_500, 420_000)
FINDINGS = (150, 330_000)
"""Rows, and bytes of them, at most: a page stays under 3 MB whatever the repository holds."""
NODES = (8_000, 700_000)
"""Nodes that JavaScript can go into, and bytes of them, over all agents."""


def _no_text(path: str) -> bytes | None:
    """No file is at hand."""


def audit_html(
    audit: Audit,
    models: Mapping[str, Priced],
    read: Callable[[str], bytes | None] = _no_text,
) -> Iterator[bytes]:
    """The report in pieces of UTF-8; the same bytes for the same audit.

    ``models`` (for prices) by id. ``read``: the bytes of a file by its path as a Location has it, for the text that
    would go; None where it cannot be read.
    """
    places = Places(audit.findings.shown)
    faces = faces_of(audit, models, places)
    style, script = _asset("style.css"), script_of()
    name = audit.root.replace("\\", "/").rstrip("/").rpartition("/")[2] or "/"
    yield _head(name, style, script).encode()
    yield joined([_top(name, audit), Markup('<main id="main">'), _header(name, audit, faces)]).encode()
    if len(faces) > 1:
        yield side_by_side(faces).encode()
    items, tiles = Bound(*ITEMS), Bound(*TILES)
    yield b'<div id="window"><div class="switch live" id="switch"></div>'
    for left, face in zip(range(len(faces), 0, -1), faces, strict=True):
        with tiles.share(left) as its_tiles, items.share(left) as its_items:
            yield window_section(face, _hidden(face, audit), its_tiles, its_items).encode()
    yield b"</div>"
    names = {face.audit.context.agent: face.audit.context.name for face in faces}
    yield findings_section(audit.findings, names, read, *FINDINGS).encode()
    yield joined([files_section(audit), skipped_section(audit), method_section(faces)]).encode()
    yield b"</main>"
    yield element("footer", element("p", "Made by ctxkit. This file loads nothing and sends nothing.")).encode()
    yield payload(faces, *NODES).encode()
    yield b"</body></html>\n"


def script_of() -> str:
    """The script of the page: its parts in one block, so that nothing of them is global."""
    return "".join(['"use strict";\n{\n', *map(_asset, ("layout.js", "treemap.js", "report.js")), "}\n"])


def _asset(name: str) -> str:
    """A file of this package, with plain line ends: the hash in the policy is of just these characters."""
    with open(os.path.join(os.path.dirname(__file__), name), encoding="utf-8") as file:
        return file.read()


def policy(style: str, script: str) -> str:
    """The Content-Security-Policy under which nothing runs but ``script`` and nothing is loaded at all."""
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (script, style)]
    return (
        f"default-src 'none'; script-src 'sha256-{hashes[0]}'; style-src 'sha256-{hashes[1]}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _head(name: str, style: str, script: str) -> Markup:
    return joined(
        [
            Markup('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'),
            element("meta", http_equiv="Content-Security-Policy", content=policy(style, script)),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("meta", name="referrer", content="no-referrer"),
            element("link", rel="icon", href="data:,"),
            element("title", f"{name}: what its coding agents load"),
            Markup(f"<style>{style}</style><script>{script}</script></head><body>\n"),
        ]
    )


def _top(name: str, audit: Audit) -> Markup:
    links = [("Agents", "agents")] if len(audit.agents) > 1 else []
    links += [("Window", "window"), ("Findings", "findings"), ("Files", "files"), ("Method", "method")]
    hatch = Markup(
        '<svg class="defs" width="0" height="0" aria-hidden="true"><defs><pattern id="hatch" width="6" height="6" '
        'patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="1.6" height="6"></rect></pattern>'
        "</defs></svg>"
    )
    return joined(
        [
            hatch,
            element("a", "Skip to the report", href="#main", class_="skip"),
            element(
                "header",
                element("p", element("b", "ctxkit"), " ", element("span", name, class_="quiet"), class_="brand"),
                element("nav", (element("a", said, href=f"#{to}") for said, to in links), aria_label="Sections"),
                element("div", class_="live", id="theme"),
                class_="top",
            ),
        ]
    )


def _header(name: str, audit: Audit, faces: Sequence[Face]) -> Markup:
    found = audit.findings.shown
    facts = [count(len(faces), "agent"), count(audit.inventory.count, "file"), count(len(found), "finding")]
    return element(
        "section",
        element("div", element("h1", name), element("p", " · ".join(facts), class_="quiet"), _sentence(faces)),
        _score(audit.score, faces) if audit.score is not None else "",
        class_="hero",
    )


def _sentence(faces: Sequence[Face]) -> Markup:
    if not faces:
        return element("p", "No agent was audited.", class_="lead")
    face = faces[0]
    context, start = face.audit.context, face.summary.start
    share = f", {percent(start.n / context.window)} of its window" if context.window else ""
    money_ = f" 100 turns of that cost {money(face.cost.cached_100)}." if face.cost else ""
    least = "" if face.summary.whole else "at least "
    return element(
        "p",
        f"{context.name} starts with {least}",
        element("b", f"{full(start)} tokens"),
        f"{share}, before you have said a word.{money_}",
        class_="lead large",
    )


def _score(score: Score, faces: Sequence[Face]) -> Markup:
    highest = [face.audit.context.name for face in faces if face.audit.context.agent == score.agent]
    whose = f", that of {highest[0]}" if highest and len(faces) > 1 else ""
    rows = [
        element(
            "li",
            element("span", addend.name),
            element(
                "svg",
                element("rect", x=0, y=0, width=addend.points / (addend.most or 1) * 100, height=6),
                class_="meter",
                viewBox="0 0 100 6",
                preserveAspectRatio="none",
                aria_hidden="true",
            ),
            element("b", f"{addend.points:g} of {addend.most:g}"),
            element("span", addend.said, class_="quiet"),
        )
        for addend in score.addends
    ]
    return element(
        "div",
        element(
            "p",
            element("b", score.grade, class_="grade"),
            f" bloat score {score.value} of 100{whose}",
            class_="score-line",
        ),
        element("ul", rows),
        element("p", "0 is best: nothing to take out.", class_="quiet"),
        class_=f"score g-{score.grade}",
    )


def _hidden(face: Face, audit: Audit) -> str:
    files = len(face.audit.hidden)
    if not files:
        return ""
    tokens = hidden_tokens(face.audit, audit.inventory)
    return f"{face.audit.context.name}'s ignore files hide {count(files, 'file')} ({tokens:,} tokens) from it."
