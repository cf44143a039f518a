"""The joint phase: policy gradient on outcomes, head loss into the backbone, and replayed supervision."""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import tokenizer as tok
from data import Corpus, cut_batches
from head import spr_loss
from model import Policy, Sample, ScoreHead, autocast
from optimizer import Optimizer, language_loss, schedule
from rollouts import Task, draw_tasks, sample_tasks


def advantages(correct: np.ndarray) -> np.ndarray:
    """Rewards centred and scaled within each group of samples of one prompt; [prompts, samples]."""
    return (correct - correct.mean(1, keepdims=True)) / (correct.std(1, keepdims=True) + 1e-6)


def pad(tasks: list[Task], samples: list[Sample]) -> tuple[Tensor, Tensor, Tensor]:
    """Ids, which positions hold a response token, and which positions the head scores."""
    prompts = [tasks[s.prompt].prompt for s in samples]
    width = max(len(p) + len(s.ids) for p, s in zip(prompts, samples))
    width += -width % 8
    ids = torch.full((len(samples), width), tok.PAD)
    response, scored = torch.zeros(ids.shape, dtype=torch.bool), torch.zeros(ids.shape, dtype=torch.bool)
    for row, (prompt, s) in enumerate(zip(prompts, samples)):
        whole = prompt + s.ids
        ids[row, : len(whole)] = torch.tensor(whole)
        response[row, len(prompt) : len(whole)] = True
        close = s.ids.index(tok.END_THINK) if tok.END_THINK in s.ids else len(s.ids)
        for t in range(len(prompt), len(prompt) + close):
            scored[row, t - 1] = whole[t] == tok.STEP and whole[t - 1] not in (tok.STEP, tok.THINK)
    return ids, response, scored


def joint(arguments: argparse.Namespace) -> None:
    """Alternates sampling and one pass of updates; saves the policy and its head."""
    torch.manual_seed(arguments.seed)
    policy = Policy.load(arguments.policy)
    head = ScoreHead(policy.shape.width)
    head.load_state_dict(torch.load(arguments.head, weights_only=True))
    optimizer = Optimizer(policy)
    head_optimizer = torch.optim.AdamW(head.parameters(), lr=arguments.head_rate, weight_decay=0.01)
    replay = Corpus(arguments.corpus, arguments.seed).batches(arguments.replay)
    began = time.time()
    for iteration in range(arguments.iterations):
        seed = 1_000_000 * arguments.seed + iteration
        tasks = draw_tasks(arguments.prompts, seed, test=False, setting="mixed")
        samples = sample_tasks(policy, tasks, arguments.each, seed, arguments.temperature, top_p=1.0)
        correct = np.array([tasks[s.prompt].accepts(s.answer) for s in samples])
        gains = advantages(correct.reshape(-1, arguments.each)).flatten()
        lengths = np.array([len(tasks[s.prompt].prompt) + len(s.ids) for s in samples])
        chunks = cut_batches(np.argsort(lengths), lengths, arguments.batch)
        rate = schedule(max(0.1, iteration / arguments.iterations), arguments.rate)
        head_losses = []
        for i in np.random.default_rng(seed).permutation(len(chunks)):
            rows = chunks[i]
            ids, response, scored = pad(tasks, [samples[r] for r in rows])
            with autocast():
                hidden, features = policy(ids)
                chosen = response[:, 1:]
                logits = policy.unembed(hidden[:, :-1][chosen]).float() / arguments.temperature
                logprob = logits.log_softmax(-1).gather(1, ids[:, 1:][chosen][:, None]).squeeze(1)
                gain = torch.tensor(gains[rows]).float()[:, None].expand(chosen.shape)[chosen]
                gradient_loss = -(gain * logprob).mean()
                old_ids, trained = map(torch.from_numpy, next(replay))
                replay_loss = language_loss(policy, policy(old_ids)[0], old_ids, trained)
            share = arguments.backbone_share
            seen = features[scored].float()
            step_logits = head(share * seen + (1 - share) * seen.detach())
            labels = torch.tensor(correct[rows]).float()[:, None].expand(scored.shape)[scored]
            head_loss = spr_loss(step_logits, labels)
            (arguments.gradient * gradient_loss + replay_loss + head_loss).backward()
            optimizer.step(rate)
            torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
            head_optimizer.step()
            head_optimizer.zero_grad()
            head_losses.append((head_loss.item(), replay_loss.item()))
        print(
            f"iteration {iteration} pass@1 {100 * correct.mean():.1f} at T={arguments.temperature}"
            f" head loss, replay loss {np.mean(head_losses, 0).round(4)} seconds {time.time() - began:.0f}",
            flush=True,
        )
    policy.save(arguments.out)
    torch.save(head.state_dict(), Path(arguments.out).with_suffix(".head.pt"))
