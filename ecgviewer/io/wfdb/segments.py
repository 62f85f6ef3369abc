"""Multi-segment WFDB records: fixed and variable layouts, and the plain record as one segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ecgviewer.core.errors import CorruptFileError, UnsupportedFormatError
from ecgviewer.core.leads import canonical_lead
from ecgviewer.core.record.recording import Note
from ecgviewer.io.file_access import beside
from ecgviewer.io.statements.start_text import ReadStart
from ecgviewer.io.wfdb.header import Header, SignalSpec, read_header
from ecgviewer.io.wfdb.source import SegmentSignals

GAP = "~"


@dataclass(frozen=True, slots=True)
class SegmentSpan:
    """Frames ``[start, stop)`` of the record come from the start of ``segment``.

    ``positions[k]`` is where the segment has signal ``k`` of the record, None where it lacks it.
    """

    start: int
    stop: int
    segment: SegmentSignals
    positions: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class SegmentLayout:
    """A record as a row of parts.

    Attributes
    ----------
    signals : tuple of SignalSpec
        Of the whole record.
    parts : tuple of Part
        In time order; what lies between them is missing.
    n_frames : int
    files : tuple of Path
        Headers and signal files, for the content hash.
    comments : tuple of str
    start : ReadStart
        Of the record, or of its first segment where that alone says it.
    format_text : str
        For the user.
    notes : tuple of Note
    """

    signals: tuple[SignalSpec, ...]
    parts: tuple[SegmentSpan, ...]
    n_frames: int
    files: tuple[Path, ...]
    comments: tuple[str, ...]
    start: ReadStart
    format_text: str
    notes: tuple[Note, ...] = ()

    def segments(self) -> tuple[SegmentSpan, ...]:
        """Return the first part of each segment; a segment may be repeated."""
        first: dict[int, SegmentSpan] = {}
        for part in self.parts:
            first.setdefault(id(part.segment), part)
        return tuple(first.values())

    def specs(self) -> list[tuple[SignalSpec, ...]]:
        """Return what is said of each signal by the segments that have it, each segment once.

        The samples are in the units of their segment, whatever the record's own header says:
        that counts only for a signal that no segment has.
        """
        found: list[list[SignalSpec]] = [[] for _ in self.signals]
        for part in self.segments():
            signals = part.segment.header.signals
            for specs, k in zip(found, part.positions, strict=True):
                if k is not None:
                    specs.append(signals[k])
        return [tuple(specs) or (own,) for specs, own in zip(found, self.signals, strict=True)]


def load_layout(header: Header) -> SegmentLayout:
    """Open every signal file of a record and check that the parts fit together.

    Raises
    ------
    RecordError
        When a segment is missing, shorter than promised, itself made of segments, or has
        other signals than the fixed layout demands: in number or by name.
    """
    if header.segments:
        return _multi_segment(header)
    if not header.signals:
        raise UnsupportedFormatError("holds no signals (annotations only)", header.path)
    segment = SegmentSignals(header)
    return SegmentLayout(
        signals=header.signals,
        parts=(SegmentSpan(0, segment.n_frames, segment, tuple(range(len(header.signals)))),),
        n_frames=segment.n_frames,
        files=(header.path, *(file.path for file in segment.files)),
        comments=header.comments,
        start=header.start,
        format_text=f"WFDB ({_formats([header])})",
    )


def _multi_segment(header: Header) -> SegmentLayout:
    specs = list(header.segments)
    files = [header.path]
    template: Header | None = None
    if specs[0].n_frames == 0 and specs[0].name != GAP:
        template = _segment_header(header, specs.pop(0).name)
        files.append(template.path)
    parts: list[SegmentSpan] = []
    loaded: dict[Path, tuple[SegmentSignals, tuple[int | None, ...]]] = {}
    record = template
    at = 0
    for spec in specs:
        if spec.name != GAP and spec.n_frames > 0:
            # By path: "a" and "./a" are one file, and not to be read a thousand times.
            path = _segment_path(header, spec.name)
            if path not in loaded:
                segment = SegmentSignals(_segment_header(header, spec.name))
                _check_signals(header, segment.header, template)
                record = record or segment.header
                positions = _positions(record, segment.header, by_name=template is not None)
                loaded[path] = segment, positions
                files += [segment.header.path, *(file.path for file in segment.files)]
            segment, positions = loaded[path]
            _check_length(segment, spec.n_frames)
            parts.append(SegmentSpan(at, at + spec.n_frames, segment, positions))
        at += spec.n_frames
    if record is None or not parts:
        raise CorruptFileError("holds no segment with samples", header.path)
    if header.n_frames is not None and header.n_frames != at:
        raise CorruptFileError(
            f"the header promises {header.n_frames} samples, its segments hold {at}", header.path
        )
    first = parts[0].segment.header
    headers = [segment.header for segment, _ in loaded.values()]
    comments = dict.fromkeys(
        comment
        for one in (header, *([template] if template else []), first)
        for comment in one.comments
    )
    return SegmentLayout(
        signals=record.signals,
        parts=tuple(parts),
        n_frames=at,
        files=tuple(files),
        comments=tuple(comments),
        start=first.start if header.start == ReadStart() and parts[0].start == 0 else header.start,
        format_text=f"WFDB ({_formats(headers)}, {len(specs)} segments)",
        notes=_order_notes(parts) if template is None else (),
    )


def _segment_path(header: Header, name: str) -> Path:
    return beside(header.path, f"{name}.hea")


def _segment_header(header: Header, name: str) -> Header:
    segment = read_header(_segment_path(header, name))
    if segment.segments:
        raise CorruptFileError(
            f"segment {name!r} consists of segments itself: refused", header.path
        )
    if not segment.signals:
        raise CorruptFileError(f"segment {name!r} has no signals", header.path)
    return segment


def _check_length(segment: SegmentSignals, n_frames: int) -> None:
    if segment.n_frames < n_frames:
        raise CorruptFileError(
            f"holds {segment.n_frames} of the {n_frames} samples that the record promises",
            segment.header.path,
        )


def _check_signals(header: Header, part: Header, template: Header | None) -> None:
    if header.fs_hz and part.fs_hz and header.fs_hz != part.fs_hz:
        raise CorruptFileError(
            f"is sampled at {part.fs_hz:g} Hz, its record at {header.fs_hz:g} Hz", part.path
        )
    if template is None and len(part.signals) != header.n_signals:
        raise CorruptFileError(
            f"has {len(part.signals)} signals, its record {header.n_signals}", part.path
        )


def _positions(record: Header, part: Header, by_name: bool) -> tuple[int | None, ...]:
    """Return where a segment has each signal of the record.

    In a variable layout by name; in a fixed one in the record's order, unless the segment names
    the same signals in another.
    """
    wanted, found = ([spec.name for spec in one.signals] for one in (record, part))
    if by_name:
        return _matched(wanted, found)
    wanted, found = ([canonical_lead(name) or name for name in one] for one in (wanted, found))
    other = [f"{b} for {a}" for a, b in zip(wanted, found, strict=True) if a and b and a != b]
    if not other:
        return tuple(range(len(wanted)))
    positions = _matched(wanted, found)
    if None in positions:
        raise CorruptFileError(
            f"has other signals than the record's first segment ({', '.join(other[:3])})",
            part.path,
        )
    return positions


def _matched(wanted: Sequence[str], found: Sequence[str]) -> tuple[int | None, ...]:
    """Return where each name is found; of names that are given twice, the second is the second."""
    places: dict[str, list[int]] = {}
    for k in reversed(range(len(found))):
        places.setdefault(found[k], []).append(k)
    return tuple(places[name].pop() if places.get(name) else None for name in wanted)


def _order_notes(parts: Sequence[SegmentSpan]) -> tuple[Note, ...]:
    """Say which segments of a fixed layout have the signals in an order of their own."""
    names = dict.fromkeys(
        part.segment.header.path.stem
        for part in parts
        if part.positions != tuple(range(len(part.positions)))
    )
    if not names:
        return ()
    listed = ", ".join(list(names)[:3]) + (" ..." if len(names) > 3 else "")
    noun = "segment" if len(names) == 1 else f"{len(names)} segments"
    return (Note("assumed", f"signals in another order in {noun} {listed}: taken by their names"),)


def _formats(headers: Sequence[Header]) -> str:
    formats = dict.fromkeys(spec.fmt for header in headers for spec in header.signals)
    return ", ".join(formats)
