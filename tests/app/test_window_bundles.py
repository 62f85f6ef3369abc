"""What the window says of a model whose file was changed, damaged or replaced."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ecgviewer.app.work.inference import Inference
from ecgviewer.core.system.user_dirs import data_dir
from ecgviewer.models.bundle.bundle import Bundle, shipped_bundle
from tests.app.driving import Build, open_and_wait, spin


def _with_another_card(source: Path, target: Path) -> Path:
    """Copy a bundle with a nicer card and the old checksum."""
    content = source.read_bytes()
    assert b"AUROC" in content
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.replace(b"AUROC", b"PROOF", 1))
    return target


def test_a_model_whose_card_was_changed_is_named(make_window: Build, tmp_path: Path) -> None:
    window = make_window()
    before = dict(window.session.models)
    window.session.add_model_file(
        _with_another_card(shipped_bundle("cae"), tmp_path / "x.ecgmodel")
    )
    spin(lambda: bool(window.messages.texts()))
    (text,) = window.messages.texts()
    assert "x.ecgmodel" in text and "checksum does not match" in text
    assert window.session.models == before


def test_so_is_one_in_the_users_folder(make_window: Build) -> None:
    _with_another_card(shipped_bundle("cae"), data_dir() / "models" / "mine.ecgmodel")
    window = make_window(models=False)
    window.session.find_models()
    spin(lambda: bool(window.messages.texts()))
    assert "mine.ecgmodel: the checksum does not match" in window.messages.texts()[0]


def test_a_model_replaced_on_the_disk_is_named_with_its_result(
    make_window: Build, samples: Path
) -> None:
    """The clockwork's analyses carry a hash of zeros: not the one of the file as chosen."""
    window = make_window()
    choice = replace(window.session.models["cae"], path=shipped_bundle("cae"), content_sha256="a")
    window.session.models["cae"] = choice
    open_and_wait(window, samples / "00330_hr.hea")
    window.session.analyse(["cae"])
    spin(lambda: "cae" in window.document.shown.analyses)
    spin(lambda: window.session.models["cae"].content_sha256 != "a")
    assert "replaced on the disk" in window.messages.texts()[0]


@pytest.mark.slow
def test_a_model_changed_after_it_was_loaded(
    make_window: Build, samples: Path, tmp_path: Path
) -> None:
    """With the real model process: loaded, then replaced, then damaged."""
    window = make_window(Inference(), models=False)
    session = window.session
    bundle = Bundle.load(shipped_bundle("cae"))
    path = tmp_path / "x.ecgmodel"
    bundle.save(path)
    session.add_model_file(path)
    spin(lambda: str(path) in session.models)
    open_and_wait(window, samples / "00330_hr.hea")
    session.analyse([str(path)])
    spin(lambda: not session.running, 120.0)
    assert window.messages.texts() == []
    replaced = replace(bundle, training={**bundle.training, "epochs": 1}).save(path)
    open_and_wait(window, samples / "00010_hr.hea")
    session.analyse([str(path)])
    spin(lambda: not session.running, 120.0)
    assert "replaced on the disk" in window.messages.texts()[-1]
    spin(lambda: session.models[str(path)].content_sha256 == replaced.sha256)
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    open_and_wait(window, samples / "00436_hr.hea")
    session.analyse([str(path)])
    spin(lambda: not session.running, 120.0)
    assert "checksum does not match" in window.messages.texts()[-1]
    assert window.document.shown.analyses == {}
