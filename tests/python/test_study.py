"""A small study in the host's process: its runs, the table, sweet spots, comparisons; weights; plans."""

import importlib.util
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import numpy as np

import jem
from test_model import HEED_CTRL_C, SMALL, arrays

ALPHAS = [0, .5, .9]


def score(benchmark, metric, value, alpha, seed):
    return {"benchmark": benchmark, "metric": metric, "model": "wrn-10-1", "alpha": alpha, "seed": seed, "dataset": None,
            "condition": None, "value": value, "low": None, "high": None, "n": 40, "ceiling": None, "formula": None,
            "data_hash": None, "command": None}


def put_score(folder, value, alpha=None, seed=None):
    os.makedirs(os.path.join(folder, "scores"), exist_ok=True)
    with open(os.path.join(folder, "scores", "scores.json"), "w", encoding="utf-8") as f:
        json.dump([score("cifar10h", "cross_entropy_human", value, alpha, seed)], f)


def put_trials(folder, value):
    os.makedirs(os.path.join(folder, "trials"), exist_ok=True)
    with open(os.path.join(folder, "trials", "cifar10h.csv"), "w", encoding="utf-8") as f:
        f.write("subj,session,trial,rt,object_response,category,condition,imagename,cross_entropy\n")
        f.writelines(f"m,1,{i},NaN,cat,cat,0,{i:02}.png,{value + (.05 if i % 2 else -.05)!r}\n" for i in range(40))


