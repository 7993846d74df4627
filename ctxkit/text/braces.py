"""Words with alternatives in braces, as shells and tox write them."""

from __future__ import annotations

from ctxkit.text.pattern import on_demand

_BRACES = on_demand(r"\{([^{}]*,[^{}]*)\}")
_MOST = 200


def expanded(word: str) -> list[str]:
    """``a/{b,c}`` → ``a/b``, ``a/c``; nested, at most 200 results. Braces without a comma are left as they are."""
    pending = [word]
    done: list[str] = []
    while pending and len(pending) + len(done) <= _MOST:
        current = pending.pop()
        match = _BRACES().search(current)
        if match is None:
            done.append(current)
        else:
            alternatives = match[1].split(",")[:_MOST]
            pending += [current[: match.start()] + part + current[match.end() :] for part in reversed(alternatives)]
    return list(dict.fromkeys(done + pending))
