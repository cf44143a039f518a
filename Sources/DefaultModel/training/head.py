"""Losses for the score head, its training on frozen features, and how scores become picks."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from model import ScoreHead
from rollouts import Rollouts

LEAK = 0.1


def spr_loss(logits: Tensor, labels: Tensor, leak: float = LEAK) -> Tensor:
    """SPRLoss: steps that already agree with the outcome, class-balanced; disagreeing steps keep weight `leak`."""
    positive = labels > 0.5
    agrees = torch.where(positive, logits > 0, logits < 0)
    kept_positive = (agrees & positive).sum() + 1
    kept_negative = (agrees & ~positive).sum() + 1
    total = kept_positive + kept_negative
    weight = torch.where(positive, 1.5 * kept_negative / total, kept_positive / total)
    weight = weight * torch.where(agrees, 1.0, leak)
    losses = F.binary_cross_entropy_with_logits(logits, labels, reduction="none")
    return (weight * losses).sum() / (weight.sum() + 1e-5)


def bce_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Every step carries the outcome."""
    return F.binary_cross_entropy_with_logits(logits, labels)


def log_scores(logits: Tensor, owner: Tensor, samples: int) -> Tensor:
    """Log of the geometric mean of the step scores per sample."""
    total = torch.zeros(samples).index_add(0, owner, F.logsigmoid(logits))
    count = torch.zeros(samples).index_add(0, owner, torch.ones_like(logits))
    return total / count.clamp(min=1)


def pairwise_loss(logits: Tensor, owner: Tensor, correct: Tensor, group: Tensor) -> Tensor:
    """Right samples should outscore wrong ones of the same prompt."""
    scores = log_scores(logits, owner, len(correct))
    losses = []
    for g in group.unique():
        right, wrong = scores[(group == g) & correct], scores[(group == g) & ~correct]
        if len(right) and len(wrong):
            losses.append(F.softplus(wrong[None] - right[:, None]).mean())
    return torch.stack(losses).mean() if losses else logits.sum() * 0


def fit_head(data: Rollouts, loss: str, epochs: int, seed: int, rate: float = 1e-3) -> ScoreHead:
    """Trains a head on stored features of a frozen policy; `loss` is spr, spr-warm, spr-plain, bce or pairwise."""
    torch.manual_seed(seed)
    head = ScoreHead(data.features.shape[1])
    optimizer = torch.optim.AdamW(head.parameters(), lr=rate, weight_decay=0.01)
    features, owner = torch.from_numpy(data.features), torch.from_numpy(data.owner)
    correct = torch.from_numpy(data.correct)
    prompts, each = len(correct) // data.each, data.each
    rng = np.random.default_rng(seed)
    steps = epochs * -(-prompts // 64)
    done = 0
    for epoch in range(epochs):
        for chosen in np.array_split(rng.permutation(prompts), -(-prompts // 64)):
            for group in optimizer.param_groups:
                group["lr"] = rate * (1 - done / steps)
            rows = (torch.from_numpy(chosen)[:, None] * each + torch.arange(each)).flatten()
            local = torch.full((len(correct),), -1)
            local[rows] = torch.arange(len(rows))
            picked = torch.cat([torch.arange(data.starts[r], data.starts[r + 1]) for r in rows])
            logits = head(features[picked])
            labels = correct[owner[picked]].float()
            if loss == "pairwise":
                value = pairwise_loss(logits, local[owner[picked]], correct[rows], rows // each)
            elif loss == "bce" or (loss == "spr-warm" and epoch == 0):
                value = bce_loss(logits, labels)
            else:
                value = spr_loss(logits, labels, LEAK if loss == "spr" else 0.0)
            optimizer.zero_grad()
            value.backward()
            torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
            optimizer.step()
            done += 1
    return head.eval()


@torch.no_grad()
def score(head: ScoreHead, data: Rollouts) -> tuple[np.ndarray, np.ndarray]:
    """Sample scores S (geometric mean, 0 without steps) and step logits."""
    logits = head(torch.from_numpy(data.features))
    steps = np.diff(data.starts)
    scores = log_scores(logits, torch.from_numpy(data.owner), len(steps)).exp().numpy()
    return np.where(steps > 0, scores, 0.0), logits.numpy()
