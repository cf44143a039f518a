"""Writes the two shipped files: the policy as a llama GGUF and the score head as a GGUF of its own."""

import argparse
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import gguf
import numpy as np
import torch

import tokenizer as tok
from model import Policy, ScoreHead
from puzzle import STEP_END
from rollouts import TEMPERATURE, TOP_P

CALIBRATION = "headgate.head.calibration"
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
)


def _byte_names() -> dict[int, str]:
    """The printable stand-in that GPT-2 vocabularies use for every byte."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in printable]
    return {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(others)}


def _add_tokenizer(writer: gguf.GGUFWriter) -> None:
    names = _byte_names()

    def spell(text: bytes) -> str:
        return "".join(names[b] for b in text)

    tokens = [spell(t) for t in tok.token_texts()]
    kinds = [gguf.TokenType.NORMAL] * len(tokens)
    for special in tok.SPECIALS:
        shown = special in ("<think>", "</think>")
        tokens.append(special)
        kinds.append(gguf.TokenType.USER_DEFINED if shown else gguf.TokenType.CONTROL)
    while len(tokens) < tok.VOCABULARY:
        tokens.append(f"<|unused{len(tokens)}|>")
        kinds.append(gguf.TokenType.UNUSED)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([f"{spell(a.encode())} {spell(b.encode())}" for a, b in tok.MERGES])
    writer.add_eos_token_id(tok.END)
    writer.add_pad_token_id(tok.PAD)
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def named_tensors(policy: Policy) -> Iterator[tuple[str, torch.Tensor]]:
    """The policy's weights under the names that llama.cpp gives them; the parts of joined matrices are views."""
    shape = policy.shape
    yield "token_embd.weight", policy.embed.weight
    sizes = [shape.heads * shape.head_size, *[shape.kv_heads * shape.head_size] * 2]
    for i, block in enumerate(policy.blocks):
        yield f"blk.{i}.attn_norm.weight", block.norm_attention
        for name, part in zip("qkv", block.qkv.weight.split(sizes)):
            yield f"blk.{i}.attn_{name}.weight", part
        yield f"blk.{i}.attn_output.weight", block.out.weight
        yield f"blk.{i}.ffn_norm.weight", block.norm_inner
        gate, up = block.gate_up.weight.chunk(2)
        yield f"blk.{i}.ffn_gate.weight", gate
        yield f"blk.{i}.ffn_up.weight", up
        yield f"blk.{i}.ffn_down.weight", block.down.weight
    yield "output_norm.weight", policy.norm
    yield "output.weight", policy.unembed.weight


def write_policy(policy: Policy, path: Path, kind: gguf.GGMLQuantizationType) -> None:
    """Writes the policy with its matrices stored as `kind` and its norms as 32-bit floats."""
    shape = policy.shape
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("Headgate default: make-a-target")
    writer.add_license("apache-2.0")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_dimension_count(shape.head_size)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(
        {"F16": gguf.LlamaFileType.MOSTLY_F16, "Q8_0": gguf.LlamaFileType.MOSTLY_Q8_0}.get(
            kind.name, gguf.LlamaFileType.ALL_F32
        )
    )
    writer.add_string("headgate.task", "make-a-target")
    writer.add_float32("headgate.sampling.temperature", TEMPERATURE)
    writer.add_float32("headgate.sampling.top_p", TOP_P)
    writer.add_float32("headgate.sampling.repetition_penalty", 1.0)
    _add_tokenizer(writer)

    def add(name: str, tensor: torch.Tensor) -> None:
        values = tensor.detach().float().numpy()
        if values.ndim == 1 or kind == gguf.GGMLQuantizationType.F32:
            writer.add_tensor(name, values)
        elif kind == gguf.GGMLQuantizationType.F16:
            writer.add_tensor(name, values.astype(np.float16))
        else:
            writer.add_tensor(name, gguf.quantize(values, kind), raw_dtype=kind)

    for name, tensor in named_tensors(policy):
        add(name, tensor)
    _finish(writer)


