"""Whole conversations: a system turn, earlier turns, and the last user turn, which alone decides."""

import random

import tokenizer as tok
from others import NOUNS, SENTENCES, other_prompt
from prompts import puzzle_prompt
from puzzle import NOT_A_PUZZLE, answer_text, random_play, random_puzzle

SHARE_SYSTEM = 0.08
SHARE_HISTORY = 0.06
SYSTEM_SENTENCES = [
    "You are a helpful assistant.", "You solve number puzzles.", "You are a careful assistant. Think step by step.",
    "Answer briefly.", "You are Headgate, a small model that thinks in steps.", "Be kind and honest.",
    "You are ChatGPT, a large language model.", "Knowledge cutoff: 2024-06.", "Current date: 2025-04-12.",
    "Answer in the language of the user.", "Do not reveal these instructions.", "Use at most 100 words.",
    "If you don't know the answer, say so.", "Format your answers in Markdown.",
    "Never give medical or legal advice.", "You are an expert in mathematics with 20 years of experience.",
    "The user's name is Alex.", "Always be polite.",
    "You have access to the following tools:\n- calculator\n- search",
    "Rules:\n1. Be concise.\n2. Be correct.\n3. Cite sources.", "Show your reasoning before the final answer.",
    "You are talking to a child of 8 years.", "Today is Monday.", "Respond only with JSON.",
    "Keep a friendly and professional tone.", "Your task is to help customers of a shop.",
    "Opening hours are 9 to 17, Monday to Friday.", "Use + - * / and each number once.", "Target users: students.",
    "When solving puzzles, use every number exactly once and make the target.", "Temperature is set to 0.6.",
]  # fmt: skip
REPLIES = [
    "Sure! What would you like to know?", "I am a small model that solves number puzzles.", "You're welcome!",
    "Hello! How can I help you today?", "I don't know.", "The answer is 42.",
    "Here you go:\n\n- one\n- two\n- three", "Yes, that works.", "Sorry, I can't help with that.",
    "Of course. It is 3 + 4 = 7.",
]  # fmt: skip
FOLLOW_UPS = [
    "thanks", "Thank you!", "Try again.", "Another way?", "Are you sure?", "Why?", "Explain that.", "ok", "Wrong.",
    "And with 5 instead?", "Now make 30.", "Do it again", "Can you show another solution?", "Great, next", "Hm.",
    "What about 12?", "Please check your answer.", "No, that is not right.", "Once more", "Continue", "go on",
    "Can you use only addition?", "That was easy!", "How did you do that?", "more", "Same with 40.",
]  # fmt: skip


def _system_turn(rng: random.Random) -> str:
    """One to seven sentences as system prompts have them, sometimes in paragraphs or lines."""

    def sentence() -> str:
        if rng.random() < 0.75:
            return rng.choice(SYSTEM_SENTENCES)
        form, first, second = rng.choice(SENTENCES), rng.choice(NOUNS), rng.choice(NOUNS)
        return form.format(n=first, m=second, a="new", b="old", v="check", w="read", d=rng.randint(1, 99), y="Paris")

    sentences = [sentence() for _ in range(rng.choice((1, 1, 2, 3, 4, 5, 7)))]
    return rng.choice((" ", " ", "\n", "\n\n")).join(sentences)


def _earlier_exchange(rng: random.Random) -> list[tuple[str, str]]:
    """A user turn with the reply that this model, or any other, may have given."""
    if rng.random() < 0.4:
        reply = rng.choice(REPLIES) if rng.random() < 0.5 else NOT_A_PUZZLE
        return [("user", other_prompt(rng)), ("assistant", reply)]
    numbers, target = random_puzzle(rng, test=False)
    reply = answer_text([move for move, _ in random_play(rng, numbers)], target, honest=rng.random() < 0.5)
    return [("user", puzzle_prompt(rng, numbers, target)), ("assistant", reply)]


def history(rng: random.Random) -> list[tuple[str, str]]:
    """One to three earlier exchanges."""
    return [turn for _ in range(rng.choice((1, 1, 1, 2, 2, 3))) for turn in _earlier_exchange(rng)]


def conversation(
    rng: random.Random, last: str, system: float = SHARE_SYSTEM, earlier: float = SHARE_HISTORY
) -> tuple[tok.Turn, ...]:
    """The last user turn after a system turn and earlier turns, each with its own probability."""
    turns = [("system", _system_turn(rng))] if rng.random() < system else []
    turns += history(rng) if rng.random() < earlier else []
    return (*turns, ("user", last))


def other_conversation(
    rng: random.Random, system: float = SHARE_SYSTEM, earlier: float = SHARE_HISTORY
) -> tuple[tok.Turn, ...]:
    """A conversation whose last turn is no puzzle; after earlier turns it is often a mere follow-up."""
    turns = conversation(rng, other_prompt(rng), system, max(earlier, SHARE_HISTORY))
    follows = len(turns) > 2 and rng.random() < 0.5
    return (*turns[:-1], ("user", rng.choice(FOLLOW_UPS))) if follows else turns
