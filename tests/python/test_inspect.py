"""Models: what they are made of, several features, double precision, chains; jem.evaluate; two threads."""

import json
import os
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
import zlib

import numpy as np

import jem
from test_model import HEED_CTRL_C, SMALL, arrays


class Trained(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.run_folder = os.path.join(cls.folder.name, "run")
        jem.train(SMALL, out=cls.run_folder, data=arrays())
        cls.m = jem.load(cls.run_folder)
        cls.x = np.random.default_rng(2).uniform(-1, 1, (5, 3, 16, 16)).astype(np.float32)

    @classmethod
    def tearDownClass(cls):
        cls.m.close()
        cls.folder.cleanup()

    def test_facts(self):
        f = self.m.facts
        self.assertEqual((f.name, f.precision, f.threads, f.alpha, f.seed), ("wrn-10-1", "f32", 1, .5, 1))
        self.assertGreaterEqual(f.iteration, 1)
        with jem.load(os.path.join(self.run_folder, "best.safetensors")) as of_file:
            self.assertEqual(of_file.facts.parameters, f.parameters)
            self.assertEqual(of_file.facts[-6:], (None,) * 6)

    def test_what_a_path_is(self):
        run = jem.info(self.run_folder)
        self.assertEqual((run["kind"], run["status"], run["model"], run["alpha"]), ("run", "finished", "wrn-10-1", .5))
        self.assertEqual(run["parameters"], self.m.facts.parameters)
        self.assertIn(": run, finished", run["text"])
        study = jem.info(self.folder.name)
        self.assertEqual((study["kind"], study["runs"][0]["name"]), ("study", "run"))
        weights = jem.info(os.path.join(self.run_folder, "best.safetensors"))
        self.assertEqual((weights["kind"], weights["finite"]), ("safetensors", True))
        self.assertEqual([a["name"] for a in weights["arrays"]], list(self.m.weights))
        array = os.path.join(self.folder.name, "a.npy")
        np.save(array, np.array([[1, np.nan, 3]]))
        row, = jem.info(array)["arrays"]
        self.assertEqual((row["shape"], row["min"], row["max"], row["not_finite"]), ([1, 3], 1, 3, 1))
        with open(array, "w", encoding="utf-8") as f:
            f.write("nothing")
        with self.assertRaisesRegex(jem.DataError, "a.npy"):
            jem.info(array)

    def test_layers_and_weights_add_up(self):
        self.assertEqual(sum(layer.parameters for layer in self.m.layers), self.m.facts.parameters)
        self.assertAlmostEqual(sum(layer.flops for layer in self.m.layers), self.m.facts.flops)
        w = self.m.weights
        self.assertEqual(sum(w[t.name].size for t in w.describe() if t.trained), self.m.facts.parameters)
        first = next(iter(w))
        self.assertEqual(w[first].shape, w.describe()[0].shape)
        self.assertIn(first, w)
        with self.assertRaises(KeyError):
            w["nothing"]

    def test_the_first_convolution_by_hand(self):
        first = self.m.layers[0]
        weight, bias = self.m.weights[first.name + ".weight"], self.m.weights[first.name + ".bias"]
        padded = np.pad(self.x[:1].astype(float), ((0, 0), (0, 0), (1, 1), (1, 1)))
        expected = np.stack([(padded[0, :, i:i + 3, j:j + 3] * weight).sum(axis=(1, 2, 3))
                             for i in range(16) for j in range(16)], axis=1).reshape(-1, 16, 16) + bias[:, None, None]
        self.assertEqual(expected.shape, first.shape)

    def test_values_are_what_features_gives(self):
        values = {v.name: v for v in self.m.values}
        names = ["layer3", "layer1"]
        several = self.m.features(self.x, names)
        self.assertEqual(list(several), names)
        for name in names:
            self.assertEqual(several[name].shape[1:], values[name].shape)
            np.testing.assert_array_equal(several[name], self.m.features(self.x, name))
        self.assertTrue(values["layer1"].stage)
        self.assertTrue(any(v.head for v in values.values()))

    def test_double_precision(self):
        f = self.m.logits(self.x, np.float64)
        self.assertEqual(f.dtype, np.float64)
        np.testing.assert_allclose(self.m.logits(self.x), f, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(self.m.energy(self.x, np.float64), -np.log(np.exp(f).sum(axis=1)), rtol=1e-13)
        g = self.m.grad(self.x, dtype="f8")
        step = 1e-6 * np.sign(g)
        rise = self.m.energy(self.x - step, "f8") - self.m.energy(self.x + step, "f8")
        np.testing.assert_allclose(rise / 2, (g * step).sum(axis=(1, 2, 3)), rtol=1e-5)
        np.testing.assert_allclose(self.m.features(self.x, ["layer2"], "f8")["layer2"], self.m.features(self.x, "layer2"),
                                   rtol=1e-3, atol=1e-4)
        with self.assertRaisesRegex(ValueError, "float16"):
            self.m.logits(self.x, np.float16)

    def test_pictures_of_bytes(self):
        x = np.random.default_rng(3).integers(0, 256, (2, 3, 16, 16), dtype=np.uint8)
        np.testing.assert_array_equal(self.m.logits(x), self.m.logits(((x / np.float32(255)).astype(np.float32) - np.float32(.5)) * 2))

    def test_chains_tell_where_they_were(self):
        c = self.m.sample(3, seed=1, steps=7, steps_at=3)
        self.assertEqual(list(c.steps), [0, 3, 6, 7])
        np.testing.assert_array_equal(c.states[-1], c.x)
        np.testing.assert_array_equal(c.x, self.m.sample(3, seed=1, steps=7))
        for state, energy in zip(c.states, c.energies):
            np.testing.assert_allclose(energy, self.m.energy(state), rtol=1e-5)
        r = self.m.refine(self.x, steps=4, steps_at=[0, 2])
        np.testing.assert_array_equal(r.states[0], self.x)
        self.assertEqual(r.energies.shape, (2, 5))
        for wrong in (0, [2, 1], [9]):
            with self.assertRaises(ValueError):
                self.m.refine(self.x, steps=4, steps_at=wrong)

    def test_ctrl_c_ends_a_chain(self):
        program = (HEED_CTRL_C +
                   "import jem, sys, threading, _thread\n"
                   "m = jem.load(sys.argv[1])\n"
                   "threading.Timer(.3, _thread.interrupt_main).start()\n"
                   "try:\n    m.sample(64, steps=100000)\n"
                   "except KeyboardInterrupt:\n    print('stopped')\n")
        found = subprocess.run([sys.executable, "-c", program, self.run_folder], capture_output=True, text=True, check=False)
        self.assertEqual((found.stdout, found.stderr), ("stopped\n", ""))

    def test_chains_begin_at_the_run_s_buffer(self):
        c = self.m.sample(4, start="buffer", steps_at=[0])
        self.assertFalse(np.array_equal(c.states[0], self.m.sample(4, steps_at=[0]).states[0]))
        self.assertTrue((np.abs(c.states[0]) <= 1).all())
        noise = self.m.sample(4, seed=5, start="noise", steps_at=[0])
        np.testing.assert_array_equal(noise.states[0], self.m.sample(4, seed=5, steps_at=[0]).states[0])
        with self.assertRaisesRegex(ValueError, "start"):
            self.m.sample(1, start="elsewhere")

    def test_two_threads_get_the_right_answer_or_a_refusal(self):
        expected, wrong, refused = self.m.energy(self.x), [], []

        def ask():
            for _ in range(30):
                try:
                    if not np.array_equal(self.m.energy(self.x), expected):
                        wrong.append("numbers")
                except ValueError as error:
                    (refused if "another call" in str(error) else wrong).append(str(error))

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(wrong, [])

    def test_a_run_s_data_are_not_replaced(self):
        x, y = arrays()
        with self.assertRaisesRegex(ValueError, "holds other images"):
            jem.train(SMALL, out=self.run_folder, data=(255 - x, y))
        jem.train(SMALL, out=self.run_folder, data=(x, y))

    def test_an_evaluation_is_a_dict_of_scores(self):
        few = {"eval.limit": 20, "eval.samples": 4, "eval.steps": [0, 2], "engine.threads": 1, "eval.attack_images": 4,
               "eval.attack_steps": 2}
        scores = jem.evaluate(self.run_folder, set=few)
        found = scores.as_dict()
        accuracy = scores.find("accuracy")
        self.assertEqual(found[f"{accuracy.benchmark}.accuracy"], accuracy.value)
        self.assertLessEqual(found["robustness.accuracy_linf[8/255]"], found["robustness.accuracy_linf[0/255]"])
        self.assertEqual((accuracy.alpha, accuracy.seed, accuracy.folder), (.5, 1, self.run_folder))
        self.assertEqual(len(found), len(scores))
        with self.assertRaisesRegex(ValueError, "choose the scores of one"):
            jem.Scores(list(scores) * 2).as_dict()
        with self.assertRaisesRegex(ValueError, "eval.limit"):
            jem.evaluate(self.run_folder, set={"eval.limits": 3})


def small_autoencoder(path, channels=8, latent=4):
    """Two levels of one block each, all weights 0 but for what makes constants: means 2 b + q, pictures p."""
    tensors = {}

    def convolution(name, out, into, side):
        tensors[name + ".weight"], tensors[name + ".bias"] = np.zeros((out, into, side, side)), np.zeros(out)

    def norm(name):
        tensors[name + ".weight"], tensors[name + ".bias"] = np.ones(channels), np.zeros(channels)

    def block(name):
        for i in "12":
            norm(f"{name}.norm{i}")
            convolution(f"{name}.conv{i}", channels, channels, 3)

    for part, blocks, into, out in (("encoder", "down_blocks", 3, 2 * latent), ("decoder", "up_blocks", latent, 3)):
        convolution(part + ".conv_in", channels, into, 3)
        for level in range(2):
            for i in range(1 if part == "encoder" else 2):
                block(f"{part}.{blocks}.{level}.resnets.{i}")
        convolution(f"{part}.{blocks}.0.{'down' if part == 'encoder' else 'up'}samplers.0.conv", channels, channels, 3)
        for i in range(2):
            block(f"{part}.mid_block.resnets.{i}")
        attention = part + ".mid_block.attentions.0"
        norm(attention + ".group_norm")
        for name in ("to_q", "to_k", "to_v", "to_out.0"):
            tensors[f"{attention}.{name}.weight"] = np.zeros((channels, channels))
            tensors[f"{attention}.{name}.bias"] = np.zeros(channels)
        norm(part + ".conv_norm_out")
        convolution(part + ".conv_out", out, channels, 3)
    convolution("quant_conv", 2 * latent, 2 * latent, 1)
    convolution("post_quant_conv", latent, latent, 1)
    tensors["encoder.conv_out.bias"] = np.arange(2 * latent) / 10
    tensors["quant_conv.weight"] = 2 * np.eye(2 * latent)[:, :, None, None]
    tensors["quant_conv.bias"] = np.full(2 * latent, .5)
    tensors["decoder.conv_out.bias"] = np.array([-.5, 0, .25])
    header, data = {"__metadata__": {"jem.groups": "4", "jem.latent_scale": "0.25"}}, b""
    for name, value in tensors.items():
        raw = value.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text + data)


def black_picture(path, side):
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) +
                chunk(b"IDAT", zlib.compress((b"\0" + bytes(3 * side)) * side)) + chunk(b"IEND", b""))