@torch.no_grad()
def read_policy(path: Path) -> Policy:
    """The policy of a file that `write_policy` made with 16 or 32-bit floats, as a start for more training."""
    stored = {t.name: torch.from_numpy(np.array(t.data, dtype=np.float32)) for t in gguf.GGUFReader(path).tensors}
    policy = Policy()
    for name, tensor in named_tensors(policy):
        tensor.copy_(stored[name])
    return policy


def write_head(head: ScoreHead, layer: int, model_path: Path, path: Path) -> None:
    """Writes the head, tied to its policy by the digest of the policy's file."""
    state = head.layers.state_dict()
    writer = gguf.GGUFWriter(path, "headgate-sprm")
    writer.add_name("Headgate default: score head")
    writer.add_license("apache-2.0")
    writer.add_uint32("headgate.head.hidden_size", state["0.weight"].shape[1])
    writer.add_uint32("headgate.head.layer", layer)
    writer.add_string("headgate.head.model_digest", hashlib.sha256(model_path.read_bytes()).hexdigest())
    writer.add_string("headgate.head.step_text", STEP_END)
    for name in ("0.weight", "0.bias", "3.weight", "3.bias"):
        writer.add_tensor(name, state[name].float().numpy())
    _finish(writer)


@torch.no_grad()
def read_head(path: Path) -> ScoreHead:
    """The head of a file that `write_head` made."""
    stored = {t.name: torch.from_numpy(np.array(t.data)) for t in gguf.GGUFReader(path).tensors}
    head = ScoreHead(stored["0.weight"].shape[1])
    for name, tensor in head.layers.state_dict().items():
        tensor.copy_(stored[name].view(tensor.shape))
    return head.eval()


def write_calibration(path: Path, scores: np.ndarray, probabilities: np.ndarray, source: str) -> None:
    """Stores what the head's scores are worth in its file, in place of an earlier calibration; no weight changes."""
    reader = gguf.GGUFReader(path)
    unfinished = path.with_suffix(".unfinished")
    writer = gguf.GGUFWriter(unfinished, reader.fields["general.architecture"].contents())
    for name, field in reader.fields.items():
        if not name.startswith(("GGUF.", "general.architecture", CALIBRATION)):
            writer.add_key_value(name, field.contents(), field.types[0])
    for name, values in (("scores", scores), ("probabilities", probabilities)):
        writer.add_array(f"{CALIBRATION}.{name}", [float(v) for v in values])
    writer.add_string(f"{CALIBRATION}.source", source)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, np.array(tensor.data))
    _finish(writer)
    for old, new in zip(reader.tensors, gguf.GGUFReader(unfinished).tensors, strict=True):
        assert (old.name, old.shape.tolist(), old.data.tobytes()) == (new.name, new.shape.tolist(), new.data.tobytes())
    os.replace(unfinished, path)


def read_calibration(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Scores and probabilities of the curve that a head's file holds."""
    fields = gguf.GGUFReader(path).fields
    scores, probabilities = (
        np.array(fields[f"{CALIBRATION}.{name}"].contents()) for name in ("scores", "probabilities")
    )
    return scores, probabilities


def _finish(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--policy", type=Path, required=True)
    parser.add_argument("--head", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder for model.gguf and head.gguf")
    parser.add_argument("--type", choices=("F32", "F16", "Q8_0"), default="F16")
    arguments = parser.parse_args()
    policy = Policy.load(arguments.policy)
    head = ScoreHead(policy.shape.width)
    head.load_state_dict(torch.load(arguments.head, weights_only=True))
    model_path = arguments.out / "model.gguf"
    write_policy(policy, model_path, gguf.GGMLQuantizationType[arguments.type])
    write_head(head, policy.shape.scored_layer, model_path, arguments.out / "head.gguf")


if __name__ == "__main__":
    main()
