"""Training on arrays, the model it gives, and Ctrl-C."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

import numpy as np

import jem

# Before a child that Ctrl-C is for: a shell that begins the tests in the background has it ignored.
HEED_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
SMALL = {"model": {"name": "wrn-10-1", "pool": "adaptive"}, "sampler": {"steps": 2, "buffer_size": 20},
         "train": {"batch": 8, "iterations": 4, "warmup": 1, "lr": 1e-3}, "data": {"crop": False, "val_fraction": .2},
         "engine.threads": 1, "alpha": .5}


def arrays(n=48):
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (n, 3, 16, 16), dtype=np.uint8), np.arange(n) % 3


class Trained(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.run_folder = os.path.join(cls.folder.name, "run")
        cls.steps = []
        jem.train(SMALL, out=cls.run_folder, data=arrays(), on_step=cls.steps.append)
        cls.m = jem.load(cls.run_folder)
        cls.x = np.random.default_rng(2).uniform(-1, 1, (5, 3, 16, 16)).astype(np.float32)

    @classmethod
    def tearDownClass(cls):
        cls.m.close()
        cls.folder.cleanup()

    def test_progress_is_told(self):
        self.assertEqual(self.steps[-1]["iteration"], 4)
        self.assertEqual(self.steps[-1]["iterations"], 4)

    def test_logits_give_probabilities_and_energies(self):
        f = self.m.logits(self.x)
        self.assertEqual(f.shape, (5, 3))
        np.testing.assert_allclose(self.m.energy(self.x), -np.log(np.exp(f.astype(float)).sum(axis=1)), rtol=1e-5)
        np.testing.assert_allclose(self.m.probabilities(self.x).sum(axis=1), 1, rtol=1e-6)
        self.assertEqual(list(self.m.predict(self.x)), list(f.argmax(axis=1)))
        np.testing.assert_array_equal(self.m.logits(self.x[0]), f[:1])

    def test_gradients_are_those_of_the_energy(self):
        g = self.m.grad(self.x)
        step = 2e-3 * np.sign(g) # in the direction in which the change is largest
        rise = (self.m.energy(self.x - step).astype(float) - self.m.energy(self.x + step)) / 2
        np.testing.assert_allclose(rise, (g * step).sum(axis=(1, 2, 3)), rtol=2e-2)
        np.testing.assert_array_equal(self.m.grad(self.x, 1), self.m.grad(self.x, [1] * 5))

    def test_features_have_their_shape(self):
        self.assertEqual(self.m.features(self.x, "layer3").shape, (5, 64, 4, 4))
        with self.assertRaisesRegex(ValueError, "layer1"):
            self.m.features(self.x, "layer9")

    def test_chains_are_reproducible_and_leave_images_alone(self):
        a, b = self.m.sample(3, seed=4, steps=2), self.m.sample(3, seed=4, steps=2)
        np.testing.assert_array_equal(a, b)
        kept = self.x.copy()
        moved = self.m.refine(self.x, y=2, steps=3, noise_std=0)
        np.testing.assert_array_equal(self.x, kept)
        self.assertFalse(np.array_equal(moved, kept))
        with self.assertRaises(TypeError):
            self.m.sample(1, step=3)
        with self.assertRaisesRegex(ValueError, "decay"):
            self.m.sample(1, decay="fast")

    def test_wrong_images_are_named(self):
        with self.assertRaisesRegex(ValueError, r"\[n, 3, 16, 16\]"):
            self.m.logits(np.zeros((1, 3, 8, 8)))
        with self.assertRaisesRegex(ValueError, "not a class"):
            self.m.grad(self.x, 7)

    def test_a_closed_model_is_refused(self):
        m = jem.load(self.run_folder)
        m.close()
        with self.assertRaisesRegex(ValueError, "closed"):
            m.logits(self.x)

    def test_tensors_of_torch_share_their_memory(self):
        try:
            import torch
        except ImportError:
            self.skipTest("no torch")
        np.testing.assert_array_equal(self.m.logits(torch.from_numpy(self.x)), self.m.logits(self.x))
        x = torch.from_numpy(self.x)
        from jem import _library
        self.assertEqual(_library.array(x, np.float32, "x").ctypes.data, x.data_ptr())

    def test_a_finished_run_is_left_as_it_is(self):
        jem.train(SMALL, out=self.run_folder, data=arrays())
        self.assertEqual(os.fspath(jem.resume(self.run_folder)), self.run_folder)

    def test_data_are_those_of_the_run(self):
        x, y, classes = jem.data("npy", self.run_folder + "-data")
        self.assertEqual((x.shape[1:], classes), ((3, 16, 16), 3))
        self.assertTrue(-1 <= x.min() and x.max() <= 1 and len(y) == len(x))

    def test_a_report_is_a_page(self):
        with open(jem.report(self.run_folder), encoding="utf-8") as f:
            self.assertIn("<svg", f.read())


class Stopping(unittest.TestCase):
    def test_an_exception_of_on_step_saves_and_is_raised(self):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "run")

            def fail(status):
                raise KeyError("enough")

            settings = {**SMALL, "train": {**SMALL["train"], "iterations": 100000}}
            with self.assertRaisesRegex(KeyError, "enough"):
                jem.train(settings, out=out, data=arrays(), on_step=fail)
            self.assertTrue(os.path.isdir(os.path.join(out, "checkpoints")))

    def test_ctrl_c_saves(self):
        program = (HEED_CTRL_C +
                   "import jem, sys; sys.path.insert(0, sys.argv[1]); import test_model as t\n"
                   "s = {**t.SMALL, 'train': {**t.SMALL['train'], 'iterations': 100000}}\n"
                   "def told(status): print('step', flush=True)\n"
                   "try:\n    jem.train(s, out=sys.argv[2], data=t.arrays(), on_step=told)\n"
                   "except KeyboardInterrupt:\n    print('saved')\n")
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "run")
            child = subprocess.Popen([sys.executable, "-c", program, os.path.dirname(os.path.abspath(__file__)), out],
                                     stdout=subprocess.PIPE, text=True)
            self.assertEqual(child.stdout.readline(), "step\n")
            child.send_signal(signal.SIGINT)
            rest = child.communicate(timeout=120)[0]
            self.assertTrue(rest.endswith("saved\n"), rest)
            self.assertTrue(os.path.isdir(os.path.join(out, "checkpoints")))


class Log(unittest.TestCase):
    def test_messages_reach_python_from_any_thread(self):
        lines, threads = [], set()

        def keep(level, line):
            lines.append((level, line))
            threads.add(threading.current_thread().name)

        jem.log(keep)
        try:
            with tempfile.TemporaryDirectory() as folder:
                jem.train(SMALL, out=os.path.join(folder, "run"), data=arrays())
        finally:
            jem.log(None)
        self.assertTrue(any(level == "info" for level, _ in lines))


if __name__ == "__main__":
    unittest.main()
