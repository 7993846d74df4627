from dataclasses import replace

import pytest

from ctxkit.model import Activation, Category, Segment, Skipped, Tokens
from ctxkit.report.layout import ASCII, Screen, columns_of
from ctxkit.report.text import audit_text


def render(audit, models, screen: Screen, **options) -> str:
    return "".join(f"{line}\n" for line in audit_text(audit, models, screen, **options))


@pytest.mark.parametrize("width", [80, 120])
def test_one_agent(one, models, golden, width: int) -> None:
    golden(f"one-{width}.txt", render(one, models, Screen(width)))


@pytest.mark.parametrize("width", [80, 120])
def test_several_agents(several, models, golden, width: int) -> None:
    golden(f"several-{width}.txt", render(several, models, Screen(width)))


def test_several_agents_in_full(several, models, golden) -> None:
    golden("several-in-full-80.txt", render(several, models, Screen(80), every_agent=True, path="sub dir", top=2))


def test_ascii(one, models, golden) -> None:
    golden("one-80-ascii.txt", render(one, models, Screen(80, glyphs=ASCII)))


def test_colour_only_adds_colour(one, models) -> None:
    import re

    coloured = render(one, models, Screen(80, colour=True))
    assert "\x1b[1m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render(one, models, Screen(80))


@pytest.mark.parametrize("width", [60, 72, 80, 100, 120])
def test_no_line_is_wider_than_the_screen(one, several, models, width: int) -> None:
    for audit in (one, several):
        for line in render(audit, models, Screen(width), every_agent=True).splitlines():
            assert columns_of(line) <= width
            assert line == line.rstrip()


def test_what_is_drawn_without_unicode_is_ascii(one, models) -> None:
    text = render(one, models, Screen(80, glyphs=ASCII))
    assert text.replace("日本語の説明", "").isascii()


def test_names_cannot_drive_the_terminal(one, models) -> None:
    bad = "\x1b]0;title\x07\x1b[2J\u202e\n.md"
    agent = one.agents[0]
    whole = Segment(Category.RULES, bad, bad, Activation.ALWAYS, bad, True, tokens=Tokens(9_000), via=(bad,), why=bad)
    parts = tuple(replace(whole, title=f"## {bad}{n}", tokens=Tokens(4_000)) for n in range(2))
    segment = replace(whole, children=parts)
    unread = replace(segment, activation=Activation.NEVER, loaded=False, tokens_if_used=Tokens(5))
    context = replace(
        agent.context, name=bad, version=bad, model=bad, segments=(segment, unread), notes=(bad,), agent=bad
    )
    audit = replace(
        one,
        agents=(replace(agent, context=context, touched=frozenset({bad})),) * 2,
        skipped=(Skipped(bad, bad, bad),),
        also_read_by=(bad,),
    )
    text = render(audit, models, Screen(100), path=bad)
    assert all(char.isprintable() or char == "\n" for char in text)


def test_touched_files_show_what_they_bring(one, models) -> None:
    agent = one.agents[0]
    segments = tuple(
        replace(s, after_touch=True) if s.path == "packages/api/CLAUDE.md" else s for s in agent.context.segments
    )
    touched = replace(
        agent, context=replace(agent.context, segments=segments), touched=frozenset({"packages/api/x.ts"})
    )
    text = render(replace(one, agents=(touched,)), models, Screen(80))
    assert "After reading packages/api/x.ts" in text
    assert "~29,298 tokens (±8 %), 14.6 % of the window; ~1,020 of it new." in text


def test_a_full_window_and_no_window(one, models) -> None:
    agent = one.agents[0]
    for window in (0, 10_000):
        context = replace(agent.context, window=window)
        text = render(replace(one, agents=(replace(agent, context=context),) * 2), models, Screen(80))
        assert "~28,278 tokens (±8 %)" in text


def test_nothing_but_an_empty_window(one) -> None:
    agent = one.agents[0]
    empty = replace(one, agents=(replace(agent, context=replace(agent.context, segments=(), notes=())),), skipped=())
    assert "Before your first word: at least 0 tokens, 0.0 % of the window." in render(empty, {}, Screen(80))


def test_a_prompt_nobody_has_measured_is_never_shown_as_the_whole(several, models) -> None:
    first = several.agents[0]
    segments = tuple(segment for segment in first.context.segments if segment.kind != "built-in")
    bare = replace(first, context=replace(first.context, segments=segments))
    beside = render(replace(several, agents=(bare, *several.agents[1:])), models, Screen(80))
    assert "prompts and tools that nobody has measured" in " ".join(beside.split())
    alone = render(replace(several, agents=(bare,)), models, Screen(80))
    assert "Before your first word: at least " in alone
    assert "What the counted part costs" in alone
