"""Make the shipped rank files from OpenAI's official ones, or prove that they still say the same.

    python scripts/regenerate_ranks.py o200k_base PATH.tiktoken    write ctxkit/tokens/ranks/o200k_base.bin
    python scripts/regenerate_ranks.py --verify                    expand every .bin and compare hashes

An official file is text: one ``base64(token) rank`` a line. Its sha256 stands in tiktoken's source and in SHA256SUMS.
Packages that carry the files unchanged: litellm and llama-index-core, under the names that tiktoken's cache uses
(``fb374d41…`` is o200k_base, ``9b5ad71b…`` is cl100k_base).
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import sys
from pathlib import Path

from ctxkit.tokens import ranks

OFFICIAL = {
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
}
SUMS = Path(ranks.__file__).parent / "SHA256SUMS"


def official_text(table: dict[bytes, int]) -> bytes:
    """The ranks in the form in which OpenAI publishes them."""
    lines = sorted(table.items(), key=lambda item: item[1])
    return b"".join(b"%s %d\n" % (base64.b64encode(token), rank) for token, rank in lines)


def parse_official(text: bytes) -> dict[bytes, int]:
    pairs = (line.split() for line in text.splitlines() if line)
    return {base64.b64decode(token): int(rank) for token, rank in pairs}


def regenerate(encoding: str, source: Path) -> None:
    text = source.read_bytes()
    digest = hashlib.sha256(text).hexdigest()
    if digest != OFFICIAL[encoding]:
        sys.exit(f"{source} is not the official {encoding}: its sha256 is {digest}, expected {OFFICIAL[encoding]}.")
    Path(ranks.path_of(encoding)).write_bytes(ranks.pack(parse_official(text)))
    write_sums()


def write_sums() -> None:
    lines = [f"{digest}  {encoding}.tiktoken\n" for encoding, digest in OFFICIAL.items()]
    for encoding in OFFICIAL:
        path = Path(ranks.path_of(encoding))
        if path.exists():
            lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n")
    SUMS.write_text("".join(lines), encoding="ascii", newline="\n")


def verify() -> bool:
    """Whether every shipped file expands to the official one and SHA256SUMS is up to date."""
    listed = dict(line.split()[::-1] for line in SUMS.read_text(encoding="ascii").splitlines())
    good = True
    for encoding, official in OFFICIAL.items():
        path = Path(ranks.path_of(encoding))
        expanded = hashlib.sha256(official_text(ranks.load(encoding))).hexdigest()
        ours = hashlib.sha256(path.read_bytes()).hexdigest()
        same = expanded == official == listed[f"{encoding}.tiktoken"] and ours == listed[path.name]
        print(f"{encoding}: {'the official ranks' if same else f'NOT the official ranks ({expanded})'}")
        good = good and same
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("encoding", nargs="?", choices=sorted(OFFICIAL))
    parser.add_argument("source", nargs="?", type=Path)
    parser.add_argument("--verify", action="store_true")
    options = parser.parse_args()
    if options.verify:
        sys.exit(0 if verify() else 1)
    if options.encoding is None or options.source is None:
        parser.error("give an encoding and the path of its .tiktoken file, or --verify")
    regenerate(options.encoding, options.source)


if __name__ == "__main__":
    main()
