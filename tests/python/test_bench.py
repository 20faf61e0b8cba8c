"""Benchmarks on functions of Python, over a small BAPPS of our own."""

import os
import tempfile
import unittest

import numpy as np

import jem

FEW = {"bench.rounds": 100}


def write_png(path, pixels):
    """An uncompressed PNG of uint8 [height, width, 3]."""
    import struct
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def write_bapps(folder, n=12):
    """Triplets of 64 x 64 and pairs; people find the patch closer that differs less in brightness."""
    rng = np.random.default_rng(5)
    sets = [(f"{kind}/val/{name}", parts, said) for name in ("cnn", "traditional") for kind, parts, said in (
        ("2afc", ("ref", "p0", "p1"), "judge"), ("jnd", ("p0", "p1"), "same"))]
    for kind, parts, said in sets:
        for part in (*parts, said):
            os.makedirs(os.path.join(folder, kind, part))
        for i in range(n):
            shift = {"ref": 0, "p0": rng.integers(60), "p1": rng.integers(60)}
            for part in parts:
                write_png(os.path.join(folder, kind, part, f"{i:06d}.png"), np.full((64, 64, 3), 100 + shift[part], np.uint8))
            answer = float(shift["p1"] < shift["p0"]) if said == "judge" else float(abs(shift["p0"] - shift["p1"]) < 20)
            np.save(os.path.join(folder, kind, said, f"{i:06d}.npy"), np.array([answer], np.float32))


class Subjects(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.data = os.path.join(cls.folder.name, "bapps")
        write_bapps(cls.data)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_a_function_that_sees_as_people_do_scores_as_the_best_possible(self):
        seen = []

        def brightness(a, b):
            seen.append(a.shape)
            return np.abs(a.astype(float) - b).mean(axis=(1, 2, 3))

        scores = jem.bench("bapps", distance=brightness, label="brightness", data=self.data, set=FEW)
        self.assertEqual(scores.find("2afc", model="brightness").value, 1)
        self.assertTrue(all(s[1:] == (64, 64, 3) for s in seen))
        worst = jem.bench("bapps", distance=lambda a, b: -brightness(a, b), data=self.data, set=FEW)
        self.assertEqual(worst.find("2afc", model="model").value, 0)

    def test_scores_and_trials_are_kept(self):
        out = os.path.join(self.folder.name, "out")
        scores = jem.bench("bapps", distance=lambda a, b: np.abs(a.astype(float) - b).mean(axis=(1, 2, 3)) % 7,
                           data=self.data, set=FEW, out=out)
        self.assertTrue(os.path.exists(os.path.join(out, "scores", "scores.json")))
        self.assertTrue(os.path.exists(os.path.join(out, "trials", "bapps.csv")))
        with self.assertRaisesRegex(LookupError, "2afc"):
            scores.find("kappa")

    def test_what_a_function_raises_comes_through(self):
        def broken(a, b):
            raise ZeroDivisionError("of my own")

        with self.assertRaisesRegex(ZeroDivisionError, "of my own"):
            jem.bench("bapps", distance=broken, data=self.data, set=FEW)
        with self.assertRaisesRegex(ValueError, r"distance returned \[3\]"):
            jem.bench("bapps", distance=lambda a, b: np.zeros(3), data=self.data, set=FEW)

    def test_answers_may_be_arrays(self):
        data = os.path.join(self.folder.name, "cifar10h")
        os.mkdir(data)
        rng = np.random.default_rng(7)
        counts, logits = rng.integers(1, 9, (10000, 10)), rng.normal(size=(10000, 10)).astype(np.float32)
        np.save(os.path.join(data, "cifar10h-counts.npy"), counts)
        with open(os.path.join(data, "test-images.tsv"), "w", encoding="utf-8") as f:
            f.write("index\tlabel\tclass\tofficial_name\tjpeg\n")
            f.writelines(f"{i}\t{i % 10}\tc{i % 10}\tn{i}.png\tn{i}.jpg\n" for i in range(10000))
        scores = jem.bench("cifar10h", answers=logits, label="mine", data=data, set=FEW)
        expected = jem.stats.uncertainty(logits, counts, np.arange(10000) % 10, rounds=0)
        self.assertAlmostEqual(scores.find("cross_entropy_human", model="mine").value, expected.cross_entropy.value, 9)
        self.assertAlmostEqual(scores.find("accuracy", model="mine").value, expected.accuracy.value, 12)
        with self.assertRaisesRegex(jem.DataError, "mine: answers to 9 images"):
            jem.bench("cifar10h", answers=logits[:9], label="mine", data=data, set=FEW)

    def test_what_cannot_be_asked_is_said(self):
        with self.assertRaisesRegex(ValueError, "distance"):
            jem.bench("bapps", predict=lambda x: np.zeros((len(x), 10)), classes=10, data=self.data, set=FEW)
        with self.assertRaisesRegex(TypeError, "one of them"):
            jem.bench("bapps")
        with self.assertRaisesRegex(ValueError, "no benchmark"):
            jem.bench("bap", distance=lambda a, b: None)
        with self.assertRaisesRegex(jem.DataError, "/nonexistent"):
            jem.bench("bapps", distance=lambda a, b: None, data="/nonexistent")


if __name__ == "__main__":
    unittest.main()
