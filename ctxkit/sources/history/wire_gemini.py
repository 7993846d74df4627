"""The blocks of a request and of an answer in the format of Gemini's generateContent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.model.session import Block, Kind, Media, Usage
from ctxkit.sources.history import wire_blocks
from ctxkit.sources.history.fields import items, json_text, mapping, maps, maybe_number, number, short, text
from ctxkit.sources.history.media import media_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ID = "gemini"
_SIGNATURES = ("thoughtSignature", "thought_signature")
_SHELL = "run_shell_command"
_ACCOUNTED = frozenset({"Error", "Background PIDs", "Process Group PGID", "Exit Code", "Signal"})
"""What the lines behind a command's output begin with (from the tool's own definition, 0.61.0)."""
_ACCOUNT = 1_000
"""Characters that hold these lines."""
_WELL = frozenset({"0", "(none)"})


def matches(body: Mapping[str, object]) -> bool:
    """Is ``body`` a request of this format: contents with parts, at the top or, as Code Assist sends it, one below."""
    contents = maps(_inner(body), "contents")
    return bool(contents) and any("parts" in content for content in contents[:3])


def blocks(body: Mapping[str, object]) -> Iterator[Block]:
    """What the request ``body`` puts into the window: the system instruction, tools, contents."""
    body = _inner(body)
    system = mapping(body, "systemInstruction") or mapping(body, "system_instruction")
    given = body.get("systemInstruction", body.get("system_instruction"))
    for words in [given] if isinstance(given, str) else [text(part, "text") for part in maps(system, "parts")]:
        if words:
            yield from wire_blocks.client_text(words)
    yield from tool_blocks(body)
    for content in maps(body, "contents"):
        yield from content_blocks(content)


def tool_blocks(body: Mapping[str, object]) -> Iterator[Block]:
    """The tools of ``body``: one block for each function, and one for each tool of the provider."""
    for entry in maps(body, "tools"):
        for key, value in entry.items():
            if key in ("functionDeclarations", "function_declarations"):
                yield from (wire_blocks.tool(short(each, "name"), each) for each in maps(entry, key))
            else:
                yield wire_blocks.tool(key, {key: value})


def answer(response: Mapping[str, object]) -> Iterator[Block]:
    """What the model answered: its first candidate."""
    for candidate in maps(_outer(response), "candidates")[:1]:
        yield from content_blocks({**mapping(candidate, "content"), "role": "model"})


def usage(response: Mapping[str, object]) -> Usage | None:
    """The usage that ``response`` reports; None if it has none."""
    outer = _outer(response)
    return usage_of(mapping(outer, "usageMetadata") or mapping(outer, "usage_metadata"))


def usage_of(counts: Mapping[str, object]) -> Usage | None:
    """Counts as this format names them: cached input is part of the input, thoughts are no part of the candidates."""
    if maybe_number(counts, "promptTokenCount") is None:
        return None
    thoughts = maybe_number(counts, "thoughtsTokenCount")
    return Usage(
        input=number(counts, "promptTokenCount") + number(counts, "toolUsePromptTokenCount"),
        cached=number(counts, "cachedContentTokenCount"),
        output=number(counts, "candidatesTokenCount") + (thoughts or 0),
        reasoning=thoughts,
    )


def content_blocks(content: Mapping[str, object]) -> Iterator[Block]:
    """The blocks of one content: of the user, of the model, or of tools."""
    role = text(content, "role")
    parts = [part for part in items(content, "parts") if isinstance(part, str | dict)]
    found = (_text(part, role) if isinstance(part, str) else _part(part, role) for part in parts)
    yield from wire_blocks.together(block for blocks in found for block in blocks)


def _inner(body: Mapping[str, object]) -> Mapping[str, object]:
    wrapped = "contents" not in body and ("model" in body or "project" in body)
    return (mapping(body, "request") or body) if wrapped else body


def _outer(response: Mapping[str, object]) -> Mapping[str, object]:
    return mapping(response, "response") if "candidates" not in response and "response" in response else response


def _text(words: str, role: str) -> Iterator[Block]:
    if words:
        yield from [Block(Kind.TEXT, words)] if role == "model" else wire_blocks.user_text(words)


def _part(part: dict[str, object], role: str) -> Iterator[Block]:
    sealed = sum(len(text(part, key)) for key in _SIGNATURES)
    words = text(part, "text")
    request = mapping(part, "functionCall") or mapping(part, "function_call")
    response = mapping(part, "functionResponse") or mapping(part, "function_response")
    data = mapping(part, "inlineData") or mapping(part, "inline_data")
    file = mapping(part, "fileData") or mapping(part, "file_data")
    if request:
        yield wire_blocks.call(short(request, "name"), short(request, "id"), request.get("args", {}), sealed)
    elif response:
        yield from _response(response)
    elif data or file:
        media = _media(data) if data else Media(short(file, "mimeType", "mime_type"), 0)
        yield Block(Kind.TEXT if role == "model" else Kind.PROMPT, media=(media,))
    elif part.get("thought") is True:
        yield Block(Kind.THINKING, words, opaque=sealed)
    elif words or "text" in part:
        yield from _text(words, role)
        if sealed:
            yield Block(Kind.THINKING, opaque=sealed)
    elif code := mapping(part, "executableCode") or mapping(part, "toolCall"):
        yield wire_blocks.call("code_execution", short(code, "id"), text(code, "code") or code)
    elif ran := mapping(part, "codeExecutionResult") or mapping(part, "toolResponse"):
        error = text(ran, "outcome") not in ("", "OUTCOME_OK")
        yield from wire_blocks.result(text(ran, "output") or json_text(ran), short(ran, "id"), error=error)
    else:
        yield wire_blocks.unknown(Kind.TEXT if role == "model" else Kind.PROMPT, part)


def _response(response: Mapping[str, object]) -> Iterator[Block]:
    """What a function answered. A map that holds nothing but one text, as CLIs send it, counts as that text."""
    given = mapping(response, "response")
    only = next(iter(given.items())) if len(given) == 1 else ("", None)
    words = only[1] if isinstance(only[1], str) and only[0] in ("output", "error", "result") else json_text(given)
    media = [_media(data) for part in maps(response, "parts") if (data := mapping(part, "inlineData"))]
    name, identity = short(response, "name"), short(response, "id")
    failed = only[0] == "error" or (name == _SHELL and _exited(words))
    yield from wire_blocks.result(words, identity, name=name, error=failed, media=media)


def _exited(words: str) -> bool:
    """Did the shell command fail, by the lines that Gemini CLI puts behind its output?"""
    for line in reversed(words[-_ACCOUNT:].splitlines()):
        what, _, how = line.partition(": ")
        if what in ("Exit Code", "Signal") and how.strip() not in _WELL:
            return True
        if line and line != "</untrusted_context>" and what not in _ACCOUNTED:
            return False
    return False


def _media(data: Mapping[str, object]) -> Media:
    return media_of(short(data, "mimeType", "mime_type"), text(data, "data"))
