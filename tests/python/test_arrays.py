"""Arrays of others in and out without a copy, torch beside jem in one process, and processes that were forked."""

import array
import os
import subprocess
import sys
import tempfile
import threading
import unittest

import numpy as np

import jem
from jem import _library
from test_model import SMALL, arrays


class Foreign:
    """What jax's arrays are to NumPy: no buffer, but DLPack."""

    def __init__(self, x):
        self.x = x

    def __dlpack__(self, **how):
        return self.x.__dlpack__(**how)

    def __dlpack_device__(self):
        return self.x.__dlpack_device__()


class Unknown(Foreign):
    """A type that NumPy does not have, as torch's bfloat16."""

    dtype = "bfloat16"

    def __dlpack__(self, **how):
        raise BufferError("unsupported")


def place(x, dtype=np.float32):
    return _library.array(x, dtype, "x").ctypes.data


class WithoutACopy(unittest.TestCase):
    def test_dlpack_and_buffers_share_their_memory(self):
        x = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)
        self.assertEqual(place(Foreign(x)), x.ctypes.data)
        self.assertEqual(place(memoryview(x)), x.ctypes.data)
        x.flags.writeable = False
        self.assertEqual(place(x), x.ctypes.data)
        numbers = array.array("d", [1, 2, 3])
        self.assertEqual(place(numbers, np.float64), numbers.buffer_info()[0])

    def test_what_is_laid_out_otherwise_is_copied_rightly(self):
        x = np.arange(24, dtype=np.float32).reshape(4, 6)
        for other in (x.T, x[:, ::2], x.astype(">f4"), Foreign(x.T)):
            plain = np.asarray(getattr(other, "x", other))
            got = _library.array(other, np.float32, "x")
            np.testing.assert_array_equal(got, plain)
            self.assertTrue(got.flags.c_contiguous and got.dtype.isnative)

    def test_a_type_that_numpy_does_not_have_is_named(self):
        with self.assertRaisesRegex(TypeError, "x is bfloat16.*float32"):
            place(Unknown(np.zeros(3, np.float32)))


class Torch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        try:
            import torch
        except ImportError:
            raise unittest.SkipTest("no torch") from None
        cls.torch = torch
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.m = jem.train(SMALL, out=os.path.join(cls.folder.name, "run"), data=arrays()).load(threads=2)
        cls.addClassCleanup(cls.m.close)

    def test_tensors_go_in_and_come_out_without_a_copy(self):
        x = self.torch.rand(4, 3, 16, 16) * 2 - 1
        self.assertEqual(place(x), x.data_ptr())
        self.assertEqual(place(x.requires_grad_()), x.data_ptr())
        f = self.m.logits(x)
        self.assertEqual(self.torch.from_dlpack(f).data_ptr(), f.ctypes.data)
        np.testing.assert_array_equal(f, self.m.logits(x.detach().numpy()))
        with self.assertRaisesRegex(TypeError, "bfloat16"):
            self.m.logits(x.bfloat16())

    def test_both_compute_at_once_what_each_computes_alone(self):
        torch = self.torch
        x = torch.rand(16, 3, 16, 16) * 2 - 1
        kernel = torch.rand(32, 3, 3, 3)
        ours, theirs = self.m.grad(x), torch.nn.functional.conv2d(x, kernel)
        found = []
        thread = threading.Thread(target=lambda: found.extend(self.m.grad(x) for _ in range(5)))
        thread.start()
        for _ in range(20):
            torch.testing.assert_close(torch.nn.functional.conv2d(x, kernel), theirs)
        thread.join()
        for g in found:
            np.testing.assert_array_equal(g, ours)


class BesideJax(unittest.TestCase):
    def test_arrays_go_in_without_a_copy_and_come_out(self):
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
        try:
            import jax.numpy as jnp
        except ImportError:
            raise unittest.SkipTest("no jax") from None
        x = jnp.linspace(-1, 1, 4 * 3 * 16 * 16, dtype="float32").reshape(4, 3, 16, 16)
        self.assertEqual(place(x), x.unsafe_buffer_pointer())
        with tempfile.TemporaryDirectory() as folder:
            with jem.train(SMALL, out=os.path.join(folder, "run"), data=arrays()).load() as m:
                f = m.logits(x)
                np.testing.assert_array_equal(f, m.logits(np.asarray(x)))
                np.testing.assert_array_equal(jnp.from_dlpack(f), f)
                with self.assertRaisesRegex(TypeError, "bfloat16"):
                    m.logits(x.astype("bfloat16"))


class Forked(unittest.TestCase):
    def test_a_child_ends_although_it_was_left_a_model(self):
        program = ("import os, sys, jem, test_model as t\n"
                   "m = jem.train(t.SMALL, out=sys.argv[1], data=t.arrays()).load(threads=2)\n"
                   "child = os.fork()\n"
                   "if child == 0:\n"
                   "    try:\n        m.logits(t.arrays(1)[0] / 255)\n"
                   "    except RuntimeError as error:\n        print(error, flush=True)\n"
                   "    sys.exit(7)\n"
                   "print('child', os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n")
        with tempfile.TemporaryDirectory() as folder:
            here = os.path.dirname(os.path.abspath(__file__))
            path = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
            said = subprocess.run([sys.executable, "-W", "ignore", "-c", program, os.path.join(folder, "run")], text=True, timeout=300,
                                  stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}, check=True).stdout
        self.assertIn("forked", said)
        self.assertIn("child 7", said)


if __name__ == "__main__":
    unittest.main()
