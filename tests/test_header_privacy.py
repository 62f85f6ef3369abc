"""Headers say who the patient is in many ways; none of them leaves with a review."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ecgviewer.cli import main
from ecgviewer.core.record.recording import Recording
from ecgviewer.io import find_records, open_record
from ecgviewer.io.statements.patients import patient_from_comments
from ecgviewer.review.annotations import RecordKey
from ecgviewer.review.edits import editing
from ecgviewer.review.edits.store import ReviewStore
from ecgviewer.review.exports.exports import FORMATS
from ecgviewer.review.labels import DEFAULT_LABELS
from ecgviewer.review.privacy.identity import Identity, names_patient, public_name
from tests import generators
from tests.test_privacy import texts_of

CLINICAL = "PVC in V1, ST lower in V4-V6; QT long 480 ms, rate 120, chest pain since 3 days"


def planted(folder: Path, name: str, *comments: str) -> Recording:
    """Write and open a record with a header."""
    folder.mkdir(exist_ok=True)
    signal = generators.ecg_uv(10.0, heart_rate_bpm=64.0)
    header = generators.write_wfdb_16(folder, name, signal, comments=tuple(comments))
    return open_record(next(iter(find_records(header))))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """A record whose header says nothing."""
    return planted(tmp_path_factory.mktemp("ward"), "r17")


def with_header(plain: Recording, *comments: str) -> Recording:
    """Return the record as if its header had said this."""
    return replace(plain, patient=patient_from_comments(comments))


@pytest.mark.parametrize(
    ("name", "comments", "note", "secrets"),
    [
        ("r18", ["Pt: Zebrowska, Apolonia"], "Zebrowska: PVC", ["zebrowska"]),
        ("r19", ["Age: 66; Name: Zebrowska, Apolonia"], "Zebrowska: PVC", ["zebrowska"]),
        ("r20", ["Apolonia Zebrowska, 66 y, chest pain"], "Zebrowska: PVC", ["zebrowska"]),
        ("r1959-11-23", ["DOB: 23 Nov 1959"], "born 1959-11-23: PVC", ["1959", "11-23"]),
        ("48151623", ["Geburtsdatum: 23.11.1959", "Pat.-Nr.: 48151623"],
         "geb. 23.11.1959 PX 48151623: PVC", ["1959", "23.11", "48151623"]),
        ("Dupont_Zo", ["Nom: Dupont", "Pr\u00e9nom: Zo\u00e9"], "Dupont, Zoe: PVC",
         ["dupont", "zoe"]),
        ("Anna", ["First: Anna", "Last: Nowak"], "Anna Nowak: PVC", ["anna", "nowak"]),
    ],
)  # fmt: skip
def test_no_export_says_what_the_header_says(
    tmp_path: Path, name: str, comments: list[str], note: str, secrets: list[str]
) -> None:
    recording = planted(tmp_path / "in", name, *comments)
    session = ReviewStore.for_user().open(RecordKey.of(recording), "Reader")
    made = editing.make(session.review, 1, 2, ["V1"], "PVC", note=f"{note}; ST lower")
    session.do(editing.add(session.review, [made]))
    session.close()
    for words in ([], ["--anonymize"]):
        out = tmp_path / f"out{len(words)}"
        for to in FORMATS:
            arguments = ["export", str(recording.path), "--to", to, "--out", str(out), *words]
            assert main(arguments) == 0
        for path in out.iterdir():
            said = " ".join(texts_of(path)).lower()
            # Dates of the edits and hashes are no dates of the patient.
            assert [secret for secret in secrets if secret in said] == [], path.name
        assert "PVC; ST lower" in "".join(path.read_text("latin-1") for path in out.glob("*.json"))


@pytest.mark.parametrize(
    ("comments", "text"),
    [
        (["Name: M\u00fcller"], "MUELLER"), (["Name: Mueller"], "Fr. M\u00fcllers EKG"),
        (["Name: \u017bebrowska"], "zebrowska"), (["Name: Zoe\u0308"], "Zo\u00eb"),
        (["Name: Li Wu"], "Li: PVC"), (["Name: O'Brien"], "OBrien_1"),
        (["Zebrowska, Apolonia"], "ApoloniaZebrowska"), (["Name: Wall, Long"], "Wall: PVC"),
        (["Hx: sent by Dr. Ottokar Wendehals"], "Wendehals"), (["Cognome\tRossi"], "ROSSI1"),
        (["\u59d3\u540d\uff1a\u738b\u5c0f\u660e"], "\u738b\u5c0f\u660e PVC"),
        (["ID: 4815-1623"], "PX48151623"), (["No 48151623"], "0048151623"),
        (["born 23.11.1959"], "19591123"), (["born 23.11.1959"], "11/23/59"),
        (["23. November 1959"], "23 de noviembre de 1959"), (["23 nov 1959"], "1959_11_23"),
        (["Fecha de nacimiento: 1 ago 1960"], "1er ao\u00fbt 1960"), ([], "born 1959"),
        ([], "geb. am 23.11.1959"), ([], "n\u00e9e le 23/11/1959"),
    ],
)  # fmt: skip
def test_it_is_found_however_it_is_written(
    plain: Recording, comments: list[str], text: str
) -> None:
    recording = with_header(plain, *comments)
    assert names_patient(recording, text) and "[removed]" in Identity(recording).scrub(text)
    assert public_name(recording) == "r17"


@pytest.mark.parametrize(
    "comments",
    [
        ["Age: 66", "Sex: F", "Dx: 426783006,164889003", "Rx: Bisoprolol", "Hx: Unknown"],
        ["Apolonia Zebrowska, 66 y, chest pain", "ECG of 3 Nov 1988"],
        ["<age>: 51 <sex>: M <diagnoses>: Rhythm: Sinus rhythm; Ischemia: inferior wall"],
        ["69 M 1085 1629 x1", "The PVCs are uniform and late-cycle."],
        ["Patient: male with chest pain", "DOB: 23 Nov 1959"],
    ],
)
@pytest.mark.parametrize("anonymous", [False, True])
def test_what_a_reader_says_of_the_heart_is_kept(
    plain: Recording, comments: list[str], anonymous: bool
) -> None:
    identity = Identity(with_header(plain, *comments), with_names=anonymous)
    assert identity.scrub(CLINICAL) == CLINICAL
    assert not any(identity.is_in(label.name) for label in DEFAULT_LABELS.labels)
    assert not identity.is_in("seen in November")
    # Anonymous notes have no dates at all.
    assert (identity.scrub("seen 3 May 2021") == "seen [removed]") is anonymous


def test_no_label_or_common_word_of_a_header_is_taken_for_a_name(plain: Recording) -> None:
    said = ". ".join(label.name for label in DEFAULT_LABELS.labels)
    identity = Identity(with_header(plain, said), with_names=False)
    assert not any(identity.is_in(label.name) for label in DEFAULT_LABELS.labels)


def test_notes_on_real_records_lose_nothing_of_what_they_say(shared_data: Path) -> None:
    """Record 00001 in a folder called "long" makes neither lead V1 nor a long QT personal."""
    seen = 0
    for folder in ("ptbxl", "cpsc2018", "georgia_chapman", "ludb", "long"):
        for header in sorted((shared_data / folder).rglob("*.hea"))[:12]:
            recording = open_record(next(iter(find_records(header))))
            assert not names_patient(recording, recording.name), recording.path
            assert Identity(recording, with_names=True).scrub(CLINICAL) == CLINICAL, recording.path
            recording.source.close()
            seen += 1
    assert seen >= 50
