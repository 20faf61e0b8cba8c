"""Figures of a run's or a study's report, one at a time: what a notebook shows and a paper takes."""

from __future__ import annotations

import base64
import ctypes as c
import html
import io
import os
import tempfile
import typing

from . import _library as _l

if typing.TYPE_CHECKING:
    from typing import Any

    import pandas

    from ._model import Model
    from ._types import Path


class Figure:
    """One figure of the report of a run or a study, drawn from its files whenever it is asked for.  name: as in the report.

    A notebook shows it."""

    def __init__(self, folder: Path, name: str):
        self.folder, self.name = os.fspath(folder), name

    def __repr__(self):
        return f"<jem figure {self.name} of {self.folder}>"

    def save(self, path: Path, width_mm: float = 183) -> Path:
        """Draws the figure to `path`, whose extension says what: .svg, .pdf, .png, so wide, text of 7 pt and more; .tsv: all
        its numbers.  Returns the path."""
        folders = (c.c_char_p * 1)(_l.path_bytes(self.folder))
        _l.call("jem_report_figure", folders, 1, self.name.encode(), _l.path_bytes(path), width_mm, None)
        return path

    def _text(self, kind):
        with tempfile.TemporaryDirectory() as folder:
            with open(self.save(os.path.join(folder, f"figure.{kind}")), encoding="utf-8") as f:
                return f.read()

    @property
    def svg(self) -> str:
        return self._text("svg")

    def numbers(self) -> pandas.DataFrame:
        """Every number of the figure, as a pandas DataFrame."""
        import pandas

        return pandas.read_csv(io.StringIO(self._text("tsv")), sep="\t")

    def _repr_html_(self):
        # A picture of its own: the ids of two drawings in one notebook would meet.
        picture = base64.b64encode(self.svg.encode()).decode()
        return f'<img alt="{html.escape(self.name)}" style="max-width:100%" src="data:image/svg+xml;base64,{picture}">'


def draw(folder: Path) -> dict[str, Figure]:
    """Draws the report of a run or a study anew; returns its figures by name: {name: Figure}."""
    _l.call("jem_report", _l.path_bytes(folder), None)
    return {name[:-4]: Figure(folder, name[:-4]) for name in sorted(os.listdir(os.path.join(folder, "figures")))
            if name.endswith(".svg")}


def plot(folder: Path, name: str) -> Figure:
    """One figure of a run's or a study's report: "cifar10h" or any benchmark, "training", "people", "samples-buffer", ...;
    "sweetspot:cifar10h": of one benchmark.

    LookupError names those there are; DataError says what a figure lacks."""
    figure = Figure(folder, name)
    try:
        figure.svg
    except ValueError as error:
        raise LookupError(str(error)) from None
    return figure


class Drawn:
    """What a folder with a report can show.  A Run and a Study are such."""

    def __init__(self, folder: Path):
        self.folder = os.fspath(folder)

    def __fspath__(self):
        return self.folder

    def __repr__(self):
        return f"<jem.{type(self).__name__} {self.folder}>"

    def figures(self) -> dict[str, Figure]:
        """All figures, drawn anew: {name: Figure}."""
        return draw(self.folder)

    def plot(self, name: str) -> Figure:
        """One figure: see figures.plot."""
        return plot(self.folder, name)


class Run(Drawn):
    """A run folder: what jem.train returns, and any function of jem that takes a run."""

    def load(self, **engine: Any) -> Model:
        """jem.load of this run."""
        from ._model import load

        return load(self.folder, **engine)

    def samples(self, kind: str = "buffer") -> Figure:
        """Sheets of pictures: "buffer" (what the chains drew by the end), and of an evaluated run "shared-start"
        (after 0, 5, 10, ... steps) and "classes" (a row each)."""
        return plot(self.folder, f"samples-{kind}")

    def _repr_html_(self):
        return f"<p>{html.escape(repr(self))}</p>{plot(self.folder, 'training')._repr_html_()}"
