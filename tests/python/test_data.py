"""jem.data_check: what folders hold."""

import os
import tempfile
import unittest

import numpy as np

import jem


class Check(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def test_images(self):
        x = np.zeros((20, 3, 16, 16), np.uint8)
        np.save(os.path.join(self.folder.name, "images.npy"), x)
        np.save(os.path.join(self.folder.name, "labels.npy"), np.arange(20, dtype=np.int32) % 4)
        found = jem.data_check(self.folder.name)
        self.assertEqual((found.kind, found.benchmark, found.whole, found.trouble), ("npy", False, True, ""))
        self.assertEqual((found.train + found.val + found.test, found.shape), (20, (3, 16, 16)))
        self.assertEqual(list(found.classes.values()), [5] * 4)
        self.assertIn("images   20 (", found.text)
        os.truncate(os.path.join(self.folder.name, "images.npy"), 1000)
        found = jem.data_check(self.folder.name, "npy")
        self.assertFalse(found.whole)
        self.assertIn("images.npy", found.trouble)

    def test_a_benchmark(self):
        found = jem.data_check(self.folder.name, "bapps")
        self.assertEqual((found.kind, found.benchmark, found.whole, found.classes), ("bapps", True, False, {}))
        self.assertIn("2afc", found.trouble)
        np.save(os.path.join(self.folder.name, "cifar10h-counts.npy"), np.tile(np.int64(5), (10000, 10)))
        with open(os.path.join(self.folder.name, "test-images.tsv"), "w", encoding="utf-8") as f:
            f.write("index\tlabel\tclass\tofficial_name\tjpeg\n")
            f.writelines(f"{i}\t{i % 10}\tc{i % 10}\tn{i}.png\tn{i}.jpg\n" for i in range(10000))
        found = jem.data_check(self.folder.name, "cifar10h")
        self.assertTrue(found.whole, found.trouble)
        self.assertIn("500000 judgements", found.text)
        probabilities, images = found.parts
        self.assertEqual((probabilities.name, probabilities.state), ("cifar10h-probs.npy", "missing"))
        self.assertEqual((images.state, images.images, images.published_images, images.bad), ("whole", 10000, 10000, 0))
        with self.assertRaisesRegex(ValueError, "'nonsense' is unknown"):
            jem.data_check(self.folder.name, "nonsense")


if __name__ == "__main__":
    unittest.main()
