"""How a recording travels from the process that reads its file: everything but its samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ecgviewer.core.child.messages import Body
from ecgviewer.core.record.record_ref import RecordRef
from ecgviewer.core.record.recording import Note, Numbering, Patient, Recording, SignalSource
from ecgviewer.core.record.start import start_from_json, start_to_json


def recording_to_json(recording: Recording) -> Body:
    """Return everything of a recording but its samples."""
    return {
        "format": recording.format,
        "leads": recording.leads,
        "fs_hz": recording.fs_hz,
        "n_samples": recording.n_samples,
        "units_known": recording.units_known,
        "patient": asdict(recording.patient),
        "start": start_to_json(recording.start),
        "numbering": asdict(recording.numbering),
        "notes": [asdict(note) for note in recording.notes],
    }


def recording_from_json(ref: RecordRef, body: Mapping[str, Any], source: SignalSource) -> Recording:
    """Return the recording of a message, reading from ``source``."""
    patient = body["patient"]
    return Recording(
        name=ref.name,
        path=ref.path,
        format=body["format"],
        leads=tuple(body["leads"]),
        fs_hz=body["fs_hz"],
        n_samples=body["n_samples"],
        source=source,
        units_known=body["units_known"],
        patient=Patient(
            **patient
            | {
                "diagnoses": tuple(patient["diagnoses"]),
                "comments": tuple(patient["comments"]),
            }
        ),
        notes=tuple(Note(**note) for note in body["notes"]),
        start=start_from_json(body["start"]),
        numbering=Numbering(**body["numbering"] | {"signals": tuple(body["numbering"]["signals"])}),
    )
