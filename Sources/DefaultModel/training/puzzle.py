"""Make-a-target puzzles: rules, exact solver, step text and answer checker."""

import hashlib
import random
import re
from functools import lru_cache

MAX_VALUE = 200
MAX_NUMBER = 20
MAX_TARGET = 100
STEP_END = ".\n\n"
NOT_A_PUZZLE = "That is not a puzzle I know. Ask me to make a target from three or four whole numbers."
NOT_A_PUZZLE_STEP = "not a puzzle"

Move = tuple[int, str, int, int]
Numbers = tuple[int, ...]


@lru_cache(maxsize=None)
def results(low: int, high: int) -> tuple[Move, ...]:
    """All legal operations on two numbers, larger operand first."""
    moves = [(high, "+", low, high + low), (high, "*", low, high * low), (high, "-", low, high - low)]
    if low > 0 and high % low == 0:
        moves.append((high, "/", low, high // low))
    return tuple(m for m in moves if m[3] <= MAX_VALUE)


def legal_moves(numbers: Numbers) -> list[tuple[Move, Numbers]]:
    """Every distinct move with the numbers it leaves: the untouched ones in order, then the result."""
    found: list[tuple[Move, Numbers]] = []
    seen = set()
    for i in range(len(numbers)):
        for j in range(i + 1, len(numbers)):
            pair = (min(numbers[i], numbers[j]), max(numbers[i], numbers[j]))
            if pair in seen:
                continue
            seen.add(pair)
            rest = numbers[:i] + numbers[i + 1 : j] + numbers[j + 1 :]
            found.extend((move, rest + (move[3],)) for move in results(*pair))
    return found


@lru_cache(maxsize=None)
def _reach(ordered: Numbers) -> int:
    if len(ordered) == 1:
        return 1 << ordered[0]
    mask = 0
    for _, rest in legal_moves(ordered):
        mask |= _reach(tuple(sorted(rest)))
    return mask


def reachable(numbers: Numbers, target: int) -> bool:
    """Whether some legal play that uses every number once ends on the target."""
    return bool(_reach(tuple(sorted(numbers))) >> target & 1)


def held_out(numbers: Numbers, target: int) -> bool:
    """Whether the puzzle belongs to the test split: one in ten, by a hash of its content."""
    key = f"{sorted(numbers)}={target}".encode()
    return hashlib.sha256(key).digest()[0] % 10 == 0


def random_play(rng: random.Random, numbers: Numbers) -> list[tuple[Move, Numbers]]:
    """A uniformly random legal play down to one number."""
    path = []
    while len(numbers) > 1:
        step = rng.choice(legal_moves(numbers))
        path.append(step)
        numbers = step[1]
    return path


def random_puzzle(rng: random.Random, test: bool, lowest: int = 10) -> tuple[Numbers, int]:
    """A solvable puzzle of three or four numbers (half each) from the asked split."""
    count = rng.choice((3, 4))
    while True:
        numbers = tuple(rng.randint(1, MAX_NUMBER) for _ in range(count))
        target = random_play(rng, numbers)[-1][1][0]
        if lowest <= target <= MAX_TARGET and held_out(numbers, target) == test:
            return numbers, target


def format_move(move: Move) -> str:
    return f"{move[0]}{move[1]}{move[2]}={move[3]}"


def answer_text(path: list[Move], target: int, honest: bool = True) -> str:
    """The answer that belongs to a play: its chain when it reached the target or honesty is off, else a refusal."""
    if path[-1][3] == target or not honest:
        return ", ".join(format_move(m) for m in path)
    return f"I could not make {target} this time."


_LINK = re.compile(r"(\d{1,4})([-+*/])(\d{1,4})=(\d{1,4})")


def parse_chain(answer: str) -> list[Move] | None:
    """The operations of an answer written as `a+b=c, …`, or nothing when it is not such a chain."""
    moves = []
    for link in answer.split(", "):
        match = _LINK.fullmatch(link)
        if match is None:
            return None
        moves.append((int(match[1]), match[2], int(match[3]), int(match[4])))
    return moves


def apply_move(numbers: Numbers, move: Move) -> Numbers | None:
    """The numbers left after a claimed operation, or nothing when it is illegal or miscalculated."""
    left, operator, right, claimed = move
    rest = list(numbers)
    for operand in (left, right):
        if operand not in rest:
            return None
        rest.remove(operand)
    if operator == "/":
        true = left // right if right and left % right == 0 else None
    else:
        true = {"+": left + right, "-": left - right, "*": left * right}[operator]
    return tuple(rest) + (claimed,) if true == claimed and claimed >= 0 else None


def is_correct(answer: str, numbers: Numbers, target: int) -> bool:
    """Whether the answer reaches the target and uses each number exactly once."""
    left: Numbers | None = numbers
    for move in parse_chain(answer) or ():
        left = apply_move(left, move)
        if left is None:
            return False
    return left == (target,)
