"""Figures of a run's or a study's report, one at a time: what a notebook shows and a paper takes."""

import base64
import html
import os
import shutil

from . import _library as _l


class Figure:
    """One figure, drawn.  name: as in the report; folder: of its files NAME.svg, .pdf, .png, .tsv (all its numbers).

    A notebook shows it."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name

    def __repr__(self):
        return f"<jem figure {self.name}: {self.path('svg')}>"

    def path(self, kind="svg"):
        """The path of a file of the figure: kind "svg", "pdf", "png", or "tsv"."""
        return os.path.join(self.folder, f"{self.name}.{kind}")

    @property
    def svg(self):
        with open(self.path("svg"), encoding="utf-8") as f:
            return f.read()

    def numbers(self):
        """Every number of the figure, as a pandas DataFrame."""
        import pandas

        return pandas.read_csv(self.path("tsv"), sep="\t")

    def save(self, path):
        """Copies the figure to `path`, whose extension says what: .svg, .pdf, .png, .tsv.  Returns the path."""
        kind = os.path.splitext(os.fspath(path))[1].lstrip(".")
        if kind not in ("svg", "pdf", "png", "tsv"):
            raise ValueError(f"{os.fspath(path)}: choose one of .svg, .pdf, .png, .tsv")
        return shutil.copyfile(self.path(kind), path)

    def _repr_html_(self):
        # A picture of its own: the ids of two drawings in one notebook would meet.
        picture = base64.b64encode(self.svg.encode()).decode()
        return f'<img alt="{html.escape(self.name)}" style="max-width:100%" src="data:image/svg+xml;base64,{picture}">'


def draw(folder):
    """Draws the report of a run or a study anew; returns its figures by name: {name: Figure}."""
    _l.call("jem_report", _l.path_bytes(folder), None)
    drawn = os.path.join(folder, "figures")
    return {name[:-4]: Figure(drawn, name[:-4]) for name in sorted(os.listdir(drawn)) if name.endswith(".svg")}


def plot(folder, name):
    """One figure of a run's or a study's report: "cifar10h" or any benchmark, "training", "people", "samples", ...

    LookupError names those there are."""
    figures = draw(folder)
    if name not in figures:
        raise LookupError(f"{os.fspath(folder)}: no figure {name}; there are {', '.join(figures)}")
    return figures[name]


class Drawn:
    """What a folder with a report can show.  A Run and a Study are such."""

    def __init__(self, folder):
        self.folder = os.fspath(folder)

    def __fspath__(self):
        return self.folder

    def __repr__(self):
        return f"<jem.{type(self).__name__} {self.folder}>"

    def figures(self):
        """All figures, drawn anew: {name: Figure}."""
        return draw(self.folder)

    def plot(self, name):
        """One figure: see figures.plot."""
        return plot(self.folder, name)


class Run(Drawn):
    """A run folder: what jem.train returns, and any function of jem that takes a run."""

    def load(self, **engine):
        """jem.load of this run."""
        from ._model import load

        return load(self.folder, **engine)

    def samples(self, kind="buffer"):
        """Sheets of pictures: "buffer" (what the chains drew by the end), and of an evaluated run "shared-start"
        (after 0, 5, 10, ... steps) and "classes" (a row each)."""
        return plot(self.folder, f"samples-{kind}")

    def _repr_html_(self):
        return f"<p>{html.escape(repr(self))}</p>{plot(self.folder, 'training')._repr_html_()}"
