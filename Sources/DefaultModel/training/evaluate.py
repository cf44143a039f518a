"""Accuracy of every way to pick one of k candidates, and how well scores rank them."""

import numpy as np

from head import score
from model import ScoreHead
from rollouts import Rollouts

WIDTHS = (1, 2, 4, 8, 16, 32)


def auc(scores: np.ndarray, labels: np.ndarray) -> float:
    """Probability that a right one outscores a wrong one, ties counting half."""
    labels = labels.astype(bool)
    values, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    right = labels.sum()
    wrong = len(labels) - right
    if right == 0 or wrong == 0:
        return float("nan")
    return float((ranks[labels].sum() - right * (right + 1) / 2) / (right * wrong))


def within_prompt_auc(scores: np.ndarray, correct: np.ndarray) -> np.ndarray:
    """AUC of each prompt that has both right and wrong samples; inputs are [prompts, samples]."""
    mixed = [i for i in range(len(scores)) if 0 < correct[i].sum() < correct.shape[1]]
    return np.array([auc(scores[i], correct[i]) for i in mixed])


def interval(per_prompt: np.ndarray, seed: int = 0, draws: int = 2000) -> tuple[float, float, float]:
    """Mean in percent with a 95 % bootstrap interval over prompts."""
    rng = np.random.default_rng(seed)
    means = per_prompt[rng.integers(0, len(per_prompt), (draws, len(per_prompt)))].mean(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return 100 * float(per_prompt.mean()), 100 * float(low), 100 * float(high)


def pick_largest(values: np.ndarray, correct: np.ndarray, k: int) -> np.ndarray:
    """Per prompt: share of its groups of k whose largest value (first on ties) is right."""
    values, right = (a.reshape(len(a), -1, k) for a in (values, correct))
    return np.take_along_axis(right, values.argmax(2)[..., None], 2)[..., 0].mean(1)


def vote(answers: np.ndarray, weights: np.ndarray, correct: np.ndarray, k: int) -> np.ndarray:
    """Per prompt: share of its groups of k whose answer text with the most weight is right."""
    out = np.zeros(correct.shape)
    for p in range(len(answers)):
        for begin in range(0, answers.shape[1], k):
            group = slice(begin, begin + k)
            _, index = np.unique(answers[p, group], return_inverse=True)
            totals = np.bincount(index, weights=weights[p, group])
            out[p, group] = correct[p, begin + int(totals[index].argmax())]
    return out.mean(1)


def pick_table(data: Rollouts, scores: np.ndarray) -> dict[str, dict[int, np.ndarray]]:
    """Per-prompt accuracy of each way to pick, for each k."""
    def shaped(a: np.ndarray) -> np.ndarray:
        return a.reshape(-1, data.each)

    correct, answers, refused = shaped(data.correct).astype(float), shaped(data.answer), shaped(data.refused)
    s, likelihood, ones = shaped(scores), shaped(data.logprob), np.ones(correct.shape)
    ways = {
        "score": lambda k: pick_largest(s, correct, k),
        "majority vote": lambda k: vote(answers, ones, correct, k),
        "majority of claims": lambda k: vote(answers, np.where(refused, 1e-6, 1.0), correct, k),
        "weighted vote": lambda k: vote(answers, s, correct, k),
        "likelihood": lambda k: pick_largest(likelihood, correct, k),
        "says ok": lambda k: pick_largest(~refused, correct, k),
        "oracle": lambda k: pick_largest(correct, correct, k),
    }
    return {name: {k: way(k) for k in WIDTHS if k <= data.each} for name, way in ways.items()}


def steps_from_end(data: Rollouts) -> np.ndarray:
    """How many scored positions follow each scored position in its sample."""
    ends = data.starts[1:][data.owner]
    return ends - 1 - np.arange(len(data.owner))


def ranking(head: ScoreHead, data: Rollouts) -> dict[str, float]:
    """The AUC figures: overall, within prompts, and per step against exact reachability."""
    scores, steps = score(head, data)
    back = steps_from_end(data)
    figures = {
        "auc": auc(scores, data.correct),
        "auc within prompt": float(
            within_prompt_auc(scores.reshape(-1, data.each), data.correct.reshape(-1, data.each)).mean()
        ),
        "step auc": auc(steps, data.alive),
    }
    for n in range(3):
        figures[f"step auc, {n} before the end"] = auc(steps[back == n], data.alive[back == n])
    return figures


def report(head: ScoreHead, data: Rollouts, greedy: np.ndarray | None = None) -> dict:
    """All figures of one set of rollouts as plain numbers."""
    table = pick_table(data, score(head, data)[0])
    claims = ~data.refused
    figures: dict = {
        "prompts": len(data.correct) // data.each,
        "samples per prompt": data.each,
        "mean response tokens": float(data.length.mean()),
        "precision of claims": float(data.correct[claims].mean()),
        "mixed prompts": float(np.mean([0 < c.mean() < 1 for c in data.correct.reshape(-1, data.each)])),
        **ranking(head, data),
        "picks": {way: {k: interval(v) for k, v in row.items()} for way, row in table.items()},
    }
    if greedy is not None:
        figures["greedy"] = interval(greedy.astype(float))
        figures["score minus greedy"] = {k: interval(v - greedy) for k, v in table["score"].items()}
    for other in ("majority vote", "majority of claims", "weighted vote", "likelihood", "says ok"):
        figures[f"score minus {other}"] = {k: interval(v - table[other][k]) for k, v in table["score"].items()}
    widths = list(table["score"])
    figures["score gain per doubling"] = {
        b: interval(table["score"][b] - table["score"][a]) for a, b in zip(widths, widths[1:])
    }
    return figures


def show(figures: dict) -> str:
    """The figures as Markdown."""
    widths = list(figures["picks"]["score"])
    lines = ["| pick | " + " | ".join(f"k={k}" for k in widths) + " |", "|---" * (len(widths) + 1) + "|"]
    for way, row in figures["picks"].items():
        cells = [f"{m:.1f} [{a:.1f}, {b:.1f}]" for m, a, b in row.values()]
        lines.append(f"| {way} | " + " | ".join(cells) + " |")
    plain = {k: v for k, v in figures.items() if isinstance(v, (int, float))}
    lines += ["", *(f"- {k}: {v:.4g}" for k, v in plain.items())]
    for name in [k for k in figures if k.startswith(("greedy", "score minus", "score gain"))]:
        value = figures[name]
        cells = {"": value} if isinstance(value, tuple) else value
        lines.append(f"- {name}: " + "; ".join(f"{k} {m:+.1f} [{a:+.1f}, {b:+.1f}]" for k, (m, a, b) in cells.items()))
    return "\n".join(lines)
