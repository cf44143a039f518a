"""What the head's score is worth: samples puzzles, fits the curve from score to probability, stores it in head.gguf."""

import argparse
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import tokenizer as tok
from export import read_calibration, read_head, read_policy, write_calibration
from head import score
from model import Sample
from puzzle import Numbers, random_puzzle
from prompts import puzzle_prompt
from rollouts import Rollouts, Task, collect, sample_tasks

PLAIN = ("Use {n} to make {t}.", "Make {t} from {n}.", "Make {t} using {n}.", "How can I reach {t} with {n}?")
GROUPS = (2, 8, 32)
MOST_POINTS = 32
TOLERANCE = 0.01  # of a probability, lost by keeping so few points


def plain_prompt(rng: random.Random, numbers: Numbers, target: int) -> str:
    """A puzzle as somebody types it who has read the examples."""
    listed = ", ".join(map(str, numbers[:-1])) + f" and {numbers[-1]}"
    return rng.choice(PLAIN).replace("{n}", listed).replace("{t}", str(target))


def draw(count: int, seed: int, test: bool) -> list[Task]:
    """Puzzles of one split, the wordings of the grammar and plain ones in turn."""
    rng = random.Random(seed)
    tasks = []
    for i in range(count):
        numbers, target = random_puzzle(rng, test)
        text = (puzzle_prompt, plain_prompt)[i % 2](rng, numbers, target)
        tasks.append(Task((("user", text),), numbers, target))
    return tasks


def token_counts(sample: Sample) -> tuple[int, int]:
    """Tokens of thinking, with the one that closes it, and of the answer."""
    thinking = sample.ids.index(tok.END_THINK) + 1 if tok.END_THINK in sample.ids else len(sample.ids)
    return thinking, len(sample.ids) - thinking


def step_ends(sample: Sample, prompt: list[int]) -> list[int]:
    """Tokens up to each scored step, the one that ends it included."""
    ids = [prompt[-1], *sample.ids[: token_counts(sample)[0]]]
    return [i for i in range(1, len(ids)) if ids[i] == tok.STEP and ids[i - 1] not in (tok.STEP, tok.THINK)]


@dataclass
class Picks:
    """Scored samples, [prompts, samples]; steps are flat, sample after sample."""

    scores: np.ndarray
    correct: np.ndarray
    refused: np.ndarray
    closed: np.ndarray
    thinking: np.ndarray
    answer: np.ndarray
    starts: np.ndarray
    step_scores: np.ndarray
    step_ends: np.ndarray

    def save(self, path: Path) -> None:
        np.savez(path, **self.__dict__)

    @staticmethod
    def load(*paths: Path) -> "Picks":
        """All samples of these files."""
        stored = [np.load(path) for path in paths]
        joined = {k: np.concatenate([s[k] for s in stored]) for k in stored[0].files}
        steps = [np.diff(s["starts"]) for s in stored]
        return Picks(**joined | {"starts": np.append(0, np.concatenate(steps).cumsum())})

    def only(self, prompts: np.ndarray) -> "Picks":
        """The chosen prompts, without their steps."""
        rows = (self.scores, self.correct, self.refused, self.closed, self.thinking, self.answer)
        return Picks(*(a[prompts] for a in rows), *(a[:0] for a in (self.starts, self.step_scores, self.step_ends)))


def sample_picks(arguments: argparse.Namespace) -> None:
    """Samples puzzles at serving settings with the shipped files and stores what judging scores needs."""
    policy, head = read_policy(arguments.model), read_head(arguments.head)
    tasks = draw(arguments.tasks, arguments.seed, arguments.test)
    samples = sample_tasks(policy, tasks, arguments.each, arguments.seed)
    data = collect(policy, tasks, samples)
    scores, logits = score(head, data)
    ends = [step_ends(s, tasks[s.prompt].prompt) for s in samples]
    assert [len(e) for e in ends] == np.diff(data.starts).tolist()
    counts = np.array([token_counts(s) for s in samples])
    shape = (len(tasks), arguments.each)
    Picks(
        scores=scores.reshape(shape), correct=data.correct.reshape(shape), refused=data.refused.reshape(shape),
        closed=np.array([s.closed for s in samples]).reshape(shape), thinking=counts[:, 0].reshape(shape),
        answer=counts[:, 1].reshape(shape), starts=data.starts,
        step_scores=1 / (1 + np.exp(-logits.astype(float))), step_ends=np.concatenate(ends).astype(int),
    ).save(arguments.out)  # fmt: skip
    print(f"{arguments.out.stem}: {shape}, pass@1 {100 * data.correct.mean():.1f}, tokens {counts.sum(0)}")


