"""``python -m trainer fit | evaluate | calibrate``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.system.streams import flush_output, tell
from ecgviewer.core.system.user_dirs import settle
from ecgviewer.models.networks.architectures import model_ids


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    top = argparse.ArgumentParser(
        prog="trainer", description="Train, evaluate and calibrate the models of the ECG viewer."
    )
    commands = top.add_subparsers(dest="command", required=True)

    fit = commands.add_parser("fit", help="train on normal records and write a bundle")
    fit.add_argument("--model", choices=model_ids(), help="with the shipped configuration")
    fit.add_argument("--data", type=Path, action="append", required=True, metavar="DIR")
    fit.add_argument(
        "--yardstick", type=Path, action="append", default=[], metavar="DIR",
        help="further normals for the calibration; they train no network",
    )  # fmt: skip
    fit.add_argument("--out", type=Path, required=True, metavar="FILE.ecgmodel")
    fit.add_argument("--config", type=Path, metavar="FILE.toml", help="instead of the shipped one")
    fit.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    fit.add_argument("--seed", type=_seed, metavar="N", help="instead of the configuration's")
    fit.add_argument("--resume", action="store_true", help="continue an interrupted training")
    fit.add_argument("--overwrite", action="store_true", help="replace an existing bundle")

    evaluate = commands.add_parser("evaluate", help="measure bundles on labelled records")
    evaluate.add_argument("--model", type=Path, action="append", required=True, metavar="FILE")
    evaluate.add_argument("--data", type=Path, action="append", required=True, metavar="DIR")
    evaluate.add_argument("--out", type=Path, metavar="FILE.md|FILE.json")
    evaluate.add_argument("--device", default="auto")
    evaluate.add_argument(
        "--card", action="store_true", help="write the figures into the bundles' cards"
    )

    evaluate.add_argument(
        "--leave-one-site-out", action="store_true",
        help="each site left out of densities and thresholds, and its normals as of other devices",
    )  # fmt: skip

    calibrate = commands.add_parser("calibrate", help="thresholds from a site's own normals")
    calibrate.add_argument("--model", type=Path, required=True, metavar="FILE.ecgmodel")
    calibrate.add_argument("--normals", type=Path, metavar="DIR")
    calibrate.add_argument("--data", type=Path, metavar="DIR", help="with --robust")
    calibrate.add_argument(
        "--robust", action="store_true",
        help="from the least suspicious of all records of --data, without labels",
    )  # fmt: skip
    calibrate.add_argument("--out", type=Path, required=True, metavar="FILE.ecgmodel")
    calibrate.add_argument("--device", default="auto")
    calibrate.add_argument("--overwrite", action="store_true", help="replace an existing bundle")
    return top


def _seed(text: str) -> int:
    """Return a whole number that a random generator takes; raises ValueError."""
    number = int(text)
    if not 0 <= number < 2**63:
        raise ValueError(text)
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0, 1 after an error, 2 after wrong usage, 130 after Ctrl-C."""
    top = parser()
    try:
        given = top.parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    if homeless := settle():
        print(homeless, file=sys.stderr)
    try:
        status = _run(given)
        flush_output()
        return status
    except EcgViewerError as error:
        print(f"trainer: {error.path}: {error.reason}" if error.path else f"trainer: {error}",
              file=sys.stderr)  # fmt: skip
        return 1
    except OSError as error:
        tell("trainer", error)
        return 1
    except KeyboardInterrupt:
        hint = "; fit --resume continues" if given.command == "fit" else "; nothing was written"
        print(f"trainer: stopped{hint}", file=sys.stderr)
        return 130


def _run(given: argparse.Namespace) -> int:
    # Imported late: --help should not wait for torch.
    if given.command == "fit":
        return _fit(given)
    if given.command == "evaluate":
        from trainer.judging import evaluate

        if given.leave_one_site_out:
            return evaluate.run_sites(given.model, given.data, given.out, given.device)
        return evaluate.run(given.model, given.data, given.out, given.device, given.card)
    if given.robust != (given.data is not None) or given.robust == (given.normals is not None):
        print("trainer calibrate: give --normals DIR, or --data DIR --robust", file=sys.stderr)
        return 2
    if given.robust:
        from trainer.fitting.calibration import robust

        return robust.run(given.model, given.data, given.out, given.device, given.overwrite)
    from trainer.fitting.calibration import calibrate

    return calibrate.run(given.model, given.normals, given.out, given.device, given.overwrite)


def _fit(given: argparse.Namespace) -> int:
    from trainer.fitting.config import load_config, shipped_config
    from trainer.fitting.fit import fit

    if given.config is None and given.model is None:
        print("trainer fit: give --model, or a --config that names one", file=sys.stderr)
        return 2
    config = load_config(given.config or shipped_config(given.model))
    if given.model is not None and config.architecture != given.model:
        print(
            f"trainer fit: the configuration is for {config.architecture}, not {given.model}",
            file=sys.stderr,
        )
        return 2
    if given.seed is not None:
        config = replace(config, seed=given.seed)
    fit(config, given.data, given.out, given.device, given.resume, given.overwrite, given.yardstick)
    return 0


if __name__ == "__main__":
    sys.exit(main())
