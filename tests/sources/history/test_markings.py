"""Rule files and reminders inside the texts that clients send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.model.session import Kind
from ctxkit.sources.history.markings import Piece, answered_by_tool, pieces, said_by_client, said_by_user

P, R, U, S, A = Kind.PROMPT, Kind.REMINDER, Kind.RULES, Kind.SYSTEM, Kind.RESULT

USER = {
    "words": ("Go on.", [(P, "Go on.", "")]),
    "a reminder before words": (
        "<system-reminder>\nBe calm.\n</system-reminder>\nGo on.",
        [(R, "<system-reminder>\nBe calm.\n</system-reminder>", "system-reminder"), (P, "\nGo on.", "")],
    ),
    "a reminder behind words": (
        "Go on.\n<system_reminder>\nx\n</system_reminder>\n",
        [(P, "Go on.\n", ""), (R, "<system_reminder>\nx\n</system_reminder>", "system_reminder"), (R, "\n", "")],
    ),
    "a reminder that does not end": ("<system-reminder>\nGo on.", [(P, "<system-reminder>\nGo on.", "")]),
    "rules of Claude Code, older": (
        (
            "<system-reminder>\nContext:\n# claudeMd\nContents of /r/CLAUDE.md (project, shared):\n\nTabs.\n"
            "# currentDate\nToday.\n</system-reminder>"
        ),
        [
            (
                R,
                "<system-reminder>\nContext:\n# claudeMd\nContents of /r/CLAUDE.md (project, shared):\n\n",
                "system-reminder",
            ),
            (U, "Tabs.", "/r/CLAUDE.md"),
            (R, "\n# currentDate\nToday.\n</system-reminder>", "system-reminder"),
        ],
    ),
    "rules of Codex without a directory": (
        "# AGENTS.md instructions\n\n<INSTRUCTIONS>\nTabs.\n</INSTRUCTIONS>",
        [
            (R, "# AGENTS.md instructions\n\n<INSTRUCTIONS>\n", "instructions"),
            (U, "Tabs.", ""),
            (R, "\n</INSTRUCTIONS>", "instructions"),
        ],
    ),
    "environment": (
        "<environment_context>x</environment_context>",
        [(R, "<environment_context>x</environment_context>", "environment_context")],
    ),
    "the time before words": (
        "<current_datetime>now</current_datetime>\n\nGo on.",
        [(R, "<current_datetime>now</current_datetime>\n\n", "current_datetime"), (P, "Go on.", "")],
    ),
    "a summary": (
        "This session is being continued from a previous conversation. It was long.",
        [(Kind.SUMMARY, "This session is being continued from a previous conversation. It was long.", "")],
    ),
    "what asks for a summary": (
        "CRITICAL: Respond with TEXT ONLY. Do NOT call any tools.\n\n- Be brief.",
        [(R, "CRITICAL: Respond with TEXT ONLY. Do NOT call any tools.\n\n- Be brief.", "compaction")],
    ),
    "an interruption": ("[Request interrupted by user]", [(R, "[Request interrupted by user]", "")]),
}


@pytest.mark.parametrize("name", USER)
def test_what_the_user_said(name: str) -> None:
    text, expected = USER[name]
    assert list(said_by_user(text)) == [Piece(*piece) for piece in expected]


CLIENT = {
    "Qwen Code": (
        "Prompt.\n--- Context from: ../Q.md ---\nTabs.\n--- End of Context from: ../Q.md ---\nEnd.",
        [("Tabs.", "../Q.md")],
    ),
    "opencode": (
        "</env>\nInstructions from: /h/A\nOne.\n\nInstructions from: /r/A\nTwo.\n<available_skills>",
        [("One.", "/h/A"), ("Two.", "/r/A")],
    ),
    "Copilot CLI": (
        "<custom_instruction>\nOne.\n\n</custom_instruction>\n<custom_instruction>\nTwo.\n</custom_instruction>",
        [("One.", ""), ("Two.", "")],
    ),
    "Copilot CLI, later": (
        "<system_reminder>\nCustom instructions from sub/A.md. Apply them:\n\nOne.\n\n</system_reminder>",
        [("One.", "sub/A.md")],
    ),
    "pi": (
        "Docs.\n\n# Project Context\n\nThese:\n\n## /r/A.md\n\n# One\n\ntwo\n\n\n## /s/B.md\n\nThree.\n\n\n\nSkills",
        [("# One\n\ntwo", "/r/A.md"), ("Three.", "/s/B.md")],
    ),
    "Continue": ('<context name="userRules">\nOne.\n\nTwo.\n</context>', [("One.\n\nTwo.", "")]),
    "Cline": ("You are Cline.\n\n# Rules\n## Global\nOne.", [("## Global\nOne.", "")]),
    "another prompt with such a heading": ("You are Kim.\n\n# Rules\n## Global\nOne.", []),
    "a rule file that is empty": (
        "Instructions from: /r/A.md\n\n\nInstructions from: /s/B.md\nTwo.",
        [("Two.", "/s/B.md")],
    ),
    "no end": ("--- Context from: a ---\nTabs.", []),
}


@pytest.mark.parametrize("name", CLIENT)
def test_what_the_client_said(name: str) -> None:
    text, rules = CLIENT[name]
    found = list(said_by_client(text))
    assert [(piece.text, piece.name) for piece in found if piece.kind is U] == rules
    assert "".join(piece.text for piece in found) == text


def test_what_a_tool_answered_keeps_its_own_reminders() -> None:
    """A file that quotes a reminder is no reminder; one at the very end is."""
    text = "a\n<system-reminder>\nx\n</system-reminder>\nb"
    assert list(answered_by_tool(text)) == [Piece(A, text)]
    found = list(answered_by_tool("1\n\n<system-reminder>\nContents of /r/s/CLAUDE.md:\n\nTabs.\n\n</system-reminder>"))
    assert [(piece.kind, piece.name) for piece in found] == [
        (A, ""), (R, "system-reminder"), (U, "/r/s/CLAUDE.md"), (R, "system-reminder"),
    ]  # fmt: skip


MARKS = st.sampled_from(
    [text for text, _ in USER.values()] + [text for text, _ in CLIENT.values()]
    + ["\n", "Contents of /a:\n\n", "</system-reminder>", "<INSTRUCTIONS>\n", "## /a\n\n", "# Project Context\n", " "]
)  # fmt: skip


@given(st.lists(MARKS | st.text(max_size=5), max_size=8).map("".join))
def test_pieces_are_the_text(text: str) -> None:
    for found in (pieces(text, S), said_by_user(text), said_by_client(text), answered_by_tool(text)):
        assert "".join(piece.text for piece in found) == text


@pytest.mark.parametrize(
    "unit",
    [
        "\n",
        "Contents of /a:\n\n",
        "<system-reminder>",
        "<custom_instruction>\n",
        "--- Context from: a ---\n",
        "\n# Project Context\n",
        "## /a\n\n",
        " (",
        "</INSTRUCTIONS>",
    ],
)
def test_repetition_is_read_in_one_go(unit: str) -> None:
    """Many openings, none of which ends: nothing is searched to the end for each."""
    for prefix in ("", "# AGENTS.md instructions\n\n<INSTRUCTIONS>\n", "Contents of a", "<system-reminder>"):
        text = prefix + unit * (300_000 // len(unit))
        assert sum(len(piece.text) for piece in said_by_user(text)) == len(text)
        assert sum(len(piece.text) for piece in said_by_client(text)) == len(text)
