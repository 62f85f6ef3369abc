"""``evaluate --leave-one-site-out``: the score at hospitals and devices it was not calibrated for.

The network stays; densities, thresholds and p-values are fitted anew without one site after the
other, and the site that was left out is reported, worst first. Normals kept out of every fit are
then passed through devices one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ecgviewer.core.errors import EcgViewerError
from ecgviewer.core.progress import Progress
from ecgviewer.core.site_shift import SiteShift
from ecgviewer.io import open_record
from ecgviewer.models.bundle.bundle import Bundle
from ecgviewer.models.run.analyser import Detector
from ecgviewer.models.score.fitting import Normal, fit_scorer
from ecgviewer.models.score.fusion import RecordResult, Scorer
from ecgviewer.models.score.window_evidence import Window
from ecgviewer.signal.device_filter import DeviceFilter
from trainer.datasets.entries import Entry, Index
from trainer.fitting.calibration.calibrate import OTHER_SITE
from trainer.fitting.calibration.device_copies import other_device, through_device
from trainer.fitting.config import Devices
from trainer.judging import metrics

SPECIFICITY = 0.95
DEVICES: Final[Mapping[str, tuple[DeviceFilter, float]]] = {
    "as it is": (DeviceFilter(), 0.0),
    "high-pass 0.05 Hz, one pole": (DeviceFilter(0.05), 0.0),
    "high-pass 0.25 Hz, two poles": (DeviceFilter(0.25, 2), 0.0),
    "high-pass 0.5 Hz, one pole": (DeviceFilter(0.5), 0.0),
    "high-pass 0.5 Hz, two poles": (DeviceFilter(0.5, 2), 0.0),
    "high-pass 0.67 Hz, one pole": (DeviceFilter(0.67), 0.0),
    "high-pass 0.67 Hz, two poles": (DeviceFilter(0.67, 2), 0.0),
    "high-pass 0.5 Hz, zero phase": (DeviceFilter(0.5, 2, zero_phase=True), 0.0),
    "low-pass 35 Hz": (DeviceFilter(lowpass_hz=35.0), 0.0),
    "gain 0.8": (DeviceFilter(gain=0.8), 0.0),
    "gain 1.3": (DeviceFilter(gain=1.3), 0.0),
    "noise 25 uV": (DeviceFilter(), 0.025),
}
"""Filter and white noise (mV) of the device table."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A record and all its windows through the network."""

    site: str
    entry: Entry
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class SiteFigures:
    """What a scorer that does not know a site makes of it.

    ``parts`` are AUROCs of single parts, ``false_alarms`` and ``recall`` at ``SPECIFICITY``; NaN
    without normals or without abnormal records. ``shift`` and ``shift_of_normals`` name what the
    work list would say of all of the site's records, and of its normals alone.
    """

    site: str
    normal: int
    abnormal: int
    raw: float
    calibrated: float
    parts: Mapping[str, float]
    false_alarms: float
    recall: float
    shift: tuple[str, ...] = ()
    shift_of_normals: tuple[str, ...] = ()


def look(index: Index, detector: Detector, progress: Progress) -> list[Looked]:
    """Run the network over every labelled record; what cannot be judged is left out."""
    found: list[Looked] = []
    for dataset in index.datasets:
        entries = [entry for entry in dataset.entries if entry.normal is not None]
        for k, entry in enumerate(entries):
            progress((k + 1) / len(entries), f"{dataset.root.name}: {entry.name}")
            try:
                windows = tuple(detector.evidence(open_record(entry.ref)))
            except EcgViewerError:
                continue
            if windows:
                # A data set with official folds is the home of the network, however it is stored.
                site = entry.source if entry.fold is not None else dataset.root.name
                found.append(Looked(site, entry, windows))
    return found


def copies(
    looked: Sequence[Looked], detector: Detector, devices: Devices, progress: Progress
) -> list[Normal]:
    """Return the normals of other devices that calibration makes of these records in mV."""
    out: list[Normal] = []
    for k, one in enumerate(looked):
        progress((k + 1) / len(looked), f"other devices: {one.entry.name}")
        if not (one.entry.normal and one.windows[0].amplitude_known):
            continue
        if one.entry.fold is not None and one.entry.split == "report":
            continue
        recording = open_record(one.entry.ref)
        for copy in range(devices.copies):
            rng = np.random.default_rng((devices.seed, k, copy))
            window = next(iter(detector.evidence(other_device(recording, rng))), None)
            if window is not None:
                out.append(_normal(one, window, copy=True))
    return out


def _normal(one: Looked, window: Window, copy: bool = False) -> Normal:
    home = one.entry.fold is not None
    return Normal(
        window, f"{one.site}|{one.entry.group}", one.entry.clean,
        held_out=not home or one.entry.split == "calibrate", copy=copy,
        weight=1 if home else OTHER_SITE,
    )  # fmt: skip


def without_site(looked: Sequence[Looked], copied: Sequence[Normal], site: str) -> Scorer:
    """Return a scorer fitted on the normals of all other sites (of folds only 1 to 9)."""
    own = [
        _normal(one, one.windows[0])
        for one in looked
        if one.entry.normal
        and one.site != site
        and not (one.entry.fold is not None and one.entry.split == "report")
    ]
    others = [normal for normal in copied if not normal.group.startswith(f"{site}|")]
    return fit_scorer([*own, *others])


