"""The agents as text: all of them in a table, or one in full: where it looks, what it loads when, how sure that is."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from ctxkit.agents.spec import (
    AgentSpec,
    Case,
    Catalog,
    Condition,
    Confidence,
    Imports,
    KeyTest,
    Limit,
    Part,
    Place,
    RuleSource,
)
from ctxkit.report.figures import count
from ctxkit.report.layout import Cell, Column, Row, Screen, Style, heading, paragraph, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_BASES = {
    "cwd": "the working directory",
    "root": "the repository",
    "git-root": "the git root",
    "home": "the home directory",
}
_UNTIL = {
    "git-root": "up to the git root",
    "git-root-or-all": "up to the git root, or all",
    "git-root-or-below-home": "up to the git root, or to below the home directory",
    "fs-root": "up to the file system's root",
    "home": "up to the home directory",
    "below-home": "up to below the home directory",
    "markers": "up to the project's root",
}


def confidence_of(spec: AgentSpec) -> dict[str, int]:
    """How many facts of an agent stand on which evidence, best first."""
    found = Counter(part.confidence for part in _parts(spec))
    return {confidence.value: found[confidence] for confidence in Confidence if found[confidence]}


def _parts(value: object) -> Iterator[Part]:
    if isinstance(value, Part):
        yield value
    if isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _parts(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _parts(item)


def agents_text(specs: Mapping[str, AgentSpec], here: Sequence[str], screen: Screen) -> Iterator[str]:
    """All agents. ``here``: ids of those that the current directory is set up for."""
    yield heading(count(len(specs), "agent"), screen, f"{len(here):,} set up in this directory")
    names = ("", *(("name",) if screen.width >= _WIDE else ()), "facts from", *_STRONG, "weaker", "here")
    rows: list[Row] = [tuple(Cell(name, Style.QUIET) for name in names)]
    for identity, spec in sorted(specs.items()):
        found = confidence_of(spec)
        weaker = sum(n for name, n in found.items() if name not in _STRONG)
        rows.append(
            (
                Cell(identity, Style.STRONG),
                *((Cell(spec.name),) if screen.width >= _WIDE else ()),
                Cell(spec.latest, Style.QUIET),
                *(Cell(f"{found[name]}" if name in found else "") for name in _STRONG),
                Cell(f"{weaker}" if weaker else "", Style.WARN),
                Cell("yes" if identity in here else "", Style.GOOD),
            )
        )
    texts = [Column(cut="end") for _ in names[: -len(_STRONG) - 2]]
    counts = [Column("right") for _ in (*_STRONG, "weaker")]
    yield from table(rows, (*texts, *counts, Column()), screen)
    yield ""
    yield from paragraph(
        "So many facts were seen in a run of the agent (lab), read in its source, or in its documentation (doc).",
        screen,
    )
    yield from paragraph("Next: ctxkit agents NAME (where it looks and what it loads when)", screen, 0, 6, Style.STRONG)


_WIDE = 100
_STRONG = (Confidence.LAB.value, Confidence.SOURCE.value, Confidence.DOC.value)


def agent_facts(spec: AgentSpec, screen: Screen) -> Iterator[str]:
    """One agent in full."""
    maker = f"{spec.vendor}, " if spec.vendor else ""
    yield heading(f"{spec.name} ({spec.id})", screen, f"{maker}facts from {spec.latest}")
    window = f", window of {spec.window:,}" if spec.window else ""
    evidence = ", ".join(f"{name} {n}" for name, n in confidence_of(spec).items())
    yield from paragraph(f"Usual model {spec.model}{window}. Evidence: {evidence}.", screen)
    for part in (
        _sources("Rule files, in the order in which they are looked for", _rules(spec), screen),
        _sources("Listed by name, the body on demand", _catalogs(spec), screen),
        _sources("MCP servers are named in", _mcp(spec), screen),
        _sources("Settings", _settings(spec), screen),
        _ignore(spec, screen),
        _fixed(spec, screen),
        _prose("Bear in mind", spec.notes, screen),
        _prose("Sources", spec.sources, screen),
    ):
        lines = list(part)
        if lines:
            yield ""
            yield from lines


Fact = tuple[str, str, str, str]
"""Activation or scope, what, confidence, and a sentence with the rest."""


def _sources(title: str, facts: Iterator[Fact], screen: Screen) -> Iterator[str]:
    entries = list(facts)
    if not entries:
        return
    yield heading(title, screen)
    rows = [(Cell(when, Style.STRONG), Cell(what), Cell(sure, Style.QUIET)) for when, what, sure, _ in entries]
    lines = table(rows, (Column(), Column(cut="end", least=20), Column()), screen)
    for line, (*_, rest) in zip(lines, entries, strict=True):
        yield line
        yield from paragraph(rest, screen, indent=6, style=Style.QUIET)


def _rules(spec: AgentSpec) -> Iterator[Fact]:
    for source in spec.rules:
        if source.invisible:
            yield "no file", source.note or source.id, source.confidence.value, ""
            continue
        cases = source.activation if isinstance(source.activation, tuple) else ()
        when = "it depends" if isinstance(source.activation, tuple) else source.activation.value
        said = [_where(source.base, source.walk, source.until), ", ".join(_cases(cases))]
        if source.below:
            said.append(f"below it: {source.below.value}")
        if source.pick == "first" and len(source.names) > 1:
            said.append("only the first that exists")
        said += [_imports(source.imports), _limit(source.limit), _limit(source.line_limit), *_conditions(source.when)]
        said.append(_versions(source))
        yield when, _names(source, spec), source.confidence.value, _sentence(said, source.note)


def _names(source: RuleSource | Place, spec: AgentSpec) -> str:
    prefix = ""
    if source.base not in _BASES:
        prefix = _home(spec.roots.get(source.base, source.base), spec).rstrip("/") + "/"
    elif source.base == "home":
        prefix = "~/"
    return ", ".join(name if name.startswith(("~", "/")) else prefix + name for name in source.names)


def _home(path: str, spec: AgentSpec) -> str:
    """``path`` as a person writes it: with the usual values of roots and variables, without the working directory."""
    for name, place in spec.roots.items():
        path = path.replace("{" + name + "}", place)
    path = _VARIABLE.sub(r"\1", path)
    for place in ("cwd", "root", "git_root"):
        path = path.removeprefix("{" + place + "}/")
    return path.replace("{home}", "~")


_VARIABLE = re.compile(r"\$\{\w+:-([^}]*)\}")


def _where(base: str, walk: str, until: str) -> str:
    place = _BASES.get(base, "")
    if walk == "up":
        return f"in {place or base} and every directory above it, {_UNTIL[until]}"
    if walk == "ends":
        return f"in {place or base} and the last directory above it, {_UNTIL[until]}"
    if walk == "between":
        return f"between {place or base} and the last directory above it, {_UNTIL[until]}"
    if walk == "down":
        return f"in {place or base} and every directory below it"
    return f"in {place}" if place and base != "home" else ""


def _cases(cases: Sequence[Case]) -> Iterator[str]:
    for case in cases:
        tests = " and ".join(map(_test, case.if_))
        yield f"{case.then.value} if {tests}" if tests else f"else {case.then.value}"


def _test(test: KeyTest) -> str:
    if test.equals is not None:
        return f"{test.key} = {test.equals}"
    if test.one_of:
        return f"{test.key} is one of {', '.join(test.one_of)}"
    return f"{test.key} is {test.is_ or 'set'}"


def _conditions(conditions: Sequence[Condition]) -> Iterator[str]:
    for condition in conditions:
        if condition.absent:
            yield f"only where none of these is found: {', '.join(condition.absent)}"
        if condition.present:
            yield f"only where one of these is found: {', '.join(condition.present)}"
        if condition.setting is not None:
            yield f"if {condition.setting} is {' or '.join(str(value) for value in condition.one_of)}"
        if condition.env is not None:
            yield f"if {condition.env} is set"


_SYNTAX = {"at-path": "@path", "kiro-file": "#[[file:path]]", "markdown-link": "Markdown links"}


def _imports(imports: Imports | None) -> str:
    return f"imports {_SYNTAX.get(imports.syntax, imports.syntax)}, {count(imports.depth, 'hop')}" if imports else ""


_OVERFLOW = {
    "truncate": "the rest is cut off",
    "skip-file": "a larger file is left out",
    "drop-descriptions": "then descriptions are left out",
    "shorten-descriptions": "then descriptions are shortened",
}


def _limit(limit: Limit | None) -> str:
    if limit is None:
        return ""
    size = f"{limit.n * 100:g} % of the window" if limit.unit == "window-fraction" else f"{limit.n:,.0f} {limit.unit}"
    then = _OVERFLOW.get(limit.overflow)
    return f"at most {size}{f', {then}' if then else ''}"


def _versions(part: Part) -> str:
    since = f"since {part.since}" if part.since else ""
    before = f"before {part.before}" if part.before else ""
    return " ".join(filter(None, (since, before)))


def _sentence(said: Sequence[str], note: str) -> str:
    text = "; ".join(filter(None, said))
    return " ".join(filter(None, (f"{text}." if text else "", note)))


def _catalogs(spec: AgentSpec) -> Iterator[Fact]:
    for catalog in spec.catalogs:
        for at, place in enumerate(catalog.places):
            rest = "" if at else _sentence([*_budgets(catalog), _versions(catalog)], catalog.note)
            where = _where(place.base, place.walk, place.until)
            yield (
                catalog.kind,
                _names(place, spec),
                place.confidence.value,
                _sentence([where], "") + (" " + rest if rest else ""),
            )


def _budgets(catalog: Catalog) -> Iterator[str]:
    if catalog.per_entry:
        yield f"each {_limit(catalog.per_entry)}"
    if catalog.total:
        yield f"together {_limit(catalog.total)}"


def _mcp(spec: AgentSpec) -> Iterator[Fact]:
    if spec.mcp is not None:
        for file in spec.mcp.files:
            approval = "its servers start only once approved" if file.approval else ""
            yield (
                file.scope,
                _home(file.path, spec),
                file.confidence.value,
                _sentence([approval, _versions(file)], file.note),
            )


def _settings(spec: AgentSpec) -> Iterator[Fact]:
    for file in spec.settings:
        yield file.scope, _home(file.path, spec), file.confidence.value, _sentence([_versions(file)], file.note)


def _ignore(spec: AgentSpec, screen: Screen) -> Iterator[str]:
    said = [f"{file.name}{'' if file.enforced else ' (no longer honoured)'}" for file in spec.ignore.files]
    own = f"Its own ignore files: {', '.join(said)}." if said else "It has no ignore file of its own."
    git = f" Git's ignore files count for: {', '.join(spec.ignore.gitignore)}." if spec.ignore.gitignore else ""
    yield heading("Files it does not read", screen)
    yield from paragraph(f"{own}{git} {spec.ignore.note}", screen)


def _fixed(spec: AgentSpec, screen: Screen) -> Iterator[str]:
    if spec.fixed:
        yield heading("Built in", screen, "o200k_base tokens, measured")
    rows = [
        (
            Cell(f"{part.tokens:,}"),
            Cell(part.title),
            Cell(_sentence([_versions(part)], part.source), Style.QUIET),
        )
        for part in spec.fixed
    ]
    yield from table(rows, (Column("right"), Column(), Column(cut="end")), screen)


def _prose(title: str, texts: Sequence[str], screen: Screen) -> Iterator[str]:
    if texts:
        yield heading(title, screen)
    for text in texts:
        yield from paragraph(f"{screen.glyphs.dot} {text}", screen, hang=2, style=Style.QUIET)
