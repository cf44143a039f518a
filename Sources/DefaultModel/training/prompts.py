"""Everyday wordings of a puzzle, composed from parts: a frame, a way to list numbers, and what surrounds them."""

import random
import re

from puzzle import Numbers
from unseen import WORDINGS

MAKE = [
    "make", "get", "reach", "create", "build", "produce", "obtain", "hit", "get to", "arrive at", "come up with",
    "equal",
]  # fmt: skip
USING = [
    "from", "with", "using", "out of", "by combining", "with the help of", "by using only", "using only",
]  # fmt: skip
COMBINE = [
    "Use", "Combine", "Take", "Add, subtract, multiply or divide", "Work with", "Put together", "Using",
]  # fmt: skip
ASK = [
    "How can I", "How do I", "How would you", "How could one", "How to", "Can you", "Could you",
    "Is it possible to", "Is there a way to", "Can I", "Would you", "What's the way to", "Do you know how to",
    "Any idea how to",
]  # fmt: skip
WISH = [
    "Please", "Help me", "I need to", "I have to", "I'd like to", "I want to", "We must", "Find a way to", "Let's",
    "I am trying to", "Tell me how to", "Explain how to", "My task is to", "The challenge:", "You should",
]  # fmt: skip
HAVE = [
    "I have", "I've got", "Here are my numbers:", "My numbers are", "The numbers are", "Numbers:", "You have",
    "These are the numbers:", "Input:", "nums =", "numbers=", "Take these numbers:", "There are four tiles:",
    "We got", "Numbers to use:", "Let the numbers be", "Tiles:", "Consider",
]  # fmt: skip
WANT = [
    "I need", "The target is", "Target:", "Make", "Get", "How do I get", "Reach", "The result should be",
    "target =", "I want", "What makes", "The answer must be", "It has to equal", "Total wanted is", "Looking for",
    "Output:", "Please make", "Can you make", "The number to hit is", "Result:", "My target:", "Now get", "Aim for",
]  # fmt: skip
WHOLE = [
    "{n} = {t}", "{n} make {t}", "{t} from {n}", "{n} -> {t}", "{n} => {t}", "{t} = ? using {n}", "{n}: {t}",
    "{n} to {t}", "Solve: {n} -> {t}", "Solve {n} for {t}", "{t} with {n}", "{n}, target {t}",
    "target {t}, numbers {n}", "Countdown game: the numbers are {n} and the target is {t}.",
    "Let's play the {t} game with {n}.", "Write {t} with {n} and + - * /.", "Which operations on {n} make {t}?",
    "What sum with {n} gives {t}?", "Is there a way to turn {n} into {t}?",
    "My daughter has to build {t} out of {n} for homework, how?", "Write an expression that equals {t} with {n}.",
    "What combination of {n} equals {t}?", "{n} should give {t}", "Find an equation with {n} whose result is {t}.",
    '{"numbers": [{c}], "target": {t}}', "countdown {n} target {t}", "make_target([{c}], {t})",
    "| numbers | {n} |\n| target | {t} |", "numbers={c}&target={t}", "Game of {t}: {n}",
    "If the numbers are {n}, what gives {t}?", "Put + - * / between {n} so that it equals {t}.", "{t}? {n}",
    "{t}: {n}", "As a number puzzle: {n}, and the result must be {t}.", "What do I do with {n} to get {t}?",
]  # fmt: skip
BARE = [
    "{n} = {t}", "{n} make {t}", "use {n} to make {t}", "Use {n} to make {t}.", "Make {t} from {n}.",
    "make {t} from {n}", "How can I reach {t} with {n}?",
]  # fmt: skip
OPENERS = [
    "Please. ", "Hi! ", "Hello, ", "Hey, ", "Ok: ", "Quick question: ", "Next one: ", "Good morning. ", "So, ",
    "Hi there,\n\n", "Dear assistant,\n", "Here's a puzzle. ", "Math puzzle:\n", "# Puzzle\n\n", "Another one. ",
    "I'm stuck. ", "Good evening! ", "Question: ", "Q: ", "**Countdown**\n", "My son asks: ", "Yo ", "Hey bot, ",
    "This is homework. ", "Now, ", "- ", "> ", "Can you help me? ", "Hello!\n",
]  # fmt: skip
CLOSERS = [
    " Thanks!", " please", " Show your steps.", " Use every number once.", " Think step by step.", "\n", "\n\n",
    " You may use + - * /.", " Thank you.", " Each number only once.", " Explain.", ", using each once.", " :)",
    " Use all of them.", "\n\nThanks in advance!", "\nRules: + - * /, whole numbers only.", " No fractions.",
    " (each number exactly once)", " Use each number exactly once.",
    "\nOnly addition, subtraction, multiplication and division.", "\n\nAnswer with the steps only.",
    " I can't find it.", " Is it even possible?", "\nBest,\nAnna", "\n\nPlease think carefully before answering.",
    " Every number must be used.", "!!", " ...", "\n- use each number once\n- show your work", " Cheers",
    " Good luck!", " Just the answer.",
]  # fmt: skip
GAPS = [
    " ", " ", " ", "\n", "\n", "\n\n", "; ", ", ", " - ", " / ",
]  # fmt: skip
NOUNS_BEFORE = [
    "the numbers ", "numbers ", "these numbers: ", "the values ", "just ", "all of ", "each of ", "the digits ",
]  # fmt: skip
JOINERS = [
    ", ", ", ", ", ", " ", " ", ",", "; ", " and ", " & ", "  ", " | ", "\n", ", then ",
]  # fmt: skip


