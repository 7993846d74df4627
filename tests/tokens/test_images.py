"""What images cost, against the rules that providers publish, done by hand; and who keeps reasoning."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxkit.tokens.families import image_rule, keeps_thinking
from ctxkit.tokens.images import image_tokens

MODELS = [
    "claude-sonnet-4-5",
    "claude-opus-4-8",
    "gpt-5.1",
    "gpt-6",
    "gemini-2.5-pro",
    "gemini-3-flash",
    "nobody-knows",
    "",
]


@pytest.mark.parametrize(
    ("model", "pixels", "tokens"),
    [
        # patches of 28, at most 1,596
        ("claude-sonnet-4-5", (28, 28), 1),
        ("claude-sonnet-4-5", (29, 28), 2),
        ("claude-sonnet-4-5-20250929", (280, 560), 200),
        ("claude-sonnet-4-5", (1_000, 1_000), 36 * 36),
        ("claude-sonnet-4-5", (8_000, 8_000), 1_596),
        ("claude-opus-4-20250514", (8_000, 8_000), 1_596),
        ("anthropic/claude-3.5-sonnet", (8_000, 8_000), 1_596),
        ("claude-opus-4-8", (8_000, 8_000), 3_928),
        # fitted into 2,048, the shorter side to 768, tiles of 512: 85 and 170 each
        ("gpt-5", (512, 512), 85 + 170),
        ("gpt-5.1", (1_024, 1_024), 85 + 4 * 170),
        ("gpt-4o", (2_048, 4_096), 85 + 6 * 170),
        ("gpt-5", (1, 1), 85 + 170),
        ("gpt-5", (100_000, 10), 85 + 4 * 170),
        # patches of 32, times 1.2
        ("gpt-6", (320, 320), 120),
        ("gemini-3-pro", (4_000, 3_000), 1_090),
        ("gemini-2.5-pro", (768, 768), 258),
        ("gemini-2.5-pro", (769, 768), 516),
        ("nobody-knows", (1_536, 1_536), 4 * 258),
    ],
)
def test_tokens_by_pixels(model: str, pixels: tuple[int, int], tokens: int) -> None:
    assert image_tokens(model, pixels) == tokens


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("pixels", [None, (0, 0), (0, 500), (-3, 5)])
def test_an_image_of_unknown_size_has_the_usual_number(model: str, pixels: tuple[int, int] | None) -> None:
    assert image_tokens(model, pixels) == image_rule(model).usual > 0


@given(model=st.sampled_from(MODELS), width=st.integers(1, 60_000), height=st.integers(1, 60_000))
def test_never_free_and_never_above_what_the_rule_allows(model: str, width: int, height: int) -> None:
    tokens = image_tokens(model, (width, height))
    assert tokens >= 1
    assert tokens <= (image_rule(model).most or tokens)
    assert abs(tokens - image_tokens(model, (height, width))) <= 0


@pytest.mark.parametrize(
    ("model", "kept"),
    [
        ("claude-opus-4-5", True),
        ("claude-opus-4-5-20251101", True),
        ("claude-opus-4-6", True),
        ("claude-sonnet-4-6", True),
        ("claude-opus-4-1-20250805", False),
        ("claude-opus-4-20250514", False),
        ("claude-sonnet-4-5-20250929", False),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", False),
        ("claude-haiku-4-5", False),
        ("claude-3-7-sonnet-20250219", False),
        ("claude-opus-5", True),
        ("gpt-5.1", False),
        ("gemini-3-pro", False),
        ("", False),
    ],
)
def test_who_is_sent_earlier_reasoning_again(model: str, kept: bool) -> None:
    assert keeps_thinking(model) is kept