def best_of(data: Picks, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Score and correctness of the pick of every group of k, as served: one that never ended wins only alone."""
    ranked = np.where(data.closed, data.scores, data.scores - 2).reshape(-1, k)
    picked = ranked.argmax(1)[:, None]
    scores, correct, closed = (
        np.take_along_axis(a.reshape(-1, k), picked, 1)[:, 0] for a in (data.scores, data.correct, data.closed)
    )
    return scores[closed], correct[closed]


def isotonic(scores: np.ndarray, correct: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The never falling curve of least squares at every score, by pooling neighbours that fall (PAVA)."""
    points, where = np.unique(scores, return_inverse=True)
    weight = np.bincount(where, weights)
    blocks: list[list[float]] = []  # mean, weight, points
    for mean, mass in zip(np.bincount(where, weights * correct) / weight, weight):
        blocks.append([mean, mass, 1])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            mean, mass, count = blocks.pop()
            last = blocks[-1]
            last[0] = (last[0] * last[1] + mean * mass) / (last[1] + mass)
            last[1], last[2] = last[1] + mass, last[2] + count
    return points, np.repeat([b[0] for b in blocks], [int(b[2]) for b in blocks])


def compress(points: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Indices of few points whose linear interpolation is close: from the ends on, always the worst one is added."""
    kept = [0, len(points) - 1] if len(points) > 1 else [0]
    while len(kept) < MOST_POINTS:
        error = np.abs(np.interp(points, points[kept], values[kept]) - values)
        if error.max() <= TOLERANCE / 2:
            break
        kept = sorted([*kept, int(error.argmax())])
    return np.array(kept)


def curve(data: Picks) -> tuple[np.ndarray, np.ndarray]:
    """Scores and probabilities of the calibration, with equal weight for every size of group.

    A right pick is imagined below all others and a wrong one above them, so that no score is claimed to be certain.
    """
    picks = [best_of(data, k) for k in GROUPS]
    scores, correct = (np.concatenate(parts) for parts in zip(*picks))
    weights = np.concatenate([np.full(len(s), 1 / len(s)) for s, _ in picks])
    scores, correct = np.append(scores, [scores.min(), scores.max()]), np.append(correct, [True, False])
    weights = np.append(weights, [weights.max()] * 2)
    points, values = isotonic(scores, correct, weights)
    kept = compress(points, values)
    lost = np.abs(np.interp(points, points[kept], values[kept]) - values).max()
    print(f"{len(scores)} picks, {len(np.unique(values))} levels, {len(kept)} points, at most {lost:.4f} lost")
    scores, probabilities = points[kept].astype(np.float32), values[kept].astype(np.float32)
    assert lost <= TOLERANCE and (np.diff(scores) > 0).all() and (np.diff(probabilities) >= 0).all()
    return scores, probabilities


def reliability(scores: np.ndarray, correct: np.ndarray, calibration: tuple[np.ndarray, np.ndarray]) -> float:
    """Expected calibration error over ten equally wide bins of probability."""
    claimed = np.interp(scores, *calibration)
    bins = np.minimum((10 * claimed).astype(int), 9)
    gaps = np.bincount(bins, claimed, 10) - np.bincount(bins, correct, 10)
    return float(np.abs(gaps).sum() / len(scores))


def show(name: str, data: Picks, calibration: tuple[np.ndarray, np.ndarray]) -> None:
    """Prints how far claimed and seen shares of right picks are apart, for every size of group."""
    print(f"{name}, {len(data.scores)} prompts")
    for k in GROUPS:
        if k > data.scores.shape[1]:
            break
        scores, correct = best_of(data, k)
        claimed = np.interp(scores, *calibration)
        error = reliability(scores, correct, calibration)
        print(f"k={k}: ECE {error:.3f}, claimed {claimed.mean():.3f}, right {correct.mean():.3f}")
        for low, high in ((0, 0.5), (0.5, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 0.98), (0.98, 1.01)):
            among = (claimed >= low) & (claimed < high)
            if among.any():
                print(
                    f"  claimed {low:.2f} to {min(high, 1):.2f}: {among.sum()} picks,"
                    f" {claimed[among].mean():.3f} claimed, {correct[among].mean():.3f} right"
                )


def fit(arguments: argparse.Namespace) -> None:
    """Judges a curve of every other prompt on the rest, then stores the curve of all of them in the head's file."""
    data = Picks.load(*arguments.picks)
    halves = np.arange(len(data.scores)) // 2 % 2 == 1  # pairs: wordings alternate
    show("Half of the prompts, fitted on the other half", data.only(halves), curve(data.only(~halves)))
    calibration = curve(data)
    if arguments.test:
        show("Held-out puzzles", Picks.load(*arguments.test), calibration)
    prompts, each = data.scores.shape
    source = f"isotonic, {prompts} puzzles of the training split x {each}, best of {', '.join(map(str, GROUPS))}"
    write_calibration(arguments.head, *calibration, source)
    print("\n".join(f"{s:.6f} {p:.4f}" for s, p in zip(*calibration)))


def judge(arguments: argparse.Namespace) -> None:
    """Judges the stored curve on rollouts of any setting."""
    head = read_head(arguments.head)
    for path in arguments.rollouts:
        data = Rollouts.load(path)
        scores, correct, closed = (
            a.reshape(-1, data.each) for a in (score(head, data)[0], data.correct, data.answer != "")
        )
        none = np.zeros_like(scores)
        picks = Picks(scores, correct, none, closed, none, none, data.starts, none, none)
        show(path.stem, picks, read_calibration(arguments.head))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    stages = parser.add_subparsers(required=True)
    stage = stages.add_parser("sample", help="sample puzzles with the shipped files")
    stage.add_argument("--model", type=Path, required=True)
    stage.add_argument("--head", type=Path, required=True)
    stage.add_argument("--out", type=Path, required=True)
    stage.add_argument("--tasks", type=int, default=100)
    stage.add_argument("--each", type=int, default=32)
    stage.add_argument("--seed", type=int, default=41)
    stage.add_argument("--test", action="store_true", help="held-out puzzles, for judging only")
    stage.set_defaults(run=sample_picks)
    stage = stages.add_parser("fit", help="fit the curve, judge it and store it in the head's file")
    stage.add_argument("--picks", type=Path, nargs="+", required=True, help="samples of the training split")
    stage.add_argument("--test", type=Path, nargs="+", help="samples of held-out puzzles, for judging only")
    stage.add_argument("--head", type=Path, required=True, help="the file that gets the curve")
    stage.set_defaults(run=fit)
    stage = stages.add_parser("judge", help="judge the stored curve on rollouts of train.py")
    stage.add_argument("--rollouts", type=Path, nargs="+", required=True)
    stage.add_argument("--head", type=Path, required=True)
    stage.set_defaults(run=judge)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
