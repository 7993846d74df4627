"""The signs by which the use of a rule shows in a session: the commands, paths and names that its text sets in code.

A rule in prose alone leaves no sign; nothing is said of it then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxkit.sources.history.action_rules import common_words
from ctxkit.text.markdown import outline
from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LANGUAGE = on_demand(r"[ \t>]*(?:`+|~+)[ \t]*([\w+-]*)")
_SHELLS = frozenset(
    {"", "bash", "sh", "shell", "zsh", "fish", "console", "shell-session", "terminal", "powershell", "text"}
)
"""Languages of fences that may hold command lines."""
_RUNNERS = frozenset({"run", "exec", "dlx"})
"""Words after which the third word tells commands apart (``npm run build``)."""
_COMMAND = on_demand(r"(?:[$>%] +)?((?:[A-Z_]+=\S+ +)*)([a-z][\w./-]*)((?: +[\w./:@=-]+)*)")
_PLAIN = on_demand(r"[\w./:@-]*[a-z][\w./:@-]*")
_LONGEST = 120
_MOST = 400
_SHORTEST = 4


def signs_of(text: str) -> frozenset[str]:
    """The signs in a Markdown text: at most 400."""
    found: dict[str, None] = {}
    regions = outline(text)
    for fence in regions.of("code-fence"):
        opening, *lines = text[fence.start : fence.end].splitlines()
        language = _LANGUAGE().match(opening)
        for line in lines if language and language[1].lower() in _SHELLS else ():
            command = _command(line.strip())
            if command:
                found.setdefault(command)
    for span in regions.of("code-span"):
        sign = _sign(" ".join(text[span.start : span.end].strip("`").split()))
        if sign:
            found.setdefault(sign)
        if len(found) >= _MOST:
            break
    return frozenset(list(found)[:_MOST])


def _sign(code: str) -> str | None:
    """What to look for of a code span: a command's first two words, a path or a name; None for what is too common."""
    if not _SHORTEST <= len(code) <= _LONGEST:
        return None
    if " " in code:
        return _command(code)
    plain = code.removesuffix("()").strip("/*").removeprefix("./")
    if len(plain) < _SHORTEST or plain.lower() in common_words()[0] or not _PLAIN().fullmatch(plain):
        return None
    return plain


def _command(line: str) -> str | None:
    """The words of a command line that tell it from others of the same tool: the first two, of ``npm run x`` three."""
    match = _COMMAND().match(line)
    if match is None or match[2] in common_words()[1] or len(line) > _LONGEST * 2:
        return None
    rest = [word for word in match[3].split() if not word.startswith("-")]
    words = [match[2].removeprefix("./"), *rest[: 2 if rest and rest[0] in _RUNNERS else 1]]
    if len(words) < 2 and (" " in line or len(words[0]) < _SHORTEST):
        return None
    return " ".join(words)


class SignFinder:
    """Finds many signs in many texts at once, in time that does not depend on how many there are."""

    def __init__(self, signs: Iterable[str]) -> None:
        import re2  # type: ignore[import-untyped]

        self._signs = sorted(set(signs))
        options = re2.Options()
        options.log_errors = False
        options.max_mem = 1 << 28
        self._set = re2.Set.SearchSet(options)
        for sign in self._signs:
            self._set.Add(_bounded(sign))
        if self._signs:
            self._set.Compile()

    def found_in(self, text: str) -> Sequence[str]:
        """The signs that ``text`` holds."""
        if not self._signs or not text:
            return ()
        return [self._signs[at] for at in self._set.Match(text.encode("utf-8", "replace")) or ()]


def _bounded(sign: str) -> str:
    """``sign`` as a pattern that does not match inside a longer word; blanks match any run of them."""
    import re2

    words = r"\s+".join(re2.escape(word) for word in sign.split())
    before = r"(?:^|[^A-Za-z0-9_])" if sign[0].isalnum() or sign[0] == "_" else ""
    after = r"(?:$|[^A-Za-z0-9_])" if sign[-1].isalnum() or sign[-1] == "_" else ""
    return f"{before}{words}{after}"
