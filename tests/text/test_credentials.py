"""What is a key, and what only looks like one."""

from __future__ import annotations

import random
import re._parser as regular  # type: ignore[import-not-found]
import string
from typing import Any

import pytest

from ctxkit.text.credentials import credentials
from ctxkit.text.issuers import Issuer, has_checksum, issuers, keys
from ctxkit.text.secrets import without_secrets

KNOWN = [issuer for issuer in issuers().issuers if issuer.id != "json-web-token"]
WORD = string.ascii_letters + string.digits + "_"


def written(parts: Any, chance: random.Random) -> str:
    """Some text that a regular expression matches."""
    text = ""
    for kind, value in parts:
        name = str(kind)
        if name == "LITERAL":
            text += chr(value)
        elif name == "IN":
            text += chance.choice("".join(map(members, value)))
        elif name == "MAX_REPEAT":
            least, most, inner = value
            times = chance.randint(least, min(int(most), least + 3))
            text += "".join(written(inner, chance) for _ in range(times))
        elif name == "SUBPATTERN":
            text += written(value[3], chance)
        elif name == "BRANCH":
            text += written(chance.choice(value[1]), chance)
        else:
            assert name == "ASSERT_NOT", name
    return text


def members(part: Any) -> str:
    kind, value = str(part[0]), part[1]
    if kind == "RANGE":
        return "".join(map(chr, range(value[0], value[1] + 1)))
    return chr(value) if kind == "LITERAL" else string.digits if "DIGIT" in str(value) else WORD


@pytest.mark.parametrize("issuer", KNOWN, ids=lambda issuer: issuer.id)
def test_keys_of_every_issuer_are_found_and_masked(issuer: Issuer) -> None:
    chance = random.Random(issuer.id)
    made = [written(regular.parse(issuer.pattern), chance) for _ in range(60)]
    texts = [f"Say\n\n```\nexport KEY={key}\n```\n" for key in made]
    found = [[text[one.start : one.end] for one in credentials(text)] for text in texts]
    assert sum(key in told for key, told in zip(made, found, strict=True)) >= 57
    assert not [key for key, text in zip(made, texts, strict=True) if key in without_secrets(text)]


@pytest.mark.parametrize("issuer", KNOWN, ids=lambda issuer: issuer.id)
def test_marks_stand_where_the_data_say(issuer: Issuer) -> None:
    chance = random.Random(issuer.id)
    for _ in range(20):
        key = written(regular.parse(issuer.pattern), chance)
        for behind in ("", " ", "=", "键", "é"):
            told = keys(f"{behind}{key}", f"{behind}{key}".lower(), wide=False)
            assert any(one.start() == len(behind) for _, one in told), (issuer.id, behind)


def test_a_checksum_is_reckoned_as_the_issuer_does() -> None:
    # A key that GitHub withdrew and prints in its own documentation.
    public = "gh" + "p_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"
    assert has_checksum(public)
    assert not has_checksum(f"{public[:-1]}8")
    assert not has_checksum(public[:-1])


def test_a_text_whose_small_letters_are_more_is_searched_all_the_same() -> None:
    key = "gh" + "p_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"
    text = f"İİİ {key}"
    assert len(text.lower()) != len(text)
    assert without_secrets(text) == "İİİ ***"


@pytest.mark.parametrize(
    "unit",
    [
        "sk-",
        "eyJ",
        "pat",
        "://a:",
        "password=",
        "secret is `",
        "-u a:",
        "key ",
        "a-b_c",
        "-----BEGIN PRIVATE KEY-----",
        "Ab3",
    ],
)
def test_hostile_texts_hold_no_secret_and_end(unit: str) -> None:
    assert credentials(unit * 40_000) == []


def test_no_secret_lies_within_another() -> None:
    key = "gh" + "p_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq2x"
    found = credentials(f"GH_TOKEN={key}\nhttps://x:{key}@git.acme.io\nAuthorization: token {key}\n")
    assert [one.id for one in found] == ["github", "github", "github"]