class Packed(unittest.TestCase):
    def test_a_folder_of_pictures_becomes_a_set(self):
        with tempfile.TemporaryDirectory() as folder:
            pictures, out = (os.path.join(folder, name) for name in ("in", "out"))
            for i in range(12):
                os.makedirs(os.path.join(pictures, "ab"[i % 2]), exist_ok=True)
                black_picture(os.path.join(pictures, "ab"[i % 2], f"{i}.png"), 10)
            seen, how = [], {"side": 8, "per_shard": 5, "threads": 1}

            def look(done, of):
                seen.append((done, of))
                if len(seen) == 7:
                    raise RuntimeError("enough")

            with self.assertRaisesRegex(RuntimeError, "enough"):
                jem.pack(pictures, out, on_picture=look, **how)
            self.assertEqual(jem.pack(pictures, out, on_picture=look, **how), out)
            self.assertEqual((seen[0], seen[7], seen[-1]), ((1, 12), (6, 12), (12, 12)))  # the file that was whole stays
            held = jem.data_check(out)
            self.assertEqual((held.kind, held.whole, held.shape), ("packed", True, (3, 8, 8)))
            self.assertEqual(held.classes, {"a": 6, "b": 6})
            x, labels, classes = jem.data("packed", out)
            self.assertEqual((x.min(), x.max(), classes), (-1, -1, 2))
            for wrong in ({"resize": "nearest"}, {"resize": "bicubic"}, {"side": 7}):
                with self.assertRaises(ValueError):
                    jem.pack(pictures, out, **{**how, **wrong})


