"""What comments, configuration, baseline and persona do to findings."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.baseline import entry_of
from ctxkit.config import Detector, Ignore
from ctxkit.detect.filter import Policy, filtered
from ctxkit.evidence import Document
from ctxkit.model import Span, Tokens
from ctxkit.model.finding import Confidence, Finding, Location, Persona, Severity, Waste

RULES = ("invisible-text", "duplicate-text", "buried-rule")
TODAY = "2026-06-15"


def finding(rule: str = "invisible-text", path: str = "A.md", start: int = 0, **more: object) -> Finding:
    defaults: dict[str, object] = {"severity": Severity.WARNING, "confidence": Confidence.HIGH, "key": f"{start}"}
    place = Location(path, Span(start, start + 1))
    return Finding(rule=rule, message="Is.", tip="Do.", at=(place,), **(defaults | more))  # type: ignore[arg-type]


def said(text: str, word: str, path: str = "A.md", rule: str = "invisible-text", today: str = TODAY):
    """The result for one finding at ``word`` in a file of ``text``."""
    document = Document(path, text.encode())
    at = len(text[: text.index(word)].encode())
    return filtered([finding(rule, path, at)], {path: document}, Policy(Persona.REGULAR, today))


IGNORE = "<!-- ctxkit: ignore[invisible-text] it is a sample -->"


@pytest.mark.parametrize(
    ("text", "suppressed"),
    [
        (f"{IGNORE}\nfirst here\n\nother\n", True),
        (f"{IGNORE}\n\nfirst here\n\nother\n", True),
        (f"other\n\n{IGNORE}\nfirst\nline here\n", True),
        (f"here first\n\n{IGNORE}\nother\n", False),
        (f"{IGNORE}\nfirst\n\nthen here\n", False),
        (f"some words {IGNORE} here\n", True),
        (f"- one\n- two here {IGNORE}\n- three\n", True),
        (f"- one here\n- two {IGNORE}\n- three\n", False),
        (f"{IGNORE}\n```\nhere\n```\n", True),
        (f"```\n{IGNORE}\nhere\n```\n", False),
        ("first\n\n<!-- ctxkit: ignore-file[invisible-text] samples all over -->\n\nthen here\n", True),
        ("here\n\nfirst\n\n<!-- ctxkit: ignore-file[invisible-text] samples all over -->\n", True),
        ("<!-- ctxkit: ignore[buried-rule] for another rule -->\nhere\n", False),
        ("<!-- ctxkit: ignore[buried-rule, invisible-text] two rules -->\nhere\n", True),
        ("<!--ctxkit:ignore[invisible-text]reason-->\nhere\n", True),
        ("<!-- ctxkit: ignore[invisible-text] a reason\n over two lines -->\nhere\n", True),
        ("---\nname: x  # ctxkit: ignore[invisible-text] in front\ndescription: here\n---\ntext\n", True),
        ("é ü 日本\n\n<!-- ctxkit: ignore[invisible-text] offsets are bytes -->\nhere\n", True),
    ],
)
def test_a_comment_speaks_of_the_part_it_stands_in_or_before(text: str, suppressed: bool) -> None:
    found = said(text, "here")
    assert (len(found.suppressed), len(found.shown)) == ((1, 0) if suppressed else (0, 1)), found
    if suppressed:
        assert found.suppressed[0].by == "comment"
        assert found.suppressed[0].reason


@pytest.mark.parametrize(
    ("comment", "told"),
    [
        ("<!-- ctxkit: ignore[invisible-text] -->", "A.md:1: the comment gives no reason"),
        ("<!-- ctxkit: ignore[] because -->", "A.md:1: the comment names no rule"),
        ("<!-- ctxkit: ignore[invisible-text] because until 2026-06-14 -->", "until 2026-06-14, which is over"),
        ("<!-- ctxkit: ignore[invisible-text] because until soon -->", "'soon' is no date"),
        ("<!-- ctxkit: ignore[invisible-text] until 2027-01-01 -->", "gives no reason"),
    ],
)
def test_a_comment_that_does_not_count_is_told(comment: str, told: str) -> None:
    found = said(f"{comment}\nhere\n", "here")
    assert len(found.shown) == 1
    assert told in found.expired[0]


def test_the_last_day_counts_and_the_date_is_no_part_of_the_reason() -> None:
    text = "<!-- ctxkit: ignore[invisible-text] a sample, until 2026-06-15 -->\nhere\n"
    assert said(text, "here").suppressed[0].reason == "a sample"
    assert said(text, "here", today="2026-06-16").shown


def test_an_unknown_rule_is_told_with_the_nearest_and_the_known_ones_count() -> None:
    found = said("<!-- ctxkit: ignore[invisible-text, burried-rule] why not -->\nhere\n", "here")
    assert found.suppressed
    assert "no detector is called 'burried-rule'; did you mean 'buried-rule'?" in found.expired[0]


def ignore(path: str = "**", until: datetime.date | None = None) -> Ignore:
    return Ignore(rule="invisible-text", reason="known", paths=(path,), until=until)


@pytest.mark.parametrize(
    ("rule", "path", "prefix", "suppressed"),
    [
        ("**", "A.md", "", True),
        ("A.md", "A.md", "", True),
        ("A.md", "deep/A.md", "", True),
        ("/A.md", "deep/A.md", "", False),
        ("deep/", "deep/er/A.md", "", True),
        ("docs/**", "A.md", "", False),
        ("sub/A.md", "A.md", "sub", True),
        ("/A.md", "A.md", "sub", False),
        ("/A.md", "../A.md", "sub", True),
    ],
)
def test_the_configuration_lets_pass_by_path(rule: str, path: str, prefix: str, suppressed: bool) -> None:
    policy = Policy(Persona.REGULAR, TODAY, ignore=(ignore(rule),), prefix=prefix)
    found = filtered([finding(path=path)], {}, policy)
    assert bool(found.suppressed) is suppressed
    assert all((item.by, item.reason) == ("configuration", "known") for item in found.suppressed)


def test_a_setting_that_has_run_out_is_told() -> None:
    policy = Policy(Persona.REGULAR, TODAY, ignore=(ignore(until=datetime.date(2026, 6, 14)),), config=".ctxkit.yaml")
    found = filtered([finding()], {}, policy)
    assert found.shown
    assert found.expired == (
        ".ctxkit.yaml: ignore: invisible-text in ** was let pass until 2026-06-14, which is over.",
    )
    assert filtered([finding()], {}, replace(policy, today="2026-06-14")).suppressed


def test_a_detector_that_is_off_and_one_of_another_severity() -> None:
    detectors = {"invisible-text": Detector(enabled=False), "buried-rule": Detector(severity=Severity.ERROR)}
    found = filtered(
        [finding(), finding("duplicate-text"), finding("buried-rule")],
        {},
        Policy(Persona.REGULAR, TODAY, detectors=detectors),
    )
    assert [(item.rule, item.severity.value) for item in found.shown] == [
        ("buried-rule", "error"),
        ("duplicate-text", "warning"),
    ]
    assert [(item.finding.rule, item.by) for item in found.suppressed] == [("invisible-text", "configuration")]


FINDINGS = st.lists(
    st.builds(
        lambda rule, path, start, persona, severity, n: finding(
            rule, path, start, persona=persona, severity=severity, wasted=(Waste("x", Tokens(n), Tokens(0)),)
        ),
        st.sampled_from(RULES),
        st.sampled_from(("A.md", "b/C.md")),
        st.integers(0, 60),
        st.sampled_from(Persona),
        st.sampled_from(Severity),
        st.integers(0, 400),
    ),
    max_size=12,
)
TEXTS = st.lists(
    st.sampled_from(
        (
            "words\n\n",
            "<!-- ctxkit: ignore[buried-rule] why -->\n",
            "<!-- ctxkit: ignore-file[duplicate-text] why until 2026-01-01 -->\n",
            "<!-- ctxkit: ignore[invisible-text] -->\n",
            "<!-- ctxkit: ignore-file[invisible-text] why -->\n",
            "- item\n",
        )
    ),
    max_size=8,
).map("".join)


@given(FINDINGS, TEXTS, st.sampled_from(Persona), st.lists(st.integers(0, 11)), st.booleans())
def test_nothing_is_lost_and_nothing_told_twice(
    found: list[Finding], text: str, persona: Persona, held: list[int], off: bool
) -> None:
    baseline = [entry_of(found[at]) for at in held if at < len(found)]
    policy = Policy(persona, TODAY, {"buried-rule": Detector(enabled=not off)}, (ignore("b/**"),), baseline, prefix="")
    result = filtered(found, {"A.md": Document("A.md", text.encode())}, policy)
    parts = (*result.shown, *(item.finding for item in result.suppressed), *result.hidden)
    assert sorted(map(id, parts)) == sorted(map(id, found))
    assert all(persona.includes(item.persona) for item in result.shown)
    assert not any(persona.includes(item.persona) for item in result.hidden)
    assert [item for item in found if item in result.shown and any(item is shown for shown in result.shown)] == list(
        result.shown
    ), "in the order they came"
    assert sum(item.by == "baseline" for item in result.suppressed) <= len(baseline)
    again = filtered(result.shown, {"A.md": Document("A.md", text.encode())}, replace(policy, baseline=()))
    assert again.shown == result.shown, "what is shown is shown again"
