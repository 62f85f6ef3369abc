"""The table of models: an entry there is all that the rest of the program needs to know one."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from ecgviewer.models.networks.architectures import TABLE
from ecgviewer.models.networks.network import network_class
from trainer.fitting.config import load_config, shipped_config

FOURTH = """

from dataclasses import replace
from ecgviewer.models.networks import architectures
invented = replace(
    architectures.CAE, id="diffusion", title="Diffusion", description="a diffusion model",
    defaults={**architectures.CAE.defaults, "steps": 50},
)
architectures.TABLE = (*architectures.TABLE, invented)
"""


def with_a_fourth(code: str) -> str:
    """Return what ``code`` prints in a program whose table has an invented entry more."""
    done = subprocess.run(
        [sys.executable, "-c", FOURTH + code], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(find_spec("PySide6") is None, reason="the menu needs Qt")
def test_a_new_entry_is_in_menu_command_line_card_and_trainer() -> None:
    menu = """
from ecgviewer.app.commands.table import TABLE
from ecgviewer.models.networks.network import network_class
print([c.title for c in TABLE if getattr(c, "id", "").startswith("analyse.model.")])
"""
    options = """
from ecgviewer.cli.parser import build_parser
parsed = build_parser().parse_args(["analyze", "x", "--model", "diffusion"])
from ecgviewer.cli.choose import bundle_path
print(parsed.model, bundle_path(parsed.model).name)
"""
    trainer = """
from trainer.__main__ import parser
given = parser().parse_args(["fit", "--model", "diffusion", "--data", "d", "--out", "o"])
from trainer.fitting.config import shipped_config
print(given.model, shipped_config(given.model).name)
"""
    card = """
from ecgviewer.models.bundle.card import render_card
training = {
    "seconds": 60.0, "data": "PTB-XL", "n_train": 1, "n_calibrate": 1, "best_epoch": 1,
    "epochs": 1, "best_loss": 1.0, "hardware": "CPU", "index_sha256": "0",
    "config": {"network": {}, "windowing": {"length_s": 10.0}, "preprocessing": {"fs_hz": 100},
               "seed": 1},
}
print(render_card("diffusion", training, {}, ()))
"""
    network = """
from ecgviewer.models.networks.network import build_network
print(build_network("diffusion", {}).hyper["bottleneck"])
"""
    seen = with_a_fourth(menu + options + trainer + card + network)
    assert "'VAE-BiLSTM-MHA', 'Diffusion']" in seen
    assert "diffusion diffusion.ecgmodel" in seen
    assert "diffusion diffusion.toml" in seen
    assert "# Diffusion" in seen and "A diffusion model, trained on normal ECGs only" in seen
    assert seen.strip().endswith("0")


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry.id)
def test_every_entry_has_its_network_its_configuration_and_its_bundle(entry) -> None:  # type: ignore[no-untyped-def]
    from ecgviewer.models.bundle.bundle import read_info, shipped_bundle

    assert network_class(entry).entry is entry
    assert load_config(shipped_config(entry.id)).architecture == entry.id
    assert read_info(shipped_bundle(entry.id)).architecture == entry.id


def test_the_table_needs_no_torch() -> None:
    code = "import ecgviewer.models.networks.architectures, sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False"
