"""Commands that a text shows, and the script of the repository that each of them runs."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from ctxkit.text.pattern import on_demand

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctxkit.text.markdown import Outline

_WORD = on_demand(r"(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"';&|])+")
_PARTS = on_demand(r"&&|\|\|?|;|\n")
_PROSE = on_demand(r"\b(?:npm|pnpm|yarn|bun) run [A-Za-z][\w:.-]*")
_SHELLS = frozenset(
    ["", "bash", "sh", "shell", "zsh", "console", "shell-session", "shellscript", "text", "fish", "cmd"]
)
_CALL = on_demand(r"@?[A-Za-z][\w.+:@/-]*")
_BEFORE = frozenset(["sudo", "time", "env", "exec", "corepack", "$", ">", "%", "dotenv", "--", "run:", "-"])
_VALUED = frozenset(
    (
        "--prefix", "-w", "--workspace", "-C", "--dir", "--filter", "-F", "--cwd", "-f", "--file", "--makefile", "-d",
        "--directory", "--working-directory", "--justfile", "-t", "--taskfile", "-I", "--project", "--with", "--extra",
        "--group", "-p", "--python", "-c", "-o", "--env-file", "-n", "--scope", "-m", "--module", "-e",
    )
)  # fmt: skip
_BUILT_IN = {
    "npm": "access add adduser audit bugs cache ci cit clean-install clean-install-test completion config create"
    " dedupe deprecate diff dist-tag docs doctor edit exec explain explore find-dupes fund get help help-"
    " search hook i in init install install-ci-test install-test it link list ll login logout ls org"
    " outdated owner pack ping pkg prefix profile prune publish query r rebuild remove repo restart rm"
    " root sbom search set shrinkwrap star stars start stop team token trust un uninstall unpublish unstar"
    " up update upgrade version view whoami x",
    "pnpm": "add approve-builds audit bin c cache cat-file cat-index completion config create dedupe deploy dlx"
    " doctor env exec fetch find-hash get help i ignored-builds import info init install install-test it"
    " licenses link list ln login logout ls m multi node outdated pack patch patch-commit patch-remove"
    " prune publish rb rebuild recursive remove rm root self-update server set setup start store un"
    " uninstall unlink up update upgrade view whoami why x",
    "yarn": "access add audit autoclean bin cache check config constraints create dedupe dlx exec explain"
    " generate-lock-entry global help import info init install licenses link list login logout node npm"
    " outdated owner pack patch patch-commit plugin policies prune publish rebuild remove search set stage"
    " start tag team unlink unplug up upgrade upgrade-interactive version versions why workspace"
    " workspaces",
    "bun": "a add audit build bunx c completions create dev discord exec help i info init install link outdated"
    " patch patch-commit pm publish remove repl rm run test unlink update upgrade why x",
}
_INSIDE = frozenset(["-C", "--directory"])
_WORKSPACE = frozenset(["--filter", "-F", "-w", "--workspace"])
_CARGO = frozenset(["build", "b", "test", "t", "run", "r", "check", "c", "clippy", "bench", "nextest", "llvm-cov"])
_COMPOSER = frozenset(["run", "run-script"])


class Call(NamedTuple):
    """A script that a command runs.

    ``start`` and ``end``: the characters of its name. ``runner``: whose script it is, as in ``Evidence.scripts``;
    ``file`` and ``module`` for a file of the repository and a module of Python. ``shown``: runner and name as they
    would be typed. ``is_clear``: it can be nothing but a script; else it may be a program of another kind.
    """

    start: int
    end: int
    runner: str
    name: str
    shown: str
    is_clear: bool
    directory: str = ""


def calls(text: str, outline: Outline) -> list[Call]:
    """The scripts that the commands in code spans and shell fences run, and those of ``npm run`` in the prose."""
    found: dict[int, Call] = {}
    regions = outline.of("code-span", "code-fence", "indented-code")
    for region in regions:
        start, end = region.start, region.end
        if region.kind == "code-fence":
            line = text.find("\n", start, end)
            language = text[start : line if line >= 0 else end].strip().strip("`~ >").partition(" ")[0].lower()
            if line < 0 or language.strip("{}.") not in _SHELLS:
                continue
            start = line + 1
        for call in _calls(text, start, end, region.kind == "code-span"):
            found.setdefault(call.start, call)
    hidden = sorted((region.start, region.end) for region in outline.regions)
    starts = [start for start, _ in hidden]
    for match in _PROSE().finditer(text):
        at = bisect_right(starts, match.start())
        if not at or match.start() >= hidden[at - 1][1]:
            for call in _calls(text, match.start(), match.end(), True):
                found.setdefault(call.start, call)
    return [found[start] for start in sorted(found)]


def _calls(text: str, start: int, end: int, is_span: bool) -> Iterator[Call]:
    """The calls in the commands between ``start`` and ``end``."""
    directory = ""
    at = start
    while at < end:
        part = _PARTS().search(text, at, end)
        stop = part.start() if part is not None else end
        words = [
            (match.group(), match.start())
            for match in _WORD().finditer(text, at, min(stop, at + 1_000))
            if match.group() != "\\"
        ]
        following = part.end() if part is not None else end
        words = [(word.strip("`"), place + len(word) - len(word.lstrip("`"))) for word, place in words]
        words = [(word, place) for word, place in words if word]
        comment = next((number for number, (word, _) in enumerate(words) if word.startswith("#")), None)
        words = words[:comment]
        while words and (words[0][0] in _BEFORE or "=" in words[0][0].partition("/")[0] or words[0][0].endswith("$")):
            del words[0]
        if words and words[0][0] in ("cd", "pushd") and len(words) == 2:
            directory = words[1][0].strip("\"'")
        elif words:
            yield from (call._replace(directory=directory or call.directory) for call in _called(words, is_span))
        at = max(following, at + 1)


def _called(words: Sequence[tuple[str, int]], is_span: bool) -> Iterator[Call]:
    """The scripts that one command, as its words and where they stand, runs."""
    program = words[0][0]
    rest = words[1:]
    if program in ("npm", "pnpm", "yarn", "bun", "deno"):
        yield from _package_call(program, rest)
    elif program in ("make", "gmake", "just", "task", "nox", "tox", "poe", "composer", "turbo", "nx", "cargo"):
        yield from _runner_call("make" if program == "gmake" else program, rest, is_span)
    elif program in ("uv", "poetry", "pdm", "hatch", "rye", "pipenv") and rest and rest[0][0] == "run":
        named = _operands(rest[1:])
        if named and named[0][0] in ("python", "python3"):
            yield from _called(named, is_span)
        elif named and named[0][0] in ("pytest", "nox", "tox", "poe", "make"):
            yield from _called(named, is_span) if named[0][0] != "pytest" else ()
        elif named:
            runner = program if program in ("pdm", "hatch", "rye") else "python"
            yield from _call(runner, named[0], f"{program} run", ":" in named[0][0] and runner == "hatch")
    elif program in ("python", "python3") and rest:
        if rest[0][0] == "-m" and len(rest) > 1:
            yield from _call("module", rest[1], f"{program} -m", True)
        else:
            yield from _file(rest[0], program)
    elif program in ("node", "bash", "sh", "zsh", "tsx", "ts-node", "ruby", "php", "perl", "source", ".") and rest:
        named = _operands(rest)
        if named:
            yield from _file(named[0], program)
    elif program.startswith("./") and rest:
        yield from _file(words[0], "")


def _package_call(program: str, words: Sequence[tuple[str, int]]) -> Iterator[Call]:
    """The script of a package.json that npm, pnpm, yarn or bun run."""
    if any(word == "--if-present" for word, _ in words):
        return
    yield from _workspace_call(program, words)
    if program == "yarn" and words and words[0][0] == "workspace":
        words = words[2:]
    elif program == "yarn" and words and words[0][0] == "workspaces":
        words = [*words[words.index(run) :]] if (run := next((w for w in words if w[0] == "run"), None)) else []
    named = _operands(words)
    if not named:
        return
    first = named[0][0]
    if program == "deno":
        if first == "task" and len(named) > 1:
            yield from _call("deno", named[1], "deno task", True)
    elif first in ("run", "run-script", "rum", "urn"):
        if len(named) > 1:
            yield from _call("npm", named[1], f"{program} run", program in ("npm", "pnpm"))
    elif first in ("test", "t", "tst") and program != "bun":
        yield from _call("npm", ("test", named[0][1]), program, True, end=named[0][1] + len(first))
    elif first not in _BUILT_IN[program].split() and program != "npm":
        yield from _call("npm", named[0], program, ":" in first)


def _workspace_call(program: str, words: Sequence[tuple[str, int]]) -> Iterator[Call]:
    """The packages that a command is for: ``pnpm --filter x``, ``npm -w x``, ``yarn workspace x``."""
    for number, (word, place) in enumerate(words):
        flag, equals, value = word.partition("=")
        if word == "--":
            return
        if program == "yarn" and word == "workspace" and number == 0 and len(words) > 1:
            yield from _call("workspace", words[1], "yarn workspace", True)
        elif flag in _WORKSPACE and (program != "pnpm" or not flag.endswith(("-w", "workspace"))):
            following = words[number + 1] if number + 1 < len(words) else ("", 0)
            named = (value, place + len(flag) + 1) if equals else following
            yield from _call("workspace", named, f"{program} {flag}", True)


def _runner_call(program: str, words: Sequence[tuple[str, int]], is_span: bool) -> Iterator[Call]:
    named = _operands(words)
    if program in ("tox", "nox"):
        flags = ("-e", "--env") if program == "tox" else ("-s", "--session", "--sessions", "-e")
        at = next((number for number, (word, _) in enumerate(words) if word in flags), None)
        if at is not None and at + 1 < len(words):
            word, place = words[at + 1]
            for name in word.split(",") if program == "tox" else [word]:
                yield from _call(program, (name, place), f"{program} {words[at][0]}", True)
                place += len(name) + 1
    elif program == "cargo":
        yield from _cargo_call(words, named)
    elif program == "composer":
        if named and named[0][0] in _COMPOSER and len(named) > 1:
            yield from _call("composer", named[1], "composer run", True)
    elif program == "turbo":
        yield from _workspace_call(program, words)
        tasks = named[1:] if named and named[0][0] == "run" else []
        yield from (call for word in tasks for call in _call("turbo", word, "turbo run", True))
    elif program == "nx":
        if len(named) > 1 and named[0][0] == "run" and named[1][0].count(":") == 1:
            word, place = named[1]
            head = word.partition(":")[0]
            yield from _call("nx", (word[len(head) + 1 :], place + len(head) + 1), f"nx run {head}:", True)
    elif program == "make":
        targets = [(word, place) for word, place in named if "=" not in word]
        if len(targets) <= 3 or not is_span:
            inner = next((words[at + 1][0] for at, word in enumerate(words[:-1]) if word[0] in _INSIDE), "")
            yield from (
                call._replace(directory=inner) for word in targets[:8] for call in _call("make", word, "make", True)
            )
    elif named:
        yield from _call(program, named[0], program, True)


def _cargo_call(words: Sequence[tuple[str, int]], named: Sequence[tuple[str, int]]) -> Iterator[Call]:
    words = [word for word in words if not word[0].startswith("+")]
    if not words:
        return
    if words[0][0] in _CARGO:
        flags = {"-p": "cargo -p", "--package": "cargo -p", "--bin": "cargo --bin", "--example": "cargo --example"}
        for number, (word, place) in enumerate(words):
            flag, equals, value = word.partition("=")
            if word == "--":
                break
            if flag in flags and equals:
                yield from _call(flags[flag], (value, place + len(flag) + 1), f"cargo {words[0][0]} {flag}", True)
            elif word in flags and number + 1 < len(words):
                yield from _call(flags[word], words[number + 1], f"cargo {words[0][0]} {word}", True)
    elif named:
        yield from _call("cargo", named[0], "cargo", named[0][0] == "xtask")


def _operands(words: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """The words without flags and what belongs to them, as far as a ``--``."""
    found: list[tuple[str, int]] = []
    number = 0
    while number < len(words):
        word = words[number][0]
        if word == "--":
            break
        if word.startswith("-"):
            number += 2 if word in _VALUED else 1
            continue
        found.append(words[number])
        number += 1
    return found


def _call(runner: str, word: tuple[str, int], shown: str, is_clear: bool, end: int = 0) -> Iterator[Call]:
    name = word[0].strip("\"'").rstrip(".,)")
    if _CALL().fullmatch(name) is not None and "..." not in word[0] and name not in ("x", "X", "name", "script"):
        start = word[1] + word[0].find(name) if name in word[0] else word[1]
        blank = "" if shown.endswith(":") else " "
        yield Call(start, end or start + len(name), runner, name, f"{shown}{blank}{name}", is_clear)


def _file(word: tuple[str, int], program: str) -> Iterator[Call]:
    """A file of the repository that is run, where ``word`` names one in a directory."""
    name = word[0].strip("\"'")
    plain = name.removeprefix("./")
    if "/" in plain and "." in plain.rpartition("/")[2] and _CALL().fullmatch(plain) is not None and "..." not in name:
        yield Call(word[1], word[1] + len(word[0]), "file", plain, f"{program} {name}".strip(), True)
