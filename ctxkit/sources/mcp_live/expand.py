"""References in a server's entry, replaced as the agent replaces them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ctxkit.sources.mcp_live.failure import ServerFailureError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ctxkit.agents.spec import McpLaunch

_NAME = r"[A-Za-z_]\w*"
_FORMS = {
    "${NAME:-default}": rf"\$\{{(?P<with_default>{_NAME}):-(?P<default>[^{{}}]*)\}}",
    "${env:NAME}": rf"\$\{{env:(?P<of_env>{_NAME})\}}|\$\{{input:(?P<asked>[^{{}}]+)\}}",
    "${NAME}": rf"\$\{{(?P<braced>{_NAME}(?:\.\w+)*)\}}",
    "{env:NAME}": r"\{env:(?P<bare>[^{}]+)\}",
    "{file:PATH}": r"\{file:(?P<file>[^{}]+)\}",
    "${{ secrets.NAME }}": rf"\$\{{\{{\s*secrets\.(?P<secret>{_NAME})\s*\}}\}}",
    "$NAME": rf"\$(?P<plain>{_NAME})",
}
"""In the order in which they are tried at one place."""
_FILE_LIMIT = 64 * 1024


class Expander:
    """Replaces the references of one server's entry.

    ``env``: the environment they name; ``names``: what else they may name, with its text; ``directory``: where relative
    ``{file:…}`` begin; ``home``: what ``~`` stands for in them. ``unset`` collects the variables that are not set,
    ``used`` those that are, with their values.
    """

    def __init__(
        self, launch: McpLaunch | None, env: Mapping[str, str], names: Mapping[str, str], directory: str, home: str
    ) -> None:
        self.unset: list[str] = []
        self.used: dict[str, str] = {}
        self._env, self._names, self._directory, self._home = env, names, directory, home
        self._unset = "keep" if launch is None else launch.unset
        self._unset_value = self._unset if launch is None else launch.unset_value or launch.unset
        known = launch.references if launch is not None else ()
        forms = [pattern for form, pattern in _FORMS.items() if form in known]
        self._pattern = re.compile("|".join(forms)) if forms else None

    def text(self, text: str) -> str:
        """``text`` (of a command line or an address) with its references replaced.

        Raises ServerFailureError for a file that cannot be read, and for a value that the user is asked for.
        """
        return self._replaced(text, self._unset)

    def value(self, text: str) -> str:
        """The same for the value of a variable or a header."""
        return self._replaced(text, self._unset_value)

    def shown(self, text: str) -> str:
        """``text`` as people may see it: what a reference stands for without a variable or file is filled in."""
        if self._pattern is None:
            return text
        return self._pattern.sub(self._shown, text)

    def _replaced(self, text: str, unset: str) -> str:
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: self._value(match, unset), text)

    def _shown(self, match: re.Match[str]) -> str:
        groups = {name: value for name, value in match.groupdict().items() if value is not None}
        default = groups.pop("default", None)
        (name,) = groups.values()
        if name in self._names:
            return self._names[name]
        if default is not None:
            return f"${{{name}}}" if self._env.get(name) else default
        return match[0]

    def _value(self, match: re.Match[str], unset: str) -> str:
        groups = {name: value for name, value in match.groupdict().items() if value is not None}
        if "file" in groups:
            return self._file(groups["file"])
        if "asked" in groups:
            raise ServerFailureError(
                f"its entry asks the user for {groups['asked']}",
                "Name a variable there instead, or give its tools with --tools.",
            )
        default = groups.pop("default", None)
        (name,) = groups.values()
        if name in self._names:
            return self._names[name]
        value = self._env.get(name)
        if value is not None and (value or default is None):
            self.used[name] = value
            return value
        if default is not None:
            return default
        self.unset.append(name)
        return "" if unset == "empty" else match[0]

    def _file(self, path: str) -> str:
        spelled = self._home + path[1:] if path.startswith("~/") else path
        absolute = os.path.normpath(os.path.join(self._directory, spelled))
        try:
            if not os.path.isfile(absolute):
                raise ServerFailureError(
                    f"its entry names the file {path}, which does not exist", "Make the file, or correct the entry."
                )
            with open(absolute, encoding="utf-8", errors="replace") as file:
                value = file.read(_FILE_LIMIT).strip()
        except OSError as error:
            raise ServerFailureError(
                f"its entry names the file {path}, which cannot be read: {error.strerror}", "Make it readable."
            ) from None
        self.used[path] = value
        return value
