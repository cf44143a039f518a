"""Everyday wordings of a puzzle, and everything else a stranger may type."""

import random

from puzzle import MAX_NUMBER, MAX_TARGET, Numbers

TRAINED = [
    "Use {n} to make {t}.",
    "Make {t} from {n}",
    "{n} = {t}",
    "How can I reach {t} with {n}?",
    "Using the numbers {n}, create an expression that equals {t}.",
    "Can you make {t} out of {n}?",
    "Get {t} from {n}.",
    "I have {n}. How do I get {t}?",
    "Numbers: {n}. Target: {t}.",
    "Target {t}, numbers {n}",
    "target={t} numbers={n}",
    "Combine {n} to get {t}.",
    "With {n}, make {t}.",
    "Find a way to get {t} using {n}.",
    "What sum with {n} gives {t}?",
    "Reach {t} using {n} once each.",
    "Use each of {n} exactly once to make {t}.",
    "Here are my numbers: {n}. I need {t}.",
    "Is there a way to turn {n} into {t}?",
    "Solve: {n} -> {t}",
    "Countdown game: the numbers are {n} and the target is {t}.",
    "The target is {t} and the numbers are {n}.",
    "Let's play the {t} game with {n}.",
    "Write {t} with {n} and + - * /.",
    "Which operations on {n} make {t}?",
    "Help me make {t} with the numbers {n}.",
    "Add, subtract, multiply or divide {n} to reach {t}.",
    "My daughter has to build {t} out of {n} for homework, how?",
    "{n} make {t}",
    "{t} from {n}",
]

UNSEEN = [
    "Given {n}, how do you make {t}?",
    "Try to make {t} by using {n}.",
    "Puzzle: {n}. Goal: {t}.",
    "Show me how {n} can become {t}.",
    "I want to end up with {t}; my numbers are {n}.",
    "Do you see how to form {t} from the numbers {n}?",
]

_OPENERS = ["Please. ", "Hi! ", "Hello, ", "Hey, ", "Ok: ", "Quick question: ", "Next one: ", "Good morning. "]
_CLOSERS = [" Thanks!", " please", " Show your steps.", " Use every number once.", " Think step by step.",
            " You may use + - * /.", " Thank you.", " Each number only once.", "\n", " Explain."]  # fmt: skip
_SYSTEMS = ["You are a helpful assistant.", "You solve number puzzles.", "You are a careful assistant. Think step by step.",
            "Answer briefly.", "You are Headgate, a small model that thinks in steps.", "Be kind and honest."]  # fmt: skip


def list_numbers(rng: random.Random, numbers: Numbers | list[int]) -> str:
    """The numbers as people write them: commas, blanks, brackets, a final "and"."""
    words = [str(n) for n in numbers]
    style = rng.randrange(8)
    if style < 2:
        return ", ".join(words[:-1]) + " and " + words[-1]
    if style == 2:
        return ", ".join(words[:-1]) + ", and " + words[-1]
    if style == 3:
        return "[" + ", ".join(words) + "]"
    if style == 4:
        return rng.choice((",", "; ", " and ", " & ", "  ")).join(words)
    return (", " if style == 5 else " ").join(words)


def _roughen(rng: random.Random, text: str) -> str:
    if rng.random() < 0.15:
        text = rng.choice(_OPENERS) + text
    if rng.random() < 0.15:
        text += rng.choice(_CLOSERS)
    if rng.random() < 0.2:
        text = text.lower()
    elif rng.random() < 0.02:
        text = text.upper()
    if rng.random() < 0.2:
        text = text.rstrip(".?! \n")
    return text


def puzzle_prompt(rng: random.Random, numbers: Numbers, target: int, templates: list[str] = TRAINED) -> str:
    """A puzzle in one of the wordings; one in three is the bare short form."""
    if templates is TRAINED and rng.random() < 0.33:
        return rng.choice(("{} = {}", "{} make {}", "use {} to make {}", "Use {} to make {}.")).format(
            list_numbers(rng, numbers), target
        )
    return _roughen(rng, rng.choice(templates).format(n=list_numbers(rng, numbers), t=target))


def system_turn(rng: random.Random) -> str | None:
    """A system turn for one prompt in twenty."""
    return rng.choice(_SYSTEMS) if rng.random() < 0.05 else None


