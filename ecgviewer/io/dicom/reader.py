"""DICOM waveforms to recordings: which groups are one record, which others, which the median."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ecgviewer.core.errors import CorruptFileError, RecordError, UnsupportedFormatError
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Note, Recording
from ecgviewer.core.record.source_facts import MedianBeats, SourceFacts
from ecgviewer.io.dicom.elements import Walked, walk
from ecgviewer.io.dicom.facts import device_of, patient_of, said_by_machine, start_of
from ecgviewer.io.dicom.groups import Channel, Group, groups_of, is_median, to_mv
from ecgviewer.io.file_access import FileStamp, missing
from ecgviewer.io.file_source import Contents, given_rate_notes, one_of_many, recording_of
from ecgviewer.io.statements.checks import check_scale, unused_unit_notes
from ecgviewer.io.statements.units import mv_per_unit

FloatArray = npt.NDArray[np.float32]

_WAVEFORMS = "1.2.840.10008.5.1.4.1.1.9."
_PDF = "1.2.840.10008.5.1.4.1.1.104."


def open_dicom(ref: RecordRef) -> Recording:
    """Open a record of a DICOM waveform file.

    Raises
    ------
    RecordError
        Naming the reason: also for images, documents, and waveforms that are no ECG.
    """
    stamp = FileStamp.of(ref.path)
    try:
        opened = _Opened(ref.path)
        index, notes = one_of_many(ref, len(opened.records))
        contents = opened.contents(index, ref)
    except RecordError:
        raise
    except Exception as error:
        # Whatever damage makes of values; not its words, which quote them.
        raise CorruptFileError(
            "is a damaged DICOM file: a value makes no sense", ref.path
        ) from error
    return recording_of(ref, stamp, replace(contents, notes=(*notes, *contents.notes)))


def count_dicom(path: Path) -> int:
    """Return how many records the groups of a file make; raises as :func:`open_dicom`."""
    try:
        return len(_Opened(path).records)
    except RecordError:
        raise
    except Exception as error:
        raise CorruptFileError("is a damaged DICOM file: a value makes no sense", path) from error


class _Opened:
    """A file, taken apart.

    Attributes
    ----------
    records : list of list of Group
        Groups with different leads at one rate make one record; leads that come again begin
        another.
    medians : list of Group
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._walked = walk(path)
        self.dataset = parse(self._walked.rest, path)
        _check_kind(self.dataset, path)
        groups = groups_of(self.dataset, self._walked.places, self._walked.big_endian, path)
        groups = [group for group in groups if _of_voltages(group)]
        for group in groups:
            for one in group.channels:
                check_scale(one.scale, one.shift, one.name, path)
        self.medians = [group for group in groups if is_median(group, groups)]
        self.records: list[list[Group]] = []
        for group in groups:
            if group in self.medians:
                continue
            last = self.records[-1] if self.records else None
            named = {lead for one in last or () for lead in one.leads}
            if last is None or last[0].fs_hz != group.fs_hz or named & set(group.leads):
                self.records.append([group])
            else:
                last.append(group)
        if not self.records:
            raise UnsupportedFormatError("is a DICOM waveform without any ECG", path)

    def contents(self, index: int, ref: RecordRef) -> Contents:
        """Return one record as a reader found it."""
        groups = self.records[index]
        fs_hz = groups[0].fs_hz
        first_s = min(group.offset_s or 0.0 for group in groups)
        starts = [round(((group.offset_s or 0.0) - first_s) * fs_hz) for group in groups]
        n_samples = max(at + group.n_samples for at, group in zip(starts, groups, strict=True))
        start, notes = start_of(self.dataset)
        notes += _group_notes(groups, starts, self._walked)
        channels = [one for group in groups for one in group.channels]
        channels, known, unit_notes = _with_units(channels, ref)
        statements, measurements, n_marks = said_by_machine(self.dataset)
        if n_marks:
            notes.append(Note("info", f"{n_marks} wave positions of the machine are not shown"))
        lacking = [f"{one.name} (code says {one.disputed})" for one in channels if one.disputed]
        if lacking:
            notes.append(Note("warning", f"name and code of leads differ: {', '.join(lacking)}"))
        return Contents(
            format="DICOM waveform",
            names=tuple(one.name for one in channels),
            fs_hz=fs_hz,
            n_samples=n_samples,
            read=_DicomRanges(self._path, self._walked.inflated, groups, starts, channels).read,
            units_known=known,
            alone=len(self.records) == 1,
            start=start.later(first_s),
            patient=patient_of(self.dataset),
            facts=SourceFacts(
                device=device_of(self.dataset),
                highpass_hz=_shared(one.highpass_hz for one in channels),
                lowpass_hz=_shared(one.lowpass_hz for one in channels),
                mains_hz=_shared(one.mains_hz for one in channels),
                statements=statements,
                measurements=measurements,
                median=self._median(groups) if known else None,
            ),
            notes=(*notes, *unit_notes, *given_rate_notes(fs_hz, ref.options)),
        )

    def _median(self, groups: Sequence[Group]) -> MedianBeats | None:
        """Return the first median beat of the leads of a record."""
        leads = {lead for group in groups for lead in group.leads}
        for group in self.medians:
            if set(group.leads) <= leads and all(one.has_unit for one in group.channels):
                reader = _DicomRanges(
                    self._path, self._walked.inflated, [group], [0], group.channels
                )
                samples = reader.read(0, group.n_samples, range(len(group.channels)))
                return MedianBeats(group.leads, group.fs_hz, samples)
        return None


