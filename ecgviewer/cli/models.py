"""``ecgviewer models``: the bundles found, with the figures on their cards."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping

from ecgviewer.models.bundle import BundleInfo, find_bundles

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
    """Return the figures on one data set in one line.

    Numbers are written with three digits, intervals (pairs of numbers) in brackets behind.
    """
    words = []
    for name, value in metric.items():
        if isinstance(value, str):
            words.append(value)
        elif isinstance(value, bool | int):
            words.append(f"{name} {value}")
        elif isinstance(value, float):
            words.append(f"{name} {value:.3f}")
        elif isinstance(value, list) and len(value) == 2:
            words[-1] += f" [{float(value[0]):.3f}, {float(value[1]):.3f}]"
    return ", ".join(words)
