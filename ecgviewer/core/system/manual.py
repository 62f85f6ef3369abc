"""The manual that the program carries: which pages there are, in the order of reading."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ecgviewer.core.system.resources import resource_dir

FIRST = "first-ten-minutes"


@dataclass(frozen=True)
class ManualPage:
    """One page.

    Attributes
    ----------
    name : str
        The file's name without its number, such as ``flags``; links of other pages use the file.
    title : str
    path : Path
        Markdown; pictures lie in ``pictures`` beside it.
    """

    name: str
    title: str
    path: Path

    def text(self) -> str:
        """Return the page as Markdown."""
        return self.path.read_text(encoding="utf-8")


@cache
def manual_pages() -> tuple[ManualPage, ...]:
    """Return the pages; the numbers that their files begin with say in which order."""
    pages = []
    for path in sorted((resource_dir() / "manual").glob("[0-9][0-9]-*.md")):
        with path.open(encoding="utf-8") as file:
            title = file.readline().lstrip("# ").strip()
        pages.append(ManualPage(path.stem.partition("-")[2], title, path))
    return tuple(pages)


def manual_page(name: str) -> ManualPage:
    """Return a page by its name.

    Raises
    ------
    KeyError
        There is none of this name.
    """
    for page in manual_pages():
        if page.name == name:
            return page
    raise KeyError(name)
