"""Texts of Cline, Roo Code and Kilo's older extension: words of the user, notices of the client, calls written as tags.

Before native tool calls these agents let the model write its calls as tags into its text, and put the answer into the
next message of the user behind a line ``[tool for 'argument'] Result:``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ctxkit.model.session import Block, Kind
from ctxkit.sources.history.markings import said_by_user
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOOLS = (
    "execute_command|read_file|write_to_file|replace_in_file|apply_diff|insert_content|search_and_replace|edit_file"
    "|search_files|list_files|list_code_definition_names|codebase_search|browser_action|use_mcp_tool"
    "|access_mcp_resource|ask_followup_question|attempt_completion|plan_mode_respond|new_task|switch_mode|condense"
    "|fetch_instructions|update_todo_list|web_fetch|web_search|new_rule|load_mcp_documentation|report_bug"
    "|generate_image|run_slash_command|focus_chain|act_mode_respond"
)
_CALL = on_demand(rf"<({_TOOLS})>")
_FIELD = on_demand(r"<([a-z_]{1,40})>")
_RESULT = on_demand(r"\[(\w+)(?: for '[^\n]{0,4000}')?\] Result:\s*")
_INPUT = on_demand(r"<user_input(?: [^<>\n]{0,200})?>(.*)</user_input>\s*\Z", re.DOTALL)
_MOST_FIELDS = 200


def said(words: str, mark: str, at: float, calls: list[str]) -> Iterator[Block]:
    """The blocks of one text in a message of the user.

    ``calls``: ids of the calls that were written as tags and have no answer yet; one that is answered is taken off.
    """
    answer = _RESULT().match(words)
    if answer is not None:
        yield Block(Kind.RESULT, words, answer[1], calls.pop(0) if calls else "", mark=mark, at=at)
        return
    for piece in said_by_user(words):
        yield Block(piece.kind, piece.text, piece.name, mark=mark, at=at)


def unwrapped(words: str) -> str:
    """A prompt as it is sent: 3.0.65 keeps it as ``<user_input mode="act">…</user_input>`` and sends what is inside."""
    found = _INPUT().match(words)
    return found[1] if found else words


def answered(words: str, mark: str, at: float) -> Iterator[Block]:
    """The blocks of one text of the model: its words, and the calls that it wrote as tags."""
    done = 0
    never_closed: set[str] = set()
    for opening in _CALL().finditer(words):
        if opening.start() < done or opening[1] in never_closed:
            continue
        closing = f"</{opening[1]}>"
        end = words.find(closing, opening.end())
        if end < 0:
            never_closed.add(opening[1])
            continue
        if words[done : opening.start()].strip():
            yield Block(Kind.TEXT, words[done : opening.start()], mark=mark, at=at)
        written = words[opening.start() : end + len(closing)]
        fields = _fields(words[opening.end() : end])
        yield Block(Kind.CALL, written, opening[1], f"{mark}:{opening.start()}", fields, mark=mark, at=at)
        done = end + len(closing)
    if words[done:].strip():
        yield Block(Kind.TEXT, words[done:], mark=mark, at=at)


def _fields(inside: str) -> dict[str, object]:
    """The arguments of a call that was written as tags: the text inside each."""
    fields: dict[str, object] = {}
    at = 0
    for _ in range(_MOST_FIELDS):
        opening = _FIELD().search(inside, at)
        if opening is None:
            break
        end = inside.find(f"</{opening[1]}>", opening.end())
        if end < 0:
            at = opening.end()
            continue
        fields.setdefault(opening[1], inside[opening.end() : end].strip())
        at = end
    return fields
