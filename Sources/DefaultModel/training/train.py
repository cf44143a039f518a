"""Training stages of the default model; see MODEL_CARD.md for the order and the arguments."""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

import evaluate
from data import Corpus, write_corpus
from head import fit_head
from joint import joint
from model import Policy, ScoreHead, Shape
from optimizer import Optimizer, language_loss, schedule
from rollouts import Rollouts, collect, draw_tasks, sample_tasks


def supervised(arguments: argparse.Namespace) -> None:
    """Trains a policy on the written corpus and saves it with a checkpoint every five minutes."""
    torch.manual_seed(arguments.seed)
    policy = Policy(Shape()) if arguments.start is None else Policy.load(arguments.start)
    fast = torch.compile(policy, dynamic=True)
    optimizer = Optimizer(policy)
    corpus = Corpus(arguments.corpus, arguments.seed)
    seen, began, saved, step, smooth = 0, time.time(), time.time(), 0, None
    for ids, trained in corpus.batches(arguments.batch):
        done = seen / arguments.tokens
        if done >= 1:
            break
        ids, trained = torch.from_numpy(ids), torch.from_numpy(trained)
        with torch.autocast("cpu", dtype=torch.bfloat16):
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
    """Samples puzzles of one split at serving settings and stores what head training and judging need."""
    policy = Policy.load(arguments.policy)
    tasks = draw_tasks(arguments.tasks, arguments.seed, arguments.test, arguments.unseen_wording, arguments.others)
    data = collect(policy, tasks, sample_tasks(policy, tasks, arguments.each, arguments.seed))
    data.save(arguments.out)
    greedy = sample_tasks(policy, tasks, 1, arguments.seed, temperature=0)
    right = np.array([tasks[s.prompt].accepts(s.answer) for s in greedy])
    np.save(arguments.out.with_suffix(".greedy.npy"), right)
    print(f"pass@1 {100 * data.correct.mean():.1f} greedy {100 * right.mean():.1f} tokens {data.length.sum()}")


def train_head(arguments: argparse.Namespace) -> None:
    """Trains a head on stored rollouts; the last fifth of the prompts only judges it."""
    data = Rollouts.load(arguments.rollouts)
    training = len(data.correct) // data.each * 4 // 5
    trained = fit_head(data.first(training), arguments.loss, arguments.epochs, arguments.seed)
    figures = evaluate.report(trained, data.after(training))
    picks = {k: round(v[0], 1) for k, v in figures["picks"]["score"].items()}
    print(arguments.loss, "within", round(figures["auc within prompt"], 4), "overall", round(figures["auc"], 4), picks)
    torch.save(trained.state_dict(), arguments.out)


def judge(arguments: argparse.Namespace) -> None:
    """Prints and stores all figures of a head on stored rollouts."""
    data = Rollouts.load(arguments.rollouts)
    trained = ScoreHead(data.features.shape[1])
    trained.load_state_dict(torch.load(arguments.head, weights_only=True))
    greedy = np.load(arguments.rollouts.with_suffix(".greedy.npy"))
    figures = evaluate.report(trained.eval(), data, greedy)
    print(evaluate.show(figures))
    if arguments.out:
        arguments.out.write_text(json.dumps(figures, indent=1))


def puzzles(arguments: argparse.Namespace) -> None:
    """Writes held-out puzzles as JSON lines, every fourth in a wording that training never saw."""
    with arguments.out.open("w") as out:
        usual = draw_tasks(arguments.count, arguments.seed, test=True)
        unseen = draw_tasks(arguments.count, arguments.seed + 1, test=True, unseen_wording=True)
        for i in range(arguments.count):
            task = (unseen if i % 4 == 3 else usual)[i]
            line = {"prompt": task.prompt, "numbers": task.numbers, "target": task.target}
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
    stage.add_argument("--start", type=Path)
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
    stage.add_argument("--others", type=float, default=0.0, help="share of prompts that are no puzzle")
    stage.add_argument("--test", action="store_true", help="held-out puzzles")
    stage.add_argument("--unseen-wording", action="store_true")
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
    stage.add_argument("--replay", type=int, default=3000, help="supervised tokens beside every 64 samples")
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
