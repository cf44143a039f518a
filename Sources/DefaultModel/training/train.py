"""Training stages of the default model; see MODEL_CARD.md for the order and the arguments."""

import argparse
import json
import shutil
import time
from pathlib import Path

import numpy as np
import torch

import evaluate
from data import Corpus, write_corpus
from export import read_policy
from head import fit_head
from joint import joint
from model import Policy, ScoreHead, Shape, autocast
from optimizer import Optimizer, language_loss, schedule
from puzzle import NOT_A_PUZZLE
from rollouts import SETTINGS, Rollouts, collect, draw_tasks, sample_tasks


def start(path: Path | None) -> Policy:
    """The policy of a checkpoint or of a GGUF that `export.py` wrote; a new one without a file."""
    if path is None:
        return Policy(Shape())
    return read_policy(path) if path.suffix == ".gguf" else Policy.load(path)


def supervised(arguments: argparse.Namespace) -> None:
    """Trains a policy on the written corpus and saves it with a checkpoint every five minutes."""
    torch.manual_seed(arguments.seed)
    policy = start(arguments.start)
    fast = torch.compile(policy, dynamic=True)
    optimizer = Optimizer(policy)
    corpus = Corpus(arguments.corpus, arguments.seed)
    seen, began, saved, step, smooth = 0, time.time(), time.time(), 0, None
    for ids, trained in corpus.batches(arguments.batch):
        done = seen / arguments.tokens
        if done >= 1:
            break
        ids, trained = torch.from_numpy(ids), torch.from_numpy(trained)
        with autocast():
            hidden, _ = fast(ids)
            loss = language_loss(policy, hidden, ids, trained)
        loss.backward()
        norm = optimizer.step(schedule(done, arguments.rate))
        seen, step, value = seen + ids.numel(), step + 1, loss.item()
        smooth = value if smooth is None else 0.98 * smooth + 0.02 * value
        if step % 50 == 0:
            speed = seen / (time.time() - began)
            print(f"step {step} tokens {seen} loss {smooth:.4f} norm {norm:.2f} tokens/s {speed:.0f}", flush=True)
        if time.time() - saved > 300:
            policy.save(arguments.out)
            saved = time.time()
    policy.save(arguments.out)


def rollouts(arguments: argparse.Namespace) -> None:
    """Samples prompts of one setting at serving settings and stores what head training and judging need."""
    policy = start(arguments.policy)
    tasks = draw_tasks(arguments.tasks, arguments.seed, arguments.test, arguments.setting)
    data = collect(policy, tasks, sample_tasks(policy, tasks, arguments.each, arguments.seed))
    data.save(arguments.out)
    greedy = sample_tasks(policy, tasks, 1, arguments.seed, temperature=0)
    right = np.array([tasks[s.prompt].accepts(s.answer) for s in greedy])
    np.save(arguments.out.with_suffix(".greedy.npy"), right)
    declined = (data.answer == NOT_A_PUZZLE).mean()
    rate, low, high = evaluate.interval(data.correct.reshape(len(tasks), -1).mean(1))
    print(
        f"{arguments.out.stem}: {len(tasks)} x {arguments.each}, pass@1 {rate:.1f} [{low:.1f}, {high:.1f}]"
        f" greedy {100 * right.mean():.1f} declined {100 * declined:.1f} tokens {data.length.sum()}"
    )


def train_head(arguments: argparse.Namespace) -> None:
    """Trains a head on stored rollouts; the last fifth of the prompts only judges it."""
    data = Rollouts.load(arguments.rollouts)
    training = len(data.correct) // data.each * 4 // 5
    trained = fit_head(data.first(training), arguments.loss, arguments.epochs, arguments.seed)
    figures = evaluate.report(trained, data.after(training))
    picks = {k: round(v[0], 1) for k, v in figures["picks"]["score"].items()}
    print(arguments.loss, "within", round(figures["auc within prompt"], 4), "overall", round(figures["auc"], 4), picks)
    torch.save(trained.state_dict(), arguments.out)


def load_head(path: Path) -> ScoreHead:
    state = torch.load(path, weights_only=True)
    head = ScoreHead(state["layers.0.weight"].shape[1])
    head.load_state_dict(state)
    return head.eval()


def judge(arguments: argparse.Namespace) -> None:
    """Prints and stores all figures of a head on stored rollouts."""
    data = Rollouts.load(arguments.rollouts)
    greedy = np.load(arguments.rollouts.with_suffix(".greedy.npy"))
    figures = evaluate.report(load_head(arguments.head), data, greedy)
    print(evaluate.show(figures))
    if arguments.out:
        arguments.out.write_text(json.dumps(figures, indent=1))


def choose(arguments: argparse.Namespace) -> None:
    """Copies the candidate whose score-picked accuracy, averaged over all k, is best on the given rollouts."""
    means = []
    for policy, stored in zip(arguments.policies, arguments.rollouts, strict=True):
        figures = evaluate.report(load_head(policy.with_suffix(".head.pt")), Rollouts.load(stored))
        picks = figures["picks"]["score"]
        means.append(np.mean([mean for mean, _, _ in picks.values()]))
        shown = ", ".join(f"{k}: {m:.1f} [{a:.1f}, {b:.1f}]" for k, (m, a, b) in picks.items())
        print(f"{policy.stem}: mean {means[-1]:.2f}; {shown}; within {figures['auc within prompt']:.4f}")
    best = arguments.policies[int(np.argmax(means))]
    print("chosen:", best.stem)
    for suffix in (".pt", ".head.pt"):
        shutil.copy(best.with_suffix(suffix), arguments.out.with_suffix(suffix))


