"""What MCP tools cost in one agent's requests: the texts that the agent makes of their definitions.

Every agent sends the same definition in a form of its own, and the sizes differ by a factor of two. The forms are in
:mod:`.tool_forms`; this module chooses one for an agent and its version, and puts in what the data files say of it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ctxkit.agents.version import applies, key
from ctxkit.sources.tool_forms import FORMS
from ctxkit.sources.tool_forms.form import ToolForm, Wired, WireServer, Written, description_line, name_line, write
from ctxkit.sources.tool_forms.plain import BY_WIRE
from ctxkit.sources.tool_names import characters, units

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ctxkit.agents.spec import AgentSpec, Deferral, TextLimit
    from ctxkit.sources.definitions import ServerDefinition


def tool_form(spec: AgentSpec, version: str) -> ToolForm:
    """How the agent writes a tool: its own form where that is known, else that of the first wire format it speaks."""
    for form in FORMS.get(spec.id, ()):
        if form.before is None or key(version) < key(form.before):
            return form
    return BY_WIRE[spec.gateway.wire[0] if spec.gateway.wire else "chat"]


def written(
    spec: AgentSpec, version: str, servers: Sequence[tuple[str, ServerDefinition]], deferral: Deferral | None = None
) -> list[WireServer]:
    """What the agent sends of ``servers``, given by the names they are configured under, in their order.

    ``deferral`` is the rule by which definitions are kept back; then the texts for that are filled in too.
    """
    form = tool_form(spec, version)
    template = spec.mcp.tool_name if spec.mcp is not None else "{tool}"
    limits = spec.mcp.text_limit if spec.mcp is not None else ()
    limit = next((limit for limit in limits if applies(limit, version)), None)
    line = deferral.description_chars if deferral is not None else None
    return write(form, template, servers, partial(limited, limit=limit), _listing(form, deferral), line)


def limited(text: str, limit: TextLimit | None) -> str:
    """``text`` as far as ``limit`` lets it through, and its mark where it was cut."""
    if limit is None:
        return text
    if limit.unit == "utf16":
        whole = units(text)
        return text if len(whole) <= limit.n else characters(whole[: limit.n]) + limit.mark
    if limit.unit == "bytes":
        data = text.encode("utf-8", "replace")
        return text if len(data) <= limit.n else data[: limit.n].decode("utf-8", "ignore") + limit.mark
    return text if len(text) <= limit.n else text[: limit.n] + limit.mark


def _listing(form: ToolForm, deferral: Deferral | None) -> Callable[[Wired], Written]:
    """What stands in the window of a tool whose definition is deferred."""
    listed = deferral.listed if deferral is not None else "nothing"
    chars = deferral.description_chars if deferral is not None else None
    if listed == "names+description":
        line = form.listing or description_line
    elif listed == "names":
        line = form.listing or name_line
    else:
        return lambda _: Written("")
    return lambda one: line(one, chars)
