"""Muon and AdamW together, the masked language loss, and the rate schedule."""

import torch
import torch.nn.functional as F
from torch import Tensor

from model import Policy, fast_type


def orthogonalize(matrices: Tensor) -> Tensor:
    """Nearest semi-orthogonal matrices by five Newton-Schulz steps; input [count, rows, columns]."""
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = (x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)).to(fast_type())
    for _ in range(5):
        gram = x @ x.mT
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return (x.mT if tall else x).float()


class Muon:
    """Momentum with orthogonalized updates, scaled to the step size that AdamW would take."""

    def __init__(self, matrices: list[Tensor], momentum: float = 0.95, decay: float = 0.01):
        self.momentum, self.decay = momentum, decay
        groups: dict[tuple[int, ...], list[Tensor]] = {}
        for p in matrices:
            groups.setdefault(tuple(p.shape), []).append(p)
        self.groups = [(ps, torch.zeros(len(ps), *ps[0].shape)) for ps in groups.values()]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        for parameters, moment in self.groups:
            gradient = torch.stack([p.grad for p in parameters])
            moment.lerp_(gradient, 1 - self.momentum)
            update = orthogonalize(gradient.lerp(moment, self.momentum))
            scale = 0.2 * max(update.shape[1:]) ** 0.5
            for p, u in zip(parameters, update):
                p.mul_(1 - rate * self.decay).add_(u, alpha=-rate * scale)


class Optimizer:
    """Muon for the blocks' matrices, AdamW for embeddings, norms and anything extra."""

    def __init__(self, policy: Policy):
        matrices = [p for p in policy.blocks.parameters() if p.dim() == 2]
        chosen = {id(p) for p in matrices}
        others = [p for p in policy.parameters() if id(p) not in chosen]
        self.parameters = list(policy.parameters())
        self.muon = Muon(matrices)
        self.adam = torch.optim.AdamW(others, betas=(0.9, 0.95), weight_decay=0.01)

    def step(self, rate: float) -> float:
        """One update at the given rate; returns the gradient norm before clipping to 1."""
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.muon.step(rate)
        self.adam.param_groups[0]["lr"] = rate
        self.adam.step()
        for p in self.parameters:
            p.grad = None
        return float(norm)


def language_loss(policy: Policy, hidden: Tensor, ids: Tensor, trained: Tensor) -> Tensor:
    """Mean cross-entropy over the trained targets only."""
    wanted = trained[:, 1:]
    logits = policy.unembed(hidden[:, :-1][wanted])
    return F.cross_entropy(logits.float(), ids[:, 1:][wanted])


def schedule(done: float, peak: float) -> float:
    """Short warm-up, flat, and a linear decay over the last 40 %; `done` is the fraction of the run."""
    return peak * min(1.0, done / 0.01 + 0.02, max(0.0, (1 - done) / 0.4))
