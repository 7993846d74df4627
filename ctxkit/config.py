"""The configuration of a repository: what is checked, how strictly, and what is let pass with a reason."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct, convert, field

from ctxkit.model import ConfigError
from ctxkit.model.finding import Persona, Severity
from ctxkit.text.config import parse_config
from ctxkit.text.conform import Fault, faults, nearest
from ctxkit.text.keyplace import toml_lines, yaml_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ctxkit.text.conform import Path

FILE = ".ctxkit.yaml"
"""The name of a configuration file of its own; ``[tool.ctxkit]`` in ``pyproject.toml`` is the other place."""

PROJECT = "pyproject.toml"

BASELINE = ".ctxkit-baseline.json"
"""Where the baseline is unless the configuration says otherwise."""

LIMIT = r"^(?:(\d[\d,_]*(?:\.\d+)?)\s*(k)?\s*tokens?|(\d+(?:\.\d+)?)\s*%|\$\s*(\d+(?:\.\d+)?)\s*(?:per|/)\s*turn)$"

_Words = Annotated[str, Meta(min_length=1)]
_Limit = Annotated[
    str, Meta(pattern=LIMIT, description='For example "4000 tokens", "2 %" (of the window) or "$0.01 per turn".')
]
_Share = Annotated[float, Meta(gt=0, le=1)]


class Budget(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """How much of something there may be.

    ``agent``: an id; without it, each audited agent has the budget. ``category``: what counts (``total``: everything
    that is in the first request). ``activation``: only what is loaded so; ``later`` stands for everything that is not
    in the first request. ``path``: only files that this pattern, read as in a ``.gitignore``, matches. ``limit``: a
    number of tokens, a share of the window, or US dollars per turn. ``warn_at``: the share of the limit from which it
    warns. ``message``: what to do when it is over.
    """

    name: _Words
    limit: _Limit
    agent: str = ""
    category: Literal["rules", "tools", "history", "files", "system", "total"] = "total"
    activation: Literal["always", "lazy-dir", "glob", "described", "named", "manual", "never", "later", ""] = ""
    path: str = ""
    warn_at: _Share = 0.9
    message: str = ""


class Suppression(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """Findings that are let pass: of ``rule``, in files that ``path`` (as in a ``.gitignore``) matches, and why.

    ``until``: the last day on which it counts.
    """

    rule: _Words
    reason: _Words
    path: str = "**"
    until: datetime.date | None = None


class Config(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """``.ctxkit.yaml``, or ``[tool.ctxkit]`` in ``pyproject.toml``.

    ``agents``: which to audit (default: those that the repository is set up for). ``persona``: for whom the findings
    are. ``fail_on``: the least severity that fails a check. ``select``: the detectors that run (default: all), without
    those in ``ignore``. ``detectors``: thresholds by detector. ``baseline``: where it is, relative to this file.
    """

    agents: tuple[_Words, ...] = ()
    persona: Persona = Persona.REGULAR
    fail_on: Severity = Severity.WARNING
    select: tuple[_Words, ...] = ()
    ignore: tuple[_Words, ...] = ()
    detectors: dict[str, dict[str, float]] = field(default_factory=dict)
    budgets: tuple[Budget, ...] = ()
    suppress: tuple[Suppression, ...] = ()
    baseline: _Words = BASELINE


NO_CONFIG = Config()


@dataclass(frozen=True, slots=True)
class Known:
    """The names that a configuration may use: ids of agents, and of detectors with the names of their thresholds."""

    agents: tuple[str, ...]
    detectors: Mapping[str, tuple[str, ...]]


def read_config(data: bytes, name: str, known: Known) -> Config | None:
    """The configuration that the file ``name`` with the content ``data`` holds.

    None for a ``pyproject.toml`` that says nothing of ctxkit. Raises ConfigError with everything that is wrong with
    it: each fault with its line, and the nearest name where one is not known.
    """
    file = name.rpartition("/")[2]
    toml = file.endswith(".toml")
    value = parse_config(data, "toml" if toml else "yaml", name)
    if isinstance(value, ConfigError):
        raise value
    start: Path = ()
    if toml:
        tool = value.get("tool")
        if not isinstance(tool, dict) or "ctxkit" not in tool:
            if file == PROJECT:
                return None
        else:
            value, start = tool["ctxkit"], ("tool", "ctxkit")
    found = [*faults(value, Config), *_unknown_names(value, known), *_same_names(value)]
    if found:
        raise _error(data, name, toml, [fault._replace(path=(*start, *fault.path)) for fault in found])
    return convert(value, Config)


def _error(data: bytes, name: str, toml: bool, found: list[Fault]) -> ConfigError:
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = (toml_lines if toml else yaml_lines)(text, [fault.path for fault in found])
    told = []
    for line, fault in sorted(zip(lines, found, strict=True), key=lambda pair: pair[0]):
        at = ".".join(str(step) for step in fault.path if step not in ("tool", "ctxkit"))
        told.append(
            f"{name}:{line}: {at + ': ' if at else ''}{fault.problem}{f' ({fault.hint})' if fault.hint else ''}"
        )
    hint = "Mend what is named; ctxkit schema config says what may stand there."
    return ConfigError("; ".join(told) + ".", hint)


def _unknown_names(value: object, known: Known) -> Iterator[Fault]:
    """Agents, detectors and thresholds that there are not; what has the wrong form is passed over."""
    if not isinstance(value, dict):
        return
    for path, name in [
        *((("agents", at), name.partition("@")[0]) for at, name in _texts(value.get("agents"))),
        *((("budgets", at, "agent"), name) for at, name in _texts_of(value.get("budgets"), "agent")),
    ]:
        if name and name not in known.agents:
            yield Fault(path, f"no agent is called {name!r}", nearest(name, known.agents))
    for path, name in [
        *((("select", at), name) for at, name in _texts(value.get("select"))),
        *((("ignore", at), name) for at, name in _texts(value.get("ignore"))),
        *((("suppress", at, "rule"), name) for at, name in _texts_of(value.get("suppress"), "rule")),
    ]:
        if name and name not in known.detectors:
            yield Fault(path, f"no detector is called {name!r}", nearest(name, known.detectors))
    limits = value.get("detectors")
    for name, inner in limits.items() if isinstance(limits, dict) else ():
        if name not in known.detectors:
            yield Fault(("detectors", name), f"no detector is called {name!r}", nearest(name, known.detectors))
            continue
        for limit in inner if isinstance(inner, dict) else ():
            if limit not in known.detectors[name]:
                hint = nearest(limit, known.detectors[name]) or "it has none"
                yield Fault(("detectors", name, limit), f"{name} has no threshold {limit!r}", hint)


def _same_names(value: object) -> Iterator[Fault]:
    """Budgets that share a name: a baseline tells them apart by it."""
    seen: dict[str, int] = {}
    for at, name in _texts_of(value.get("budgets") if isinstance(value, dict) else None, "name"):
        if seen.setdefault(name, at) != at:
            yield Fault(("budgets", at, "name"), f"budget {seen[name]} has the name {name!r} too")


def _texts(value: object) -> list[tuple[int, str]]:
    return [(at, item) for at, item in enumerate(value if isinstance(value, list) else ()) if isinstance(item, str)]


def _texts_of(value: object, key: str) -> list[tuple[int, str]]:
    items = value if isinstance(value, list) else ()
    found = ((at, item.get(key)) for at, item in enumerate(items) if isinstance(item, dict))
    return [(at, text) for at, text in found if isinstance(text, str)]
