"""What is installed is whole: models, samples, command; and the documents agree with each other."""

import ast
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import ecgviewer
from ecgviewer.core.system.qt_libraries import IMPORT_NEEDS, X11_NEEDS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
STANDARD = set(sys.stdlib_module_names) | {"ecgviewer", "trainer"}
IMPORT_NAMES = {"PySide6-Essentials": {"PySide6", "shiboken6"}}


def dependencies(*extras: str) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    return {re.match(r"[\w.-]+", line)[0] for line in lines}


def imported_packages(*folders: str) -> set[str]:
    names = set()
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    names |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    names.add(node.module or "")
    return {name.split(".")[0] for name in names} - STANDARD


def test_every_library_that_is_imported_is_declared():
    declared = set()
    for name in dependencies("archive", "cluster"):
        declared |= IMPORT_NAMES.get(name, {name})
    found = imported_packages("ecgviewer", "trainer")
    assert found - declared == set()
    assert declared - found <= {"shiboken6"}, "declared, but nothing imports it"


def test_each_package_that_a_missing_library_names_is_installed_by_the_first_command() -> None:
    script = (ROOT / ".packaging" / "system_packages").read_text(encoding="utf-8")
    installed = set(re.search(r'^qt="([^"]*)"', script, re.MULTILINE)[1].split())
    # What X11 needs of it comes with the package for X11.
    named = {*IMPORT_NEEDS.values(), *X11_NEEDS.values()} - {"libxkbcommon0"}
    assert named <= installed


def test_the_first_two_commands_of_the_readme_are_one_line_each() -> None:
    commands = re.findall(r"^\.packaging/system_packages .*$", README, re.MULTILINE)
    assert len(commands) == 2
    assert "ecgviewer resources/samples" in commands[0]
    assert "--tests" in commands[1] and ".venv/bin/pytest" in commands[1]
    assert "\\.packaging/system_packages .*pytest" in CI


def test_links_and_pictures_of_the_readme_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (ROOT / target).exists(), target


@pytest.mark.slow
def test_a_wheel_carries_models_and_samples_and_passes_its_selftest(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, ROOT],
        check=True, timeout=300,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    assert ecgviewer.__version__ in wheel.name
    names = zipfile.ZipFile(wheel).namelist()
    for model in ("cae", "vae-bilstm", "vae-bilstm-mha"):
        assert f"ecgviewer/resources/models/{model}.ecgmodel" in names
    samples = [name for name in names if name.startswith("ecgviewer/resources/samples/")]
    assert sum(name.endswith(".hea") for name in samples) >= 5
    assert any("LICENSE" in name for name in samples)

    # The libraries come from the running environment, the program only from the wheel.
    environment = tmp_path / "a folder with spaces, é"
    venv.create(environment, with_pip=True)
    scripts = environment / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run(
        [scripts / "python", "-m", "pip", "install", "-q", "--no-deps", wheel],
        check=True, timeout=300,
    )  # fmt: skip
    inner = {"base": str(environment), "platbase": str(environment)}
    site = Path(sysconfig.get_path("purelib", scheme="venv", vars=inner))
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [scripts / "ecgviewer", "selftest"],
        cwd=elsewhere, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "OK"
    version = subprocess.run(
        [scripts / "ecgviewer", "--version"], cwd=elsewhere, capture_output=True, text=True
    )
    assert version.stdout.strip() == f"ecgviewer {ecgviewer.__version__}"
    where = subprocess.run(
        [scripts / "python", "-c", "import ecgviewer; print(ecgviewer.__file__)"],
        cwd=elsewhere, capture_output=True, text=True,
    )  # fmt: skip
    assert str(environment) in where.stdout


def locked() -> dict[str, str]:
    """Return version by name of what the installers are built from."""
    text = (ROOT / ".packaging" / "requirements-release.txt").read_text(encoding="utf-8")
    assert "://" not in text and "index" not in text, "a registry has no place here"
    found = {}
    for entry in re.split(r"\n(?=[^\s#])", text)[1:]:
        name, version = re.match(r"([\w.-]+)==([\w.]+)", entry).groups()
        assert "--hash=sha256:" in entry, f"{name} has no hash"
        assert found.get(name, version) == version, f"{name} is locked in two versions"
        found[name] = version
    return found


def test_the_installers_are_built_from_locked_versions_within_the_bounds():
    versions = locked()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    direct = project["build-system"]["requires"] + project["project"]["dependencies"]
    for line in direct + project["project"]["optional-dependencies"]["build"]:
        requirement = Requirement(line)
        assert versions[canonicalize_name(requirement.name)] in requirement.specifier
    for script in ("build_linux", "windows/build_windows.ps1", "macos/build_macos"):
        text = (ROOT / ".packaging" / script).read_text(encoding="utf-8")
        assert "--require-hashes" in text and "requirements-release.txt" in text


def test_every_lower_bound_is_a_version_that_can_be_tried():
    """``.ci/minimum_versions`` reads each >= as ==."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = project["build-system"]["requires"] + project["project"]["dependencies"]
    for line in lines + project["project"]["optional-dependencies"]["dev"]:
        bounds = [one for one in Requirement(line).specifier if one.operator == ">="]
        assert len(bounds) == 1, line
