"""Edits a review at random until it is killed, saying before and after each edit what it does.

Run as ``python scripted_editor.py FOLDER SEED EDITS``. Prints ``plan DIGEST`` before an edit and
``done DIGEST`` after it, where the digest is of the whole review with that edit.
"""

from __future__ import annotations

import hashlib
import random
import sys
from pathlib import Path

from ecgviewer.review.annotations import (
    STATUSES,
    VERDICTS,
    Code,
    FlagOrigin,
    FlagVerdict,
    RecordKey,
    Review,
    new_id,
)
from ecgviewer.review.edits import editing
from ecgviewer.review.edits.review_json import dumps, to_json
from ecgviewer.review.edits.store import ReviewStore

RECORD = RecordKey("ab" * 32, "demo", 500.0, 30_000, ("I", "II", "III", "aVR", "V1", "V2"))
AUTHOR = "Dr. Ünal"
KINDS = ["add", "add", "add", "move", "leads", "relabel", "note", "split", "merge", "delete"]
KINDS += ["judge", "judge", "judge all", "state"]
LABELS = ("AFIB", "PVC", "ST elevation", 'note "quoted"\t☃')


def digest(review: Review) -> str:
    return hashlib.sha256(dumps(to_json(review)).encode()).hexdigest()


def random_edit(review: Review, rng: random.Random) -> editing.Edit:
    """Return some edit that fits the review, of every kind there is."""
    items = review.annotations
    kind = rng.choice(KINDS)
    one = rng.choice(items) if items else None
    start = rng.uniform(0, 50)
    if kind == "judge":
        return random_verdict(review, rng)
    if kind == "judge all":
        return random_group_verdict(review, rng)
    if kind == "state":
        return editing.set_state(review, rng.choice(STATUSES), rng.choice(("", "normal", "unsure")))
    if kind == "add" or one is None:
        leads = rng.sample(RECORD.leads, rng.randint(0, 3))
        made = editing.make(
            review, start, start + rng.uniform(0, 9), leads, rng.choice(LABELS),
            (Code("SNOMED CT", str(rng.randint(1, 10**9))),), "é\n" * rng.randint(0, 3),
        )  # fmt: skip
        return editing.add(review, [made])
    if kind == "move":
        return editing.move_edges(review, one.id, start, start + 1.5)
    if kind == "leads":
        return editing.set_leads(review, one.id, rng.sample(RECORD.leads, 2))
    if kind == "note":
        return editing.set_note(review, one.id, f"note {rng.random()}")
    if kind == "split" and one.duration_s > 0.01:
        return editing.split(review, one.id, one.start_s + one.duration_s * 0.37)
    if kind == "merge":
        same = [item.id for item in items if item.label == one.label]
        if len(same) > 1:
            return editing.merge(review, same[:3])
    if kind == "delete":
        return editing.delete(review, [one.id])
    return editing.relabel(review, one.id, rng.choice(LABELS))


def random_verdict(review: Review, rng: random.Random) -> editing.Edit:
    previous = rng.choice(review.verdicts) if review.verdicts and rng.random() < 0.5 else None
    if previous is not None and rng.random() < 0.4:
        return editing.judge(review, None, previous)
    said = random_judgement(review, rng, rng.choice(VERDICTS), previous)
    return editing.judge(review, said.verdict, said.previous, said.annotation)


def random_group_verdict(review: Review, rng: random.Random) -> editing.Edit:
    """Return one verdict on up to thirty flags, a few of them judged before."""
    verdict, judged = rng.choice(VERDICTS), list(review.verdicts)
    rng.shuffle(judged)
    previous = [*judged[: rng.randint(0, 5)], *[None] * rng.randint(1, 25)]
    said = [random_judgement(review, rng, verdict, before) for before in previous]
    return editing.judge_all(review, said)


def random_judgement(
    review: Review, rng: random.Random, verdict: str, previous: FlagVerdict | None
) -> editing.Judgement:
    origin = FlagOrigin("cae", "cd" * 32, rng.uniform(1, 9), rng.random())
    start = rng.uniform(0, 50) if previous is None else previous.start_s
    annotation = None
    if verdict == "accepted":
        annotation = editing.make(review, start, start + 1, ["II"], "PVC")
    return editing.Judgement(
        FlagVerdict(
            new_id(), verdict, start, start + 1, ("II",), "residual", origin, review.author, "",
            annotation.id if annotation is not None else "",
        ),
        previous,
        annotation,
    )  # fmt: skip


def main(folder: Path, seed: int, edits: int) -> None:
    rng = random.Random(seed)
    session = ReviewStore(folder).open(RECORD, AUTHOR)
    session.save_every = 7
    for _ in range(edits):
        choice = rng.random()
        planned = None
        if choice < 0.2:
            planned = session.history.next_undo()
        elif choice < 0.3:
            planned = session.history.next_redo()
        if planned is None:
            planned, act = random_edit(session.review, rng), "do"
        else:
            act = "undo" if choice < 0.2 else "redo"
        print("plan", digest(editing.apply(session.review, planned)), flush=True)
        if act == "do":
            session.do(planned)
        elif act == "undo":
            session.undo()
        else:
            session.redo()
        assert session.problem is None, session.problem
        print("done", digest(session.review), flush=True)
    session.close()
    print("closed", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
