#!/usr/bin/env python3
"""The Debian packages that a frozen program needs, as the value of the Depends field.

    depends.py PROGRAM

Reads what every ELF file in the folder asks for, takes away what the folder itself holds, and names
the packages that own the rest on this machine, with the version of glibc that the symbols need.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ALWAYS = ("fonts-dejavu-core | fonts-liberation | fonts-noto-core", "fontconfig-config")
"""Qt draws text with the system's fonts, by fontconfig's rules, and brings none."""
OPTIONAL = ("libqcupsprintersupport", "libcupsprintersupport")
"""Plugins that Qt goes without where their libraries are missing (see Recommends)."""
WAYLAND = {
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
}
"""For Qt's Wayland plugin; a machine without a screen that builds need not have them."""
RENAMED = {"libglib2.0-0t64": "libglib2.0-0"}


def main(program: Path) -> int:
    """Print the field's value."""
    files = [path for path in program.rglob("*") if _is_elf(path)]
    held = {path.name for path in program.rglob("*.so*")}
    needed: set[str] = set()
    glibc = (2, 17)
    for path in files:
        if any(name in path.name for name in OPTIONAL):
            continue
        shown = subprocess.run(
            ["readelf", "--dynamic", "--version-info", "--wide", str(path)],
            capture_output=True, text=True, check=False,
        ).stdout  # fmt: skip
        needed |= set(re.findall(r"\(NEEDED\).*\[(.+)\]", shown)) - held
        for version in re.findall(r"GLIBC_(\d+)\.(\d+)", shown):
            glibc = max(glibc, (int(version[0]), int(version[1])))
    packages = _packages(needed) - {"libc6"}
    print(", ".join([f"libc6 (>= {glibc[0]}.{glibc[1]})", *sorted(packages), *ALWAYS]))
    return 0


def _is_elf(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(4) == b"\x7fELF"


def _packages(libraries: set[str]) -> set[str]:
    wanted = libraries - WAYLAND.keys()
    found = subprocess.run(
        ["dpkg-query", "--search", *(f"*/{library}" for library in sorted(wanted))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    packages: dict[str, str] = {}
    for line in found.stdout.splitlines():
        owners, _, path = line.partition(": ")
        if path.startswith(("/lib/", "/usr/lib/")):
            name = owners.split(",")[0].partition(":")[0]
            packages.setdefault(Path(path).name, RENAMED.get(name, name))
    if missing := sorted(wanted - packages.keys()):
        raise SystemExit(f"no installed package holds {', '.join(missing)}")
    return set(packages.values()) | {WAYLAND[library] for library in libraries & WAYLAND.keys()}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
