"""What clients write into a conversation by themselves, named by how it begins."""

from __future__ import annotations

_OPENING = ("<system-reminder>", "<system_reminder>")
_LOOK = 400
_NAMES = {
    "Codebase and user instructions": "instructions",
    "As you answer the user's questions, you can use the following context:\n# gitStatus": "git status",
    "As you answer the user": "instructions",
    "The following skills are available": "skills",
    "New skills discovered": "skills",
    "Available agent types": "subagents",
    "The following deferred tools": "deferred tools",
    "# MCP Server Instructions": "MCP instructions",
    "# Environment": "environment",
    "You are powered by the model": "model",
    "Whenever you read a file": "read notice",
    "<total_tokens>": "token count",
    "# gitStatus": "git status",
    "Today's date is": "date",
    "Attribution for git commits": "attribution",
    "Called the ": "attached file",
    "Result of calling the ": "attached file",
    "Contents of ": "instructions",
    "SessionStart": "hook",
    "UserPromptSubmit": "hook",
    "PostToolUse": "hook",
    "PreToolUse": "hook",
    "Stop hook": "hook",
    "Note: ": "changed file",
    "The TodoWrite tool": "todo notice",
    "This is a reminder that your todo list": "todo notice",
    "<environment_context>": "environment",
    "<environment_details>": "environment",
    "<session_context>": "environment",
    "<permissions instructions>": "permissions",
    "<skills_instructions>": "skills",
    "<apps_instructions>": "apps",
    "<plugins_instructions>": "plugins",
}

NOTICE = "notice"
"""One of no known beginning."""


def reminder_name(text: str) -> str:
    """What reports call a reminder that begins like ``text``; ``notice`` where its beginning is not known."""
    inside = text[:_LOOK].lstrip()
    for opening in _OPENING:
        inside = inside.removeprefix(opening)
    inside = inside.lstrip()
    return next((name for beginning, name in _NAMES.items() if inside.startswith(beginning)), NOTICE)
