"""How clients mark, inside a text that they send, which part of it is a rule file and which they wrote themselves.

A text is cut into pieces that together are the text again; each piece has a kind. The marks are those that the clients
were seen to send (versions in the data files of the agents).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ctxkit.model.session import Kind
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator
    from re import Pattern


class Piece(NamedTuple):
    """A part of a text. ``name``: the path of a rule file, or the mark around what a client wrote."""

    kind: Kind
    text: str
    name: str = ""


class _Span(NamedTuple):
    start: int
    end: int
    name: str


_LONGEST_NAME = 1_000
_REMINDER = on_demand(r"<(system-reminder|system_reminder)>")
# What a client wrote begins with one of these tags; the whole text is its own then.
_OWN_TAG = on_demand(
    r"\s*<(system-reminder|system_reminder|environment_context|environment_details|session_context|turn_aborted"
    r"|user_shell_command|subagent_notification|user_action|skill|hook_context|command-name"
    r"|local-command-stdout|local-command-caveat|task-notification|current_datetime|token_budget"
    r"|[a-z_]+[ _]instructions|collaboration_mode|personality_spec|multi_agent_[a-z]+|model_switch|tools)>"
)
_SUMMARY = on_demand(
    r"\s*(?:This session is being continued from a previous conversation|Another language model started to solve"
    r"|<(?:state_snapshot|conversation_summary|conversation-summary)>)"
)
# What Claude Code and Codex ask for, in the user's role, when they compact.
_COMPACTING = on_demand(
    r"\s*(?:CRITICAL: Respond with TEXT ONLY\. Do NOT call any tools|Your task is to create a detailed summary of"
    r"|You are performing a CONTEXT CHECKPOINT COMPACTION)"
)
_INTERRUPTED = "[Request interrupted by user"
# Claude Code: the path, what kind of file it is, an empty line.
_CONTENTS = on_demand(r"(?:\A|(?<=\n))Contents of (\S[^\n]*?)(?: \([^\n()]*\))?:\n\n")
_CONTENTS_END = on_demand(r"\n# currentDate\n|\n# gitStatus\n|</system-reminder>")
# Gemini CLI and Qwen Code: a line before and a line behind.
_CONTEXT = on_demand(r"(?:\A|(?<=\n))--- Context from: (\S[^\n]*?) ---\n")
# opencode and Kilo.
_INSTRUCTIONS_FROM = on_demand(r"(?:\A|(?<=\n))Instructions from: (\S[^\n]*)\n")
_INSTRUCTIONS_END = on_demand(
    r"</system-reminder>|\n\nSkills provide specialized instructions|<available_skills>|<mcp_instructions>"
)
# Codex: one block for all files of the session's directory, in versions that name it and in those that do not.
_AGENTS_MD = on_demand(r"\A\s*# AGENTS\.md instructions(?: for (\S[^\n]*))?\n\n<INSTRUCTIONS>\n")
_USER_INSTRUCTIONS = on_demand(r"\A\s*<user_instructions>()\n*")
_PROJECT_DOC = "\n\n--- project-doc ---\n\n"
_AGENTS_END = on_demand(r"</(?:INSTRUCTIONS|user_instructions)>\s*\Z")
# Copilot CLI: without the path in the system prompt, with it in what comes on reading a file.
_CUSTOM = on_demand(r"<custom_instruction>()\n")
_CUSTOM_FROM = on_demand(r"(?<=\n)Custom instructions from (\S[^\n]*?)\. [^\n]*:\n\n")
# Continue: all rules in one.
_CONTINUE = on_demand(r'<context name="userRules">()\n')
# Cline: the end of the prompt, under headings that do not tell the paths.
_CLINE = "You are Cline"
_CLINE_SECTION = "\n# Rules\n"
_BEGINNING = 200
# pi: a heading with the path in a section of its own.
_PI_SECTION = "\n# Project Context\n"
_PI_FILE = on_demand(r"(?<=\n)## (/[^\n]+|[A-Za-z]:\\[^\n]+)\n\n")
_PI_END = on_demand(r"\n\n\n(?!\n|## )|<available_skills>")


def pieces(text: str, kind: Kind) -> Iterator[Piece]:
    """``text`` cut at the rule files in it; what lies between them is of ``kind``. Nothing for an empty text."""
    at = 0
    for span in _rule_spans(text):
        if span.start < at or span.end <= span.start:
            continue
        if span.start > at:
            yield Piece(kind, text[at : span.start])
        yield Piece(Kind.RULES, text[span.start : span.end], span.name[:_LONGEST_NAME])
        at = span.end
    if at < len(text):
        yield Piece(kind, text[at:])


def said_by_user(text: str) -> Iterator[Piece]:
    """A text of the user's role: words of the user, or what the client wrote in their place, with the rules in it."""
    if _SUMMARY().match(text):
        yield Piece(Kind.SUMMARY, text)
        return
    if _COMPACTING().match(text):
        yield Piece(Kind.REMINDER, text, "compaction")
        return
    if _AGENTS_MD().match(text) or _USER_INSTRUCTIONS().match(text) or _CONTEXT().match(text):
        yield from _named(pieces(text, Kind.REMINDER), "instructions")
        return
    own = _OWN_TAG().match(text)
    if own is None:
        yield from _around_reminders(text, Kind.REMINDER if text.startswith(_INTERRUPTED) else Kind.PROMPT)
    elif own[1] in ("system-reminder", "system_reminder"):
        yield from _around_reminders(text, Kind.PROMPT)
    elif own[1] == "current_datetime":
        end = text.find("</current_datetime>") + len("</current_datetime>")
        said = text[end:].lstrip("\n") if end > own.end() else ""
        yield Piece(Kind.REMINDER, text[: len(text) - len(said)], own[1])
        yield from _around_reminders(said, Kind.PROMPT)
    else:
        yield from _named(pieces(text, Kind.REMINDER), own[1])