def list_numbers(rng: random.Random, numbers: Numbers | list) -> str:
    """The numbers as people write them: commas, blanks, brackets, quotes, bullets, a final "and"."""
    words = [str(n) for n in numbers]
    style = rng.random()
    if len(words) == 1:
        return words[0]
    if style < 0.3:
        return ", ".join(words[:-1]) + rng.choice((" and ", " and ", ", and ", " & ")) + words[-1]
    if style < 0.36:
        bullet = rng.choice(("- ", "* ", "", "• "))
        return "\n" + "\n".join(bullet + w for w in words) + "\n"
    joined = rng.choice(JOINERS).join(words)
    if style < 0.5:
        opening, closing = rng.choice(("[]", "()", "{}", '""', "``", "''", ("**", "**"), "<>"))
        return opening + joined + closing
    if style < 0.55:
        mark = rng.choice(("'", "**", "`", '"'))
        return ", ".join(mark + w + mark for w in words)
    return joined


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if not text.startswith("I") else text


def _parts(rng: random.Random) -> tuple[str, str]:
    """A clause about the numbers and one about the target, each a sentence of its own."""
    stop = rng.choice((".", ".", ".", "", "!"))
    want = rng.choice(WANT)
    asks = want.split()[0] in ("How", "Can", "What")
    return f"{rng.choice(HAVE)} {{n}}{stop}", f"{want} {{t}}" + ("?" if asks else stop)


def _frame(rng: random.Random) -> str:
    """One wording with places for the numbers `{n}` (or `{c}`) and the target `{t}`."""
    make, using = rng.choice(MAKE), rng.choice(USING)
    order = rng.randrange(8)
    if order == 0:
        return f"{rng.choice(ASK)} {make} {{t}} {using} {{n}}?"
    if order == 1:
        return f"{rng.choice((make.capitalize(), rng.choice(WISH) + ' ' + make))} {{t}} {using} {{n}}."
    if order == 2:
        return f"{rng.choice(COMBINE)} {{n}} {rng.choice(('to', 'and', 'so that you', 'in order to'))} {make} {{t}}."
    if order == 3:
        start = rng.choice(("With", "Using", "From", "Out of"))
        return f"{start} {{n}}, {_lower(rng.choice(ASK + WISH))} {make} {{t}}."
    if order == 4:
        return rng.choice(WHOLE)
    first, second = _parts(rng)
    if order == 5:
        first, second = second, first
    if order == 6:
        second = f"{rng.choice(ASK)} {make} {{t}}{rng.choice(('', ' with these', ' from them', ' using each once'))}?"
    return first + rng.choice(GAPS) + rng.choice((second, _lower(second)))


def misspell(rng: random.Random, text: str) -> str:
    """One slip of the fingers inside a word of letters."""
    places = [m.start() for m in re.finditer(r"[A-Za-z]{3}", text)]
    if not places:
        return text
    at = rng.choice(places) + 1
    swapped = text[at + 1] + text[at]
    return text[:at] + rng.choice((swapped, text[at], text[at] * 2 + text[at + 1])) + text[at + 2 :]


def roughen(rng: random.Random, text: str) -> str:
    """A text with what people put around it, in their own case and with their slips."""
    if rng.random() < 0.2:
        text = rng.choice(OPENERS) + text
    if rng.random() < 0.25:
        text += rng.choice(CLOSERS)
    if rng.random() < 0.2:
        text = text.lower()
    elif rng.random() < 0.03:
        text = text.upper()
    if rng.random() < 0.2:
        text = text.rstrip(".?! \n")
    if rng.random() < 0.06:
        text = misspell(rng, text)
    if rng.random() < 0.05:
        text = rng.choice(("\n", " ", "\n\n", '"', "  ")) + text
    return text


def fill(rng: random.Random, frame: str, numbers: Numbers | list, target: object) -> str:
    """The frame with its numbers and target in place."""
    listed = list_numbers(rng, numbers)
    if rng.random() < 0.15:
        listed = rng.choice(NOUNS_BEFORE) + listed
    goal = rng.choice((f"**{target}**", f'"{target}"', f"the number {target}")) if rng.random() < 0.06 else str(target)
    commas = ", ".join(map(str, numbers))
    return frame.replace("{c}", commas).replace("{n}", listed).replace("{t}", goal)


def random_frame(rng: random.Random) -> str:
    """A wording of the grammar, one in five a bare short form."""
    return rng.choice(BARE) if rng.random() < 0.2 else _frame(rng)


def puzzle_prompt(rng: random.Random, numbers: Numbers, target: int) -> str:
    """A puzzle in a wording of the grammar; one in five is a bare short form."""
    if rng.random() < 0.2:
        return fill(rng, rng.choice(BARE), numbers, target)
    return roughen(rng, fill(rng, _frame(rng), numbers, target))


def unseen_prompt(rng: random.Random, numbers: Numbers, target: int, wordings: str) -> str:
    """A puzzle in one of the wordings that training leaves out."""
    return roughen(rng, fill(rng, rng.choice(WORDINGS[wordings]), numbers, target))