class Swept(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.out = os.path.join(cls.folder.name, "study")
        cls.states = []
        cls.study = jem.sweep({**SMALL, "alpha": 0}, out=cls.out, alpha=ALPHAS, seeds=2, slots=2, data=arrays(),
                              on_change=lambda runs, eta_s: cls.states.append([r.state for r in runs]))
        loss = {0: .9, .5: .4, .9: .8}
        for r in cls.study.runs():
            put_score(os.path.join(cls.out, r.name), loss[r.alpha] + .01 * r.seed, r.alpha, r.seed)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_every_alpha_and_seed_is_trained(self):
        runs = self.study.runs()
        self.assertEqual(sorted((r.alpha, r.seed) for r in runs), [(a, s) for a in ALPHAS for s in (1, 2)])
        self.assertEqual({r.state for r in runs}, {"finished"})
        self.assertEqual({r.iteration for r in runs}, {4})
        self.assertEqual(self.states[-1], ["finished"] * 6)
        self.assertIn("running", {s for told in self.states for s in told})

    def test_a_run_is_opened_by_its_alpha(self):
        with jem.load(self.study.run(.5, seed=2)) as m:
            self.assertEqual(m.logits(np.zeros((1, 3, 16, 16), np.float32)).shape, (1, 3))
        with self.assertRaisesRegex(LookupError, "alpha 0.3"):
            self.study.run(.3)

    def test_the_same_call_finds_it_finished(self):
        states = []
        jem.sweep({**SMALL, "alpha": 0}, out=self.out, alpha=ALPHAS, seeds=2, data=arrays(),
                  on_change=lambda runs, eta_s: states.append({r.state for r in runs}))
        self.assertEqual(states, [{"finished"}])

    def test_another_study_s_folder_is_refused(self):
        with self.assertRaisesRegex(ValueError, "train.lr"):
            jem.sweep({**SMALL, "train.lr": 5e-3}, out=self.out, alpha=ALPHAS, data=arrays())

    def test_scores_are_one_tidy_table(self):
        table = self.study.scores()
        if importlib.util.find_spec("pandas"):
            self.assertEqual(list(table.columns), list(jem.TableRow._fields))
            rows = list(table.itertuples(index=False))
        else:
            rows = table
        self.assertEqual(len(rows), 6)
        self.assertEqual({(r.alpha, r.seed): round(r.value, 6) for r in rows}[.5, 2], .42)
        self.assertTrue(all(math.isnan(r.low) and r.dataset is None and r.n == 40 for r in rows))

    def test_the_sweet_spot_is_the_statistics_of_its_scores(self):
        found = jem.sweetspot(self.study)
        line = found.find("cifar10h")
        self.assertEqual((line.best_alpha, line.best_set), (.5, [.5]))
        self.assertEqual(line.verdict, "shown" if max(line.p, line.p_drop) <= .05 else "not shown")
        self.assertAlmostEqual(line.margin, .4, places=9)
        self.assertEqual([p.alpha for p in line.curve], ALPHAS)
        self.assertAlmostEqual(line.curve[1].value, .415, places=9)
        direct = jem.stats.sweetspot([[-.91, -.92], [-.41, -.42], [-.81, -.82]])
        self.assertAlmostEqual(line.p, direct.p, places=9)
        self.assertAlmostEqual(line.margin, direct.margin, places=9)
        self.assertIn("CIFAR-10H", found.sentence)
        with self.assertRaisesRegex(ValueError, "sweetspot.level"):
            self.study.sweetspot(set={"sweetspot.levels": .9})

    def test_a_smaller_margin_needs_more_seeds(self):
        large, small = (jem.seeds_needed(self.study, margin)[0] for margin in (.1, .01))
        self.assertEqual((large.benchmark, large.alphas, large.trouble), ("cifar10h", 3, ""))
        self.assertLess(large.seeds, small.seeds)
        self.assertEqual(jem.seeds_needed(self.study, .1, alpha=[0, .25, .5, .75])[0].alphas, 4)

    def test_a_design_without_a_pilot_shows_a_margin(self):
        alphas, how = [0, .5, .9], {"sweetspot.draws": 20000}
        even = jem.margin_shown(4, .01, alpha=alphas, set=how)
        self.assertEqual((even.networks, even.level), (12, .95))
        self.assertTrue(0 < even.far < even.both)
        self.assertEqual(jem.margin_shown([4, 4, 4], .01, alpha=alphas, set=how), even)
        self.assertLess(jem.margin_shown({0: 8, .5: 8, .9: 8}, .01, alpha=alphas, set=how).both, even.both)
        self.assertEqual(jem.margin_shown(2, .01, set=how).networks, 22)
        for seeds, alpha, message in ((1, alphas, "two are the least"), (2, [0, 1], "three alphas"), ([2, 2], alphas, "2 numbers")):
            with self.assertRaisesRegex(ValueError, message):
                jem.margin_shown(seeds, .01, alpha=alpha)

    def test_alphas_are_compared(self):
        out = os.path.join(self.folder.name, "copy", "study")
        shutil.copytree(self.out, out)
        for r in jem.open_study(out).runs():  # a loss for each image, whose mean is the score
            put_trials(os.path.join(out, r.name), {0: .9, .5: .4, .9: .8}[r.alpha] + .01 * r.seed)
        found = jem.compare(f"{out}@0", f"{out}@0.5", rounds=500)
        row = found[0]
        self.assertEqual((row.benchmark, row.model, row.against), ("cifar10h", "study@0.5", "study@0"))
        self.assertAlmostEqual(row.difference, -.5, places=9)
        self.assertEqual(row.verdict, "better")
        self.assertTrue(row.low < row.difference < row.high)
        with self.assertRaisesRegex(ValueError, "two or more"):
            jem.compare(self.out)

    def test_the_study_has_a_report(self):
        with open(self.study.report(), encoding="utf-8") as f:
            self.assertIn("cifar10h", f.read().lower())
        several = jem.report([self.study, self.study.run(0)], page=os.path.join(self.folder.name, "two.html"))
        self.assertTrue(os.path.getsize(several) > 1000)


class Sweeping(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.out = os.path.join(self.folder, "study")

    def test_an_exception_saves_and_is_raised(self):
        def refuse(runs, eta_s):
            if runs[0].iteration > 0:
                raise RuntimeError("enough")

        with self.assertRaisesRegex(RuntimeError, "enough"):
            jem.sweep({**SMALL, "train.iterations": 20000}, out=self.out, alpha=[0], data=arrays(), on_change=refuse)
        run = jem.open_study(self.out).runs()[0]
        self.assertEqual(run.state, "interrupted")

    def test_ctrl_c_saves(self):
        program = (HEED_CTRL_C +
                   "import jem, sys; sys.path.insert(0, sys.argv[1]); import test_model as t\n"
                   "s = {**t.SMALL, 'train': {**t.SMALL['train'], 'iterations': 100000}}\n"
                   "def told(runs, eta_s):\n    if runs[0].iteration > 0: print('step', flush=True)\n"
                   "try:\n    jem.sweep(s, alpha=[0, 1], slots=2, out=sys.argv[2], data=t.arrays(), on_change=told)\n"
                   "except KeyboardInterrupt as error:\n    print(error)\n")
        child = subprocess.Popen([sys.executable, "-c", program, os.path.dirname(os.path.abspath(__file__)), self.out],
                                 stdout=subprocess.PIPE, text=True)
        self.assertEqual(child.stdout.readline(), "step\n")
        child.send_signal(signal.SIGINT)
        rest = child.communicate(timeout=120)[0]
        self.assertIn("interrupted and saved, 0 of 2 runs are finished", rest)
        self.assertEqual([r.state for r in jem.open_study(self.out).runs()], ["interrupted"] * 2)

    def test_a_grid_has_studies(self):
        grid = jem.sweep(SMALL, out=self.out, alpha=[.5], seeds={.5: 1},
                         grid={"sampler.steps": [1, "2+sampler.step_size=0.25"]}, data=arrays())
        self.assertEqual([os.path.basename(s.folder) for s in grid.studies], ["steps-1", "steps-2+step_size-0.25"])
        self.assertEqual([s.runs()[0].state for s in grid.studies], ["finished"] * 2)
        self.assertEqual([settings(s)["step_size"] for s in grid.studies], ["1", "0.25"])
        self.assertEqual([s.folder for s in grid.studies[0].studies], [grid.studies[0].folder])

    def test_what_cannot_be_is_refused(self):
        for bad in ({"alpha": [2]}, {"alpha": [.5], "seeds": {.3: 2}}, {"alpha": [.5], "seeds": [1, 2]},
                    {"alpha": [.5], "rescue": "all"}, {"alpha": [.5], "slots": -1}):
            with self.subTest(bad), self.assertRaises(ValueError):
                jem.sweep(SMALL, out=self.out, **bad)
        with self.assertRaisesRegex(jem.DataError, "no such folder"):
            jem.open_study(self.out)


def settings(study):
    with open(os.path.join(study.folder, "config.yaml"), encoding="utf-8") as f:
        return dict(line.split(": ", 1) for line in f.read().replace("  ", "").splitlines() if ": " in line)


class Weights(unittest.TestCase):
    def test_a_run_s_weights_go_out_and_come_in(self):
        with tempfile.TemporaryDirectory() as folder:
            run, file, back = (os.path.join(folder, name) for name in ("run", "run.safetensors", "back"))
            jem.train(SMALL, out=run, data=arrays())
            self.assertEqual(jem.export(run, file), file)
            jem.import_weights(file, "wrn-10-1", back, classes=3, side=16, set={"model.pool": "adaptive"})
            x = np.random.default_rng(3).uniform(-1, 1, (4, 3, 16, 16)).astype(np.float32)
            of_file = {"model": "wrn-10-1", "classes": 3, "side": 16, "set": {"model.pool": "adaptive"}}
            with jem.load(run) as m, jem.load(back) as again, jem.load(file, **of_file) as unpacked:
                np.testing.assert_array_equal(m.logits(x), again.logits(x))
                np.testing.assert_array_equal(m.logits(x), unpacked.logits(x))
                self.assertIsNone(unpacked.facts.alpha)
            with self.assertRaisesRegex(TypeError, "model"):
                jem.load(run, classes=3)
            with self.assertRaisesRegex(jem.DataError, "wrn-10-1"):
                jem.import_weights(file, "wrn-16-1", os.path.join(folder, "other"), classes=3, side=16,
                                   set={"model.pool": "adaptive"})
            with self.assertRaisesRegex(ValueError, "resnet51"):
                jem.import_weights(file, "resnet51", os.path.join(folder, "other"))
            self.assertFalse(os.path.exists(os.path.join(folder, "other")))

    def test_pictures_need_a_network_for_fid(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "x.npy")
            np.save(file, arrays(8)[0])
            with self.assertRaisesRegex(ValueError, "weights"):
                jem.fid(file, reference=file)

    def test_fid_of_statistics_is_the_distance_of_gaussians(self):
        with tempfile.TemporaryDirectory() as folder:
            files = [os.path.join(folder, name) for name in ("a.npz", "b.npz")]
            for file, shift in zip(files, (0, 1)):
                np.savez(file, mu=np.full(2048, shift, np.float64), sigma=np.eye(2048) * 1.0)
            self.assertAlmostEqual(jem.fid(files[0], reference=files[1]).distance, 2048, places=3)


class Estimates(unittest.TestCase):
    def test_a_plan_says_what_a_training_needs(self):
        found = jem.plan({"model.name": "wrn-16-1"}, alpha=[0, .5], images=1000, shape=(3, 32, 32), classes=10)
        self.assertEqual(found["network"]["name"], "wrn-16-1")
        self.assertGreater(found["memory"]["bytes"], 1e6)
        self.assertEqual([a["alpha"] for a in found["alphas"]], [0, .5])
        self.assertGreater(found["alphas"][1]["step_flops_per_image"], found["alphas"][0]["step_flops_per_image"])
        self.assertIsNone(found["alphas"][0]["time"])
        self.assertEqual(found["fits"], "")
        with self.assertRaisesRegex(ValueError, "how large the data are"):
            jem.plan({"data.kind": "npy"})

    def test_a_plan_tells_times_of_a_gpu_that_is_not_here(self):
        size = dict(images=1000, shape=(3, 32, 32), classes=10)
        found = jem.plan({"model.name": "wrn-16-1"}, device_model="h100", **size)
        self.assertEqual(found["device_model"]["name"], "h100")
        self.assertGreater(found["alphas"][0]["time"]["gpu_hours"], 0)
        with self.assertRaisesRegex(ValueError, "h200"):
            jem.plan({"model.name": "wrn-16-1"}, device_model="abacus", **size)

    def test_a_speed_measures_steps(self):
        found = jem.speed({**SMALL, "sampler.steps": 1}, seconds=.2, images=100, shape=(3, 16, 16), classes=3)
        self.assertGreater(found["step"]["images_per_s"], 0)
        self.assertTrue(found["gradients"]["layers"])

    def test_choices_are_the_registries(self):
        self.assertIn("wrn", jem.choices("models"))
        self.assertIn("npy", jem.choices("data"))
        self.assertIn("cue-conflict", jem.choices("benchmarks"))
        self.assertIn("cpu", jem.choices("devices"))
        self.assertEqual(set(jem.choices("objectives")), {"eq8", "classifier", "pixelvae"})
        with self.assertRaisesRegex(ValueError, "choices"):
            jem.choices("colours")


if __name__ == "__main__":
    unittest.main()