def said_by_client(text: str, kind: Kind = Kind.SYSTEM) -> Iterator[Piece]:
    """A text of the system's or developer's role: the prompt itself, or a part that bears the client's mark."""
    own = _OWN_TAG().match(text)
    if own is None:
        yield from pieces(text, kind)
    else:
        yield from _named(pieces(text, Kind.REMINDER), own[1])


def answered_by_tool(text: str) -> Iterator[Piece]:
    """What a tool answered, and the reminders and rule files that the client put behind it."""
    if text.endswith((">", ">\n")) and ("</system-reminder>" in text[-30:] or "</system_reminder>" in text[-30:]):
        yield from _around_reminders(text, Kind.RESULT)
    elif "--- End of Context from: " in text[-2_000:]:
        for at, piece in enumerate(pieces(text, Kind.RESULT)):
            yield piece._replace(kind=Kind.REMINDER) if at and piece.kind is Kind.RESULT else piece
    elif text:
        yield Piece(Kind.RESULT, text)


def _named(found: Iterator[Piece], name: str) -> Iterator[Piece]:
    for piece in found:
        yield piece._replace(name=name) if piece.kind is Kind.REMINDER else piece


def _around_reminders(text: str, kind: Kind) -> Iterator[Piece]:
    """``text`` cut at its reminders; what lies between them, blanks apart, is of ``kind``."""
    at = 0
    for opening in _REMINDER().finditer(text):
        if opening.start() < at:
            continue
        closing = f"</{opening[1]}>"
        end = text.find(closing, opening.end())
        if end < 0:
            break
        end += len(closing)
        if opening.start() > at:
            yield _between(text[at : opening.start()], kind)
        yield from _named(pieces(text[opening.start() : end], Kind.REMINDER), opening[1])
        at = end
    if at < len(text):
        yield _between(text[at:], kind)


def _between(text: str, kind: Kind) -> Piece:
    return Piece(kind, text) if text.strip() else Piece(Kind.REMINDER, text)


def _rule_spans(text: str) -> list[_Span]:
    """Where the rule files are in ``text``, in order."""
    agents = _AGENTS_MD().match(text) or _USER_INSTRUCTIONS().match(text)
    if agents is not None:
        end = _AGENTS_END().search(text, max(agents.end(), text.rfind("</")))
        body = text[agents.end() : end.start() if end else len(text)].rstrip("\n")
        users, separator, _ = body.partition(_PROJECT_DOC)
        if not separator:
            return [_Span(agents.end(), agents.end() + len(body), agents[1] or "")]
        project = agents.end() + len(users) + len(separator)
        return [
            _Span(agents.end(), agents.end() + len(users), ""),
            _Span(project, agents.end() + len(body), agents[1] or ""),
        ]
    spans: list[_Span] = []
    if "Contents of " in text:
        spans += _until_next(text, _CONTENTS(), _CONTENTS_END())
    if "--- Context from: " in text:
        spans += _enclosed(text, _CONTEXT(), "\n--- End of Context from: {} ---")
    if "Instructions from: " in text:
        spans += _until_next(text, _INSTRUCTIONS_FROM(), _INSTRUCTIONS_END())
    if "<custom_instruction>" in text:
        spans += _enclosed(text, _CUSTOM(), "</custom_instruction>")
    if "Custom instructions from " in text:
        spans += _enclosed(text, _CUSTOM_FROM(), "</system_reminder>")
    if '<context name="userRules">' in text:
        spans += _enclosed(text, _CONTINUE(), "</context>")
    rules = text.find(_CLINE_SECTION) if _CLINE in text[:_BEGINNING] else -1
    if rules >= 0:
        spans.append(_Span(rules + len(_CLINE_SECTION), len(text), ""))
    section = text.find(_PI_SECTION)
    if section >= 0:
        spans += _until_next(text, _PI_FILE(), _PI_END(), section)
    return sorted(spans)


def _until_next(text: str, opening: Pattern[str], closing: Pattern[str], begin: int = 0) -> list[_Span]:
    """Spans from behind each ``opening`` to the next one, or to ``closing`` if that comes first, without blank ends."""
    openings = list(opening.finditer(text, begin))
    spans = []
    for found, following in zip(openings, [*openings[1:], None], strict=False):
        limit = following.start() if following else len(text)
        end = closing.search(text, found.end() - 1, limit)
        body = text[found.end() : max(found.end(), end.start() if end else limit)]
        spans.append(_Span(found.end(), found.end() + len(body.rstrip("\n")), found[1]))
    return spans


def _enclosed(text: str, opening: Pattern[str], closing: str) -> list[_Span]:
    """Spans from behind each ``opening`` to the ``closing`` that belongs to it, without blank ends."""
    spans = []
    at = 0
    for found in opening.finditer(text):
        if found.start() < at:
            continue
        end = text.find(closing.format(found[1]), found.end() - 1)
        if end < 0:
            break
        at = max(end, found.end())
        spans.append(_Span(found.end(), found.end() + len(text[found.end() : at].rstrip("\n")), found[1]))
    return spans
