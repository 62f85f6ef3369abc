"""Annotation files found beside a record, as a layer to look at: beats, waves, rhythm, episodes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.leads import canonical_lead
from ecgviewer.core.recording import Recording
from ecgviewer.review.annotations import Annotation
from ecgviewer.review.exports.export_files import read_bounded
from ecgviewer.review.exports.wfdb_codec import Mark, decode
from ecgviewer.review.exports.wfdb_export import ANNOTATOR, import_wfdb

MAX_BYTES = 64 * 1024 * 1024
# Signals, tables, pictures and this program's own files.
_NOT_ANNOTATIONS = frozenset(
    {"hea", "dat", "mat", "xws", "md", "txt", "csv", "json", "pdf", "png", "jpg", "h5", "hdf5"}
    | {"hdf", "edf", "zip", "gz", "xml", "flac", "py", "lock", "journal", "npz", "npy", "log"}
    | {"html", "bak"}
)
_BEATS = {
    "N": "Normal beat", "L": "LBBB beat", "R": "RBBB beat", "a": "Aberrated atrial premature beat",
    "V": "Ventricular premature beat", "F": "Fusion beat", "J": "Junctional premature beat",
    "A": "Atrial premature beat", "S": "Supraventricular premature beat",
    "E": "Ventricular escape beat", "j": "Junctional escape beat", "/": "Paced beat",
    "Q": "Unclassifiable beat", "B": "Bundle branch block beat", "e": "Atrial escape beat",
    "n": "Supraventricular escape beat", "x": "Blocked atrial beat", "f": "Paced fusion beat",
    "r": "R-on-T ventricular beat", "?": "Beat (learning)",
}  # fmt: skip
_POINTS = {
    "|": "Artefact", "^": "Pacing spike", "s": "ST change", "T": "T-wave change",
    "!": "Flutter wave",
    "[": "Ventricular flutter begins", "]": "Ventricular flutter ends", "=": "Measurement",
    "@": "Link", "*": "Systole", "D": "Diastole",
}  # fmt: skip
_WAVES = {"p": "P wave", "t": "T wave", "u": "U wave"}


@dataclass(frozen=True, slots=True)
class Layer:
    """What one annotator marked. ``problem`` says why it could not be read, else it is empty."""

    annotator: str
    annotations: tuple[Annotation, ...]
    problem: str = ""


def find_annotators(recording: Recording) -> list[str]:
    """Return the annotators (file extensions) beside a WFDB record, in alphabetical order."""
    if recording.path.suffix.lower() != ".hea":
        return []
    try:
        siblings = list(recording.path.parent.glob(f"{_literal(recording.path.stem)}.*"))
    except OSError:
        return []
    return sorted(
        path.suffix[1:]
        for path in siblings
        if path.stem == recording.path.stem
        and re.fullmatch(r"\.[A-Za-z][A-Za-z0-9_-]*", path.suffix)
        and path.suffix[1:].lower() not in _NOT_ANNOTATIONS
        and path.is_file()
    )


def read_layer(recording: Recording, annotator: str) -> Layer:
    """Read one annotator's file; what is wrong with it is said in the layer, not raised."""
    path = recording.path.with_suffix(f".{annotator}")
    try:
        if annotator.startswith(ANNOTATOR):
            return Layer(annotator, import_wfdb(path).annotations)
        marks, fs_hz = decode(read_bounded(path, MAX_BYTES))
    except EcgViewerError as error:
        return Layer(annotator, (), error.reason)
    lead = canonical_lead(annotator)
    leads = tuple(name for name in recording.leads if lead and canonical_lead(name) == lead)
    found = _interpret(marks, fs_hz or recording.fs_hz, annotator, leads, recording.duration_s)
    return Layer(annotator, tuple(sorted(found, key=lambda item: (item.start_s, item.end_s))))


def _interpret(
    marks: Sequence[Mark], fs_hz: float, annotator: str, leads: tuple[str, ...], duration_s: float
) -> Iterator[Annotation]:
    """Turn marks into spans; a mark beyond the end of the record is left out."""
    end = round(duration_s * fs_hz)
    inside = sorted((mark for mark in marks if 0 <= mark.sample <= end), key=lambda m: m.sample)
    for number, (start, stop, label, note) in enumerate(_spans(inside, end)):
        yield Annotation(
            f"{re.sub('[^A-Za-z0-9]', '', annotator)}{number}",
            start / fs_hz,
            max(stop, start) / fs_hz,
            leads,
            label,
            note=note,
            author=annotator,
        )


def _spans(marks: Sequence[Mark], end: int) -> Iterator[tuple[int, int, str, str]]:
    rhythm: Mark | None = None
    onset: dict[int, Mark] = {}
    inside: dict[int, str] = {}
    for mark in marks:
        if mark.symbol == "+":
            if rhythm is not None:
                yield rhythm.sample, mark.sample, _rhythm(rhythm), ""
            rhythm = mark
        elif mark.symbol == "(":
            onset[mark.chan] = mark
            inside.pop(mark.chan, None)
        elif mark.symbol == ")":
            first = onset.pop(mark.chan, None)
            if first is not None:
                label = inside.pop(mark.chan, "") or first.aux or "Wave"
                yield first.sample, mark.sample, label, ""
        elif mark.symbol in _WAVES or mark.symbol in _BEATS:
            label = _WAVES.get(mark.symbol) or _BEATS[mark.symbol]
            if mark.chan in onset:
                inside[mark.chan] = "QRS" if mark.symbol == "N" else label
            else:
                yield mark.sample, mark.sample, label, mark.aux
        elif mark.symbol == "~":
            yield mark.sample, mark.sample, "Signal quality", mark.aux
        elif mark.symbol == '"':
            yield mark.sample, mark.sample, mark.aux[:80] or "Comment", mark.aux
        else:
            yield mark.sample, mark.sample, _POINTS.get(mark.symbol, mark.symbol), mark.aux
    if rhythm is not None:
        yield rhythm.sample, end, _rhythm(rhythm), ""


_RHYTHMS = {
    "N": "Sinus rhythm", "AFIB": "Atrial fibrillation", "AFL": "Atrial flutter",
    "AB": "Atrial bigeminy", "B": "Ventricular bigeminy", "T": "Ventricular trigeminy",
    "BII": "2nd degree AV block", "IVR": "Idioventricular rhythm", "NOD": "Junctional rhythm",
    "P": "Paced rhythm", "PREX": "Pre-excitation", "SBR": "Sinus bradycardia",
    "SVTA": "Supraventricular tachycardia", "VFL": "Ventricular flutter",
    "VT": "Ventricular tachycardia", "VF": "Ventricular fibrillation",
}  # fmt: skip


def _rhythm(mark: Mark) -> str:
    name = mark.aux.strip().removeprefix("(")
    return _RHYTHMS.get(name, name or "Rhythm")


def _literal(stem: str) -> str:
    return re.sub(r"([\[\]*?])", r"[\1]", stem)
