#!/usr/bin/env bash
# Package: pydicom==3.0.2 (numpy is not needed).
# Behaviour: a value that its kind of element cannot hold (an accession number of 60 letters where SH
#   has room for 16, a study date that is no date) is set and written, also by
#   save_as(enforce_file_format=True): "file format" means preamble and file meta only. All that is
#   heard is a Python warning, which quotes the value; reading the file back says nothing until the
#   element is looked at. Only valuerep.validate_value(vr, value, config.RAISE) refuses.
# Output seen:
#   written: accession of 60 letters, study date 'spring', 2 warnings
#   the warning quotes the value: True
#   validate_value refuses: True
# Date: 2026-12-01
# Why it matters: a report written into a patient's study would be refused by the archive that it is
#   sent to, or filed wrongly, and the warning carries what tells who the patient is into logs.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "pydicom==3.0.2"
cd "$folder"
"$folder/venv/bin/python" - <<'EOF'
import warnings

from pydicom import config, dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pydicom.valuerep import validate_value

number = "1234567890" * 6
found = Dataset()
found.file_meta = FileMetaDataset()
found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
found.SOPClassUID = found.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.104.1"
found.SOPInstanceUID = found.file_meta.MediaStorageSOPInstanceUID = generate_uid()
with warnings.catch_warnings(record=True) as heard:
    warnings.simplefilter("always")
    found.AccessionNumber = number
    found.StudyDate = "spring"
    found.save_as("a.dcm", enforce_file_format=True)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    back = dcmread("a.dcm")
    date, length = str(back.StudyDate), len(back.AccessionNumber)
quoted = any("spring" in str(one.message) or number in str(one.message) for one in heard)
print(f"written: accession of {length} letters, study date {date!r}, {len(heard)} warnings")
print(f"the warning quotes the value: {quoted}")
try:
    validate_value("SH", number, config.RAISE)
    refused = False
except ValueError:
    refused = True
print(f"validate_value refuses: {refused}")
raise SystemExit(not (length == 60 and date == "spring" and refused and quoted))
EOF
