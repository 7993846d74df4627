"""The commands, as typer sees them. Every command imports what it needs when it runs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from click import Abort, ClickException, Command, Context
from click.exceptions import NoArgsIsHelpError
from typer.core import TyperGroup
from typer.main import get_command

from ctxkit.cli.version import VERSION

INTERRUPTED = 130


class _Commands(TyperGroup):
    """The commands; an unknown one is answered with the nearest."""

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            from ctxkit.cli.names import unknown

            raise unknown(args[0], tuple(self.commands), "command")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name="ctxkit",
    cls=_Commands,
    help="Shows what goes into a coding agent's context window, and what it costs.",
    epilog="Exit codes: 0 done, 1 failed check or stale lock, 2 usage or setup, 3 nothing to audit, 4 internal error.",
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

Format = Annotated[str, typer.Option("--format", metavar="text|json", help="How to write the result.")]
Output = Annotated[
    str | None, typer.Option("--output", "-o", metavar="FILE", help="Write to FILE, at once or not at all.")
]

Persona = Annotated[
    str, typer.Option(metavar="regular|pedantic|auditor", help="Who the findings are for. Default: regular.")
]

Baseline = Annotated[
    str | None, typer.Option(metavar="FILE", help="The baseline. Default: .ctxkit-baseline.json, or as configured.")
]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ctxkit {VERSION}")
        raise typer.Exit


@app.callback()
def ctxkit(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """What every command shares."""


@app.command(short_help="What each agent loads from a repository, and what it costs.")
def audit(
    path: Annotated[str, typer.Argument(metavar="[PATH]", help="The repository to look at.")] = ".",
    agent: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[@VERSION]",
            help="An agent to audit, or 'all'. Repeat for several. Default: all that the repository is set up for.",
        ),
    ] = None,
    cwd: Annotated[str | None, typer.Option(metavar="DIR", help="Directory the agent is started in.")] = None,
    home: Annotated[
        str | None, typer.Option(metavar="DIR", help="Home directory to look in instead of your own.")
    ] = None,
    touch: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="A file the agent reads: shows what that brings along.")
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="Count and price for this model.")] = None,
    tools: Annotated[
        list[str] | None,
        typer.Option(metavar="[NAME=]FILE", help="JSON file with the tools of MCP servers, as tools/list gives them."),
    ] = None,
    session: Annotated[
        str | None, typer.Option(metavar="FILE", help="A recorded session whose history is in the window too.")
    ] = None,
    recent: Annotated[
        int, typer.Option(metavar="N", min=0, help="Say what the last N recorded sessions never used.")
    ] = 0,
    persona: Persona = "",
    top: Annotated[int, typer.Option(metavar="N", min=1, help="Rows of the longest list.")] = 8,
    format: Annotated[  # noqa: A002 - the option's name
        str, typer.Option("--format", metavar="text|json|markdown|html|sarif|github", help="How to write the result.")
    ] = "text",
    output: Output = None,
) -> None:
    """Show what each coding agent loads from a repository before your first word, and what comes later."""
    from ctxkit.cli.audit import run_audit

    run_audit(
        path, agent or (), cwd, home, touch or (), model, tools or (), session, recent, persona, top, format, output
    )


@app.command(short_help="What the tools of MCP servers cost each agent.")
def tools(
    path: Annotated[str, typer.Argument(metavar="[PATH]", help="The repository to look at.")] = ".",
    agent: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[@VERSION]",
            help="An agent to look at, or 'all'. Repeat for several. Default: all whose files name a server.",
        ),
    ] = None,
    cwd: Annotated[str | None, typer.Option(metavar="DIR", help="Directory the agent is started in.")] = None,
    home: Annotated[
        str | None, typer.Option(metavar="DIR", help="Home directory to look in instead of your own.")
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="Count and price for this model.")] = None,
    tools: Annotated[
        list[str] | None,
        typer.Option(metavar="[NAME=]FILE", help="JSON file with the tools of MCP servers, as tools/list gives them."),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Start the servers and ask them, after showing what that runs.")
    ] = False,
    server: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="With --live: only this server, approved or not. Repeat for several."),
    ] = None,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, help="How long a server may take to start, and to list.")
    ] = 60.0,
    yes: Annotated[bool, typer.Option("--yes", help="With --live: start them without asking.")] = False,
    lock: Annotated[
        bool,
        typer.Option("--lock", help="Keep what --live or --tools tells in ctxkit-tools.lock, and show what is new."),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="With --lock: write nothing, exit 1 where the lock file would change.")
    ] = False,
    top: Annotated[int, typer.Option(metavar="N", min=1, help="Rows of the longest list.")] = 10,
    format: Format = "text",  # noqa: A002 - the option's name
    output: Output = None,
) -> None:
    """Show which MCP servers each agent starts, and what their tools cost there. Starts none without --live."""
    from ctxkit.cli.tools import run_tools
    from ctxkit.service_tools import ToolsRequest

    request = ToolsRequest(
        path=path,
        agents=tuple(agent or ()),
        cwd=cwd,
        home=home,
        model=model,
        tools=tuple(tools or ()),
        live=live,
        servers=tuple(server or ()),
        timeout=timeout,
        lock=lock,
    )
    raise typer.Exit(run_tools(request, yes, check, top, format, output))


@app.command(short_help="Recorded sessions: where their tokens are, what is dead weight, when to start afresh.")
def history(
    target: Annotated[
        str, typer.Argument(metavar="[SESSION|PATH]", help="A transcript, a session's id, or the repository it was in.")
    ] = ".",
    agent: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only sessions of this agent. Repeat for several.")
    ] = None,
    home: Annotated[
        str | None, typer.Option(metavar="DIR", help="Home directory to look in instead of your own.")
    ] = None,
    session: Annotated[
        str | None, typer.Option(metavar="ID", help="One of several sessions in the transcript.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Count and price for this model instead of the session's own.")
    ] = None,
    turns: Annotated[bool, typer.Option("--turns", help="Every turn, and in JSON what entered with it.")] = False,
    top: Annotated[int, typer.Option(metavar="N", min=1, help="Rows of the longest lists, sessions of a list.")] = 10,
    format: Format = "text",  # noqa: A002 - the option's name
    output: Output = None,
) -> None:
    """List the sessions that agents recorded in a repository, or take one apart.

    For one: tokens by category, tool and file, the largest results, what is superseded, outdated or repeated, how full
    the window was, what each turn cost, and whether to go on, to compact or to start afresh.
    """
    from ctxkit.cli.history import run_history

    run_history(target, agent or (), home, session, model, turns, top, format, output)


@app.command(short_help="What a branch adds to each agent's window, or takes from it.")
def diff(
    base: Annotated[str, typer.Argument(metavar="BASE", help="A revision as git names it; A...B: what B has since A.")],
    head: Annotated[str, typer.Argument(metavar="[HEAD]", help="Another; without it, the work tree.")] = "",
    path: Annotated[str, typer.Argument(metavar="[PATH]", help="The repository to look at.")] = ".",
    agent: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[@VERSION]",
            help="An agent to look at, or 'all'. Repeat for several. Default: all that either side is set up for.",
        ),
    ] = None,
    home: Annotated[
        str | None, typer.Option(metavar="DIR", help="Home directory to look in instead of your own.")
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="Count and price for this model.")] = None,
    top: Annotated[int, typer.Option(metavar="N", min=1, help="Rows of the longest list.")] = 8,
    format: Annotated[str, typer.Option("--format", metavar="text|json|markdown", help="How to write it.")] = "text",  # noqa: A002
    output: Output = None,
) -> None:
    """Compare what agents load at two revisions: by agent, category and file, in tokens and money; and the findings.

    Reads revisions without touching the work tree. Always a report: the exit code is 0 whatever it says.
    """
    from ctxkit.cli.diff import run_diff
    from ctxkit.service_diff import DiffRequest

    run_diff(DiffRequest(base, head, path, tuple(agent or ()), home, model), top, format, output)


@app.command(short_help="The gate: budgets, findings and baseline, for pre-commit and CI.")
def check(
    path: Annotated[str, typer.Argument(metavar="[PATH]", help="The repository to check.")] = ".",
    agent: Annotated[
        list[str] | None, typer.Option(metavar="NAME[@VERSION]", help="An agent to check for. Repeat for several.")
    ] = None,
    fail_on: Annotated[
        str, typer.Option(metavar="error|warning|note|never", help="Findings that fail it. Default: warning.")
    ] = "",
    persona: Persona = "",
    baseline: Baseline = None,
    format: Annotated[  # noqa: A002 - the option's name
        str, typer.Option("--format", metavar="text|json|markdown|github|sarif", help="How to write the result.")
    ] = "text",
    output: Output = None,
) -> None:
    """Fail where a budget is exceeded or a finding is bad enough. Looks at nothing but the repository.

    Exit codes: 0 passed, 1 failed, 2 usage or configuration, 3 nothing to check, 4 internal error.
    """
    from ctxkit.cli.check import run_check

    raise typer.Exit(run_check(path, agent or (), fail_on, persona, baseline, format, output))


@app.command(short_help="What the gate lets pass for now; written only with --update.")
def baseline(
    path: Annotated[str, typer.Argument(metavar="[PATH]", help="The repository.")] = ".",
    update: Annotated[bool, typer.Option("--update", help="Write what is there now into the baseline.")] = False,
    agent: Annotated[
        list[str] | None, typer.Option(metavar="NAME[@VERSION]", help="An agent to check for. Repeat for several.")
    ] = None,
    persona: Persona = "",
    baseline: Baseline = None,
    format: Format = "text",  # noqa: A002 - the option's name
    output: Output = None,
) -> None:
    """Show how the baseline differs from what the gate finds now: resolved, smaller, grown, new.

    With --update it is written anew, at once or not at all: what is in it passes, more of it fails.
    """
    from ctxkit.cli.check import run_baseline
    from ctxkit.service_check import CheckRequest

    raise typer.Exit(
        run_baseline(CheckRequest(path, tuple(agent or ()), "", persona, baseline), update, format, output)
    )


@app.command(short_help="Writes a first .ctxkit.yaml from what the repository has.")
def init(
    path: Annotated[str, typer.Argument(metavar="[PATH]", help="The repository.")] = ".",
    agent: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="An agent to set a budget for. Repeat for several.")
    ] = None,
    pre_commit: Annotated[
        bool, typer.Option("--pre-commit", help="Print the hook for .pre-commit-config.yaml; write nothing.")
    ] = False,
) -> None:
    """Write .ctxkit.yaml with a budget for each agent, at what it loads today and some room. Overwrites nothing."""
    from ctxkit.cli.init import run_init

    run_init(path, tuple(agent or ()), pre_commit)


@app.command(short_help="What the detectors look for; one of them in full.")
def explain(
    name: Annotated[str | None, typer.Argument(metavar="[ID]", help="One detector, in full.")] = None,
    format: Annotated[str, typer.Option("--format", metavar="text|json|markdown", help="How to write it.")] = "text",  # noqa: A002
    output: Output = None,
) -> None:
    """List the detectors, or say what one finds, why that costs, what to do, and when to ignore it."""
    from ctxkit.cli.explain import run_explain

    run_explain(name, format, output)


@app.command(short_help="The agents ctxkit knows; where one of them looks.")
def agents(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One agent, in full.")] = None,
    format: Format = "text",  # noqa: A002 - the option's name
    output: Output = None,
) -> None:
    """List the coding agents ctxkit knows, or say where one of them looks and what it loads when."""
    from ctxkit.cli.catalogue import run_agents

    run_agents(name, format, output)


@app.command(short_help="The models ctxkit can count and price for.")
def models(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One model, in full.")] = None,
    format: Format = "text",  # noqa: A002 - the option's name
    output: Output = None,
) -> None:
    """List the models ctxkit can count and price for."""
    from ctxkit.cli.catalogue import run_models

    run_models(name, format, output)


@app.command(short_help="JSON Schemas of the files it reads and writes.")
def schema(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Which one; without it, their names.")] = None,
    output: Output = None,
) -> None:
    """Print the JSON Schema of a file that ctxkit reads or writes."""
    from ctxkit.cli.catalogue import run_schema

    run_schema(name, output)


def invoke(argv: list[str]) -> int:
    """Parse and run one command line; returns the exit code. Raises what the command raises."""
    try:
        code = get_command(app).main(args=argv, prog_name="ctxkit", standalone_mode=False)
    except NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)  # noqa: T201
        return error.exit_code
    except ClickException as error:
        from ctxkit.cli.terminal import say

        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "ctxkit"
        say(error.format_message(), f"See: {command} --help")
        return error.exit_code
    except Abort:
        return INTERRUPTED
    except SystemExit:  # what click makes of a reader that has closed the pipe; findings alone end with 1
        return 0
    return code if isinstance(code, int) else 0
