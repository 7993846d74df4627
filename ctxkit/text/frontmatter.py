"""The ``---`` block at the head of a rule file, read as tolerantly as the agents read it.

``globs: *.ts`` is not valid YAML (``*`` starts an alias) and is common: such values are kept as raw text.
"""

from __future__ import annotations

from msgspec import Struct, field

from ctxkit.text.markdown import frontmatter_end
from ctxkit.text.pattern import on_demand

Value = str | bool | int | float | None | list[object] | dict[str, object]

_PLAIN_KEY = on_demand(r"([A-Za-z0-9_.\-]+)[ \t]*:(?:[ \t]+(.*))?$")
_TAGGED = on_demand(r"^([A-Za-z0-9_.\-]+[ \t]*:)[ \t]+![^ \t]*[ \t]*$")
_ITEM = on_demand(r"[ \t]*-[ \t]+(.*)$")
_SIMPLE = on_demand(r"(?:[A-Za-z_/(]|\.(?![0-9]|inf|nan|NaN|Inf))(?:[^:#\t]|:(?=\S)|(?<=\S)#)*$")
_NOT_TEXT = {"true", "false", "null"}
_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None, "~": None, "": None}


class Frontmatter(Struct, frozen=True):
    """The keys of a frontmatter. ``end``: offset (characters) just behind it, 0 without one.

    ``valid`` is false where it is not YAML; the keys are then those found once plain values are put in quotes.
    """

    values: dict[str, Value] = field(default_factory=dict)
    end: int = 0
    valid: bool = True

    def strings(self, key: str, split: str = ",") -> tuple[str, ...]:
        """A key's value as strings: a list as it is, one string split at ``split`` outside braces."""
        value = self.values.get(key)
        if isinstance(value, list):
            return tuple(part for item in value if isinstance(item, str) for part in _split(item, ""))
        if isinstance(value, str):
            return tuple(_split(value, split))
        return ()

    def text(self, key: str) -> str:
        """A key's value as one text; empty where there is none."""
        value = self.values.get(key)
        if value is None or isinstance(value, dict):
            return ""
        if isinstance(value, list):
            return ", ".join(str(item) for item in value)
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)


NO_FRONTMATTER = Frontmatter()


def parse(text: str, first_lines: bool = False) -> Frontmatter:
    """The frontmatter of ``text``; an empty one where there is none. Never raises.

    ``first_lines``: where it is not valid YAML, or gives a key twice, only plain ``key: value`` lines count, of a key
    the first; an unquoted ``!x`` is a YAML tag and leaves its key empty.
    """
    end = frontmatter_end(text)
    if not end:
        return NO_FRONTMATTER
    lines = text[:end].lstrip("\ufeff").splitlines()[1:-1]
    if first_lines:
        lines = [_TAGGED().sub(r"\1", line) for line in lines]
        if any(line.startswith("\t") for line in lines) or _repeats(lines):
            return Frontmatter(_first_lines(lines), end, valid=False)
    simple = _simple(lines)
    if simple is not None:
        return Frontmatter(simple, end)
    block = "\n".join(lines)
    loaded = _yaml(block)
    if loaded is not None:
        return Frontmatter(loaded, end)
    if first_lines:
        return Frontmatter(_first_lines(lines), end, valid=False)
    return Frontmatter(_yaml("\n".join(_quoted(line) for line in lines)) or {}, end, valid=False)


def _repeats(lines: list[str]) -> bool:
    keys = [match[1] for line in lines if (match := _PLAIN_KEY().match(line))]
    return len(keys) != len(set(keys))


def _first_lines(lines: list[str]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for line in lines:
        match = _PLAIN_KEY().match(line)
        if match and match[1] not in values:
            raw = (match[2] or "").strip()
            values[match[1]] = raw[1:-1] if len(raw) > 1 and raw[0] == raw[-1] and raw[0] in "\"'" else raw
    return values


def _simple(lines: list[str]) -> dict[str, Value] | None:
    """The keys where every line is so plain that YAML could read it in one way only; None otherwise.

    Spares the import of a YAML parser (26 ms) for nearly every real file.
    """
    values: dict[str, Value] = {}
    key = ""
    for line in lines:
        if not line.strip():
            continue
        match = _PLAIN_KEY().match(line)
        item = _ITEM().match(line)
        if match and not line[0].isspace():
            key = match[1]
            raw = (match[2] or "").strip()
            value = _scalar(raw)
            if value is _UNKNOWN or key in values:
                return None
            values[key] = value  # type: ignore[assignment]
        elif item and key and (values[key] is None or isinstance(values[key], list)):
            value = _scalar(item[1].strip())
            if not isinstance(value, str):
                return None
            listed = values[key]
            values[key] = [*listed, value] if isinstance(listed, list) else [value]
        else:
            return None
    return values


_UNKNOWN = object()


def _scalar(raw: str) -> object:
    if raw in _WORDS:
        return _WORDS[raw]
    if len(raw) > 1 and raw[0] == raw[-1] and raw[0] in "\"'" and raw[0] not in raw[1:-1] and "\\" not in raw:
        return raw[1:-1]
    if _SIMPLE().match(raw) and raw.lower() not in _NOT_TEXT:
        return raw
    return _UNKNOWN


def _yaml(text: str) -> dict[str, Value] | None:
    import yaml

    if len(text) > 256_000 or _nesting(text) > 60:
        return None
    from ctxkit.text.yamlload import AgentLoader

    try:
        events = list(yaml.parse(text, Loader=AgentLoader))
        if any(isinstance(event, yaml.AliasEvent) for event in events):
            return None
        loaded = yaml.load(text, Loader=AgentLoader)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
        return None
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        return None
    return {key: _value(value) for key, value in loaded.items()}


def _nesting(text: str) -> int:
    return max(text.count("["), text.count("{"))


def _value(value: object) -> Value:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return value
    if isinstance(value, list):
        return [_value(item) for item in value]
    if isinstance(value, dict):
        return dict(value)
    return str(value)


def _quoted(line: str) -> str:
    """``key: *.ts`` → ``key: "*.ts"``: the one repair that agents make to a frontmatter that is not YAML."""
    match = _PLAIN_KEY().match(line)
    raw = (match[2] or "").strip() if match else ""
    if match is None or not raw or raw[0] in "\"'|>[" or _scalar(raw) is not _UNKNOWN:
        return line
    return f"{match[1]}: " + '"' + raw.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _split(value: str, separator: str) -> list[str]:
    parts: list[str] = []
    depth = 0
    current = ""
    for char in value:
        depth += (char == "{") - (char == "}")
        if separator and char == separator and depth <= 0:
            parts.append(current)
            current = ""
        else:
            current += char
    return [part.strip() for part in [*parts, current] if part.strip()]
