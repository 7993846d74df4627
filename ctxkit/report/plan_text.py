"""What is about to be started, as text: every command line and address once, and who asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.report.figures import count
from ctxkit.report.layout import Screen, Style, clean, heading, paragraph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.sources.mcp_live.launch import Launch
    from ctxkit.sources.mcp_live.plan import Plan, Use


def plan_text(plan: Plan, screen: Screen) -> Iterator[str]:
    """The lines that a person reads before agreeing: nothing is cut, and what the files say is shown as it is."""
    groups: dict[tuple[str, str], list[str]] = {}
    for key, launch in plan.launches.items():
        groups.setdefault((launch.shown, launch.cwd), []).append(key)
    yield heading(f"About to start {count(len(groups), 'MCP server')}", screen, "nothing has run so far")
    for (shown, cwd), keys in groups.items():
        yield "  " + screen.paint(clean(shown), Style.STRONG)
        launches = [plan.launches[key] for key in keys]
        uses = [use for key in keys for use in plan.uses[key]]
        for line in _about(launches, uses, cwd):
            inside = line.startswith(_REPOSITORY)
            yield from paragraph(line, screen, indent=4, hang=2, style=Style.WARN if inside else Style.QUIET)


_REPOSITORY = "named by this repository: "


def _about(launches: list[Launch], uses: list[Use], cwd: str) -> Iterator[str]:
    for inside, who in ((True, _REPOSITORY), (False, "named by your own file: ")):
        named: dict[tuple[str, str], list[str]] = {}
        for use in uses:
            if use.inside is inside:
                named.setdefault((use.path, use.server), []).append(use.agent)
        for (path, server), agents in named.items():
            yield f"{who}{path}, as {server}, for {', '.join(dict.fromkeys(agents))}"
    if launches[0].transport == "stdio":
        most = max(len(launch.env) - len(launch.sets) for launch in launches)
        yield f"in {cwd}, with {count(most, 'variable')} of your environment"
    local = launches[0].transport == "stdio"
    assigned = {pair.partition("=")[0] for launch in launches for pair in launch.assigns}
    others = [tuple(name for name in launch.sets if name not in assigned) for launch in launches]
    for said, names in (
        ("variables its entry sets", [launch.assigns for launch in launches]),
        ("variables its entry hands on" if local else "headers its entry sets", others),
        ("values it takes from your environment or files", [launch.reads for launch in launches]),
        ("variables it names that are not set", [launch.unset for launch in launches]),
    ):
        if joined := ", ".join(dict.fromkeys(name for some in names for name in some)):
            yield f"{said}: {joined}"
    if len(launches) > 1:
        yield f"{len(launches):,} times, because agents differ in what they hand to it"
