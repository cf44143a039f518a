"""Supervised sequences: solution paths, honest failures, shifted targets, and prompts that are no puzzle."""

import random
from pathlib import Path

import numpy as np

import tokenizer as tok
from conversations import conversation, other_conversation
from prompts import puzzle_prompt
from puzzle import (
    NOT_A_PUZZLE,
    NOT_A_PUZZLE_STEP,
    STEP_END,
    Move,
    Numbers,
    answer_text,
    legal_moves,
    random_puzzle,
    reachable,
)

TRAINED_BIT = 0x8000
SHARE_OTHER = 0.1
SHARE_SOLVED = 0.55
SHARE_SHIFTED = 0.15
SHIFTS = [s * sign for s in (1, 2, 3, 4, 5, 9, 10, 11, 20) for sign in (1, -1)]

Path_ = list[tuple[Move, Numbers]]


def solution_path(rng: random.Random, numbers: Numbers, target: int) -> Path_:
    """A random play in which every move keeps the target within reach."""
    path: Path_ = []
    while len(numbers) > 1:
        step = rng.choice([s for s in legal_moves(numbers) if reachable(s[1], target)])
        path.append(step)
        numbers = step[1]
    return path


def noisy_path(rng: random.Random, numbers: Numbers, target: int) -> Path_:
    """A play that keeps to good moves until it slips, and then goes on at random."""
    path: Path_ = []
    slip = rng.randrange(len(numbers) - 1)
    while len(numbers) > 1:
        moves = legal_moves(numbers)
        if len(path) < slip:
            moves = [s for s in moves if reachable(s[1], target)] or moves
        step = rng.choice(moves)
        path.append(step)
        numbers = step[1]
    return path


def encode_play(path: Path_, target: int, verdict: bool) -> list[int]:
    """Response tokens with the trained bit on everything but the choice of moves that lose the target.

    Without `verdict` neither the steps nor the answer say whether the play got there.
    """
    out: list[int] = []
    for i, (move, rest) in enumerate(path):
        choice, result = f"{move[0]}{move[1]}{move[2]}", f"={move[3]}"
        bit = TRAINED_BIT if reachable(rest, target) else 0
        out += [t | bit for t in tok.encode(choice)]
        if i + 1 < len(path):
            result += " [" + " ".join(map(str, rest)) + "]"
        elif verdict:
            result += " ok" if move[3] == target else " no"
        out += [t | TRAINED_BIT for t in tok.encode(result + STEP_END)]
    answer = tok.encode(answer_text([m for m, _ in path], target, honest=verdict))
    return out + [t | TRAINED_BIT for t in (tok.END_THINK, *answer, tok.END)]


def puzzle_sequence(rng: random.Random, verdict: bool) -> list[int]:
    """One supervised sequence about a puzzle of the training split."""
    numbers, target = random_puzzle(rng, test=False, lowest=10 if rng.random() < 0.9 else 1)
    kind = rng.random()
    if kind < SHARE_SOLVED:
        path = solution_path(rng, numbers, target)
    elif kind < SHARE_SOLVED + SHARE_SHIFTED:
        path = solution_path(rng, numbers, target)
        target = max(1, min(100, target + rng.choice(SHIFTS)))
    else:
        path = noisy_path(rng, numbers, target)
    prompt = tok.render_prompt(conversation(rng, puzzle_prompt(rng, numbers, target)))
    return prompt + encode_play(path, target, verdict)


def other_sequence(rng: random.Random) -> list[int]:
    """One supervised sequence that declines."""
    ids = tok.encode(NOT_A_PUZZLE_STEP + STEP_END) + [tok.END_THINK, *tok.encode(NOT_A_PUZZLE), tok.END]
    return tok.render_prompt(other_conversation(rng)) + [t | TRAINED_BIT for t in ids]


def write_corpus(path: Path, sequences: int, seed: int, verdict: bool) -> int:
    """Writes `sequences` sequences as flat 16-bit tokens plus their start offsets; returns the token count."""
    rng = random.Random(seed)
    flat, starts = [], [0]
    for _ in range(sequences):
        ids = other_sequence(rng) if rng.random() < SHARE_OTHER else puzzle_sequence(rng, verdict)
        flat.append(np.array(ids, dtype=np.uint16))
        starts.append(starts[-1] + len(ids))
    np.savez(path, tokens=np.concatenate(flat), starts=np.array(starts, dtype=np.int64))
    return starts[-1]


def cut_batches(ordered: np.ndarray, lengths: np.ndarray, tokens: int) -> list[np.ndarray]:
    """Cuts sequences, shortest first, into batches of about that many tokens with their padding."""
    cuts, first = [], 0
    while first < len(ordered):
        count = max(1, tokens // int(lengths[ordered[first]] + 4))
        cuts.append(ordered[first : first + count])
        first += count
    return cuts


class Corpus:
    """Shuffled batches of similar length from a written corpus."""

    def __init__(self, path: Path, seed: int):
        with np.load(path) as stored:
            self.tokens, self.starts = stored["tokens"], stored["starts"]
        self._rng = np.random.default_rng(seed)

    def batches(self, tokens_per_batch: int):
        """Endless batches (ids, trained) of about the given number of tokens."""
        lengths = np.diff(self.starts)
        while True:
            noisy = lengths + self._rng.uniform(0, 4, len(lengths))
            pools = np.array_split(self._rng.permutation(len(lengths)), max(1, len(lengths) // 20000))
            for pool in pools:
                ordered = pool[np.argsort(noisy[pool])]
                cuts = cut_batches(ordered, lengths, tokens_per_batch)
                for i in self._rng.permutation(len(cuts)):
                    yield self._pad(cuts[i])

    def _pad(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        width = int(max(self.starts[r + 1] - self.starts[r] for r in rows))
        width += -width % 8
        block = np.full((len(rows), width), tok.PAD, dtype=np.uint16)
        for i, r in enumerate(rows):
            block[i, : self.starts[r + 1] - self.starts[r]] = self.tokens[self.starts[r] : self.starts[r + 1]]
        return (block & (TRAINED_BIT - 1)).astype(np.int64), block >= TRAINED_BIT
