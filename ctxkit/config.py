"""The configuration of a repository: what is checked, how strictly, and what is let pass with a reason."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - a Struct reads its annotations
from dataclasses import dataclass
from datetime import date  # noqa: TC003 - a Struct reads its annotations
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct, convert, field

from ctxkit.model import ConfigError
from ctxkit.model.finding import Persona, Severity
from ctxkit.text.config import kind_of, parse_config
from ctxkit.text.conform import Fault, faults, nearest
from ctxkit.text.keyplace import toml_lines, yaml_lines, yaml_twice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ctxkit.text.conform import Path

FILE = ".ctxkit.yaml"
"""The name of a configuration file of its own; ``[tool.ctxkit]`` in ``pyproject.toml`` is the other place."""

PROJECT = "pyproject.toml"

BASELINE = ".ctxkit-baseline.json"
"""Where the baseline is unless the configuration says otherwise."""

LIMIT = (
    r"^(?:([0-9][0-9,_]{0,15}(?:\.[0-9]+)?)\s*(k|M)?(?:\s*tokens?)?"
    r"|([0-9]{1,9}(?:\.[0-9]+)?)\s*%|\$\s*([0-9]{1,9}(?:\.[0-9]+)?)\s*(?:per|/)\s*turn)$"
)
"""How a budget writes its limit: tokens (with ``k`` or ``M``), a share of the window, or US dollars per turn."""

_Words = Annotated[str, Meta(min_length=1)]
_Limit = Annotated[
    str,
    Meta(
        pattern=LIMIT,
        description='For example "4000 tokens", "20k", "2 %" (of the window) or "$0.01 per turn".',
        examples=["20k", "5 %", "$0.02/turn"],
    ),
]
_Share = Annotated[float, Meta(gt=0, le=1)]

FailOn = Literal["error", "warning", "note", "never"]


class Budget(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """How much of something there may be.

    ``agent``: an id; without it, each audited agent has the budget. ``category``: what counts (``total``: everything
    that is in the first request). ``activation``: only what is loaded so; ``later`` stands for everything that is not
    in the first request. ``path``: only files that this pattern, read as in a ``.gitignore`` beside the configuration,
    matches. ``limit``: a number of tokens, a share of the window, or US dollars per turn. ``warn_at``: the share of the
    limit from which it warns. ``message``: what to do when it is over.
    """

    name: _Words
    limit: _Limit
    agent: str = ""
    category: Literal["rules", "tools", "history", "files", "system", "total"] = "total"
    activation: Literal["always", "lazy-dir", "glob", "described", "named", "manual", "never", "later", ""] = ""
    path: str = ""
    warn_at: _Share = 0.9
    message: str = ""


class Ignore(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """Findings that are let pass: of ``rule``, in files that ``paths`` match, and why.

    ``paths``: patterns as in a ``.gitignore`` beside the configuration. ``until``: the last day on which it counts.
    """

    rule: _Words
    reason: _Words
    paths: tuple[_Words, ...] = ("**",)
    until: date | None = None


class Detector(Struct, frozen=True):
    """What is set for one detector. ``enabled: false`` lets all it finds pass; ``limits``: its thresholds by name."""

    enabled: bool = True
    severity: Severity | None = None
    limits: Mapping[str, float] = field(default_factory=dict)


class Config(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """``.ctxkit.yaml``, or ``[tool.ctxkit]`` in ``pyproject.toml``.

    ``agents``: which to audit (default: those that the repository is set up for). ``model``: instead of each agent's
    usual one. ``persona``: for whom the findings are. ``fail_on``: the least severity that fails a check.
    ``detectors``: by id, ``enabled``, ``severity`` and thresholds. ``ignore``: what is let pass, and why. ``baseline``:
    where it is, relative to this file.
    """

    agents: tuple[_Words, ...] = ()
    model: str = ""
    persona: Persona = Persona.REGULAR
    fail_on: FailOn = "warning"
    detectors: dict[str, dict[str, bool | float | str]] = field(default_factory=dict)
    ignore: tuple[Ignore, ...] = ()
    budgets: tuple[Budget, ...] = ()
    baseline: str = ""

    @property
    def set_up(self) -> dict[str, Detector]:
        """What is set for each detector that is named."""
        found = {}
        for name, values in self.detectors.items():
            limits = {key: float(value) for key, value in values.items() if key not in _OF_DETECTOR}
            severity = values.get("severity")
            found[name] = Detector(
                values.get("enabled") is not False, Severity(severity) if isinstance(severity, str) else None, limits
            )
        return found


_OF_DETECTOR = ("enabled", "severity")


NO_CONFIG = Config()


@dataclass(frozen=True, slots=True)
class Known:
    """The names that a configuration may use: ids of agents, and of detectors with the names of their thresholds."""

    agents: tuple[str, ...]
    detectors: Mapping[str, tuple[str, ...]]


def matching(patterns: Sequence[str], prefix: str) -> Callable[[str], bool]:
    """A test of paths of findings and segments for ``patterns``, read as in a ``.gitignore`` beside the configuration.

    ``prefix``: the audited root as seen from there, posix; empty for the same directory.
    """
    from posixpath import join, normpath

    from ctxkit.agents.globs import matcher
    from ctxkit.agents.spec_parts import GlobDialect

    matches = matcher(patterns, GlobDialect(style="gitignore"))
    if not prefix:
        return matches
    return lambda path: matches(path if path.startswith("~/") else normpath(join(prefix, path)))


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
    if not toml:
        found += (Fault(path, "the key stands here twice") for path in yaml_twice(_text(data)))
    if found:
        raise _error(data, name, toml, [fault._replace(path=(*start, *fault.path)) for fault in found])
    return convert(value, Config)


def _error(data: bytes, name: str, toml: bool, found: list[Fault]) -> ConfigError:
    lines = (toml_lines if toml else yaml_lines)(_text(data), [fault.path for fault in found])
    told = []
    for line, fault in sorted(zip(lines, found, strict=True), key=lambda pair: pair[0]):
        at = ".".join(str(step) for step in fault.path if step not in ("tool", "ctxkit"))
        told.append(
            f"{name}:{line}: {at + ': ' if at else ''}{fault.problem}{f' ({fault.hint})' if fault.hint else ''}"
        )
    hint = "Mend what is named; ctxkit schema config says what may stand there."
    return ConfigError("; ".join(told) + ".", hint)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").removeprefix("\ufeff")


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
    for at, name in _texts_of(value.get("ignore"), "rule"):
        if name and name not in known.detectors:
            yield Fault(("ignore", at, "rule"), f"no detector is called {name!r}", nearest(name, known.detectors))
    detectors = value.get("detectors")
    for name, inner in detectors.items() if isinstance(detectors, dict) else ():
        if name not in known.detectors:
            yield Fault(("detectors", name), f"no detector is called {name!r}", nearest(name, known.detectors))
        elif isinstance(inner, dict):
            yield from _detector(name, inner, known.detectors[name])


def _detector(name: str, inner: Mapping[str, object], limits: tuple[str, ...]) -> Iterator[Fault]:
    for key, value in inner.items():
        path = ("detectors", name, key)
        if key == "enabled":
            if not isinstance(value, bool):
                yield Fault(path, f"true or false is expected here, not {kind_of(value)}")
        elif key == "severity":
            choices = [severity.value for severity in Severity]
            if value not in choices:
                yield Fault(path, f"{value!r} is none of its values", nearest(str(value), choices))
        elif key not in limits:
            yield Fault(path, f"{name} has no threshold {key!r}", nearest(key, (*limits, *_OF_DETECTOR)))
        elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _MOST:
            yield Fault(path, f"a number from 0 on is expected here, not {kind_of(value)}")


_MOST = 1e12


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
