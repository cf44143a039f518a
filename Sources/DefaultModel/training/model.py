"""A small llama-shaped transformer and its batched sampler."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import tokenizer as tok


@dataclass(frozen=True)
class Shape:
    width: int = 192
    layers: int = 6
    heads: int = 6
    kv_heads: int = 3
    head_size: int = 32
    inner: int = 512
    vocabulary: int = tok.VOCABULARY
    context: int = 1024
    rope_base: float = 10000.0
    epsilon: float = 1e-5

    @property
    def scored_layer(self) -> int:
        """The block whose output the score head reads: the last but one."""
        return self.layers - 2


@lru_cache(maxsize=None)
def fast_type() -> torch.dtype:
    """bf16 where the processor multiplies it; elsewhere it would be emulated at a tenth of the speed of f32."""
    return torch.bfloat16 if torch.ops.mkldnn._is_mkldnn_bf16_supported() else torch.float32


def autocast() -> torch.autocast:
    """Mixed precision where it is faster than 32-bit floats, and nothing elsewhere."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=fast_type() == torch.bfloat16)


def rms_norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    return F.rms_norm(x, (x.shape[-1],), weight, epsilon)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary embedding on neighbouring pairs; x is [batch, time, heads, size]."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


def attend(q: Tensor, k: Tensor, v: Tensor, hidden: Tensor) -> Tensor:
    """Softmax attention; written out, since the fused kernel is slow for short sequences on a CPU."""
    weights = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    return weights.masked_fill(hidden, -1e9).softmax(-1).to(v.dtype) @ v