@dataclass(frozen=True)
class _DicomRanges:
    """Reads ranges of the groups of one record."""

    path: Path
    inflated: bytes
    groups: Sequence[Group]
    starts: Sequence[int]
    channels: Sequence[Channel]

    def read(self, start: int, stop: int, leads: Sequence[int]) -> FloatArray:
        """Return samples ``[start, stop)``; NaN where a group has not begun or has ended."""
        out = np.full((len(leads), stop - start), np.nan, dtype=np.float32)
        before = 0
        for group, at in zip(self.groups, self.starts, strict=True):
            rows = [k for k, lead in enumerate(leads) if 0 <= lead - before < group.n_stored]
            low, high = max(start, at), min(stop, at + group.n_samples)
            if rows and low < high:
                columns = [leads[k] - before for k in rows]
                stored = self._stored(group, low - at, high - at)[:, columns]
                channels = tuple(self.channels[leads[k]] for k in rows)
                out[rows, low - start : high - start] = to_mv(stored, channels, group.padding)
            before += group.n_stored
        return out

    def _stored(self, group: Group, first: int, last: int) -> npt.NDArray[Any]:
        width = group.n_stored * group.dtype.itemsize
        offset, size = group.place.offset + first * width, (last - first) * width
        if self.inflated:
            data = self.inflated[offset : offset + size]
        else:
            try:
                with self.path.open("rb") as file:
                    file.seek(offset)
                    data = file.read(size)
            except OSError as error:
                raise missing(self.path, error) from error
        if len(data) < size:
            raise CorruptFileError("is shorter than when it was opened", self.path)
        return np.frombuffer(data, group.dtype).reshape(last - first, group.n_stored)


def _of_voltages(group: Group) -> bool:
    """Return whether any channel of a group can be an ECG's."""
    return any(not one.unit or mv_per_unit(one.unit) is not None for one in group.channels)


def parse(rest: bytes, path: Path) -> Any:
    """Return the data set of a file walked before; raises CorruptFileError."""
    import pydicom

    # Its warnings and log lines quote values, which may be names.
    logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return pydicom.dcmread(io.BytesIO(rest), force=True)
        except Exception as error:
            raise CorruptFileError("is a damaged DICOM file", path) from error


def _check_kind(dataset: Any, path: Path) -> None:
    """Raise UnsupportedFormatError for what is DICOM and no waveform."""
    if dataset.get("WaveformSequence"):
        return
    kind = str(dataset.get("SOPClassUID") or "")
    if kind.startswith(_WAVEFORMS):
        raise CorruptFileError("is a DICOM waveform without samples", path)
    if kind.startswith(_PDF):
        raise UnsupportedFormatError("is a document in DICOM (PDF): it holds no samples", path)
    if dataset.get("Rows") is not None or dataset.get("NumberOfFrames") is not None:
        raise UnsupportedFormatError("is a DICOM image without waveforms", path)
    raise UnsupportedFormatError("is a DICOM file without waveforms", path)


def _with_units(channels: list[Channel], ref: RecordRef) -> tuple[list[Channel], bool, list[Note]]:
    """Return the channels with what the user said of the unit, whether all are known, notes."""
    given = ref.options.units
    if given is not None and mv_per_unit(given) is None:
        raise UnsupportedFormatError(f"{given!r} is no unit of voltage", ref.path)
    asked = [one.name for one in channels if not one.has_unit]
    if not asked:
        notes = unused_unit_notes([one.unit for one in channels], given) if given else []
        return channels, True, notes
    if given is None:
        text = (
            f"amplitudes are not calibrated: the file gives no sensitivity for "
            f"{', '.join(asked)}; the unit can be given"
        )
        return channels, False, [Note("warning", text, "units")]
    factor = mv_per_unit(given) or 1.0
    scaled = [
        one if one.has_unit else replace(one, scale=one.scale * factor, shift=one.shift * factor)
        for one in channels
    ]
    return scaled, True, [Note("assumed", f"unit {given} as given for {', '.join(asked)}", "units")]


def _group_notes(groups: Sequence[Group], starts: Sequence[int], walked: Walked) -> list[Note]:
    notes = []
    if len(groups) > 1:
        if any(group.offset_s is None for group in groups):
            text = "groups of leads do not say when they begin: shown as simultaneous"
            notes.append(Note("assumed", text))
        elif any(starts):
            listed = "; ".join(
                f"{', '.join(group.leads)} from {at / group.fs_hz:g} s"
                for group, at in zip(groups, starts, strict=True)
            )
            notes.append(Note("info", f"leads recorded one after the other: {listed}"))
    if any(group.derived for group in groups):
        notes.append(Note("warning", "these samples are derived, not original, says the file"))
    padded = [group.padding for group in groups if group.padding is not None]
    if padded:
        notes.append(Note("info", f"stored value {padded[0]} means no sample: left out"))
    if walked.left_out:
        notes.append(Note("info", f"{len(walked.left_out)} large data elements were not read"))
    return notes


def _shared(values: Any) -> float | None:
    found = set(values)
    return next(iter(found)) if len(found) == 1 else None
