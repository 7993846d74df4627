"""opencode and Kilo, which is built on it: Chat Completions with the schema closed to further properties."""

from __future__ import annotations

from functools import partial

from ctxkit.sources.tool_forms.form import Cut, ToolForm, Wired, Written, by_template, known_first
from ctxkit.sources.tool_forms.json_text import JAVASCRIPT_SPACE, javascript
from ctxkit.sources.tool_forms.mcp_sdk import refusal
from ctxkit.sources.tool_names import clean_name


def _text(one: Wired, _: Cut) -> Written:
    schema = known_first(one.tool.schema)
    parameters = {**schema, "properties": schema.get("properties", {}), "additionalProperties": False}
    function = {"name": one.name, "description": one.tool.description, "parameters": parameters}
    return Written(javascript({"type": "function", "function": function}))


def _instructions(server: str, text: str, _: Cut) -> Written:
    lines = text.strip(JAVASCRIPT_SPACE).split("\n")
    shown = "".join(f"    {line}\n" for line in lines)
    return Written(f'  <server name="{server}">\n{shown}  </server>\n' if any(lines) else "")


FORMS = (
    ToolForm(
        text=_text,
        names=by_template(clean_name),
        refuses=partial(refusal, output=False),
        twice="last",
        instructions=_instructions,
        instructions_words=11,
        how="recorded requests of opencode 1.18.33 and Kilo 7.7.7",
    ),
)
