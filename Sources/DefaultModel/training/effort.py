"""What adaptive stages and pruning cost and save, simulated on samples that `calibrate.py sample` stored."""

import argparse
import math
from pathlib import Path

import numpy as np

from calibrate import Picks
from evaluate import interval
from export import read_calibration

LADDERS = ((2, 8, 32), (2, 4, 8, 16, 32), (4, 8, 16, 32))
CONFIDENCES = (0.8, 0.85, 0.9, 0.95, 0.97)
ORDERS = 16  # in which every prompt's samples are drawn, to average over


def leaders(data: Picks, order: np.ndarray) -> np.ndarray:
    """The sample that leads after each one of the order; one that never ended is behind all others."""
    rows = np.arange(len(order))[:, None]
    ranked = np.where(data.closed, data.scores, data.scores - 2)[rows, order]
    first = ranked == np.maximum.accumulate(ranked, axis=1)
    first[:, 1:] &= ranked[:, 1:] > np.maximum.accumulate(ranked, axis=1)[:, :-1]
    at = np.maximum.accumulate(np.where(first, np.arange(order.shape[1]), 0), axis=1)
    return order[rows, at]


def adaptive(
    data: Picks, calibration: tuple[np.ndarray, np.ndarray], stages: tuple[int, ...], confidence: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per prompt: accuracy, candidates and tokens of stages that stop at a confidence; no confidence runs them all."""
    rng = np.random.default_rng(0)
    rows = np.arange(len(data.scores))
    sure = np.where(data.closed, np.interp(data.scores, *calibration), 0.0)
    totals = np.zeros((3, len(rows)))
    for _ in range(ORDERS):
        order = rng.permuted(np.tile(np.arange(data.scores.shape[1]), (len(rows), 1)), axis=1)
        leader = leaders(data, order)
        used = np.full(len(rows), stages[-1])
        for stage in reversed(stages[:-1]):
            used[sure[rows, leader[:, stage - 1]] >= confidence] = stage
        winner = leader[rows, used - 1]
        spent = np.take_along_axis(data.thinking, order, 1).cumsum(1)[rows, used - 1]
        totals += data.correct[rows, winner], used, spent + data.answer[rows, winner]
    return tuple(totals / ORDERS)


def halved(data: Picks, prompt: int, keep: float, first: int) -> tuple[float, float]:
    """Whether the pick is right, and the tokens, when the samples of one prompt are pruned from step `first` on."""
    each = data.scores.shape[1]
    spans = [slice(*data.starts[prompt * each + i : prompt * each + i + 2]) for i in range(each)]
    logs = [np.log(np.maximum(data.step_scores[s], 1e-30)) for s in spans]
    steps = np.array([len(x) for x in logs])
    tokens, alive, rung = data.thinking[prompt].copy(), np.ones(each, bool), first
    while (ready := np.flatnonzero(alive & (steps >= rung))).size:
        ranked = sorted(ready, key=lambda i: (-logs[i][:rung].mean(), i))
        losers = ranked[math.ceil(len(ranked) * keep) :]
        others = (alive & (steps < rung) & data.closed[prompt]).sum()
        most = len(ready) - max(0, 2 - others)
        for i in losers[max(0, len(losers) - max(0, most)) :]:
            alive[i] = False
            tokens[i] = data.step_ends[spans[i]][rung - 1]
        rung = max(rung + 1, math.ceil(rung / keep))
    ranked = np.where(data.closed[prompt], data.scores[prompt], data.scores[prompt] - 2)
    winner = np.where(alive, ranked, -9).argmax()
    return data.correct[prompt, winner], tokens.sum() + data.answer[prompt, winner]


def shown(values: np.ndarray) -> str:
    mean, low, high = interval(values)
    return f"{mean:+.1f} [{low:+.1f}, {high:+.1f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--picks", type=Path, nargs="+", required=True)
    parser.add_argument("--head", type=Path, required=True, help="the file with the curve")
    arguments = parser.parse_args()
    data, calibration = Picks.load(*arguments.picks), read_calibration(arguments.head)
    fixed = {k: adaptive(data, calibration, (k,), 1.0) for k in (2, 4, 8, 16, 32)}
    print("| stages | stop at | accuracy | minus k=32 | minus k=8 | candidates | tokens | of k=32 | of k=8 |")
    print("|---" * 9 + "|")

    def row(name: str, stop: str, figures: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
        right, used, tokens = figures
        shares = [f"{100 * tokens.mean() / fixed[k][2].mean():.0f} %" for k in (32, 8)]
        losses = [shown(right - fixed[k][0]) for k in (32, 8)]
        cells = [name, stop, f"{100 * right.mean():.1f}", *losses, f"{used.mean():.1f}", f"{tokens.mean():.0f}"]
        print("| " + " | ".join([*cells, *shares]) + " |")

    for k, figures in fixed.items():
        row(f"k={k}", "", figures)
    for stages in LADDERS:
        for confidence in CONFIDENCES:
            name = ", ".join(map(str, stages))
            row(name, f"{confidence:.2f}", adaptive(data, calibration, stages, confidence))

    whole = np.array([halved(data, p, 1.0, 999) for p in range(len(data.scores))])
    print("\n| pruned from step | keep | accuracy minus k=32 | tokens saved |\n|---|---|---|---|")
    for first in (1, 2):
        for keep in (0.25, 0.5, 0.75):
            cut = np.array([halved(data, p, keep, first) for p in range(len(data.scores))])
            saved = 100 * (1 - cut[:, 1].sum() / whole[:, 1].sum())
            print(f"| {first} | {keep} | {shown(cut[:, 0] - whole[:, 0])} | {saved:.0f} % |")


if __name__ == "__main__":
    main()
