"""Copilot's command line: Chat Completions with sorted keys, and keywords that providers refuse moved into words.

Compared with requests for OpenAI's and Anthropic's models over Chat Completions. For Gemini's models, and with a
provider of the type ``anthropic``, more keywords are moved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from ctxkit.sources.tool_forms.form import Cut, Listed, ToolForm, Wired, Written
from ctxkit.sources.tool_forms.json_text import rust
from ctxkit.text.pattern import on_demand

_ODD = on_demand(r"[^A-Za-z0-9_-]")
_LONGEST_NAME = 64
# These go into the description, in this order.
_TOLD = (
    "contentEncoding", "contentMediaType", "not", "minLength", "maxLength", "pattern", "format", "minimum", "maximum",
    "multipleOf", "exclusiveMinimum", "exclusiveMaximum", "patternProperties", "minItems", "maxItems", "uniqueItems",
    "unevaluatedProperties", "propertyNames", "minProperties", "maxProperties", "unevaluatedItems", "contains",
    "minContains", "maxContains", "if", "then", "else", "dependentRequired", "dependentSchemas",
)  # fmt: skip
_SCHEMAS_BY_NAME = ("properties", "$defs", "definitions")
_COMBINERS = ("anyOf", "oneOf", "allOf")
_SCHEMAS = ("items", "additionalProperties")


def _label(name: str) -> str:
    """A name in the letters of host names: others in punycode, label by label."""
    labels = (part if part.isascii() else f"xn--{part.encode('punycode').decode()}" for part in name.split("."))
    return _ODD().sub("-", ".".join(labels))


def _names(template: str, servers: Listed) -> list[list[str]]:
    """The last of several tools of one name is sent; if names are one only after they are cut, a number ends them."""
    whole = [
        [template.replace("{server}", _label(server)).replace("{tool}", _label(tool)) for tool in tools]
        for server, tools in servers
    ]
    short: dict[str, str] = {}
    taken: set[str] = set()
    numbers: Counter[str] = Counter()
    for name in sorted({name for names in whole for name in names}):
        cut = name[:_LONGEST_NAME]
        while cut in taken:
            numbers[name[:_LONGEST_NAME]] += 1
            number = str(numbers[name[:_LONGEST_NAME]] + 1)
            cut = name[: _LONGEST_NAME - len(number)] + number
        short[name] = cut
        taken.add(cut)
    return [[short[name] for name in names] for names in whole]


def _text(one: Wired, _: Cut) -> Written:
    function = {"name": one.name, "description": one.tool.description, "parameters": _parameters(one)}
    return Written(rust({"type": "function", "function": function}))


def _parameters(one: Wired) -> dict[str, object]:
    schema = _normal(_sorted(one.tool.listed.get("inputSchema", {})))
    whole = dict(schema) if isinstance(schema, Mapping) else {}
    whole["type"] = "object"
    if not isinstance(whole.get("properties"), Mapping):
        whole["properties"] = {}
    told = _told(_flat(whole))
    return told if isinstance(told, dict) else {}


def _sorted(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    return value


def _inner(
    schema: Mapping[str, object], change: Callable[[object], object], listed: tuple[str, ...], single: tuple[str, ...]
) -> dict[str, object]:
    """``schema`` with ``change`` made to the schemas directly in it: by name, ``listed`` and ``single`` ones."""
    made: dict[str, object] = dict(schema)
    for key, value in schema.items():
        if key in _SCHEMAS_BY_NAME and isinstance(value, Mapping):
            made[key] = {name: change(item) for name, item in value.items()}
        elif key in listed and isinstance(value, list):
            made[key] = [change(item) for item in value]
        elif key in single and not (key == "additionalProperties" and isinstance(value, bool)):
            made[key] = change(value)
    return made


def _normal(schema: object) -> object:
    """Schemas as maps: of ``true`` and ``false``, of items given one by one; every array has items."""
    if isinstance(schema, bool):
        return {} if schema else {"description": "{schema: false}"}
    if not isinstance(schema, Mapping):
        return schema
    made = dict(schema)
    items = made.get("items")
    if "items" in made and items is None:
        made["items"] = {}
    elif isinstance(items, list):
        made["items"] = {"anyOf": items} if len(items) > 1 else items[0] if items else {}
    made = _inner(made, _normal, (*_COMBINERS, "prefixItems"), (*_SCHEMAS, "additionalItems"))
    if made.get("type") == "array":
        made.setdefault("items", {})
    return made


def _flat(whole: dict[str, object]) -> dict[str, object]:
    """The schema of a tool without what providers refuse at its top."""
    made = {key: value for key, value in whole.items() if key not in ("allOf", "not", "enum")}
    properties = dict(_map(whole["properties"]))
    made["properties"] = properties
    for part in map(_map, _list(whole.get("allOf"))):
        properties.update(_map(part.get("properties")))
        more = _list(part.get("required"))
        if more:
            there = _list(made.get("required"))
            made["required"] = there + [name for name in more if name not in there]
    for key in ("anyOf", "oneOf"):
        if isinstance(made.get(key), list):
            variants = _list(made.pop(key))
            _offer(properties, [_map(_map(variant).get("properties")) for variant in variants])
            _tell(made, f"{{{key}: {rust(variants)}}}")
    return made


def _offer(properties: dict[str, object], variants: list[Mapping[str, object]]) -> None:
    """Adds the properties of variants; of one that not all of them have nothing but the name."""
    for name in dict.fromkeys(name for variant in variants for name in variant):
        if name in properties:
            continue
        found = [variant[name] for variant in variants if name in variant]
        distinct = _distinct(found)
        if len(found) < len(variants) or {} in distinct:
            properties[name] = {}
        elif len(distinct) == 1:
            properties[name] = distinct[0]
        else:
            properties[name] = _one_of_values(distinct) or {"anyOf": distinct}


def _one_of_values(schemas: list[object]) -> dict[str, object] | None:
    """Schemas that are the same but for the values they allow, as one; None where they are not."""
    values: list[object] = []
    rests = []
    for schema in map(_map, schemas):
        if "const" not in schema and not isinstance(schema.get("enum"), list):
            return None
        values += [schema["const"]] if "const" in schema else _list(schema["enum"])
        rests.append({key: item for key, item in schema.items() if key not in ("const", "enum")})
    return {**rests[0], "enum": _distinct(values)} if len(_distinct(rests)) == 1 else None


def _distinct(values: Sequence[object]) -> list[object]:
    """Each once, by their JSON: in Python 1 equals True."""
    found: dict[str, object] = {}
    for value in values:
        found.setdefault(rust(value), value)
    return list(found.values())


def _told(schema: object) -> object:
    if not isinstance(schema, Mapping):
        return schema
    made = _inner({key: value for key, value in schema.items() if key not in _TOLD}, _told, _COMBINERS, _SCHEMAS)
    told = ", ".join(f"{key}: {rust(schema[key])}" for key in _TOLD if key in schema)
    if told:
        _tell(made, f"{{{told}}}")
    return made


def _tell(schema: dict[str, object], text: str) -> None:
    there = schema.get("description")
    schema["description"] = f"{there}\n\n{text}" if isinstance(there, str) and there else text


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


FORMS = (
    ToolForm(
        text=_text,
        names=_names,
        twice="last",
        error=0.01,
        how="recorded requests of Copilot's command line 1.0.102: equal over Chat Completions, 0.7 % more in others",
    ),
)
