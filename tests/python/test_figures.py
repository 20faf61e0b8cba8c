"""Figures of a run in a notebook."""

import base64
import os
import re
import tempfile
import unittest
import xml.etree.ElementTree as xml

import jem
from jem import figures
from test_model import SMALL, arrays


class Drawing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.run_of = jem.train(SMALL, out=os.path.join(cls.folder.name, "run"), data=arrays())

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_a_training_returns_a_run_that_any_function_takes(self):
        self.assertEqual(os.fspath(self.run_of), os.path.join(self.folder.name, "run"))
        with self.run_of.load(threads=1) as m, jem.load(self.run_of) as same:
            self.assertEqual(m.shape, same.shape)

    def test_a_figure_is_shown_as_a_picture_of_its_own(self):
        shown = self.run_of.plot("training")._repr_html_()
        drawing = base64.b64decode(re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', shown)[1])
        self.assertTrue(xml.fromstring(drawing).tag.endswith("svg"))
        self.assertIn(shown, self.run_of._repr_html_())

    def test_samples_are_those_of_the_buffer(self):
        sheet = self.run_of.samples()
        self.assertEqual(sheet.name, "samples-buffer")
        self.assertIn("<image", sheet.svg)

    def test_a_figure_that_is_not_there_is_named_beside_those_that_are(self):
        with self.assertRaisesRegex(LookupError, "no figure 'cifar10h'; there are: .*training"):
            self.run_of.plot("cifar10h")
        with self.assertRaisesRegex(jem.DataError, "nonexistent"):
            figures.plot("/nonexistent", "training")

    def test_figures_are_saved_as_their_extension_says(self):
        figure = self.run_of.plot("training")
        for kind, begin in (("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG")):
            with open(figure.save(os.path.join(self.folder.name, f"f.{kind}")), "rb") as f:
                self.assertTrue(f.read().startswith(begin))
        with self.assertRaisesRegex(ValueError, "f.jpg: a figure is written as"):
            figure.save(os.path.join(self.folder.name, "f.jpg"))
        with open(figure.save(os.path.join(self.folder.name, "f.tsv")), encoding="utf-8") as f:
            self.assertIn("\t", f.readline())
        with self.assertRaisesRegex(ValueError, "width_mm = 20; choose 80 to 420"):
            figure.save(os.path.join(self.folder.name, "g.svg"), width_mm=20)
        self.assertFalse(os.path.exists(os.path.join(self.folder.name, "g.svg")))

    def test_one_figure_draws_no_report(self):
        self.run_of.plot("training")
        self.assertFalse(os.path.exists(os.path.join(self.run_of, "report.html")))
        self.assertEqual(list(self.run_of.figures()), sorted(self.run_of.figures()))
        self.assertTrue(os.path.exists(os.path.join(self.run_of, "report.html")))
        os.remove(os.path.join(self.run_of, "report.html"))

    def test_numbers_are_a_table(self):
        try:
            import pandas  # noqa: F401
        except ImportError:
            self.skipTest("no pandas")
        self.assertGreater(len(self.run_of.plot("training").numbers()), 0)


if __name__ == "__main__":
    unittest.main()