class Block(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        kv = shape.kv_heads * shape.head_size
        self.norm_attention = nn.Parameter(torch.ones(shape.width))
        self.qkv = nn.Linear(shape.width, shape.heads * shape.head_size + 2 * kv, bias=False)
        self.out = nn.Linear(shape.heads * shape.head_size, shape.width, bias=False)
        self.norm_inner = nn.Parameter(torch.ones(shape.width))
        self.gate_up = nn.Linear(shape.width, 2 * shape.inner, bias=False)
        self.down = nn.Linear(shape.inner, shape.width, bias=False)

    def project(self, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Rotated queries and keys, and values, each [batch, heads, time, size]."""
        s = self.shape
        heads = self.qkv(rms_norm(x, self.norm_attention, s.epsilon)).unflatten(-1, (-1, s.head_size))
        q, k, v = heads.split((s.heads, s.kv_heads, s.kv_heads), dim=2)
        return rotate(q, cos, sin).transpose(1, 2), rotate(k, cos, sin).transpose(1, 2), v.transpose(1, 2)

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        x = x + self.out(attended)
        gate, up = self.gate_up(rms_norm(x, self.norm_inner, self.shape.epsilon)).chunk(2, dim=-1)
        return x + self.down(F.silu(gate) * up)


class Policy(nn.Module):
    """Token logits, and the residual stream that leaves the scored block."""

    def __init__(self, shape: Shape = Shape()):
        super().__init__()
        self.shape = shape
        self.embed = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.Parameter(torch.ones(shape.width))
        self.unembed = nn.Linear(shape.width, shape.vocabulary, bias=False)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                deep = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(p, std=0.02 if "embed" in name else p.shape[1] ** -0.5 * (0.3 if deep else 1.0))
        angles = torch.outer(
            torch.arange(shape.context).float(),
            shape.rope_base ** (-torch.arange(0, shape.head_size, 2).float() / shape.head_size),
        )
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Normed last hidden states and scored-layer features, both [batch, time, width]."""
        s, time = self.shape, ids.shape[1]
        cos, sin = self.cos[:time, None], self.sin[:time, None]
        future = torch.ones(time, time, dtype=torch.bool).triu(1)
        x = features = self.embed(ids)
        for layer, block in enumerate(self.blocks):
            q, k, v = block.project(x, cos, sin)
            attended = attend(q.unflatten(1, (s.kv_heads, -1)), k[:, :, None], v[:, :, None], future)
            x = block.finish(x, attended.flatten(1, 2).transpose(1, 2).flatten(-2))
            if layer == s.scored_layer:
                features = x
        return rms_norm(x, self.norm, s.epsilon), features

    def save(self, path) -> None:
        torch.save({"shape": asdict(self.shape), "state": self.state_dict()}, path)

    @torch.no_grad()
    def rounded(self, kind: torch.dtype) -> "Policy":
        """This policy with its matrices rounded as a file of that type stores them."""
        for p in self.parameters():
            if p.dim() == 2:
                p.copy_(p.to(kind).float())
        return self

    @staticmethod
    def load(path) -> "Policy":
        stored = torch.load(path, weights_only=True)
        policy = Policy(Shape(**stored["shape"]))
        policy.load_state_dict(stored["state"])
        return policy


class ScoreHead(nn.Module):
    """The process reward head: one logit per scored position."""

    def __init__(self, width: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(width, 2 * width), nn.ReLU(), nn.Dropout(0.5), nn.Linear(2 * width, 1)
        )

    def forward(self, features: Tensor) -> Tensor:
        return self.layers(features).squeeze(-1)


@dataclass
class Sample:
    """One sampled response and what the score head saw of it."""

    prompt: int
    ids: list[int] = field(default_factory=list)
    logprob: float = 0.0
    features: list[Tensor] = field(default_factory=list)
    closed: bool = False

    @property
    def thinking(self) -> str:
        return tok.decode(self.ids).split("</think>")[0]

    @property
    def answer(self) -> str:
        return tok.decode(self.ids).split("</think>")[-1].removesuffix("<|im_end|>") if self.closed else ""


class _Cache:
    """Keys and values of many continuations of a few left-padded prompts, which are stored once each.

    Every continuation owns a slot for as long as the batch runs and a row for as long as it is alive.
    """

    def __init__(self, policy: Policy, prompts: list[list[int]], each: int, room: int):
        self.policy, self.each, s = policy, each, policy.shape
        self.width, self.used = max(map(len, prompts)), 0
        self.slots = torch.arange(len(prompts) * each)
        pads = torch.tensor([self.width - len(p) for p in prompts])
        padding = torch.arange(self.width) < pads[:, None]
        self.padding = torch.zeros(padding.shape).masked_fill_(padding, -1e9).repeat_interleave(s.kv_heads, dim=0)
        self.shared = torch.zeros(s.layers, 2, len(prompts) * s.kv_heads, self.width, s.head_size)
        self.own = torch.zeros(s.layers, 2, len(self.slots) * s.kv_heads, room, s.head_size)
        self.ids = torch.tensor([[tok.PAD] * (self.width - len(p)) + p for p in prompts])

    def prefill(self) -> tuple[Tensor, Tensor]:
        """Runs the prompts; returns float logits and features of their last position, one row per slot."""
        time = self.width
        future = torch.zeros(time, time).masked_fill_(torch.ones(time, time, dtype=torch.bool).triu(1), -1e9)
        bias = self.padding[:, None] + future

        def attention(layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            keys, values = self.shared[layer]
            keys.copy_(k.flatten(0, 1))
            values.copy_(v.flatten(0, 1))
            grouped = q.reshape(len(keys), -1, time, q.shape[-1]) * q.shape[-1] ** -0.5
            weights = (grouped @ keys[:, None].mT + bias[:, None]).softmax(-1)
            return (weights @ values[:, None]).view(q.shape)

        logits, features = self._run(self.ids, 0, attention)
        return logits.repeat_interleave(self.each, dim=0), features.repeat_interleave(self.each, dim=0)

    def step(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Appends one token to every row; returns float logits and features."""
        now = self.used
        self.used += 1

        def attention(layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            keys, values = self.own[layer]
            keys[:, now], values[:, now] = k.flatten(0, 2), v.flatten(0, 2)
            grouped = q.reshape(len(keys), -1, q.shape[-1]) * q.shape[-1] ** -0.5
            before, prompt_values = self.shared[layer]
            early = self._gather(torch.bmm(self._scatter(grouped), before.mT) + self.padding[:, None])
            late = torch.bmm(grouped, keys[:, : now + 1].mT)
            weights = torch.cat((early, late), dim=-1).softmax(-1)
            early, late = weights.split((self.width, now + 1), dim=-1)
            attended = self._gather(torch.bmm(self._scatter(early), prompt_values))
            return torch.baddbmm(attended, late, values[:, : now + 1]).view(len(ids), -1, 1, q.shape[-1])

        return self._run(ids[:, None], self.width + now, attention)

    def keep(self, rows: Tensor) -> None:
        """Forgets all rows but these."""
        count = self.policy.shape.kv_heads
        heads = (rows[:, None] * count + torch.arange(count)).flatten()
        kept = self.own.new_empty((*self.own.shape[:2], len(heads), *self.own.shape[3:]))
        for old, new in zip(self.own.flatten(0, 1), kept.flatten(0, 1)):
            new[:, : self.used] = old[heads, : self.used]
        self.own, self.slots = kept, self.slots[rows]

    def _run(self, ids: Tensor, begin: int, attention: Callable[..., Tensor]) -> tuple[Tensor, Tensor]:
        policy, end = self.policy, begin + ids.shape[1]
        cos, sin = policy.cos[begin:end, None], policy.sin[begin:end, None]
        x = features = policy.embed(ids)
        for layer, block in enumerate(policy.blocks):
            q, k, v = block.project(x, cos, sin)
            with torch.autocast("cpu", enabled=False):
                attended = attention(layer, q.float(), k.float(), v.float())
            x = block.finish(x, attended.transpose(1, 2).flatten(-2))
            if layer == policy.shape.scored_layer:
                features = x
        last = rms_norm(x[:, -1], policy.norm, policy.shape.epsilon)
        return policy.unembed(last).float(), features[:, -1].float()

    def _scatter(self, rows: Tensor) -> Tensor:
        """[rows * kv heads, group, n] to [prompts * kv heads, slots of a prompt * group, n]."""
        kv, (_, group, size) = self.policy.shape.kv_heads, rows.shape
        full = rows.new_zeros(len(self.ids) * self.each, kv, group, size)
        full[self.slots] = rows.view(-1, kv, group, size)
        return full.view(-1, self.each, kv, group, size).transpose(1, 2).reshape(-1, self.each * group, size)

    def _gather(self, full: Tensor) -> Tensor:
        """The inverse of `_scatter` for the rows that are alive."""
        kv, size = self.policy.shape.kv_heads, full.shape[-1]
        slots = full.view(-1, kv, self.each, full.shape[1] // self.each, size).transpose(1, 2).flatten(0, 1)
        return slots[self.slots].flatten(0, 1)


def _choose(logits: Tensor, temperature: float, top_p: float, generator: torch.Generator) -> Tensor:
    if temperature == 0:
        return logits.argmax(-1)
    ordered, index = (logits / temperature).softmax(-1).topk(32)
    before = ordered.cumsum(-1) - ordered
    ordered = ordered.masked_fill(before >= top_p, 0.0)
    return index.gather(1, torch.multinomial(ordered, 1, generator=generator)).squeeze(1)


@torch.inference_mode()
def sample(
    policy: Policy,
    prompts: list[list[int]],
    each: int,
    temperature: float,
    top_p: float,
    seed: int,
    limit: int = 120,
    with_features: bool = True,
) -> list[Sample]:
    """`each` samples per prompt, in prompt order; log-probabilities are those of the plain model (T = 1)."""
    generator = torch.Generator().manual_seed(seed)
    cache = _Cache(policy, prompts, each, limit)
    logits, features = cache.prefill()
    rows = torch.arange(len(prompts)).repeat_interleave(each)
    samples = [Sample(prompt=int(r)) for r in rows]
    alive = list(range(len(samples)))
    ended = [False] * len(samples)
    open_think = [True] * len(samples)
    for _ in range(limit):
        chosen = _choose(logits, temperature, top_p, generator)
        gained = logits.log_softmax(-1).gather(1, chosen[:, None]).squeeze(1).tolist()
        running = []
        for row, token in enumerate(chosen.tolist()):
            s, which = samples[alive[row]], alive[row]
            if ended[which]:
                continue
            last = s.ids[-1] if s.ids else prompts[s.prompt][-1]
            if with_features and token == tok.STEP and open_think[which] and last not in (tok.STEP, tok.THINK):
                s.features.append(features[row].clone())
            s.ids.append(token)
            s.logprob += gained[row]
            if token == tok.END_THINK:
                open_think[which] = False
            if token == tok.END:
                s.closed, ended[which] = not open_think[which], True
            else:
                running.append(row)
        if not running:
            break
        if len(running) < 0.75 * len(alive):
            keep = torch.tensor(running)
            cache.keep(keep)
            chosen, alive = chosen[keep], [alive[r] for r in running]
        logits, features = cache.step(chosen)
    return samples
