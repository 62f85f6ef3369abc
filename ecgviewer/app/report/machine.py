"""What the recording machine concluded, as it stands in a report that was asked to say it."""

from __future__ import annotations

from collections.abc import Callable

from ecgviewer.core.record.source_facts import SourceFacts


def machine_title(facts: SourceFacts) -> str:
    """Return the heading, which says whose words these are and whether anybody confirmed them."""
    known = facts.confirmed_text() or "not said if confirmed"
    return f"Recording machine ({known})"


def machine_texts(facts: SourceFacts, scrub: Callable[[str], str]) -> tuple[str, ...]:
    """Return its statements in the file's order and language, then its measurements in one text.

    Parameters
    ----------
    scrub : callable
        Takes out what the report must not tell of the patient.
    """
    texts = [f"Confirmed: {words}" for words in facts.confirmed_statements]
    texts += [words for words in facts.statements if words not in facts.confirmed_statements]
    if facts.measurements:
        texts.append("; ".join(item.text() for item in facts.measurements))
    return tuple(scrub(words) for words in texts)
