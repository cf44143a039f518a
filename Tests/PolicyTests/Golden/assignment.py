"""Known answers of the assignment, computed without the gateway's code: python3 assignment.py > assignment.json"""

import hashlib
import json
import math


def draw(salt, arm, subject):
    digest = hashlib.sha256(b"\0".join(part.encode() for part in (salt, arm, subject))).digest()
    x = int.from_bytes(digest[:8], "big")
    return digest[:8].hex(), ((x >> 12) + 0.5) / 2**52


def assign(salt, shares, subject):
    scores = {
        arm: -math.log(draw(salt, arm, subject)[1]) / (share / 10_000) for arm, share in shares.items()
    }
    return min(sorted(scores), key=scores.get)


def bucket(salt, subject):
    return int.from_bytes(bytes.fromhex(draw(salt, "match:traffic", subject)[0]), "big") % 10_000


SPLITS = [
    ("effort-2026-11", {"low": 9000, "medium": 1000}),
    ("effort-2026-11", {"low": 5000, "medium": 5000}),
    ("three-way-test-1", {"low": 3334, "medium": 3333, "high": 3333}),
    ("selé-日本", {"a": 1, "b": 9999}),
    ("s", {"only": 10000}),
    ("five", {"a1": 2000, "a2": 500, "a3": 1500, "a4": 4000, "a5": 2000}),
]
SUBJECTS = [
    "user-1", "user-2", "user-3", "user-12", "user-21", "user-42", "alice@example.com", "",
    "ümlaut", "😀", "a b\tc", "x" * 300,
]

assignments = []
for salt, shares in SPLITS:
    for subject in SUBJECTS:
        draws = {arm: draw(salt, arm, subject) for arm in sorted(shares)}
        assignments.append({
            "salt": salt,
            "shares": shares,
            "subject": subject,
            "draws": {arm: {"digest": digest, "fraction": repr(u)} for arm, (digest, u) in draws.items()},
            "arm": assign(salt, shares, subject),
        })

print(json.dumps({
    "about": "fraction = (first 8 digest bytes as a big-endian integer >> 12, plus 0.5) / 2^52; the arm with "
    "the smallest -ln(fraction) / share wins; shares are in basis points",
    "assignments": assignments,
    "aboutTraffic": "bucket = the first 8 bytes of SHA-256(salt, 0, match:traffic, 0, subject) as a big-endian integer "
    "modulo 10000; a policy with match.traffic takes the subjects whose bucket is below it in basis points",
    "traffic": [
        {"salt": salt, "subject": subject, "bucket": bucket(salt, subject)}
        for salt in dict.fromkeys(salt for salt, _ in SPLITS) for subject in SUBJECTS
    ],
    "subjectDigests": {
        subject: hashlib.sha256(b"headgate-subject\0" + subject.encode()).hexdigest()[:32]
        for subject in SUBJECTS
    },
}, indent=1, ensure_ascii=False))