def puzzles(arguments: argparse.Namespace) -> None:
    """Writes held-out puzzles as JSON lines, every fourth in a wording that training never saw."""
    with arguments.out.open("w") as out:
        usual = draw_tasks(arguments.count, arguments.seed, test=True)
        unseen = draw_tasks(arguments.count, arguments.seed + 1, test=True, setting="unseen")
        for i in range(arguments.count):
            task = (unseen if i % 4 == 3 else usual)[i]
            line = {"prompt": task.turns[-1][1], "numbers": task.numbers, "target": task.target}
            out.write(json.dumps(line) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    stages = parser.add_subparsers(required=True)
    stage = stages.add_parser("corpus", help="write supervised sequences")
    stage.add_argument("--out", type=Path, required=True)
    stage.add_argument("--sequences", type=int, default=400_000)
    stage.add_argument("--seed", type=int, default=1)
    stage.add_argument("--no-verdict", action="store_true", help="never say whether a play got there")
    stage.set_defaults(
        run=lambda a: print(write_corpus(a.out, a.sequences, a.seed, verdict=not a.no_verdict), "tokens")
    )
    stage = stages.add_parser("supervised", help="train the policy on a corpus")
    stage.add_argument("--corpus", type=Path, required=True)
    stage.add_argument("--out", type=Path, required=True)
    stage.add_argument("--start", type=Path, help="checkpoint or GGUF to go on from")
    stage.add_argument("--tokens", type=float, default=22e6)
    stage.add_argument("--rate", type=float, default=4e-3)
    stage.add_argument("--batch", type=int, default=7000)
    stage.add_argument("--seed", type=int, default=1)
    stage.set_defaults(run=supervised)
    stage = stages.add_parser("rollouts", help="sample puzzles with a policy")
    stage.add_argument("--policy", type=Path, required=True)
    stage.add_argument("--out", type=Path, required=True)
    stage.add_argument("--tasks", type=int, default=3000)
    stage.add_argument("--each", type=int, default=16)
    stage.add_argument("--seed", type=int, default=11)
    stage.add_argument("--test", action="store_true", help="held-out puzzles")
    stage.add_argument("--setting", choices=SETTINGS, default="usual", help="what kind of prompts")
    stage.set_defaults(run=rollouts)
    stage = stages.add_parser("head", help="train the score head on rollouts")
    stage.add_argument("--rollouts", type=Path, required=True)
    stage.add_argument("--out", type=Path, required=True)
    stage.add_argument("--loss", choices=("spr", "spr-warm", "spr-plain", "bce", "pairwise"), default="spr")
    stage.add_argument("--epochs", type=int, default=10)
    stage.add_argument("--seed", type=int, default=1)
    stage.set_defaults(run=train_head)
    stage = stages.add_parser("judge", help="all figures of a head on rollouts")
    stage.add_argument("--rollouts", type=Path, required=True)
    stage.add_argument("--head", type=Path, required=True)
    stage.add_argument("--out", type=Path)
    stage.set_defaults(run=judge)
    stage = stages.add_parser("choose", help="pick the policy, with its head, that ships")
    stage.add_argument("--policies", type=Path, nargs="+", required=True, help="each with its .head.pt beside it")
    stage.add_argument("--rollouts", type=Path, nargs="+", required=True, help="of each policy on the same puzzles")
    stage.add_argument("--out", type=Path, required=True)
    stage.set_defaults(run=choose)
    stage = stages.add_parser("joint", help="train policy and head together on fresh samples")
    stage.add_argument("--policy", type=Path, required=True)
    stage.add_argument("--head", type=Path, required=True)
    stage.add_argument("--corpus", type=Path, required=True)
    stage.add_argument("--out", type=Path, required=True)
    stage.add_argument("--iterations", type=int, default=24)
    stage.add_argument("--prompts", type=int, default=48)
    stage.add_argument("--each", type=int, default=16)
    stage.add_argument("--temperature", type=float, default=1.0)
    stage.add_argument("--rate", type=float, default=3e-4)
    stage.add_argument("--head-rate", type=float, default=3e-4)
    stage.add_argument("--gradient", type=float, default=0.1, help="weight of the policy gradient")
    stage.add_argument("--backbone-share", type=float, default=0.1, help="head gradient passed to the backbone")
    stage.add_argument("--replay", type=int, default=3000, help="supervised tokens beside every batch")
    stage.add_argument("--batch", type=int, default=8000, help="tokens of samples in a batch")
    stage.add_argument("--seed", type=int, default=21)
    stage.set_defaults(run=joint)
    stage = stages.add_parser("puzzles", help="write held-out puzzles as JSON lines")
    stage.add_argument("--out", type=Path, required=True)
    stage.add_argument("--count", type=int, default=200)
    stage.add_argument("--seed", type=int, default=31)
    stage.set_defaults(run=puzzles)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