def figures(looked: Sequence[Looked], scorer: Scorer, site: str) -> SiteFigures:
    """Return what a scorer makes of a site; of one with folds only fold 10 is reported."""
    members = [
        one
        for one in looked
        if one.site == site and (one.entry.fold is None or one.entry.split == "report")
    ]
    results = [_judged(scorer, one.windows) for one in members]
    labels = np.array([not one.entry.normal for one in members], dtype=float)
    scores = np.array([result.score for result in results])
    passed = scores >= scorer.record_reference.threshold(SPECIFICITY)
    names = sorted({name for result in results for name in result.parts})
    parts = {
        name: metrics.auroc(labels, -np.log10([r.parts.get(name, 1.0) + 1e-12 for r in results]))
        for name in names
    }
    return SiteFigures(
        site, int((labels == 0).sum()), int(labels.sum()),
        metrics.auroc(labels, np.array([result.raw_score for result in results])),
        metrics.auroc(labels, scores), parts,
        _share(passed[labels == 0]), _share(passed[labels == 1]),
        _shift(results), _shift([r for r, label in zip(results, labels, strict=True) if not label]),
    )  # fmt: skip


def _shift(results: Sequence[RecordResult]) -> tuple[str, ...]:
    found = SiteShift()
    for result in results:
        found.add(result.p_value, result.parts)
    return found.parts()


def _judged(scorer: Scorer, windows: Sequence[Window]) -> RecordResult:
    return scorer.combine([scorer.score(window) for window in windows])


def _share(values: np.typing.NDArray[np.bool_]) -> float:
    return float(values.mean()) if values.size else float("nan")


def device_table(
    looked: Sequence[Looked], scorer: Scorer, detector: Detector, site: str, progress: Progress
) -> dict[str, tuple[float, int]]:
    """Return the false alarms, and of how many normals, of a left-out site by device."""
    normals = [
        one
        for one in looked
        if one.site == site and one.entry.normal and one.windows[0].amplitude_known
        and (one.entry.fold is None or one.entry.split == "report")
    ]  # fmt: skip
    threshold = scorer.record_reference.threshold(SPECIFICITY)
    table = {}
    for at, (name, (device, noise_mv)) in enumerate(DEVICES.items()):
        progress((at + 1) / len(DEVICES), f"{site}: {name}")
        passed = []
        for k, one in enumerate(normals):
            rng = np.random.default_rng((at, k))
            recording = through_device(open_record(one.entry.ref), device, rng, noise_mv)
            windows = list(detector.evidence(recording))
            if windows:
                passed.append(_judged(scorer, windows).score >= threshold)
        table[name] = (float(np.mean(passed)) if passed else float("nan"), len(passed))
    return table


def leave_one_site_out(
    model: Path, index: Index, device: str, devices: Devices, progress: Progress
) -> str:
    """Return both tables as Markdown, the worst site first."""
    bundle = Bundle.load(model)
    detector = Detector(bundle, device)
    looked = look(index, detector, progress)
    copied = copies(looked, detector, devices, progress)
    # By whichever site the network trained on nothing is left out: fold 10 is apart already.
    home = {one.site for one in looked if one.entry.fold is not None}
    rows: list[SiteFigures] = []
    tables: dict[str, dict[str, tuple[float, int]]] = {}
    for site in dict.fromkeys(one.site for one in looked):
        scorer = without_site(looked, copied, "" if site in home else site)
        rows.append(figures(looked, scorer, site))
        tables[site] = device_table(looked, scorer, detector, site, progress)
    return as_markdown(model.stem, rows, tables)


def as_markdown(
    name: str, rows: Sequence[SiteFigures], tables: Mapping[str, Mapping[str, tuple[float, int]]]
) -> str:
    """Return the table of sites, worst first, and the table of devices."""
    worst = sorted(rows, key=lambda row: (np.nan_to_num(row.calibrated, nan=2.0), row.site))
    parts = sorted({part for row in rows for part in row.parts})
    lines = [
        f"## {name}: each site left out of densities and thresholds", "",
        "| site (normal / not) | raw | calibrated | " + " | ".join(parts)
        + " | false alarms | recall | site shift (of its normals) |",
        "|" + "---|" * (len(parts) + 6),
    ]  # fmt: skip
    for row in worst:
        alone = " | ".join(_auroc(row.parts.get(part, float("nan"))) for part in parts)
        lines.append(
            f"| {row.site} ({row.normal} / {row.abnormal}) | {_auroc(row.raw)} | "
            f"**{_auroc(row.calibrated)}** | {alone} | {_percent(row.false_alarms)} | "
            f"{_percent(row.recall)} | {_named(row.shift)} ({_named(row.shift_of_normals)}) |"
        )
    sites = [site for site, table in tables.items() if any(n for _, n in table.values())]
    lines += ["", f"False alarms at {SPECIFICITY:.0%} of left-out normals, by device:", "",
              "| device | " + " | ".join(sites) + " |",
              "|" + "---|" * (len(sites) + 1)]  # fmt: skip
    for device in DEVICES:
        cells = [f"{_percent(tables[s][device][0])} of {tables[s][device][1]}" for s in sites]
        lines.append(f"| {device} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _named(parts: Sequence[str]) -> str:
    return " ".join(parts) or "none"


def _auroc(value: float) -> str:
    return "–" if value != value else f"{value:.3f}"


def _percent(value: float) -> str:
    return "–" if value != value else f"{100 * value:.0f} %"
