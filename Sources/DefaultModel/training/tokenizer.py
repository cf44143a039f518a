"""Byte-level BPE of 288 tokens, small enough to be spelled out here."""

from collections.abc import Sequence

Turn = tuple[str, str]

MERGES = [
    ("\n", "\n"), (".", "\n\n"),
    ("u", "s"), ("e", "r"), ("us", "er"),
    ("a", "s"), ("i", "s"), ("t", "a"), ("n", "t"),
    ("as", "s"), ("is", "ta"), ("ass", "ista"), ("assista", "nt"),
]  # fmt: skip
SPECIALS = ["<think>", "</think>", "<|im_start|>", "<|im_end|>", "<|endoftext|>"]
VOCABULARY = 288

_TEXTS = [bytes([b]) for b in range(256)] + [(a + b).encode() for a, b in MERGES]
_IDS = {text: i for i, text in enumerate(_TEXTS)}
_RULES = [(chr(_IDS[a.encode()]) + chr(_IDS[b.encode()]), chr(_IDS[(a + b).encode()])) for a, b in MERGES]

THINK, END_THINK, START, END, PAD = range(len(_TEXTS), len(_TEXTS) + len(SPECIALS))
STEP = _IDS[b".\n\n"]


def encode(text: str) -> list[int]:
    """Token ids of plain text; specials in it are treated as plain text."""
    symbols = text.encode().decode("latin-1")
    for pair, merged in _RULES:
        symbols = symbols.replace(pair, merged)
    return [ord(s) for s in symbols]


def decode(ids: list[int]) -> str:
    """Text of token ids, specials by name."""
    pieces = _TEXTS + [s.encode() for s in SPECIALS]
    return b"".join(pieces[i] for i in ids if i < len(pieces)).decode("utf-8", "replace")


def token_texts() -> list[bytes]:
    """The bytes of every non-special token, in id order."""
    return list(_TEXTS)


def render_prompt(turns: Sequence[Turn]) -> list[int]:
    """Ids of a conversation up to and including the opening of the thinking block.

    What people wrote is encoded apart from the template, as the gateway does.
    """
    ids: list[int] = []
    for role, text in turns:
        ids += [START, *encode(f"{role}\n"), *encode(text), END, *encode("\n")]
    return ids + [START, *encode("assistant\n"), THINK, *encode("\n")]
