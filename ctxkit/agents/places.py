"""The directories an agent's facts speak of, for one question."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from msgspec import Struct, field

from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ctxkit.agents.spec import AgentSpec, Until

_ENV = on_demand(r"\$\{([A-Z0-9_]+)(?::-([^}]*))?\}")


class Places(Struct, frozen=True):
    """Absolute directories: the audited ``root``, the agent's ``cwd``, the ``home``, and the top of the git work tree.

    ``git_root`` is None outside of git.
    ``touched``: absolute paths of files the agent has read. ``env``: the environment its facts may name (empty when
    the caller named a home directory of his own, whose variables are not known).
    """

    root: str
    cwd: str
    home: str
    git_root: str | None
    touched: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)

    def names(self, spec: AgentSpec) -> dict[str, str]:
        """Placeholder → directory, the agent's own roots included."""
        names = {
            "root": self.git_root or self.cwd,
            "cwd": self.cwd,
            "home": self.home,
            "git_root": self.git_root or self.cwd,
            "slug": re.sub(r"[^A-Za-z0-9]", "-", self.cwd),
            "git_slug": re.sub(r"[^A-Za-z0-9]", "-", self.git_root or self.cwd),
            "cwd_name": os.path.basename(self.cwd),
            "git_name": os.path.basename(self.git_root or self.cwd),
        }
        for name, value in spec.roots.items():
            names[name] = self.expand(value, names)
        return names

    def expand(self, text: str, names: Mapping[str, str]) -> str:
        """``text`` with ``~``, ``${VARIABLE:-default}`` and ``{placeholder}`` filled in, as an absolute path."""
        text = _ENV().sub(lambda m: self.env.get(m[1]) or m[2] or "", text)
        text = re.sub(r"\{(\w+)\}", lambda m: names.get(m[1], m[0]), text)
        if text == "~" or text.startswith("~/"):
            text = self.home + text[1:]
        return os.path.normpath(os.path.join(self.cwd, text))

    def base(self, name: str, names: Mapping[str, str]) -> str:
        """The directory that a source's ``base`` names."""
        if name in ("root", "cwd", "home"):
            return names[name]
        if name == "git-root":
            return names["git_root"]
        return names[name] if name in names else self.expand(name, names)

    def ancestors(self, start: str, until: Until, markers: tuple[str, ...] = ()) -> list[str]:
        """``start`` and the directories above it as far as ``until``, innermost first."""
        chain = list(_upwards(start))
        if until == "fs-root":
            return chain
        if until in ("home", "below-home"):
            if self.home not in chain:
                return chain
            stop = chain.index(self.home)
            return chain[: stop + 1] if until == "home" else chain[:stop]
        if until in ("git-root", "git-root-or-all", "git-root-or-below-home"):
            if self.git_root is None or self.git_root not in chain:
                if until == "git-root-or-below-home":
                    return self.ancestors(start, "below-home")
                return chain[:1] if until == "git-root" else chain
            return chain[: chain.index(self.git_root) + 1]
        for index, directory in enumerate(chain):
            if any(os.path.lexists(os.path.join(directory, marker)) for marker in markers):
                return chain[: index + 1]
        return chain[:1]

    def between(self, outer: str, path: str) -> list[str]:
        """Directories below ``outer`` on the way to the file ``path``, outermost first; none if it lies elsewhere."""
        chain = list(_upwards(os.path.dirname(path)))
        if outer not in chain:
            return []
        return chain[: chain.index(outer)][::-1]


def _upwards(start: str) -> Iterator[str]:
    current = start
    while True:
        yield current
        parent = os.path.dirname(current)
        if parent == current:
            return
        current = parent


def git_top(start: str) -> str | None:
    """The top of the git work tree that ``start`` lies in: the nearest directory that holds ``.git``."""
    for directory in _upwards(start):
        if os.path.lexists(os.path.join(directory, ".git")):
            return directory
    return None


def platform() -> str:
    """``linux``, ``macos`` or ``windows``."""
    return {"darwin": "macos", "win32": "windows"}.get(sys.platform, "linux")
