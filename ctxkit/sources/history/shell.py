"""What a shell command does, as far as its words tell: ``cat a.py`` reads, ``rg x | head`` searches.

A command line that mixes kinds, or has a word that is not known, is just run; one that begins by writing a file writes
it, whatever follows. Nothing is ever executed.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.model.history import Action, Doing
from ctxkit.sources.history.action_rules import shell_words
from ctxkit.text.pattern import on_demand
from ctxkit.text.secrets import without_secrets

if TYPE_CHECKING:
    from re import Match

# Words, quoted or not; what stands between commands; where input and output go.
_TOKEN = on_demand(
    r"[ \t\r]*+(?:(?P<between>\|\|?|&&?(?!>)|[;\n]+)|(?P<into>(?:\d|&)?>>?(?:&\d|&-)?)|(?P<here><<<?-?)|(?P<of><)"
    r"|(?P<word>(?:[^\s'\"\\;|&<>]++|\\.|'[^']*+'|\"(?:[^\"\\]|\\.)*+\")++))",
    16,  # re.DOTALL
)
_QUOTED = on_demand(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"|\\(.)", 16)
_ESCAPED = on_demand(r"\\([\"\\$`\n])")
_LINES = on_demand(r"(\d{1,9})(?:,(\d{1,9}|\$|\+\d{1,9}))?p(?:;\s*\d+q)?|(\d{1,9})q")
_COUNT = on_demand(r"-(?:n\s?|-lines[= ])?\+?(\d{1,9})(?=\s|$)")
_FROM = on_demand(r"(?:-n\s?|-)?\+(\d{1,9})(?=\s|$)")
_SHOWN = 80
_LONGEST = 4_000
_MOST_PATHS = 50
_OPAQUE = "`"
_CHANGING = ("-delete", "-exec", "-execdir", "-ok", "-okdir", "-fprint", "-fprintf", "-fls")


class _Command(NamedTuple):
    """A simple command: its words, the files that its input comes from and its output goes to."""

    words: list[str]
    read: list[str]
    written: list[str]
    appended: list[str]

    @property
    def name(self) -> str:
        return self.words[0].rpartition("/")[2].lower() if self.words else ""


class _Part(NamedTuple):
    """What one pipeline does. ``lines``: of each of its files, as in Action."""

    doing: Doing | None
    paths: tuple[str, ...] = ()
    lines: tuple[int | None, int | None] = (None, None)


_QUIET = _Part(None)
_RUN = _Part(Doing.RUN)


def shell_action(command: str) -> Action:
    """The action of one command line."""
    shown = without_secrets(" ".join(command[: 2 * _SHOWN].split()))[:_SHOWN]
    lines = _pipelines(command[:_LONGEST])
    parts: list[_Part] = []
    cwd = ""
    for stages in lines:
        first = stages[0]
        if first.name == "cd" and len(stages) == 1:
            to = first.words[1] if len(first.words) > 1 else "~"
            if to == "-" or "$" in to or _OPAQUE in to:
                return Action(Doing.RUN, command=shown)
            cwd = posixpath.join(cwd, to)
            continue
        part = _part(stages)
        if part.doing in (Doing.WRITE, Doing.EDIT) and not parts:
            return Action(part.doing, _placed(part.paths, cwd), command=shown)
        if part.doing is not None:
            parts.append(part._replace(paths=_placed(part.paths, cwd)))
    if len(command) > _LONGEST or not parts:
        return Action(Doing.RUN, command=shown)
    doings = {part.doing for part in parts}
    if doings <= {Doing.SEARCH, Doing.LIST}:
        return Action(Doing.SEARCH if Doing.SEARCH in doings else Doing.LIST, command=shown)
    if doings == {Doing.READ} and len({part.lines for part in parts}) == 1:
        paths = tuple(dict.fromkeys(path for part in parts for path in part.paths))
        return Action(Doing.READ, paths[:_MOST_PATHS], *parts[0].lines, command=shown)
    return Action(Doing.RUN, command=shown)


def _placed(paths: tuple[str, ...], cwd: str) -> tuple[str, ...]:
    return tuple(posixpath.normpath(posixpath.join(cwd, path)) for path in paths)


def _pipelines(command: str) -> list[list[_Command]]:
    """The commands of each pipeline, without the texts of here-documents; a quote that does not close is opaque."""
    pipelines: list[list[_Command]] = []
    stages: list[_Command] = []
    now = _Command([], [], [], [])
    ends: list[str] = []
    target: list[str] | None = None
    at = 0
    while match := _TOKEN().match(command, at):
        at = match.end()
        word, into = match["word"], match["into"]
        if word is not None:
            (now.words if target is None else target).append(_unquoted(word))
            target = None
        elif match["here"]:
            target = [] if match["here"] == "<<<" else ends
        elif into is not None:
            aside = "&" in into[1:] or into[0] == "2"
            target = None if "&" in into[1:] else [] if aside else now.appended if ">>" in into else now.written
        elif match["of"]:
            target = now.read
        else:
            target = None
            stages.append(now)
            now = _Command([], [], [], [])
            if match["between"] != "|":
                pipelines.append(stages)
                stages = []
            if "\n" in match["between"] and ends:
                at = _behind(command, at, ends)
                ends.clear()
    if command[at:].strip():
        now.words.append(_OPAQUE)
    pipelines.append([*stages, now])
    return [stages for stages in pipelines if any(any(command) for command in stages)]


def _behind(command: str, at: int, ends: list[str]) -> int:
    """Where the here-documents that begin at ``at`` are over; the end of the command if they are not."""
    for word in ends:
        found = command.find(f"\n{word}\n", at - 1)
        if found < 0:
            return len(command)
        at = found + len(word) + 2
    return at


def _unquoted(word: str) -> str:
    """The word without its quotes; opaque if it holds another command."""
    bare = _QUOTED().sub(lambda found: found[2] or "", word)
    return _OPAQUE if "$(" in bare or "`" in bare else _QUOTED().sub(_inside, word)


def _inside(found: Match[str]) -> str:
    if found[1] is not None:
        return found[1]
    return _ESCAPED().sub(r"\1", found[2]) if found[2] is not None else found[3]


def _part(stages: list[_Command]) -> _Part:
    """What one pipeline does."""
    if not all(stage.words for stage in stages) or any(_OPAQUE in stage.words for stage in stages):
        return _RUN
    kinds = [shell_words().get(stage.name) for stage in stages]
    if None in kinds:
        return _RUN
    first, last = stages[0], stages[-1]
    edited = _edited(first)
    if edited is not None:
        return _Part(Doing.EDIT, edited) if edited and len(stages) == 1 else _RUN
    teed = [word for word in last.words[1:] if not word.startswith("-")] if last.name == "tee" else []
    if (teed and "-a" in last.words) or last.appended:
        return _changed(Doing.EDIT, teed or last.appended)
    if teed or last.written:
        return _changed(Doing.WRITE, teed or last.written)
    if "write" in kinds:
        return _RUN
    if kinds[0] == "quiet":
        return _QUIET if len(stages) == 1 else _RUN
    if kinds[0] == "read":
        return _reading(stages, kinds)
    if kinds[0] == "filter" or any(word in _CHANGING for word in first.words):
        return _RUN
    return _Part(Doing(kinds[0] or "run"))


def _changed(doing: Doing, targets: list[str]) -> _Part:
    paths = tuple(path for path in targets if not path.startswith("/dev/") and "$" not in path)
    return _Part(doing, paths[:_MOST_PATHS]) if paths else _RUN


def _edited(command: _Command) -> tuple[str, ...] | None:
    """The files that ``sed -i`` changes; None for any other command."""
    if command.name != "sed" or not any(word.startswith(("-i", "--in-place")) for word in command.words):
        return None
    return tuple(_arguments(command))[:_MOST_PATHS]


def _arguments(command: _Command) -> list[str]:
    """The files that a command which reads, or ``sed``, names."""
    rest: list[str] = []
    scripts = 0
    words = iter(command.words[1:])
    for word in words:
        if word in ("-e", "-f", "--expression") and command.name == "sed":
            next(words, None)
            scripts += 1
        elif word in ("-n", "-c", "-totalcount", "-tail") and command.name in ("head", "tail"):
            next(words, None)
        elif word and not word.startswith("-") and not (word.startswith("+") and command.name == "tail"):
            rest.append(word)
    return rest[1:] if command.name == "sed" and not scripts else rest


def _reading(stages: list[_Command], kinds: list[str | None]) -> _Part:
    """A pipeline that begins by reading files: some or all of their lines, or a search in them."""
    first = stages[0]
    paths = [path for path in (*_arguments(first), *first.read) if not path.startswith("/dev/")]
    if not paths or any("$" in path for path in paths):
        return _RUN
    if "search" in kinds:
        return _Part(Doing.SEARCH)
    ranges = [_range(stage) for stage in stages]
    limits = [found for found in ranges if found is not None and found != (None, None)]
    if set(kinds) != {"read"} or None in ranges or len(limits) > 1:
        return _RUN
    lines = limits[0] if limits else (None, None)
    named = [] if any(char in path for path in paths for char in "*?[{") else paths
    return _Part(Doing.READ, tuple(named[:_MOST_PATHS]), lines)


def _range(stage: _Command) -> tuple[int | None, int | None] | None:
    """The lines that a stage lets through; None where it changes them, or nobody can tell."""
    text = " ".join(stage.words[1:])
    if stage.name == "sed":
        match = next(filter(None, map(_LINES().fullmatch, stage.words[1:])), None)
        if match is None or (match[3] is None and not any(w in ("-n", "--quiet", "--silent") for w in stage.words)):
            return None
        if match[3] is not None:
            return None, int(match[3])
        start, last = int(match[1]), match[2] or match[1]
        end = None if last == "$" else start + int(last[1:]) if last.startswith("+") else int(last)
        return (start if start > 1 else None), end
    if stage.name == "head":
        if any(word.startswith(("-c", "--bytes", "-n-")) for word in stage.words) or "-n -" in text:
            return None
        match = _COUNT().search(text)
        return None, int(match[1]) if match else 10
    if stage.name == "tail":
        match = _FROM().search(text)
        return (int(match[1]), None) if match else None
    return None, None
