"""``ecgviewer models``: the bundles found, with the figures on their cards."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping

from ecgviewer.models.bundle.bundle import BundleInfo, find_bundles

Json = Mapping[str, object]


def run(arguments: argparse.Namespace) -> int:
    """Print every bundle found; return 1 when there is none or one cannot be used."""
    bundles = find_bundles()
    if not bundles:
        print("no model bundle found")
        return 1
    print("\n\n".join("\n".join(describe(info)) for info in bundles))
    return 1 if any(info.problem for info in bundles) else 0


def describe(info: BundleInfo) -> Iterator[str]:
    """Yield the lines about one bundle."""
    yield f"{info.name}  ({info.path})"
    if info.problem:
        yield f"  cannot be used: {info.problem}"
        return
    yield f"  architecture  {info.architecture}"
    yield f"  checksum      {info.content_sha256[:16]}"
    thresholds = (f"{float(value):.3g} at {share}" for share, value in info.thresholds.items())
    yield f"  thresholds    {', '.join(thresholds) or 'none'} (specificity)"
    for metric in info.metrics:
        yield f"  {figures(metric)}"


def figures(metric: Json) -> str:
    """Return the figures on one data set in one line; what a card lacks is left out.

    Calibrated and raw AUROC with their 95 % intervals, then recall and specificity at the
    threshold of 95 % specificity; of injected lesions how well they are found.
    """
    counts = f"{metric.get('data', '?')}: {metric.get('n', '?')} records"
    if "normal" in metric:
        counts += f", {metric['normal']} of them normal"
    words = [counts]
    for key, title in (("auroc", "AUROC"), ("raw_auroc", "raw"), ("auprc", "AUPRC")):
        if isinstance(value := metric.get(key), float):
            words.append(f"{title} {value:.3f}{_interval(metric.get(f'{key}_ci'))}")
    if isinstance(value := metric.get("point_auroc"), float):
        words.append(f"point AUROC of the map {value:.3f}")
    shares = (
        ("recall_at_95", "recall"), ("specificity_at_95", "specificity"),
        ("top_hits", "top flag hits"),
    )  # fmt: skip
    for key, title in shares:
        if isinstance(value := metric.get(key), float):
            words.append(f"{title} {value:.1%}")
    return "; ".join(words)


def _interval(bounds: object) -> str:
    if not isinstance(bounds, list) or len(bounds) != 2:
        return ""
    return f" ({bounds[0]:.2f}-{bounds[1]:.2f})"