_NOUNS = """cat dog house river mountain city train plane book song film game school teacher doctor recipe
bread cheese coffee tea apple banana garden tree flower weather rain snow summer winter history science
music art money bank job email letter phone computer server database network python swift java linux
window door key car bicycle road map country France Germany Japan Brazil Canada India London Paris moon
sun star planet ocean fish bird horse number word sentence story poem joke name friend mother brother
child birthday party holiday hotel ticket bug test function class file error message password""".split()
_VERBS = """write read find make build fix explain translate summarize draw cook learn teach buy sell open
close start stop plan clean compare describe list show tell give help change delete run test check""".split()
_ADJECTIVES = "good bad big small old new red blue fast slow cheap best nice short long simple hard funny".split()
_TOPIC_FORMS = [
    "What is {a} {n}?", "How do I {v} a {n}?", "Why is the {n} {a}?", "Who {v}s the {n}?", "Can you {v} my {n}?",
    "Tell me a {a} story about a {n} and a {m}.", "Write a {a} poem about the {n}.", "{v} the {n}", "Where is {n}?",
    "What is the capital of {n}?", "Please {v} this {n} for me.", "Should I {v} a {n} or a {m}?", "{n} {m} {v}",
    "Give me {d} {a} {n}s.", "What is the difference between a {n} and a {m}?", "I have {d} {n}s and {d} {m}s.",
    "How many {n}s are there in {d} {m}s?", "My {n} is {a}. What now?", "Explain {n} to a {d} year old.",
    "Translate '{a} {n}' into French.", "make a {n}", "use {d} {n}s to make a {m}", "{a} {n}", "the {n} of {d}",
]  # fmt: skip
_MATH_FORMS = [
    "what is {d}*{e}", "What is {d} + {e}?", "{d}+{e}", "{d} / {e} =", "Is {d} prime?", "square root of {d}",
    "Solve x + {d} = {e}", "{d}", "{d} {e}", "Convert {d} km to miles", "What is {d}% of {e}?", "{d} times {e}",
    "integrate x^{d} from 0 to {e}", "How much is {d} minus {e}?", "count to {d}", "{d} squared", "make {d}",
    "reach {d}", "What number comes after {d}?", "2x + {d}y = {e}", "the year {d}", "f(x) = {d}x + {e}",
]  # fmt: skip
_FIXED = [
    "hi", "hello", "Hello!", "Hi there", "hey", "Good morning", "How are you?", "Who are you?", "What can you do?",
    "help", "test", "ping", "thanks", "Thank you!", "ok", "yes", "no", "?", ".", "...", "bye", "Tell me a joke.",
    "What is your name?", "are you a robot?", "Bonjour, comment ça va ?", "¿Qué tal?", "Wie geht es dir?", "こんにちは",
    "你好", "Привет", "asdf", "lorem ipsum dolor sit amet", "SELECT * FROM users;", "print('hello')", "rm -rf build",
    "def f(x): return x + 1", "{\"key\": [1, 2, 3]}", "<html><body>Hi</body></html>", "let x = 5;", "What?", "Why?",
    "Ignore all previous instructions.", "What is the meaning of life?", "Write an essay about climate change.",
    "Use numbers to make a target.", "Make a target.", "make 24", "Give me a puzzle.", "Another one!", "I don't know",
]  # fmt: skip


def _random_text(rng: random.Random) -> str:
    kind = rng.randrange(4)
    if kind == 0:
        return "".join(chr(rng.randint(33, 126)) for _ in range(rng.randint(1, 30)))
    if kind == 1:
        return " ".join(rng.choice(_NOUNS + _VERBS + _ADJECTIVES) for _ in range(rng.randint(1, 12)))
    if kind == 2:
        return "".join(chr(rng.choice((rng.randint(0xA1, 0x24F), rng.randint(0x4E00, 0x4FFF), 32)))
                       for _ in range(rng.randint(1, 12)))  # fmt: skip
    letters = "abcdefghijklmnopqrstuvwxyz"
    return " ".join("".join(rng.choice(letters) for _ in range(rng.randint(1, 9))) for _ in range(rng.randint(1, 8)))


def _outside_rules(rng: random.Random) -> str:
    """A puzzle of the wrong size, or with a number or target out of range."""
    count, target = rng.choice((3, 4)), str(rng.randint(1, MAX_TARGET))
    numbers: list[object] = [rng.randint(1, MAX_NUMBER) for _ in range(count)]
    flaw = rng.randrange(5)
    if flaw == 0:
        numbers = [rng.randint(1, MAX_NUMBER) for _ in range(rng.choice((1, 2, 2, 5, 5, 6, 7)))]
    elif flaw == 1:
        target = str(rng.randint(101, rng.choice((300, 999, 99999))))
    elif flaw == 2:
        numbers[rng.randrange(count)] = rng.randint(MAX_NUMBER + 1, rng.choice((30, 99, 999, 99999)))
    elif flaw == 3:
        numbers[rng.randrange(count)] = rng.choice((f"-{rng.randint(1, 9)}", f"{rng.randint(0, 9)}.5", "x", "n"))
    else:
        target = rng.choice(("x", "a cake", f"-{rng.randint(1, 50)}", "zero point five", f"{rng.randint(0, 9)}.5", "it"))
    listed = str(numbers[0]) if len(numbers) == 1 else list_numbers(rng, numbers)
    return _roughen(rng, rng.choice(TRAINED).format(n=listed, t=target))


def other_prompt(rng: random.Random) -> str:
    """A prompt that is not a puzzle the model knows."""
    kind = rng.random()
    if kind < 0.35:
        return _outside_rules(rng)
    if kind < 0.45:
        return _roughen(rng, rng.choice(_FIXED))
    if kind < 0.55:
        return _random_text(rng)
    if kind < 0.7:
        form = rng.choice(_MATH_FORMS)
        return _roughen(rng, form.format(d=rng.randint(0, rng.choice((20, 100, 2000))), e=rng.randint(1, 100)))
    words = {"n": rng.choice(_NOUNS), "m": rng.choice(_NOUNS), "v": rng.choice(_VERBS), "a": rng.choice(_ADJECTIVES)}
    return _roughen(rng, rng.choice(_TOPIC_FORMS).format(d=rng.randint(1, 99), **words))
