"""Records of one patient are found by id, or by name and birth date, and never by accident."""

from __future__ import annotations

import pytest

from ecgviewer.core.record.recording import Patient
from ecgviewer.review.privacy.same_patient import patient_tag

SALT = b"s" * 32


def same(one: Patient, other: Patient) -> bool:
    a, b = patient_tag(one, SALT), patient_tag(other, SALT)
    assert a.is_of(b) == b.is_of(a)
    return a.is_of(b)


def test_an_id_is_enough_however_it_is_parted() -> None:
    assert same(Patient(patient_id="12-3456 A"), Patient(patient_id="123456a"))
    assert not same(Patient(patient_id="123456"), Patient(patient_id="123457"))


def test_a_name_counts_with_its_birth_date_in_any_spelling() -> None:
    one = Patient(name="MÜLLER^Anna", birth_date="1950-04-03")
    assert same(one, Patient(name="Anna Mueller", birth_date="03.04.1950"))
    assert not same(one, Patient(name="Anna Mueller", birth_date="1951-04-03"))
    assert not same(one, Patient(name="Anna Mueller"))
    assert not same(Patient(name="Anna Mueller"), Patient(name="Anna Mueller"))


def test_an_id_finds_the_record_that_has_the_name_only() -> None:
    both = Patient(patient_id="77", name="Anna Müller", birth_date="1950-04-03")
    assert same(both, Patient(name="Müller, Anna", birth_date="19500403"))


@pytest.mark.parametrize("nobody", ["", "0", "0000000", "unknown", "N/A", "Anonymous", "xxxx"])
def test_an_id_that_stands_for_nobody_is_none(nobody: str) -> None:
    assert not same(Patient(patient_id=nobody), Patient(patient_id=nobody))
    assert not patient_tag(Patient(patient_id=nobody), SALT).tells


def test_one_id_with_two_birth_dates_is_nobodys() -> None:
    one = Patient(patient_id="5", birth_date="1950-01-01")
    assert not same(one, Patient(patient_id="5", birth_date="1990-12-31"))


def test_different_ids_are_different_people_even_of_one_name() -> None:
    who = {"name": "Anna Müller", "birth_date": "1950-04-03"}
    assert not same(Patient(patient_id="5", **who), Patient(patient_id="6", **who))


def test_hashes_mean_nothing_with_another_salt_and_hold_no_name() -> None:
    who = Patient(patient_id="4711", name="Anna Müller", birth_date="1950-04-03")
    tag = patient_tag(who, SALT)
    assert not tag.is_of(patient_tag(who, b"t" * 32))
    assert "4711" not in repr(tag) and "nna" not in repr(tag)
