"""Writes the fixtures by which other runtimes check that they agree with this code."""

import argparse
import json
from pathlib import Path

import torch

import tokenizer as tok
from model import Policy, ScoreHead, sample
from rollouts import Task, draw_tasks

SHOWN_FEATURES = 16


def policy_vectors(policy: Policy, head: ScoreHead, tasks: list[Task]) -> list[dict]:
    """Greedy continuations with the head's features and logits at every scored position, in 32-bit floats."""
    vectors = []
    for task in tasks:
        prompt = task.prompt
        greedy = sample(policy, [prompt], each=1, temperature=0, top_p=1.0, seed=0)[0]
        ids = prompt + greedy.ids
        close = ids.index(tok.END_THINK)
        scored = [t - 1 for t in range(len(prompt), close) if ids[t] == tok.STEP and ids[t - 1] != tok.STEP]
        features = policy(torch.tensor([ids]))[1][0, scored]
        vectors.append(
            {
                "prompt": task.turns[-1][1],
                "prompt_tokens": prompt,
                "greedy_tokens": greedy.ids,
                "greedy_text": tok.decode(greedy.ids),
                "scored_positions": scored,
                "features": [[round(x, 6) for x in row[:SHOWN_FEATURES].tolist()] for row in features],
                "logits": [round(z, 6) for z in head(features).tolist()],
            }
        )
    return vectors


def head_vectors(head: ScoreHead, count: int) -> list[dict]:
    """The head's logits on random features."""
    features = torch.randn(count, head.layers[0].in_features, generator=torch.Generator().manual_seed(5)) * 3
    features = (features * 1e4).round() / 1e4
    return [{"features": [round(x, 4) for x in f.tolist()], "logit": head(f).item()} for f in features]


def write_state_dicts(folder: Path) -> None:
    """A tiny reference state dict in three precisions, with its values as JSON beside it."""
    torch.manual_seed(7)
    state = ScoreHead(8).layers.state_dict()
    expected = {}
    for suffix, kind in (("", torch.float32), ("-f16", torch.float16), ("-bf16", torch.bfloat16)):
        cast = {k: v.to(kind) for k, v in state.items()}
        torch.save(cast, folder / f"score_module{suffix}.pt")
        expected[f"score_module{suffix}.pt"] = {
            k: {"shape": list(v.shape), "values": v.float().flatten().tolist()} for k, v in cast.items()
        }
    (folder / "score_module.json").write_text(json.dumps(expected) + "\n")


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--policy", type=Path, required=True)
    parser.add_argument("--head", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of the vectors")
    arguments = parser.parse_args()
    policy = Policy.load(arguments.policy).rounded(torch.float16)
    head = ScoreHead(policy.shape.width)
    head.load_state_dict(torch.load(arguments.head, weights_only=True))
    head.eval()
    tasks = [Task((("user", "Use 3, 8, 8 and 9 to make 24."),), (3, 8, 8, 9), 24), Task((("user", "What is a cat?"),))]
    tasks += draw_tasks(4, seed=41, test=True)
    stored = {
        "weights": "matrices rounded to 16-bit floats, all arithmetic in 32-bit floats",
        "hidden_size": policy.shape.width,
        "layer": policy.shape.scored_layer,
        "prompts": policy_vectors(policy, head, tasks),
        "head": head_vectors(head, 4),
    }
    (arguments.out / "default-model.json").write_text(json.dumps(stored) + "\n")
    write_state_dicts(arguments.out)


if __name__ == "__main__":
    main()
