"""Puzzle sets, on-policy samples of them, and the exact truth about every sample."""

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import tokenizer as tok
from conversations import conversation, other_conversation
from model import Policy, Sample, autocast, sample
from others import other_prompt
from prompts import puzzle_prompt, unseen_prompt
from puzzle import (
    MAX_VALUE,
    NOT_A_PUZZLE,
    STEP_END,
    Numbers,
    apply_move,
    is_correct,
    parse_chain,
    random_puzzle,
    reachable,
)
from unseen import OTHERS, WORDINGS

TEMPERATURE, TOP_P = 0.6, 0.95
PROMPT_TOKENS = 60_000  # of one sampled batch, with padding: attention over more takes gigabytes
SETTINGS = ("usual", *WORDINGS, "system", "history", "mixed", "other", "other-history", "other-unseen")


@dataclass(frozen=True)
class Task:
    """A conversation with its last turn's puzzle, or with no numbers when the right answer is to decline."""

    turns: tuple[tok.Turn, ...]
    numbers: Numbers = ()
    target: int = 0

    @property
    def prompt(self) -> list[int]:
        return tok.render_prompt(self.turns)

    def accepts(self, answer: str) -> bool:
        return is_correct(answer, self.numbers, self.target) if self.numbers else answer == NOT_A_PUZZLE


def _puzzle_task(rng: random.Random, test: bool, setting: str) -> Task:
    numbers, target = random_puzzle(rng, test)
    if setting in WORDINGS:
        return Task((("user", unseen_prompt(rng, numbers, target, setting)),), numbers, target)
    text = puzzle_prompt(rng, numbers, target)
    if setting == "mixed":
        return Task(conversation(rng, text), numbers, target)
    turns = conversation(rng, text, system=float(setting == "system"), earlier=float(setting == "history"))
    return Task(turns, numbers, target)


def _other_task(rng: random.Random, setting: str) -> Task:
    if setting == "other":
        return Task((("user", other_prompt(rng)),))
    return Task(other_conversation(rng, earlier=1.0) if setting == "other-history" else other_conversation(rng))


def draw_tasks(count: int, seed: int, test: bool, setting: str = "usual") -> list[Task]:
    """Puzzles of one split with targets 10 to 100, or prompts to decline, as the setting says.

    `mixed` is what training samples: conversations as in the corpus, 3 % of them to decline.
    """
    if setting == "other-unseen":
        return [Task((("user", text),)) for text in OTHERS]
    rng = random.Random(seed)
    tasks = []
    for _ in range(count):
        declines = setting.startswith("other") or (setting == "mixed" and rng.random() < 0.03)
        tasks.append(_other_task(rng, setting) if declines else _puzzle_task(rng, test, setting))
    return tasks


def steps_alive(thinking: str, numbers: Numbers, target: int) -> list[bool]:
    """For each step of a thinking text: were all moves legal so far, and is the target still within reach?"""
    left: Numbers | None = numbers
    alive = []
    for step in thinking.lstrip("\n").split(STEP_END)[:-1]:
        moves = parse_chain(step.split(" ")[0])
        left = apply_move(left, moves[0]) if left is not None and moves else None
        alive.append(left is not None and max(left) <= MAX_VALUE and reachable(left, target))
    return alive


@dataclass
class Rollouts:
    """Equally many samples per task, flattened in task order; features are flat over scored positions."""

    each: int
    correct: np.ndarray
    refused: np.ndarray
    logprob: np.ndarray
    length: np.ndarray
    answer: np.ndarray
    starts: np.ndarray
    features: np.ndarray
    alive: np.ndarray

    def save(self, path: Path) -> None:
        np.savez(path, **self.__dict__)

    @staticmethod
    def load(path: Path) -> "Rollouts":
        with np.load(path) as stored:
            return Rollouts(**{k: stored[k] if stored[k].ndim else int(stored[k]) for k in stored.files})

    @property
    def owner(self) -> np.ndarray:
        """The sample that every scored position belongs to."""
        return np.repeat(np.arange(len(self.correct)), np.diff(self.starts))

    def first(self, tasks: int) -> "Rollouts":
        return self._cut(0, tasks)

    def after(self, tasks: int) -> "Rollouts":
        return self._cut(tasks, len(self.correct) // self.each)

    def _cut(self, begin: int, end: int) -> "Rollouts":
        rows = slice(begin * self.each, end * self.each)
        steps = slice(self.starts[rows.start], self.starts[rows.stop])
        return Rollouts(
            self.each, self.correct[rows], self.refused[rows], self.logprob[rows], self.length[rows],
            self.answer[rows], self.starts[rows.start : rows.stop + 1] - self.starts[rows.start],
            self.features[steps], self.alive[steps],
        )  # fmt: skip


def sample_tasks(
    policy: Policy, tasks: list[Task], each: int, seed: int, temperature: float = TEMPERATURE, top_p: float = TOP_P,
    width: int = 768,
) -> list[Sample]:  # fmt: skip
    """Samples in task order, run in batches of tasks with prompts of similar length."""
    prompts = [t.prompt for t in tasks]
    order = sorted(range(len(tasks)), key=lambda i: len(prompts[i]))
    collected: list[list[Sample]] = [[] for _ in tasks]
    with autocast():
        begin = 0
        while begin < len(order):
            count = max(1, width // each)
            while count > 1 and count * len(prompts[order[begin : begin + count][-1]]) > PROMPT_TOKENS:
                count //= 2
            group = order[begin : begin + count]
            drawn = sample(policy, [prompts[i] for i in group], each, temperature, top_p, seed + begin)
            for s in drawn:
                s.prompt = group[s.prompt]
                collected[s.prompt].append(s)
            begin += count
    return [s for per_task in collected for s in per_task]


def collect(policy: Policy, tasks: list[Task], samples: list[Sample]) -> Rollouts:
    """Everything that judging and head training need of the samples."""
    features, alive, starts = [], [], [0]
    for s in samples:
        task, truth = tasks[s.prompt], []
        if task.numbers:
            truth = steps_alive(s.thinking, task.numbers, task.target)
        steps = len(s.features)
        features.extend(f.numpy() for f in s.features)
        alive.extend((truth + [False] * steps)[:steps])
        starts.append(starts[-1] + steps)
    answers = [s.answer for s in samples]
    return Rollouts(
        each=len(samples) // len(tasks),
        correct=np.array([tasks[s.prompt].accepts(a) for s, a in zip(samples, answers)]),
        refused=np.array([not a or "could not" in a or a == NOT_A_PUZZLE for a in answers]),
        logprob=np.array([s.logprob for s in samples]),
        length=np.array([len(s.ids) for s in samples]),
        answer=np.array(answers),
        starts=np.array(starts),
        features=np.array(features, dtype=np.float32).reshape(-1, policy.shape.width),
        alive=np.array(alive),
    )
