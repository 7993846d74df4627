"""Configuration files in any of the four formats, as one kind of value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from ctxkit.model import ConfigError
from ctxkit.text import jsonc
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Mapping

Format = Literal["json", "jsonc", "toml", "yaml"]

# What a YAML file may come to once its aliases are written out, and how deep it may nest (in values).
_YAML_VALUES = 1_000_000
_YAML_DEPTH = 200
_KEY_PARTS = 100
_KEY_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = on_demand(rf"(?<![\w-]){_KEY_PART}(?:[ \t]*+\.[ \t]*+{_KEY_PART}){{{_KEY_PARTS}}}")
_TOML_PLACE = on_demand(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


def parse_config(data: bytes, format: Format, name: str) -> dict[str, object] | ConfigError:  # noqa: A002
    """The table of settings that ``data`` holds, or what is wrong with it.

    ``name`` is how messages call the file. Text that is not UTF-8 is read with replacement characters; an empty
    file is an empty table. ``json`` is read as leniently as ``jsonc``, because the agents do so. In YAML only ``true``
    and ``false`` are booleans (YAML 1.2), and all keys are strings, as written. The error names line and column where
    the format tells them.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return ConfigError(f"{name} is UTF-16 text", "Save it as UTF-8: agents do not read anything else.")
    if b"\0" in data:
        return ConfigError(f"{name} is a binary file", f"Put {_KINDS[format]} there, or remove it.")
    text = data.decode("utf-8", errors="replace").removeprefix("\ufeff")
    if not text.strip():
        return {}
    try:
        value = _toml(text) if format == "toml" else _yaml(text) if format == "yaml" else jsonc.parse(text)
    except ConfigError as error:
        return ConfigError(f"{name} is not valid {_KINDS[format]}: {error.message}", _next_step(text, error.message))
    if value is None:
        return {}
    if not isinstance(value, dict):
        return ConfigError(
            f"{name} holds {kind_of(value)} where a map is expected", "Check the file's outermost value."
        )
    return value


_KINDS = {"json": "JSON", "jsonc": "JSON", "toml": "TOML", "yaml": "YAML"}


def kind_of(value: object) -> str:
    """What a value is called in messages: a list, a number and so on."""
    kinds: Mapping[type, str] = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "a map",
        type(None): "nothing",
    }
    return kinds.get(type(value), f"a {type(value).__name__}")


def _next_step(text: str, problem: str) -> str:
    if re.search(r"^<<<<<<<(?: |$)", text, re.MULTILINE):
        return "Resolve the merge conflict in it."
    place = re.match(r"line \d+", problem)
    return f"Mend it at {place.group()}." if place else "Mend it, or remove it."


def _toml(text: str) -> dict[str, object]:
    import tomllib

    # tomllib keeps every prefix of a dotted key: 100,000 parts would take all memory.
    if long_key := _LONG_KEY().search(text):
        line = text.count("\n", 0, long_key.start()) + 1
        raise ConfigError(f"line {line}: a key has more than {_KEY_PARTS} parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ConfigError("values are nested deeper than can be read") from None
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = _TOML_PLACE().search(message)
        problem = _TOML_PLACE().sub("", message)
        problem = problem[:1].lower() + problem[1:]
        if place is None:
            raise ConfigError(problem) from None
        line = int(place[1] or text.count("\n") + 1)
        column = f", column {place[2]}" if place[2] else ""
        raise ConfigError(f"line {line}{column}: {problem}") from None
    except ValueError:
        raise ConfigError("a date or a number in it cannot be read") from None


def _yaml(text: str) -> object:
    import yaml

    from ctxkit.text.yamlload import AgentLoader

    try:
        _check_yaml_size(yaml.parse(text, Loader=AgentLoader))
        return yaml.load(text, Loader=AgentLoader)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ConfigError(f"{place}{error.problem or error.context or 'it cannot be read'}") from None
    except yaml.reader.ReaderError as error:
        raise ConfigError(f"{error.reason} at character {error.position}") from None
    except yaml.YAMLError:
        raise ConfigError("it cannot be read") from None
    except (
        ValueError,
        TypeError,
        OverflowError,
        AttributeError,
        LookupError,
    ):  # dates, numbers and keys that YAML admits, Python not
        raise ConfigError("a date, a number or a key in it cannot be read") from None
    except RecursionError:
        raise ConfigError("values are nested deeper than can be read") from None


def _check_yaml_size(events: object) -> None:
    """Refuse aliases that blow up, contain themselves or nest too deep, before any value is built.

    Raises ConfigError with the line. One pass over the events: ``sizes`` holds the number of values of
    each open collection, ``anchors`` that of each anchored value once it is complete.
    """
    import yaml

    sizes: list[tuple[str | None, int]] = []
    anchors: dict[str, int] = {}
    for event in events:  # type: ignore[attr-defined]
        line = event.start_mark.line + 1
        if isinstance(event, yaml.CollectionStartEvent):
            sizes.append((event.anchor, 1))
            anchors.pop(event.anchor or "", None)
            if len(sizes) > _YAML_DEPTH:
                raise ConfigError(f"line {line}: values are nested more than {_YAML_DEPTH} deep")
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, size = sizes.pop()
        elif isinstance(event, yaml.ScalarEvent):
            anchor, size = event.anchor, 1
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in anchors:
                raise ConfigError(f"line {line}: the alias *{event.anchor} stands for nothing, or for itself")
            anchor, size = None, anchors[event.anchor]
        else:
            continue
        if anchor is not None:
            anchors[anchor] = size
        if sizes:
            outer, count = sizes[-1]
            sizes[-1] = (outer, count + size)
        if size > _YAML_VALUES or (sizes and sizes[-1][1] > _YAML_VALUES):
            raise ConfigError(f"line {line}: its aliases stand for more than {_YAML_VALUES:,} values")
