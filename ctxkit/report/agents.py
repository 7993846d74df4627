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
from ctxkit.model import Activation
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
        where = "" if source.text_setting else _where(source.base, source.walk, source.until)
        said = [where, ", ".join(_cases(cases))]
        if source.below:
            once = source.below is Activation.LAZY_DIR
            said.append("below it once a file there is read" if once else f"below it: {source.below.value}")
        if source.pick == "first" and len(source.names) > 1:
            said.append("only the first that exists")
        if source.disabled_if:
            said.append(f"not if {' or '.join(map(_test, source.disabled_if))}")
        stripped = [_STRIPPED[part] for part in source.strip if part in _STRIPPED]
        if stripped:
            said.append(f"without {' and '.join(stripped)}")
        said += [_imports(source.imports), *map(_limit, source.limits), *_conditions(source.when)]
        said.append(_versions(source))
        yield when, _names(source, spec), source.confidence.value, _sentence(said, source.note)


def _names(source: RuleSource | Place, spec: AgentSpec) -> str:
    if isinstance(source, RuleSource) and source.text_setting is not None:
        return f"the text in the setting {source.text_setting}"
    if isinstance(source, RuleSource) and source.manifest is not None:
        return f"files named in {_prefix(source, spec)}{source.manifest.file}"
    prefix = _prefix(source, spec)
    return ", ".join(
        name if name.startswith(("~", "/", "<", "$")) else prefix + name for name in map(_name, source.names)
    )


def _name(name: str) -> str:
    """A name as a person reads it: ``<setting KEY>`` for the texts of a setting, ``$NAME`` for those of a variable."""
    return _ENV_TEXTS.sub(r"$\1", _SETTING_TEXTS.sub(r"<setting \1>", name))


_SETTING_TEXTS = re.compile(r"\{setting(?:-name)?:([^}]*)\}")
_ENV_TEXTS = re.compile(r"\{env:([^}]*)\}")


def _prefix(source: RuleSource | Place, spec: AgentSpec) -> str:
    """The directory that the names of ``source`` are relative to; empty where a sentence says it."""
    if source.base == "home":
        return "~/"
    if source.base in _BASES or source.base.startswith("{setting:"):
        return ""
    return _home(spec.roots.get(source.base, source.base), spec).rstrip("/") + "/"


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
    if base.startswith("{setting:"):
        return f"in every directory of the setting {base[9:-1]}"
    return f"in {place}" if place and base != "home" else ""


def _cases(cases: Sequence[Case]) -> Iterator[str]:
    for case in cases:
        tests = " and ".join(map(_test, case.if_))
        yield f"{case.then.value} if {tests}" if tests else f"else {case.then.value}"


def _test(test: KeyTest) -> str:
    if test.equals is not None:
        return f"{test.key} = {test.equals}"
    if test.matches is not None:
        return f"{test.key} matches {test.matches}"
    return _TESTS.get(test.is_ or "non-empty", f"{{key}} is {test.is_}").format(key=test.key)


_TESTS = {
    "empty": "{key} is empty",
    "non-empty": "{key} is set",
    "absent": "there is no {key}",
    "present": "there is {key}",
    "matches-all": "a glob in {key} matches everything",
    "all-match-all": "every glob in {key} matches everything",
    "not-boolean": "{key} is neither true nor false",
    "list": "{key} is a list",
    "text": "{key} is a text",
}


def _conditions(conditions: Sequence[Condition]) -> Iterator[str]:
    for condition in conditions:
        if condition.absent:
            yield f"only where none of these is found: {', '.join(condition.absent)}"
        if condition.setting is not None:
            yield from _setting(condition.setting, condition.one_of, "if")
            yield from _setting(condition.setting, condition.none_of, "unless")
        if condition.env is not None:
            yield f"if {condition.env} is set"
        if condition.env_unset is not None:
            yield f"unless {condition.env_unset} is set"
        if condition.git is not None:
            yield "in a git work tree" if condition.git else "outside of git"
        if condition.any:
            choices = [" and ".join(_conditions([choice])) for choice in condition.any]
            yield f"either {', or '.join(choices)}" if len(choices) > 1 else choices[0]


def _setting(key: str, values: Sequence[str | bool], word: str) -> Iterator[str]:
    if values:
        yield f"{word} {key} is {' or '.join(map(_shown, values))}"


def _shown(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else value or "not set"


_STRIPPED = {"frontmatter": "frontmatter", "html-comments": "comment blocks", "all-comments": "comments"}
_SYNTAX = {"at-path": "@path", "kiro-file": "#[[file:path]]", "brace-file": "{file:path}"}


def _imports(imports: Imports | None) -> str:
    return f"imports {_SYNTAX[imports.syntax]}, {count(imports.depth, 'hop')}" if imports else ""


_OVERFLOW = {
    "truncate": "the rest is cut off",
    "skip-file": "a larger file is left out",
    "drop-descriptions": "then descriptions are left out",
    "shorten-descriptions": "then descriptions are shortened",
    "name-the-rest": "then only names follow",
}


def _limit(limit: Limit, then: str = "") -> str:
    size = f"{limit.n * 100:g} % of the window" if limit.unit == "window-fraction" else f"{limit.n:,.0f} {limit.unit}"
    then = then or _OVERFLOW.get(limit.overflow, "")
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
            said = [*_budgets(catalog), *_exceptions(catalog), *_conditions(catalog.when), _versions(catalog)]
            where = _where(place.base, place.walk, place.until)
            rest = _sentence([where], "") if at else _sentence([where, *said], catalog.note)
            yield catalog.kind, _names(place, spec), place.confidence.value, rest


def _budgets(catalog: Catalog) -> Iterator[str]:
    if catalog.description_limit:
        left_out = catalog.description_limit.overflow == "skip-file"
        limit = _limit(catalog.description_limit, "an entry with more is left out" if left_out else "")
        yield f"each description {limit}"
    if catalog.total_limit:
        yield f"together {_limit(catalog.total_limit)}"


def _exceptions(catalog: Catalog) -> Iterator[str]:
    if catalog.needs:
        yield f"listed only with {' and '.join(catalog.needs)}"
    if catalog.hidden_if:
        yield f"not if {' or '.join(map(_test, catalog.hidden_if))}"
    if catalog.gate_keys:
        yield f"one with {' or '.join(catalog.gate_keys)} only once a file that matches them is read"


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
