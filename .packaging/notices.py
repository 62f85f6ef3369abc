#!/usr/bin/env python3
"""Third-party notices, licence texts and a CycloneDX SBOM for a frozen program.

    notices.py WORK PROGRAM

WORK is PyInstaller's work folder of this build, PROGRAM the folder it made. Writes into PROGRAM:
LICENSE.txt, THIRD-PARTY-NOTICES.txt, licenses/ (the texts of every component) and sbom.cdx.json.
Run it with the interpreter that built the program. It fails when a file is of unknown origin, when
a component has no licence text, and when the SBOM does not hold to its schema.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from bundle_parts import REPOSITORY, Part, UnknownOriginError, find_parts
from sbom import write_sbom

KINDS = {
    "python": "Python packages",
    "interpreter": "Interpreter",
    "debian": "System libraries, unchanged, from Debian packages",
    "runtime": "Compiler runtime",
}
WITHOUT_TEXT = ("runtime",)
"""Microsoft's terms for its runtime come with Windows and Visual Studio."""
HEAD = """\
Third-party software in ECG Viewer {version}

ECG Viewer is under the MIT licence (LICENSE.txt). It contains the components below, unchanged.
Their licence texts are in the folder licenses, one folder for each. The components under the LGPL
(Qt, PySide6, shiboken6, libsndfile and some system libraries) are dynamic libraries that you may
replace; licenses/{qt}/QT-NOTICE.txt says how and where their sources are.

The shipped models were trained by this project on PTB-XL (CC BY 4.0) and come under the MIT
licence; each says on its card what it was trained on. The shipped sample records come from PTB-XL
(CC BY 4.0) and the PTB Diagnostic ECG Database (ODC-By 1.0); origins, references and licence texts
are in resources/samples.

sbom.cdx.json lists the same components for machines (CycloneDX).
"""


def main(work: Path, program: Path) -> int:
    """Write everything; return 0, or 1 with the reasons on standard error."""
    try:
        parts = find_parts(work.resolve())
    except UnknownOriginError as error:
        print(f"of unknown origin:\n{error}", file=sys.stderr)
        return 1
    bare = [part.name for part in parts if not part.texts and part.kind not in WITHOUT_TEXT]
    if bare:
        print(f"no licence text found for: {', '.join(bare)}", file=sys.stderr)
        return 1
    version = program_version()
    shutil.copy(REPOSITORY / "LICENSE", program / "LICENSE.txt")
    _copy_texts(parts, program / "licenses")
    (program / "THIRD-PARTY-NOTICES.txt").write_text(_notices(parts, version), encoding="utf-8")
    write_sbom(parts, version, program / "sbom.cdx.json")
    print(f"{len(parts)} components, {sum(len(part.files) for part in parts)} files")
    return 0


def program_version() -> str:
    """Return the version from the one place where it is written."""
    source = (REPOSITORY / "ecgviewer" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(.+)"$', source, re.MULTILINE)
    assert found is not None
    return found[1]


def _copy_texts(parts: list[Part], target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    for part in parts:
        for name, source in part.texts.items():
            copy = target / part.name / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)


def _notices(parts: list[Part], version: str) -> str:
    qt = next(part.name for part in parts if "QT-NOTICE.txt" in part.texts)
    lines = [HEAD.format(version=version, qt=qt)]
    for kind, title in KINDS.items():
        of_kind = [part for part in parts if part.kind == kind]
        if not of_kind:
            continue
        lines += [title, "-" * len(title)]
        for part in of_kind:
            lines.append(f"{part.name} {part.version}".rstrip())
            lines.append(f"    {part.licence or 'see its licence text'}")
            if part.homepage:
                lines.append(f"    {part.homepage}")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
