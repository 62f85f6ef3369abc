"""What is really in a frozen program: each file of PyInstaller's tables, traced to its origin.

PyInstaller leaves, in its work folder, a table of everything it put into the program and from
where. Each source is a file of an installed Python distribution, of the interpreter, of a Debian
package, or our own; a file of any other origin is an error, so that nothing ships unnamed.
"""

from __future__ import annotations

import ast
import csv
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
TABLES = ("COLLECT-00.toc", "PYZ-00.toc", "PKG-00.toc")
QT_TEXTS = tuple(
    REPOSITORY / ".packaging" / "licenses" / name
    for name in ("QT-NOTICE.txt", "LGPL-3.0.txt", "GPL-3.0.txt")
)
QT_PARTS = ("pyside6-essentials", "shiboken6")
LICENCE_WORDS = ("licen", "copying", "notice", "authors")
MACHINE_RUNTIME = ("vcruntime", "msvcp", "ucrtbase", "api-ms-win", "concrt")
"""Microsoft's C and C++ runtime, which Windows builds carry."""


class UnknownOriginError(Exception):
    """A file in the bundle that no distribution, package or rule owns."""


@dataclass
class Part:
    """One component of the bundle.

    Attributes
    ----------
    kind : str
        ``python`` (a distribution), ``interpreter``, ``debian`` (a system library) or ``runtime``.
    licence : str
        As the component states it: an SPDX expression where it has one.
    texts : dict
        Name of the file in the bundle's licence folder to its source.
    files : list of str
        What of it is in the bundle.
    """

    name: str
    version: str
    kind: str
    licence: str = ""
    homepage: str = ""
    texts: dict[str, Path] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


def find_parts(work: Path) -> list[Part]:
    """Return the components of the program built in PyInstaller's work folder, by name.

    Raises
    ------
    UnknownOriginError
        Names every file whose origin is unknown.
    """
    owners = _owners()
    parts: dict[tuple[str, str], Part] = {}
    unknown: list[str] = []
    libraries: dict[Path, list[str]] = defaultdict(list)
    for target, source in sorted(_entries(work)):
        if source.is_relative_to(work) or _is_ours(source):
            continue
        resolved = source.resolve()
        if (owner := owners.get(_key(source)) or owners.get(_key(resolved))) is not None:
            part = _distribution(owner)
        elif _is_interpreter(resolved):
            part = _interpreter()
        elif source.name.lower().startswith(MACHINE_RUNTIME):
            part = Part("Microsoft Visual C++ runtime", "", "runtime", "Microsoft redistributable")
        elif sys.platform == "linux":
            libraries[source].append(target)
            continue
        else:
            unknown.append(f"{target} from {source}")
            continue
        parts.setdefault((part.kind, part.name), part).files.append(target)
    packages = _debian_packages(libraries)
    for source, targets in libraries.items():
        if (package := packages.get(source)) is None:
            unknown.extend(f"{target} from {source}" for target in targets)
            continue
        part = parts.setdefault(("debian", package), _debian_part(package))
        part.files.extend(targets)
    if unknown:
        raise UnknownOriginError("\n".join(unknown))
    return sorted(parts.values(), key=lambda part: part.name.lower())


def _entries(work: Path) -> set[tuple[str, Path]]:
    found: set[tuple[str, Path]] = set()

    def walk(value: object) -> None:
        if isinstance(value, list | tuple):
            if len(value) == 3 and all(isinstance(item, str) for item in value):
                target, source, _kind = value
                if source and Path(source).is_absolute():
                    found.add((target, Path(source)))
                return
            for item in value:
                walk(item)

    for name in TABLES:
        walk(ast.literal_eval((work / name).read_text(encoding="utf-8")))
    return found


def _owners() -> dict[str, metadata.Distribution]:
    owners: dict[str, metadata.Distribution] = {}
    for distribution in metadata.distributions():
        base = str(distribution.locate_file(""))
        # Not distribution.files: it takes apart every line, and torch alone has 20,000.
        for line in csv.reader((distribution.read_text("RECORD") or "").splitlines()):
            owners[_key(os.path.join(base, line[0]))] = distribution  # noqa: PTH118
    return owners


def _key(path: str | Path) -> str:
    """Return a spelling that does not depend on slashes, dots and, on Windows, case."""
    return os.path.normcase(os.path.normpath(path))


def _is_ours(source: Path) -> bool:
    return source.is_relative_to(REPOSITORY) and "site-packages" not in source.parts


