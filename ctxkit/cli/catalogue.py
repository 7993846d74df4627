"""``ctxkit agents``, ``ctxkit models`` and ``ctxkit schema``: what the data files hold."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from msgspec import json, to_builtins

from ctxkit.cli.names import FORMATS, known
from ctxkit.cli.terminal import plain_screen, screen_of, write_bytes, write_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ctxkit.report.layout import Screen


def run_agents(name: str | None, format_name: str, output: str | None) -> None:
    """Write all agents, or one. Raises UnknownNameError for a name or format that there is not."""
    from ctxkit.agents.load import all_agents, load_agent

    known(format_name, FORMATS, "format")
    specs = {name: load_agent(name)} if name else all_agents()
    here = _set_up_here()
    if format_name == "json":
        agents = [{**to_builtins(spec), "set_up": identity in here} for identity, spec in sorted(specs.items())]
        _write_json({"schema": "ctxkit/agents/1", "agents": agents}, output)
        return
    from ctxkit.report.agents import agent_facts, agents_text

    screen = _screen(output)
    write_lines(agent_facts(specs[name], screen) if name else agents_text(specs, here, screen), output)


def _set_up_here() -> list[str]:
    from ctxkit.agents.disk import Disk
    from ctxkit.agents.load import index
    from ctxkit.service import is_set_up

    disk = Disk(os.getcwd(), os.path.expanduser("~"), None)
    return [entry.id for entry in index() if is_set_up(entry.traces, disk)]


def run_models(name: str | None, format_name: str, output: str | None) -> None:
    """Write all models, or one. Raises UnknownNameError for a name or format that there is not."""
    from ctxkit.tokens.models import all_models, find_model

    known(format_name, FORMATS, "format")
    models = (find_model(name),) if name else all_models()
    if format_name == "json":
        entries = [
            {**to_builtins(model), "exact": model.tokenizer.exact, "error": model.tokenizer.error} for model in models
        ]
        _write_json({"schema": "ctxkit/models/1", "models": entries}, output)
        return
    from ctxkit.report.models import model_facts, models_text

    screen = _screen(output)
    write_lines(model_facts(models[0], screen) if name else models_text(models, screen), output)


def run_schema(name: str | None, output: str | None) -> None:
    """Write one JSON Schema, or without a name the names. Raises UnknownNameError for a name that there is not."""
    from ctxkit.data import data_file
    from ctxkit.report.schema import GENERATED, schema_json

    shipped = {file.removesuffix(".json") for file in os.listdir(data_file("schema")) if file.endswith(".json")}
    names = sorted({*GENERATED, *shipped})
    if name is None:
        write_lines(names, output)
        return
    known(name, names, "schema")
    if name in GENERATED:
        write_bytes([schema_json(name)], output)
        return
    with open(data_file(f"schema/{name}.json"), "rb") as file:
        write_bytes([file.read()], output)


def _write_json(value: object, output: str | None) -> None:
    _bytes: Iterable[bytes] = (json.format(json.encode(value, order="sorted"), indent=2), b"\n")
    write_bytes(_bytes, output)


def _screen(output: str | None) -> Screen:
    return plain_screen() if output else screen_of(sys.stdout)
