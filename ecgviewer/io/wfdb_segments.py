"""Multi-segment WFDB records: fixed and variable layouts, and the plain record as one segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ecgviewer.core.errors import CorruptFileError, UnsupportedFormatError
from ecgviewer.io.fileaccess import beside
from ecgviewer.io.wfdb_header import Header, SignalSpec, read_header
from ecgviewer.io.wfdb_source import SegmentSignals

GAP = "~"


@dataclass(frozen=True, slots=True)
class Part:
    """Frames ``[start, stop)`` of the record come from the start of ``segment``."""

    start: int
    stop: int
    segment: SegmentSignals


@dataclass(frozen=True, slots=True)
class Layout:
    """A record as a row of parts.

    Attributes
    ----------
    signals : tuple of SignalSpec
        Of the whole record.
    parts : tuple of Part
        In time order; what lies between them is missing.
    n_frames : int
    by_name : bool
        Signals of a part are found by name (variable layout) rather than by position.
    files : tuple of Path
        Headers and signal files, for the content hash.
    comments : tuple of str
    format_text : str
        For the user.
    """

    signals: tuple[SignalSpec, ...]
    parts: tuple[Part, ...]
    n_frames: int
    by_name: bool
    files: tuple[Path, ...]
    comments: tuple[str, ...]
    format_text: str

    def position(self, signal: int, part: Part) -> int | None:
        """Return where a part has this signal of the record, None where it lacks it."""
        if not self.by_name:
            return signal
        names = [spec.name for spec in part.segment.header.signals]
        name = self.signals[signal].name
        return names.index(name) if name in names else None


def load_layout(header: Header) -> Layout:
    """Open every signal file of a record and check that the parts fit together.

    Raises
    ------
    RecordError
        When a segment is missing, shorter than promised, itself made of segments, or has
        other signals than the fixed layout demands.
    """
    if header.segments:
        return _multi_segment(header)
    if not header.signals:
        raise UnsupportedFormatError("holds no signals (annotations only)", header.path)
    segment = SegmentSignals(header)
    return Layout(
        signals=header.signals,
        parts=(Part(0, segment.n_frames, segment),),
        n_frames=segment.n_frames,
        by_name=False,
        files=(header.path, *(file.path for file in segment.files)),
        comments=header.comments,
        format_text=f"WFDB ({_formats([header])})",
    )


def _multi_segment(header: Header) -> Layout:
    specs = list(header.segments)
    files = [header.path]
    template: Header | None = None
    if specs[0].n_frames == 0 and specs[0].name != GAP:
        template = _segment_header(header, specs.pop(0).name)
        files.append(template.path)
    parts: list[Part] = []
    loaded: dict[Path, SegmentSignals] = {}
    at = 0
    for spec in specs:
        if spec.name != GAP and spec.n_frames > 0:
            # By path: "a" and "./a" are one file, and not to be read a thousand times.
            path = _segment_path(header, spec.name)
            segment = loaded.get(path)
            if segment is None:
                segment = SegmentSignals(_segment_header(header, spec.name))
                loaded[path] = segment
                files += [segment.header.path, *(file.path for file in segment.files)]
            _check_segment(header, segment, spec.n_frames, template)
            parts.append(Part(at, at + spec.n_frames, segment))
        at += spec.n_frames
    if not parts:
        raise CorruptFileError("holds no segment with samples", header.path)
    if header.n_frames is not None and header.n_frames != at:
        raise CorruptFileError(
            f"the header promises {header.n_frames} samples, its segments hold {at}", header.path
        )
    first = parts[0].segment.header
    headers = [segment.header for segment in loaded.values()]
    comments = dict.fromkeys(
        comment
        for one in (header, *([template] if template else []), first)
        for comment in one.comments
    )
    return Layout(
        signals=template.signals if template else first.signals,
        parts=tuple(parts),
        n_frames=at,
        by_name=template is not None,
        files=tuple(files),
        comments=tuple(comments),
        format_text=f"WFDB ({_formats(headers)}, {len(specs)} segments)",
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


def _check_segment(
    header: Header, segment: SegmentSignals, n_frames: int, template: Header | None
) -> None:
    part = segment.header
    if segment.n_frames < n_frames:
        raise CorruptFileError(
            f"holds {segment.n_frames} of the {n_frames} samples that the record promises",
            part.path,
        )
    if header.fs_hz and part.fs_hz and header.fs_hz != part.fs_hz:
        raise CorruptFileError(
            f"is sampled at {part.fs_hz:g} Hz, its record at {header.fs_hz:g} Hz", part.path
        )
    if template is None and len(part.signals) != header.n_signals:
        raise CorruptFileError(
            f"has {len(part.signals)} signals, its record {header.n_signals}", part.path
        )


def _formats(headers: Sequence[Header]) -> str:
    formats = dict.fromkeys(spec.fmt for header in headers for spec in header.signals)
    return ", ".join(formats)
