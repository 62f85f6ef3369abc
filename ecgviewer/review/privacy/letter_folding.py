"""Texts compared as a reader compares them: without case, accents and ways to write an umlaut."""

from __future__ import annotations

import re
import unicodedata

_PLAIN = str.maketrans("łŁøØđĐıßþð", "lLoOdDistd")
_SPELLINGS = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"), ("ss", "s"))


def fold(text: str) -> str:
    """Return a text of the same length in lower case, without accents."""
    return "".join(_base(letter) for letter in text.translate(_PLAIN))


def sounds(word: str) -> str:
    """Return what different spellings of a name have in common: Müller, MUELLER, Muller."""
    word = fold(word)
    for long, short in _SPELLINGS:
        word = word.replace(long, short)
    return word


def loosely(text: str) -> str:
    """Return a pattern for a folded text, whatever stands between its words: blanks, ``_`` ..."""
    words = [re.escape(word) for word in re.split(r"[\W_]+", fold(text)) if word]
    return r"[\W_]*".join(words) if words else re.escape(text)


def _base(letter: str) -> str:
    low = letter.lower()
    base = unicodedata.normalize("NFKD", low)[:1]
    return base if len(low) == 1 else letter
