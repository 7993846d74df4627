"""Where an agent's files stand in a repository, and how paths are kept from it there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ctxkit.agents.version import applies
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctxkit.agents.spec import AgentSpec, IgnoreName

_IN_THE_REPOSITORY = ("{root}/", "{git_root}/", "{cwd}/", "{ancestor}/")
_OTHER_WILD = on_demand(r"[*?{\[]|\.\./")


@dataclass(frozen=True, slots=True)
class Means:
    """How to keep a path from an agent: a line in ``file``, or an entry of its ``setting``, written as ``form``."""

    file: str
    setting: str = ""
    form: str = "{}"

    def entry(self, line: str) -> str:
        """What to write for ``line``, a line in ``.gitignore`` syntax."""
        return f'"{self.form.format(line)}"' if self.setting else line


def project_files(spec: AgentSpec) -> tuple[str, ...]:
    """Paths, relative to the repository, of the settings and of the MCP configuration that it may hold for ``spec``."""
    templates = [file.path for file in spec.settings if file.scope in ("project", "local")]
    templates += [file.path for file in (spec.mcp.files if spec.mcp else ()) if file.scope in ("project", "local")]
    return tuple(dict.fromkeys(path for template in templates if (path := in_the_repository(template))))


def honoured(spec: AgentSpec, version: str) -> Iterator[IgnoreName]:
    """The ignore files in a repository that keep the tools of ``spec`` from paths, not from its search index alone."""
    for name in spec.ignore.files:
        if name.enforced and name.scope == "read" and name.at != "home" and applies(name, version):
            yield name


def means(spec: AgentSpec, version: str) -> Means | None:
    """The way to keep a path from ``spec`` that a repository can hold; None: there is none, or none is known."""
    for name in sorted(honoured(spec, version), key=lambda name: name.confidence.value == "unverified"):
        return Means(name.name)
    for rule in spec.ignore.deny:
        for file in spec.settings:
            path = in_the_repository(file.path) if file.scope == "project" else ""
            if path:
                return Means(path, rule.setting, _form(rule.match))
    return None


def in_the_repository(template: str) -> str:
    """The part of ``template`` below the repository; empty for a path elsewhere and for one with wildcards."""
    for place in _IN_THE_REPOSITORY:
        rest = template.removeprefix(place)
        if rest != template and not _OTHER_WILD().search(rest):
            return rest
    return ""


def _form(match: str) -> str:
    r"""How an entry is written that ``match`` takes apart: ``^Read\((.*)\)$`` → ``Read({})``."""
    return re.sub(r"\\(.)", r"\1", match.removeprefix("^").removesuffix("$").replace("(.*)", "{}", 1))