class Latents(unittest.TestCase):
    def test_a_folder_of_pictures_becomes_a_set(self):
        with tempfile.TemporaryDirectory() as folder:
            weights, pictures, out = (os.path.join(folder, name) for name in ("vae.safetensors", "in", "out"))
            small_autoencoder(weights)
            for i in range(20):
                os.makedirs(os.path.join(pictures, "ab"[i % 2]), exist_ok=True)
                black_picture(os.path.join(pictures, "ab"[i % 2], f"{i}.png"), 8)
            seen, how = [], {"side": 8, "noise": 4, "per_shard": 5, "dtype": "f32"}

            def look(done, of):
                seen.append((done, of))
                if len(seen) == 7:
                    raise RuntimeError("enough")

            with jem.Autoencoder(weights, threads=1) as vae:
                with self.assertRaisesRegex(RuntimeError, "enough"):
                    vae.encode_folder(pictures, out, on_picture=look, **how)
                self.assertEqual(vae.encode_folder(pictures, out, on_picture=look, **how), out)
                self.assertEqual((seen[0], seen[-1]), ((1, 24), (24, 24)))
                self.assertEqual(seen[7], (6, 24))  # the shard that was whole stays
                with self.assertRaisesRegex(ValueError, "latents of|another"):
                    vae.encode_folder(pictures, out, **{**how, "scale": 2})
                for wrong in ({"dtype": "f8"}, {"resize": "nearest"}, {"side": 7}):
                    with self.assertRaises(ValueError):
                        vae.encode_folder(pictures, out, **{**how, **wrong})
            held = jem.data_check(out)
            self.assertEqual((held.kind, held.whole, held.noise, held.shape), ("latents", True, 4, (4, 4, 4)))
            self.assertEqual(held.classes, {"a": 10, "b": 10})
            z, labels, classes = jem.data("latents", out)
            moments = 2 * np.arange(8) / 10 + .5
            np.testing.assert_allclose(z, np.broadcast_to(.25 * moments[:4, None, None], z.shape), rtol=1e-5)

    def test_pictures_to_latents_and_back(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "vae.safetensors")
            small_autoencoder(path)
            with jem.Autoencoder(path, threads=1) as vae:
                self.assertEqual((vae.factor, vae.channels, vae.scale), (2, 4, .25))
                z, logvar = vae.encode(np.zeros((2, 3, 8, 12), np.uint8), logvar=True)
                self.assertEqual(z.shape, (2, 4, 4, 6))
                moments = 2 * np.arange(8) / 10 + .5
                np.testing.assert_allclose(z, np.broadcast_to(.25 * moments[:4, None, None], z.shape), rtol=1e-5)
                np.testing.assert_allclose(logvar, np.broadcast_to(moments[4:, None, None], z.shape), rtol=1e-5)
                x = vae.decode(z)
                np.testing.assert_allclose(x, np.broadcast_to(np.array([-.5, 0, .25])[:, None, None], (2, 3, 8, 12)), atol=1e-6)
                with self.assertRaisesRegex(ValueError, "multiples of 2"):
                    vae.encode(np.zeros((1, 3, 7, 8)))
                with self.assertRaisesRegex(ValueError, r"\[n, 4, height, width\]"):
                    vae.decode(np.zeros((1, 3, 8, 8)))
            with self.assertRaisesRegex(ValueError, "closed"):
                vae.encode(np.zeros((1, 3, 8, 8)))

    def test_what_is_no_autoencoder_is_refused(self):
        with self.assertRaisesRegex(jem.DataError, "/nonexistent"):
            jem.Autoencoder("/nonexistent")
        with self.assertRaisesRegex(ValueError, "precision"):
            jem.Autoencoder("/nonexistent", precision="f16")


if __name__ == "__main__":
    unittest.main()
