"""What the installers are made of agrees with the program: version, commands, types, licences."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import ecgviewer
from ecgviewer.cli.parser import HANDLERS

ROOT = Path(__file__).resolve().parent.parent
PACKAGING = ROOT / ".packaging"
MIME = "{http://www.freedesktop.org/standards/shared-mime-info}"


@pytest.fixture
def bundle_parts(monkeypatch: pytest.MonkeyPatch):
    """The module that traces files to their origins; not a package, so found by path."""
    monkeypatch.syspath_prepend(str(PACKAGING))
    import bundle_parts

    yield bundle_parts
    sys.modules.pop("bundle_parts", None)


def text(*names: str) -> str:
    return PACKAGING.joinpath(*names).read_text(encoding="utf-8")


def test_the_version_is_written_in_one_place():
    literal = re.compile(rf"\b{re.escape(ecgviewer.__version__)}\b")
    sources = [ROOT / "pyproject.toml", ROOT / "build_app.spec", *PACKAGING.rglob("*.*")]
    stating = [
        path.name for path in sources
        if path.is_file() and path.suffix != ".txt" and literal.search(path.read_text("utf-8"))
    ]  # fmt: skip
    assert stating == []


def test_the_man_page_names_every_command():
    page = text("linux", "ecgviewer.1")
    missing = [name for name in (*HANDLERS, "trainer") if not re.search(rf"\.BI? {name}\b", page)]
    assert missing == []


def test_the_desktop_entry_opens_the_types_that_are_declared():
    declared = ElementTree.fromstring(text("linux", "ecgviewer.xml"))
    types = [kind.get("type") for kind in declared.iter(f"{MIME}mime-type")]
    assert {glob.get("pattern") for glob in declared.iter(f"{MIME}glob")} == {"*.hea", "*.ecgmodel"}
    entry = dict(
        line.split("=", 1)
        for line in text("linux", "ecgviewer.desktop").splitlines()
        if "=" in line
    )
    assert entry["MimeType"].strip(";").split(";") == types
    assert entry["Exec"] == "ecgviewer %F"


def test_a_file_of_unknown_origin_stops_the_notices(bundle_parts, tmp_path: Path):
    stray = tmp_path / "elsewhere" / "stray.bin"
    stray.parent.mkdir()
    stray.write_bytes(b"\0")
    work = tmp_path / "work"
    work.mkdir()
    for name in bundle_parts.TABLES:
        (work / name).write_text("[]")
    own = [("LICENSE", str(ROOT / "LICENSE"), "DATA"), ("made", str(work / "made"), "DATA")]
    (work / "COLLECT-00.toc").write_text(repr((own,)))
    assert bundle_parts.find_parts(work) == []
    (work / "COLLECT-00.toc").write_text(repr(([*own, ("stray.bin", str(stray), "DATA")],)))
    with pytest.raises(bundle_parts.UnknownOriginError, match=r"stray\.bin"):
        bundle_parts.find_parts(work)


def test_a_distribution_is_found_with_its_licence(bundle_parts, tmp_path: Path):
    import numpy

    work = tmp_path / "work"
    work.mkdir()
    for name in bundle_parts.TABLES:
        (work / name).write_text("[]")
    table = ("PYZ", [("numpy", numpy.__file__, "PYMODULE")])
    (work / "PYZ-00.toc").write_text(repr(table))
    (part,) = bundle_parts.find_parts(work)
    assert (part.name, part.version, part.kind) == ("numpy", numpy.__version__, "python")
    assert "BSD" in part.licence
    assert any("LICENSE" in name for name in part.texts)