def _is_interpreter(source: Path) -> bool:
    base = Path(sys.base_prefix).resolve()
    # A distribution's own interpreter lies in /usr, as its libraries do; those are packages.
    return base != Path("/usr") and source.is_relative_to(base)


@cache
def _interpreter() -> Part:
    version = ".".join(str(number) for number in sys.version_info[:3])
    part = Part("Python", version, "interpreter", "PSF-2.0", "https://www.python.org/")
    for folder in (Path(sys.base_prefix), Path(ast.__file__).parent):
        if (folder / "LICENSE.txt").is_file():
            part.texts["LICENSE.txt"] = folder / "LICENSE.txt"
    return part


def _distribution(distribution: metadata.Distribution) -> Part:
    return _distribution_part(distribution.metadata["Name"], distribution.version)


@cache
def _distribution_part(name: str, version: str) -> Part:
    distribution = metadata.distribution(name)
    texts: dict[str, Path] = {}
    for path in distribution.files or ():
        inside = ".dist-info" in path.parts[0]
        if path.suffix == ".py" or not any(word in str(path).lower() for word in LICENCE_WORDS):
            continue
        source = Path(str(distribution.locate_file(path)))
        if source.is_file() and source.suffix != ".pyc" and (inside or _is_plain_licence(path)):
            texts["/".join(part for part in path.parts if ".dist-info" not in part)] = source
    if name.lower().replace("_", "-") in QT_PARTS:
        texts |= {path.name: path for path in QT_TEXTS}
    return Part(
        name, version, "python", _licence(distribution.metadata), _homepage(distribution.metadata),
        texts,
    )  # fmt: skip


def _is_plain_licence(path: Path) -> bool:
    return path.suffix in ("", ".txt", ".md") and any(
        path.name.lower().startswith(word) for word in LICENCE_WORDS
    )


def _licence(fields: metadata.PackageMetadata) -> str:
    if expression := fields.get("License-Expression"):
        return str(expression)
    stated = str(fields.get("License") or "").strip()
    if stated and "\n" not in stated and len(stated) < 200:
        return stated
    classifiers = [
        text.rpartition(" :: ")[2]
        for text in fields.get_all("Classifier") or ()
        if text.startswith("License ::")
    ]
    return " AND ".join(classifiers) or (stated.splitlines() or [""])[0]


def _homepage(fields: metadata.PackageMetadata) -> str:
    pages = dict(
        line.split(", ", 1) for line in fields.get_all("Project-URL") or () if ", " in line
    )
    by_name = {name.lower(): url for name, url in pages.items()}
    for name in ("homepage", "source", "source code", "repository", "download"):
        if name in by_name:
            return by_name[name]
    return str(fields.get("Home-page") or "")


def _debian_packages(sources: Iterable[Path]) -> dict[Path, str]:
    """Return the packages that own these libraries, also where /lib is a link to /usr/lib."""
    spellings: dict[str, Path] = {}
    for source in sources:
        resolved = source.resolve()
        for path in (source, resolved, Path(str(resolved).replace("/usr/lib/", "/lib/", 1))):
            spellings[str(path)] = source
    if not spellings:
        return {}
    # One question about all of them: each reads the lists of every package. It fails where one
    # spelling is unknown, which is so by design.
    found = subprocess.run(
        ["dpkg-query", "--search", *spellings], capture_output=True, text=True, check=False
    )
    owners: dict[Path, str] = {}
    for line in found.stdout.splitlines():
        packages, _, path = line.partition(": ")
        if path in spellings:
            owners[spellings[path]] = packages.split(",")[0].partition(":")[0]
    return owners


@cache
def _debian_part(package: str) -> Part:
    shown = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${Version}\t${Homepage}\n", package],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    version, _, homepage = shown.stdout.splitlines()[0].partition("\t")
    copyright_file = Path("/usr/share/doc") / package / "copyright"
    part = Part(package, version, "debian", _debian_licences(copyright_file), homepage)
    part.texts["copyright"] = copyright_file
    return part


def _debian_licences(copyright_file: Path) -> str:
    """Return the short names of a machine-readable copyright file, or where to look."""
    lines = copyright_file.read_text(encoding="utf-8", errors="replace").splitlines()
    stated = (line.partition(":")[2].strip() for line in lines if line.startswith("License:"))
    names = [name for name in stated if name]
    return ", ".join(dict.fromkeys(names)) or "see its copyright file"
