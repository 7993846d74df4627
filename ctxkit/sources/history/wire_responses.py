"""The blocks of a request and of an answer in the format of OpenAI's Responses, with the tools of its lite form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model.session import Block, Kind, Media, Usage
from ctxkit.sources.history import wire_blocks
from ctxkit.sources.history.fields import items, json_text, mapping, maps, maybe_number, number, short, text
from ctxkit.sources.history.media import media_at, media_of
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ID = "responses"
_STRING_INPUT = frozenset({"instructions", "tools", "store", "stream", "max_output_tokens", "reasoning", "text"})
_NO_BLOCK = frozenset({"item_reference", "compaction_trigger", "mcp_approval_request", "mcp_approval_response"})
_ACTIONS = {
    "local_shell_call": "local_shell",
    "shell_call": "shell",
    "apply_patch_call": "apply_patch",
    "computer_call": "computer",
    "web_search_call": "web_search",
    "file_search_call": "file_search",
    "code_interpreter_call": "code_interpreter",
    "tool_search_call": "tool_search",
}
"""Calls of the provider's own tools, and the tools' names."""
_ACTION_KEYS = ("action", "operation", "arguments", "queries", "code")
# Codex writes the exit code of a command into the first lines of what the model sees.
_EXIT_CODE = on_demand(r"(?:\A|\n)(?:Process exited with code|Exit code:) (-?\d+)")
_EXIT_CODE_JSON = on_demand(r'"exit_code":\s*(-?\d+)[^{}]*\}\s*\}\s*\Z')
# So it answers a call that did not run at all.
_NOT_RUN = on_demand(
    r"unsupported call: |failed to parse function arguments: |apply_patch verification failed: "
    r"|unable to locate image at "
)
_BEGINNING = 400
_ENDING = 200


def matches(body: Mapping[str, object]) -> bool:
    """Is ``body`` a request of this format: input items; a bare text is one only beside fields that embeddings lack."""
    given = body.get("input")
    if "messages" in body:
        return False
    if isinstance(given, str):
        return any(key in body for key in _STRING_INPUT)
    return bool(maps(body, "input")) and all("type" in item or "role" in item for item in maps(body, "input")[:3])


def blocks(body: Mapping[str, object]) -> Iterator[Block]:
    """What the request ``body`` puts into the window: instructions, tools, input.

    With ``previous_response_id`` the provider adds what it keeps of the history; the request does not show it.
    """
    if text(body, "instructions"):
        yield from wire_blocks.client_text(text(body, "instructions"))
    yield from tool_blocks(body)
    given = body.get("input")
    if isinstance(given, str):
        yield from wire_blocks.user_text(given)
        return
    begun = False
    for item in items(body, "input"):
        if isinstance(item, dict):
            yield from item_blocks(item, later=begun)
            begun = begun or item.get("role") == "assistant" or text(item, "type").endswith("_call")


def answer(response: Mapping[str, object]) -> Iterator[Block]:
    """What the model answered."""
    for item in maps(response, "output"):
        yield from item_blocks(item)


def usage(response: Mapping[str, object]) -> Usage | None:
    """The usage that ``response`` reports; None if it has none."""
    return usage_of(mapping(response, "usage"))


def usage_of(counts: Mapping[str, object]) -> Usage | None:
    """Counts as this format, or Codex in its records, names them. Cached input is part of the input."""
    if maybe_number(counts, "input_tokens") is None:
        return None
    details = {**counts, **mapping(counts, "input_tokens_details"), **mapping(counts, "output_tokens_details")}
    return Usage(
        input=number(counts, "input_tokens"),
        cached=number(details, "cached_tokens", "cached_input_tokens"),
        written=maybe_number(details, "cache_write_tokens", "cache_write_input_tokens"),
        output=number(counts, "output_tokens"),
        reasoning=maybe_number(details, "reasoning_tokens", "reasoning_output_tokens"),
    )


def tool_blocks(record: Mapping[str, object]) -> Iterator[Block]:
    """The ``tools`` of a request or of an item, one block each; those of a namespace bear its name in front."""
    for definition in maps(record, "tools"):
        name = short(definition, "name", "server_label", "type")
        if definition.get("type") != "namespace":
            yield wire_blocks.tool(name, definition, deferred=definition.get("defer_loading") is True)
            continue
        yield wire_blocks.tool(name, {key: value for key, value in definition.items() if key != "tools"})
        for inner in maps(definition, "tools"):
            deferred = inner.get("defer_loading") is True
            yield wire_blocks.tool(within(name, short(inner, "name", "type")), inner, deferred=deferred)


def within(namespace: str, name: str) -> str:
    """The name of a tool, with the server's if its ``namespace`` is one; the client's own namespaces are not told."""
    if not namespace.startswith("mcp__") or name.startswith(namespace):
        return name
    return namespace + name if name.startswith("_") else f"{namespace}__{name}"


def item_blocks(item: Mapping[str, object], *, later: bool = False) -> Iterator[Block]:
    """The blocks of one input or output item. ``later``: the conversation has begun."""
    kind = text(item, "type")
    read = _ITEMS.get(kind)
    if read is not None:
        yield from read(item)
    elif kind == "message" or (not kind and "role" in item):
        yield from wire_blocks.together(_message(item, later=later))
    elif kind in _ACTIONS:
        yield from _action(item, kind)
    elif kind.endswith("_output"):
        yield from _output(item)
    elif kind not in _NO_BLOCK:
        yield wire_blocks.unknown(Kind.TEXT, item)


def _message(item: Mapping[str, object], *, later: bool) -> Iterator[Block]:
    role = text(item, "role")
    content = item.get("content")
    for part in [content] if isinstance(content, str) else items(item, "content"):
        words = part if isinstance(part, str) else text(part, "text", "refusal") if isinstance(part, dict) else ""
        media = _media(part) if isinstance(part, dict) else None
        if role == "assistant":
            if words or media:
                yield Block(Kind.TEXT, words, media=(media,) if media else ())
        elif role in ("system", "developer"):
            yield from wire_blocks.client_text(words, Kind.REMINDER if later else Kind.SYSTEM)
        else:
            yield from wire_blocks.user_text(words)
            yield from wire_blocks.attached((media,) if media else ())
        if not words and media is None and isinstance(part, dict) and text(part, "encrypted_content"):
            yield Block(Kind.PROMPT, name=short(part, "type"), opaque=len(text(part, "encrypted_content")))


def _reasoning(item: Mapping[str, object]) -> Iterator[Block]:
    parts = [*maps(item, "summary"), *maps(item, "content")]
    words = "\n".join(text(part, "text") for part in parts)
    yield Block(Kind.THINKING, words, opaque=len(text(item, "encrypted_content")))


def _function_call(item: Mapping[str, object]) -> Iterator[Block]:
    name = within(short(item, "namespace"), short(item, "name"))
    yield wire_blocks.call(name, short(item, "call_id", "id"), item.get("arguments", item.get("input")))


def _action(item: Mapping[str, object], kind: str) -> Iterator[Block]:
    given = next((item[key] for key in _ACTION_KEYS if item.get(key) is not None), None)
    yield wire_blocks.call(_ACTIONS[kind], short(item, "call_id", "id"), {} if given is None else given)
    answered = item.get("results", item.get("outputs"))
    if isinstance(answered, list) and answered:
        yield from wire_blocks.result(json_text(answered), short(item, "call_id", "id"))


def _mcp_call(item: Mapping[str, object]) -> Iterator[Block]:
    yield wire_blocks.call(short(item, "name"), short(item, "id"), item.get("arguments"))
    fault = item.get("error")
    if item.get("output") is not None or fault:
        words = json_text(item.get("output") or fault)
        yield from wire_blocks.result(words, short(item, "id"), error=bool(fault))


def _image_call(item: Mapping[str, object]) -> Iterator[Block]:
    yield wire_blocks.call("image_generation", short(item, "id"), text(item, "revised_prompt"))
    if isinstance(item.get("result"), str):
        yield Block(Kind.RESULT, call=short(item, "id"), media=(media_of("image/png", text(item, "result")),))


def _tools_found(item: Mapping[str, object]) -> Iterator[Block]:
    """The definitions that a search brought into the window."""
    yield Block(Kind.RESULT, name="tool_search", call=short(item, "call_id"))
    yield from tool_blocks(item)


def _compaction(item: Mapping[str, object]) -> Iterator[Block]:
    words = text(item, "summary", "text") or "\n".join(text(part, "text") for part in maps(item, "summary"))
    yield Block(Kind.SUMMARY, words, opaque=len(text(item, "encrypted_content")))


def _output(item: Mapping[str, object]) -> Iterator[Block]:
    output = item.get("output", item.get("result"))
    words: list[str] = []
    media: list[Media] = []
    opaque = 0
    for part in output if isinstance(output, list) else [output]:
        if isinstance(part, str):
            words.append(part)
        elif isinstance(part, dict):
            found = _media(part)
            said = text(part, "text", "content")
            if found is not None:
                media.append(found)
            elif said:
                words.append(said)
            else:
                opaque += len(text(part, "encrypted_content"))
                words.append(json_text({key: value for key, value in part.items() if key != "encrypted_content"}))
    said = "\n".join(words)
    error = failed(said) or item.get("success") is False or mapping(item, "output").get("success") is False
    yield from wire_blocks.result(said, short(item, "call_id", "id"), error=error, media=media, opaque=opaque)


def failed(output: str) -> bool:
    """Does the output of a call say that a command ended with another exit code than 0, or that nothing was run?"""
    if _NOT_RUN().match(output) is not None:
        return True
    found = _EXIT_CODE().search(output[:_BEGINNING]) or (
        _EXIT_CODE_JSON().search(output[-_ENDING:]) if output.startswith("{") else None
    )
    return found is not None and found[1] != "0"


def _media(part: Mapping[str, object]) -> Media | None:
    match part.get("type"):
        case "input_image" | "computer_screenshot" | "image":
            url = part.get("image_url")
            return media_at(url if isinstance(url, str) else text(mapping(part, "image_url"), "url"), "image")
        case "input_file":
            data = text(part, "file_data")
            return media_at(data, "file") if data.startswith("data:") else media_of("file", data)
        case "input_audio":
            sound = mapping(part, "input_audio")
            return media_of(f"audio/{short(sound, 'format')}", text(sound, "data"))
    return None


_ITEMS: dict[str, Callable[[Mapping[str, object]], Iterator[Block]]] = {
    "reasoning": _reasoning,
    "function_call": _function_call,
    "custom_tool_call": _function_call,
    "mcp_call": _mcp_call,
    "mcp_list_tools": tool_blocks,
    "image_generation_call": _image_call,
    "additional_tools": tool_blocks,
    "tool_search_output": _tools_found,
    "compaction": _compaction,
    "compaction_summary": _compaction,
    "context_compaction": _compaction,
}
