"""What the settings of formatters, linters and compilers enforce (``rules/enforced.yaml``). Nothing is executed."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from ctxkit.data import data_file
from ctxkit.model import ConfigError
from ctxkit.text.choices import Choice
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ctxkit.text.config import Format

_SCRIPT = (".js", ".mjs", ".cjs", ".ts")
_LONGEST_SCRIPT = 100_000
_SECTION = on_demand(r"(?m)^\[([^\]\n]{1,200})\][ \t]*$")
_ASSIGNED = on_demand(r"(?m)^[ \t]*([\w-]{1,60})[ \t]*[=:][ \t]*([^\s#;]{1,60})")
_VALUE = r"""\s*:\s*(?:\[\s*(?:['"](?:error|warn)['"]|[12])\s*,?\s*)?(true|false|\d{1,4}|['"][\w-]{1,40}['"])?"""


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """What a setting decides; the file explains every field."""

    group: str
    option: str = ""
    values: dict[str, str] = {}
    default: str = ""
    unless: tuple[str, ...] = ()


class Tool(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a tool keeps its settings, and what they decide."""

    files: tuple[str, ...]
    languages: tuple[str, ...]
    settings: dict[str, Rule]
    at: dict[str, str] = {}


class EnforcedRules(Struct, frozen=True, forbid_unknown_fields=True):
    """``rules/enforced.yaml``."""

    date: str
    tools: dict[str, Tool]


class Setting(NamedTuple):
    """A choice that ``key`` of the file ``path`` makes. ``start``, ``end``: where (characters; both 0: unknown).

    ``explicit``: false for what holds because the file says nothing. ``languages``: for which; empty: all.
    """

    tool: str
    path: str
    key: str
    value: str
    choice: Choice
    languages: frozenset[str]
    start: int
    end: int
    explicit: bool


@cache
def enforced_rules() -> EnforcedRules:
    """The shipped settings. Raises ConfigError when the file does not have this form."""
    from ctxkit.text.datafile import load_yaml_cached

    return load_yaml_cached(data_file("enforced.yaml"), EnforcedRules)


@cache
def enforced_groups() -> frozenset[str]:
    """The groups of choices that any setting decides."""
    return frozenset(rule.group for tool in enforced_rules().tools.values() for rule in tool.settings.values())


@cache
def setting_files() -> frozenset[str]:
    """The names of all files that hold settings."""
    return frozenset(name for tool in enforced_rules().tools.values() for name in (*tool.files, *tool.at))


def settings_of(texts: Mapping[str, str], groups: frozenset[str]) -> list[Setting]:
    """The choices of ``groups`` that the files ``texts`` (by path) make, by path."""
    found: list[Setting] = []
    tables: dict[str, Mapping[str, object]] = {}
    for path in sorted(texts):
        name = path.rpartition("/")[2]
        for identity, tool in enforced_rules().tools.items():
            if name not in tool.files and name not in tool.at:
                continue
            rules = {key: rule for key, rule in tool.settings.items() if rule.group in groups}
            if rules and name == ".editorconfig":
                found += _editorconfig(path, texts[path], identity, rules)
            elif rules and name.endswith(_SCRIPT):
                found += _scripted(path, texts[path], identity, tool, rules)
            elif rules:
                if path not in tables:
                    tables[path] = _table(path, texts[path])
                found += _tabled(path, texts[path], tables[path], identity, tool, rules)
    return found


def _table(path: str, text: str) -> Mapping[str, object]:
    """The settings in ``text``; empty where they cannot be read."""
    from ctxkit.text.config import parse_config

    ending = path.rpartition(".")[2]
    formats: dict[str, Format] = {"toml": "toml", "yaml": "yaml", "yml": "yaml", "json": "jsonc", "jsonc": "jsonc"}
    form = formats.get(ending, "jsonc" if text.lstrip().startswith("{") else "yaml")
    parsed = parse_config(text.encode("utf-8", "replace"), form, path)
    return {} if isinstance(parsed, ConfigError) else parsed


def _tabled(
    path: str, text: str, table: Mapping[str, object], identity: str, tool: Tool, rules: Mapping[str, Rule]
) -> Iterator[Setting]:
    under = tool.at.get(path.rpartition("/")[2], "")
    settings = _down(table, under)
    if not isinstance(settings, dict):
        return
    for key, rule in rules.items():
        if any(_down(settings, other) is True or _value(settings, other) == "true" for other in rule.unless):
            continue
        value = _value(settings, key)
        if any(_value(part, key) not in ("", value) for part in _overrides(settings)):
            continue
        choice = _choice(rule, value or rule.default)
        if choice is not None:
            start, end = _place(text, key, under) if value else (0, 0)
            shown = f"{under}.{key}".lstrip(".").replace("[] ", " has ")
            yield Setting(
                identity, path, shown, value or rule.default, choice, frozenset(tool.languages), start, end, bool(value)
            )


def _overrides(settings: Mapping[str, object]) -> list[Mapping[str, object]]:
    """The parts in which mypy, prettier or eslint are set otherwise for some files."""
    parts = settings.get("overrides")
    listed = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    inner = (part.get(name) for part in listed for name in ("options", "rules"))
    return [*listed, *(part for part in inner if isinstance(part, dict))]


def _down(table: object, key: str) -> object:
    """What stands at the dotted ``key``; a name with dots of its own is not looked for."""
    for part in filter(None, key.split(".")):
        table = table.get(part) if isinstance(table, dict) else None
    return table


def _value(settings: Mapping[str, object], key: str) -> str:
    """The value of ``key`` as text; empty where it has none that is told by one word."""
    if "[] " in key:
        listed, _, wanted = key.partition("[] ")
        items = _down(settings, listed)
        has = isinstance(items, list) and (wanted in items or "ALL" in items)
        return "true" if has else ""
    value = _down(settings, key)
    if isinstance(value, dict):
        value = value.get("level")
    if isinstance(value, list):
        severity, *rest = value or [""]
        if severity in ("off", 0, "warn", 1):
            return ""
        value = next((item for item in rest if isinstance(item, str | int)), severity)
        value = rest[0].get("code") if rest and isinstance(rest[0], dict) and "code" in rest[0] else value
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, str | int) else ""


def _choice(rule: Rule, value: str) -> Choice | None:
    if not value:
        return None
    if value in rule.values:
        return Choice(rule.group, rule.values[value])
    return Choice(rule.group, rule.option, value) if rule.option and value.isdigit() else None


def _place(text: str, key: str, under: str) -> tuple[int, int]:
    """The line of ``text`` in which the last part of ``key`` is set, as far as it can be told."""
    last = key.partition("[] ")[0].rpartition(".")[2]
    first = max(text.find(under.rpartition(".")[2]), 0) if under else 0
    match = re.compile(rf"""(?m)^.*?(?<![\w-])["']?{re.escape(last)}["']?\s*[:=][^\n]*""").search(text, first)
    return (match.start(), match.end()) if match is not None else (0, 0)


def _scripted(path: str, text: str, identity: str, tool: Tool, rules: Mapping[str, Rule]) -> Iterator[Setting]:
    """What a file that would have to be run says in so many words; nothing where a key stands there twice."""
    if len(text) > _LONGEST_SCRIPT:
        return
    for key, rule in rules.items():
        last = key.rpartition(".")[2] if not key.startswith("rules.") else key.removeprefix("rules.")
        matches = list(re.compile(rf"""(?<![\w/-])['"]?{re.escape(last)}['"]?{_VALUE}""").finditer(text))
        if len(matches) != 1 or not matches[0][1]:
            continue
        value = matches[0][1].strip("'\"")
        choice = _choice(rule, value)
        if choice is not None:
            start, end = matches[0].span()
            yield Setting(identity, path, last, value, choice, frozenset(tool.languages), start, end, True)


def _editorconfig(path: str, text: str, identity: str, rules: Mapping[str, Rule]) -> Iterator[Setting]:
    """The settings of each section; a width counts only where the section does not indent with tabs."""
    marks = [(match.start(), match.end(), match[1]) for match in _SECTION().finditer(text)]
    for at, (_, start, glob) in enumerate(marks):
        end = marks[at + 1][0] if at + 1 < len(marks) else len(text)
        found = {match[1].lower(): match for match in _ASSIGNED().finditer(text, start, end)}
        tabs = "indent_style" in found and found["indent_style"][2].lower() == "tab"
        for key, rule in rules.items():
            if key not in found or (key == "indent_size" and tabs):
                continue
            match = found[key]
            choice = _choice(rule, match[2].lower())
            if choice is not None:
                yield Setting(
                    identity,
                    path,
                    f"[{glob}] {key}",
                    match[2],
                    choice,
                    _languages(glob),
                    match.start(),
                    match.end(),
                    True,
                )


_EXTENSIONS = {
    "py": "python", "js": "javascript", "jsx": "javascript", "mjs": "javascript", "cjs": "javascript",
    "ts": "typescript", "tsx": "typescript", "go": "go", "rs": "rust", "java": "java", "kt": "kotlin",
    "kts": "kotlin", "cs": "csharp", "cpp": "cpp", "h": "cpp", "hpp": "cpp", "c": "cpp", "rb": "ruby",
    "php": "php", "swift": "swift", "sh": "shell", "yml": "yaml", "yaml": "yaml", "json": "json",
    "html": "html", "css": "css", "scss": "css", "md": "markdown", "vue": "vue", "svelte": "svelte",
    "makefile": "makefile", "dart": "dart", "lua": "lua",
}  # fmt: skip


def _languages(glob: str) -> frozenset[str]:
    """The languages whose files ``glob`` matches; empty for all files, one unheard of for files of other kinds."""
    if glob == "*":
        return frozenset()
    words = re.findall(r"[a-z]+", glob.lower())
    return frozenset(_EXTENSIONS[word] for word in words if word in _EXTENSIONS) or frozenset((glob,))
