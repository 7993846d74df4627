"""Parts of tool schemas that no model needs.

What it finds: in the schemas of MCP tools: ``$schema`` and ``$id``, ``additionalProperties`` that say only whether
more is allowed, titles that repeat the name of the property, defaults of null, empty descriptions, ``anyOf`` with null
around one type, bounds that are only the largest integers, patterns beside the format that they spell out, and long
lists of values that stand in the schema a second time. What they take is summed for each server.

Why it costs: generators of schemas write them into every definition, and they are sent with it.

What to do: ask the maintainer of the server to strip them before it lists its tools, or leave out tools that nobody
calls. Some agents take a part of them out themselves: what is counted is what yours sends.

When to ignore it: the server is somebody else's and the tokens are few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.detect.known_tools import KnownTool, by_server, compact_tool, known_tools, sent_by
from ctxkit.model.finding import Confidence, Finding, Persona, Severity
from ctxkit.text.json_schema import compact, rewritten, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ctxkit.evidence import Evidence, Limits

    Kind = Callable[[dict[str, object], str], dict[str, object]]

ID = "schema-noise"

_LARGEST = 2**53 - 1
_NULL = {"type": "null"}
_FORMATS = ("uuid", "date", "date-time", "time", "email", "uri", "ipv4", "ipv6", "duration")
_LONG_LIST = 8
_SHOWN = 3


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each server in whose schemas there is enough of it."""
    for server, tools in by_server(known_tools(evidence)).items():
        whole = sum(tool.tokens for tool in tools)
        saved = {tool.name: tool.tokens - _tokens(tool, list(_kinds().values()), evidence) for tool in tools}
        noise = sum(saved.values())
        if noise >= limits["some"]:
            loud = noise >= limits["much"] and noise >= limits["share"] * whole
            yield _finding(server, tools, saved, whole, Persona.REGULAR if loud else Persona.PEDANTIC, evidence)


def _finding(
    server: str, tools: list[KnownTool], saved: Mapping[str, int], whole: int, persona: Persona, evidence: Evidence
) -> Finding:
    noise = sum(saved.values())
    by_kind = sorted(
        ((sum(tool.tokens - _tokens(tool, [_kinds()[name]], evidence) for tool in tools), name) for name in _kinds()),
        key=lambda pair: -pair[0],
    )
    loudest = sorted(tools, key=lambda tool: -saved[tool.name])[:_SHOWN]
    always = next((tool for tool in tools if tool.always), tools[0])
    return Finding(
        rule=ID,
        severity=Severity.NOTE,
        confidence=Confidence.HIGH,
        persona=persona,
        message=f"{noise:,} of the {whole:,} tokens of the tools of {server} are parts of schemas that no model needs,"
        f" sent {sent_by(always)}.",
        tip="Ask the server's maintainer to strip them from its schemas, or leave out the tools that nobody calls.",
        at=always.parents,
        key=server,
        evidence=(
            *(f"{tokens:,} tokens: {name}" for tokens, name in by_kind if tokens > 0),
            *(f"{saved[tool.name]:,} of {tool.tokens:,} tokens: {tool.name}" for tool in loudest),
        ),
    )


def _tokens(tool: KnownTool, kinds: list[Kind], evidence: Evidence) -> int:
    """What the tool takes without noise of these kinds."""
    schema: Mapping[str, object] = tool.schema
    for kind in kinds:
        schema = rewritten(schema, tool.name, kind)
    return evidence.count(compact_tool(tool.name, tool.description, schema), (0,))[0]


def _kinds() -> dict[str, Kind]:
    """What each kind is called, and how a schema is without it; made anew for each tool, for the last one remembers."""
    seen: set[str] = set()

    def listed_again(schema: dict[str, object], _: str) -> dict[str, object]:
        values = schema.get("enum")
        if isinstance(values, list) and len(values) >= _LONG_LIST:
            text = compact(values)
            if text in seen:
                return {**schema, "enum": []}
            seen.add(text)
        return schema

    return {
        "$schema, $id and $comment": _without_dialect,
        "additionalProperties": _without_more,
        "titles that repeat the name": _without_title,
        "defaults of null": _without_null_default,
        "empty descriptions": _without_empty_description,
        "anyOf with null around one type": _without_null,
        "bounds that are the largest integers": _without_bounds,
        "patterns beside their format": _without_pattern,
        "long lists of values that are there twice": listed_again,
    }


def _left(schema: dict[str, object], *keys: str) -> dict[str, object]:
    return {key: value for key, value in schema.items() if key not in keys}


def _without_dialect(schema: dict[str, object], _: str) -> dict[str, object]:
    return _left(schema, "$schema", "$id", "$comment")


def _without_more(schema: dict[str, object], _: str) -> dict[str, object]:
    more = schema.get("additionalProperties")
    return _left(schema, "additionalProperties") if isinstance(more, bool) or more == {} else schema


def _without_title(schema: dict[str, object], name: str) -> dict[str, object]:
    title = schema.get("title")
    if not isinstance(title, str) or not name:
        return schema
    words, own = words_of(title), words_of(name)
    return _left(schema, "title") if words[: len(own)] == own else schema


def _without_null_default(schema: dict[str, object], _: str) -> dict[str, object]:
    return _left(schema, "default") if schema.get("default", 0) is None else schema


def _without_empty_description(schema: dict[str, object], _: str) -> dict[str, object]:
    text = schema.get("description")
    return _left(schema, "description") if isinstance(text, str) and not text.strip() else schema


def _without_null(schema: dict[str, object], _: str) -> dict[str, object]:
    several = schema.get("anyOf")
    if not isinstance(several, list) or len(several) != 2 or _NULL not in several:
        return schema
    other = next((item for item in several if item != _NULL), None)
    return {**other, **_left(schema, "anyOf")} if isinstance(other, dict) else schema


def _without_bounds(schema: dict[str, object], _: str) -> dict[str, object]:
    bounds = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    return _left(schema, *(key for key in bounds if schema.get(key) in (_LARGEST, -_LARGEST)))


def _without_pattern(schema: dict[str, object], _: str) -> dict[str, object]:
    return _left(schema, "pattern") if schema.get("format") in _FORMATS else schema
