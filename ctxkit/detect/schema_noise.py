"""Parts of tool schemas that change nothing about the calls a model can make.

What it finds: in the schemas of MCP tools, what JSON Schema (2020-12) gives no meaning for a value: ``$schema`` and
``$comment``, ``additionalProperties`` that allow what is allowed anyhow, empty ``required``, ``examples`` and
descriptions, titles and descriptions that only repeat the name of their property, descriptions that repeat that of the
schema around them, null as default and as a type of arguments that may be left out and are null then, and bounds that
are the largest integers JSON can carry. It is measured by counting the tools of a server again without them.

Why it costs: generators of schemas write them into every definition, and they are sent with it.

What to do: ask the maintainer of the server to strip them before it lists its tools, or leave out tools that nobody
calls. Some agents take a part of them out themselves: what is counted is what yours sends.

When to ignore it: the server is somebody else's and the tokens are few. ``additionalProperties: false``, other titles,
defaults, patterns and bounds tell a model something and are left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ctxkit.detect.known_tools import KnownTool, by_server, compact_tool, known_tools, sent_by
from ctxkit.model.finding import Confidence, Finding, Persona, Severity
from ctxkit.text.json_schema import compact, letters, rewritten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ctxkit.evidence import Evidence, Limits

    Kind = Callable[[dict[str, object], str], dict[str, object]]

ID = "schema-noise"

_LARGEST = 2**53 - 1
"""Beyond it, integers of JSON are not exchanged exactly (RFC 8259, section 6)."""
_NULL = {"type": "null"}
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_SHOWN = 3


def detect(evidence: Evidence, limits: Limits) -> Iterator[Finding]:
    """One finding for each server in whose schemas there is enough of it."""
    for server, tools in by_server(known_tools(evidence)).items():
        whole = sum(tool.tokens for tool in tools)
        saved = {tool.name: tool.tokens - _tokens(tool, _KINDS.values(), evidence) for tool in tools}
        noise = sum(saved.values())
        if noise >= limits["some"]:
            always = any(tool.always for tool in tools)
            loud = always and noise >= limits["much"] and noise >= limits["share"] * whole
            yield _finding(server, tools, saved, whole, Persona.REGULAR if loud else Persona.PEDANTIC, evidence)


def _finding(
    server: str, tools: list[KnownTool], saved: Mapping[str, int], whole: int, persona: Persona, evidence: Evidence
) -> Finding:
    noise = sum(saved.values())
    by_kind = sorted(
        ((sum(tool.tokens - _tokens(tool, [_KINDS[name]], evidence) for tool in tools), name) for name in _KINDS),
        key=lambda pair: -pair[0],
    )
    loudest = sorted(tools, key=lambda tool: -saved[tool.name])[:_SHOWN]
    always = next((tool for tool in tools if tool.always), tools[0])
    return Finding(
        rule=ID,
        severity=Severity.NOTE,
        confidence=Confidence.HIGH,
        persona=persona,
        message=f"{noise:,} of the {whole:,} tokens (o200k_base) of the tools of {server} change nothing about the"
        f" calls a model can make; they are sent {sent_by(always)}.",
        tip="Ask the server's maintainer to strip them from its schemas, or leave out the tools that nobody calls.",
        at=always.parents,
        key=server,
        evidence=(
            *(f"{tokens:,} tokens: {name}" for tokens, name in by_kind if tokens > 0),
            *(f"{saved[tool.name]:,} of {tool.tokens:,} tokens: {tool.name}" for tool in loudest),
        ),
    )


def _tokens(tool: KnownTool, kinds: Iterable[_Noise], evidence: Evidence) -> int:
    """What the tool takes without noise of these kinds."""
    text = compact(tool.schema)
    there = [kind.out for kind in kinds if any(mark in text for mark in kind.marks)]

    def without(schema: dict[str, object], name: str) -> dict[str, object]:
        for out in there:
            schema = out(schema, name)
        return schema

    if not there:
        return tool.tokens
    schema = rewritten(tool.schema, tool.name, without)
    return evidence.count(compact_tool(tool.name, tool.description, schema), (0,))[0]


def _left(schema: dict[str, object], *keys: str) -> dict[str, object]:
    return {key: value for key, value in schema.items() if key not in keys}


def _without_dialect(schema: dict[str, object], _: str) -> dict[str, object]:
    return _left(schema, "$schema", "$comment")


def _without_more(schema: dict[str, object], _: str) -> dict[str, object]:
    more = schema.get("additionalProperties")
    return _left(schema, "additionalProperties") if more is True or more == {} else schema


def _without_empty(schema: dict[str, object], _: str) -> dict[str, object]:
    text = schema.get("description")
    blank = ["description"] if isinstance(text, str) and not text.strip() else []
    return _left(schema, *blank, *(key for key in ("required", "examples") if schema.get(key) == []))


def _without_echo(schema: dict[str, object], name: str) -> dict[str, object]:
    """Title and description that have no other words than the name."""
    own = letters(name)
    room = 2 * len(name) + 2
    texts = {key: text for key in ("title", "description") if isinstance(text := schema.get(key), str)}
    return _left(schema, *(key for key, text in texts.items() if own and len(text) <= room and letters(text) == own))


def _without_nulls(schema: dict[str, object], _: str) -> dict[str, object]:
    """Arguments that may be left out: their default of null, and null as a type of theirs beside one other."""
    properties = schema.get("properties")
    required = schema.get("required")
    if not isinstance(properties, dict):
        return schema
    needed = {name for name in required if isinstance(name, str)} if isinstance(required, list) else set()
    optional = {name: _without_null(item) for name, item in properties.items() if name not in needed}
    return {**schema, "properties": {**properties, **optional}}


def _without_null(item: object) -> object:
    if not isinstance(item, dict) or item.get("default", 0) is not None:
        return item
    kept = _left(item, "default")
    several = item.get("anyOf")
    if not isinstance(several, list) or len(several) != 2 or _NULL not in several:
        return kept
    other = next((one for one in several if one != _NULL), None)
    return {**other, **_left(kept, "anyOf")} if isinstance(other, dict) and not set(other) & set(kept) else kept


def _without_bounds(schema: dict[str, object], _: str) -> dict[str, object]:
    return _left(schema, *(key for key in _BOUNDS if _is_boundless(schema.get(key))))


def _is_boundless(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) == _LARGEST


def _without_repetition(schema: dict[str, object], _: str) -> dict[str, object]:
    """Descriptions right below that are the one of ``schema``."""
    text = schema.get("description")
    if not isinstance(text, str) or not text:
        return schema
    done = dict(schema)
    for key in ("items", "anyOf", "oneOf", "allOf"):
        below = done.get(key)
        if isinstance(below, dict):
            done[key] = _unlike(below, text)
        elif isinstance(below, list):
            done[key] = [_unlike(item, text) if isinstance(item, dict) else item for item in below]
    return done


def _unlike(schema: dict[str, object], text: str) -> dict[str, object]:
    return _left(schema, "description") if schema.get("description") == text else schema


class _Noise(NamedTuple):
    """A kind of noise: what to take out of each schema, and texts of which the JSON of a schema that has it holds one.

    Most schemas have none of most kinds, and need not be walked through to see that.
    """

    out: Kind
    marks: tuple[str, ...]


_KINDS: Mapping[str, _Noise] = {
    "$schema and $comment": _Noise(_without_dialect, ('"$schema"', '"$comment"')),
    "additionalProperties that allow all": _Noise(_without_more, ('"additionalProperties"',)),
    "empty required, examples and descriptions": _Noise(_without_empty, ("[]", '"description":"')),
    "titles and descriptions that only repeat the name": _Noise(_without_echo, ('"title":"', '"description":"')),
    "null for arguments that may be left out": _Noise(_without_nulls, ('"default":null',)),
    "bounds that are the largest integers": _Noise(_without_bounds, (str(_LARGEST), f"{float(_LARGEST)}")),
    "descriptions that repeat the one above them": _Noise(_without_repetition, ('"description":"',)),
}
"""What each kind is called, and how a schema is without it."""
