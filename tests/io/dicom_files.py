"""Writes DICOM waveforms of every kind for the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from tests.generators import LEADS

TWELVE_LEAD = UID("1.2.840.10008.5.1.4.1.1.9.1.1")
LEAD_CODES = (1, 2, 61, 62, 63, 64, 3, 4, 5, 6, 7, 8)


def code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def group(
    ecg_mv: np.ndarray, leads: tuple[str, ...] = tuple(LEADS), fs_hz: float = 500, **more: Any
) -> Dataset:
    """Return a multiplex group of 16-bit samples at 5 uV."""
    item = Dataset()
    item.WaveformOriginality = "ORIGINAL"
    item.NumberOfWaveformChannels, item.NumberOfWaveformSamples = ecg_mv.shape
    item.SamplingFrequency = fs_hz
    item.ChannelDefinitionSequence = []
    for lead in leads:
        one = Dataset()
        number = LEAD_CODES[LEADS.index(lead)]
        one.ChannelSourceSequence = [code(f"2:{number}", "MDC", f"Lead {lead}")]
        one.ChannelSensitivity = 5
        one.ChannelSensitivityUnitsSequence = [code("uV", "UCUM", "microvolt")]
        one.ChannelSensitivityCorrectionFactor = 1
        one.ChannelBaseline = 0
        one.FilterLowFrequency = 0.05
        item.ChannelDefinitionSequence.append(one)
    item.WaveformBitsAllocated = 16
    item.WaveformSampleInterpretation = "SS"
    for keyword, value in more.items():
        setattr(item, keyword, value)
    item.WaveformData = np.round(ecg_mv * 200).astype("<i2").T.tobytes()
    return item


def dataset(*groups: Dataset, syntax: UID = ExplicitVRLittleEndian, **more: Any) -> Dataset:
    """Return a data set with these groups."""
    found = Dataset()
    found.file_meta = FileMetaDataset()
    found.file_meta.TransferSyntaxUID = syntax
    found.file_meta.MediaStorageSOPClassUID = TWELVE_LEAD
    found.SOPClassUID = TWELVE_LEAD
    found.SOPInstanceUID = found.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    found.AcquisitionDateTime = "20240304131415.250"
    found.PatientName, found.PatientID, found.PatientSex = "Doe^Jane", "000123", "F"
    for keyword, value in more.items():
        setattr(found, keyword, value)
    if groups:
        found.WaveformSequence = list(groups)
    return found


def write(path: Path, *groups: Dataset, **more: Any) -> Path:
    """Write a file with these groups."""
    dataset(*groups, **more).save_as(path, enforce_file_format=True)
    return path
