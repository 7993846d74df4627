"""How each agent writes the tools of MCP servers into its requests: one module for each agent, and the list of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ctxkit.sources.tool_forms import (
    claude_code,
    cline,
    codex,
    continue_cli,
    copilot_cli,
    gemini_cli,
    gptme,
    opencode,
    qwen_code,
)

if TYPE_CHECKING:
    from ctxkit.sources.tool_forms.form import ToolForm

FORMS: dict[str, tuple[ToolForm, ...]] = {
    "claude-code": claude_code.FORMS,
    "cline": cline.FORMS,
    "codex": codex.FORMS,
    # The editor's extension was not run; its tools pass through the same code.
    "continue": tuple(replace(form, error=0.02, lab=False) for form in continue_cli.FORMS),
    "continue-cli": continue_cli.FORMS,
    "copilot-cli": copilot_cli.FORMS,
    "gemini-cli": gemini_cli.FORMS,
    "gptme": gptme.FORMS,
    "kilo": opencode.FORMS,
    "opencode": opencode.FORMS,
    "qwen-code": qwen_code.FORMS,
}
"""By agent id, oldest first; of these the first whose ``before`` the version has not reached counts."""
