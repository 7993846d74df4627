"""Continue's command line: OpenAI's Responses with the properties of the schema and nothing else of it.

Names are the tools' own, without the server, and two of one name are both sent.
"""

from __future__ import annotations

from ctxkit.sources.tool_forms.form import Cut, ToolForm, Wired, Written, by_template
from ctxkit.sources.tool_forms.json_text import javascript
from ctxkit.sources.tool_forms.mcp_sdk import refusal


def _text(one: Wired, _: Cut) -> Written:
    schema = one.tool.schema
    required = {"required": schema["required"]} if "required" in schema else {}
    function = {
        "type": "function",
        "name": one.name or "function",
        "description": one.tool.description,
        "parameters": {"type": "object", **required, "properties": schema.get("properties", {})},
        "strict": None,
    }
    return Written(javascript(function))


FORMS = (
    ToolForm(
        text=_text,
        names=by_template(str),
        refuses=refusal,
        error=0.005,
        how="recorded requests of Continue's command line 1.5.47: equal over Responses, 0.5 % less in Chat Completions",
    ),
)
