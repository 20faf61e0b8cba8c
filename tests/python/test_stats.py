"""jem.stats against NumPy, and SciPy and scikit-learn where they are installed."""

import unittest

import numpy as np

import jem
from jem import stats

RNG = np.random.default_rng(3)
FEW = {"rounds": 500, "seed": 2}


class Values(unittest.TestCase):
    def inside(self, score):
        self.assertLessEqual(score.low, score.value)
        self.assertLessEqual(score.value, score.high)

    def test_error_consistency(self):
        a, b = RNG.random(300) < .7, RNG.random(300) < .6
        chance = a.mean() * b.mean() + (1 - a.mean()) * (1 - b.mean())
        kappa = stats.error_consistency(a, b, **FEW)
        self.assertAlmostEqual(kappa.value, ((a == b).mean() - chance) / (1 - chance), 12)
        self.inside(kappa)
        self.assertEqual(kappa, stats.error_consistency(a.astype(int), b.astype(np.uint8), threads=1, **FEW))

    def test_agreement_by_conditions(self):
        people, model = RNG.random((4, 120)) < .8, RNG.random(120) < .7
        conditions = np.repeat(["clear", "blurred", "noisy"], [50, 40, 30])

        def pair(a, b):
            chance = a.mean() * b.mean() + (1 - a.mean()) * (1 - b.mean())
            return ((a == b).mean() - chance) / (1 - chance)

        parts = [conditions == c for c in ("clear", "blurred", "noisy")]
        expected = np.mean([np.mean([pair(model[p], person[p]) for p in parts]) for person in people])
        found, among = stats.agreement(model, people, conditions, **FEW)
        self.assertAlmostEqual(found.kappa.value, expected, 12)
        self.assertAlmostEqual(found.accuracy.value, model.mean(), 12)
        pairs = [np.mean([pair(people[i][p], people[j][p]) for p in parts]) for i in range(4) for j in range(i)]
        self.assertAlmostEqual(among.kappa.value, np.mean(pairs), 12)
        several, _ = stats.agreement(np.stack([model, ~model]), people, conditions, **FEW)
        self.assertEqual(several[0], found)
        with self.assertRaisesRegex(ValueError, "side by side"):
            stats.agreement(model, people, np.tile([0, 1], 60))

    def test_shape_bias(self):
        shape, texture = np.array([0, 1, 2, 3]), np.array([1, 2, 3, 3])
        self.assertAlmostEqual(stats.shape_bias(shape, texture, [0, 1, 3, 3], **FEW).value, 2 / 3, 12)

    def test_bapps(self):
        d0, d1, judge = RNG.random(50), RNG.random(50), RNG.integers(0, 6, 50) / 5
        self.assertAlmostEqual(stats.two_afc(d0, d1, judge, **FEW).value, np.where(d0 < d1, 1 - judge, judge).mean(), 12)
        self.assertAlmostEqual(stats.two_afc_people(judge, **FEW).value, (judge**2 + (1 - judge)**2).mean(), 12)
        self.assertAlmostEqual(stats.jnd_map([1, 2, 3], [1, 1, 0], **FEW).value, 1, 12)

    def test_uncertainty(self):
        logits, counts = RNG.normal(size=(80, 10)), RNG.integers(0, 20, (80, 10))
        label = RNG.integers(0, 10, 80)
        p = counts / counts.sum(axis=1, keepdims=True)
        logq = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        u = stats.uncertainty(logits, counts, label, **FEW)
        self.assertAlmostEqual(u.cross_entropy.value, -(p * logq).sum(axis=1).mean(), 12)
        self.assertAlmostEqual(u.accuracy.value, (logits.argmax(axis=1) == label).mean(), 12)
        entropy = -np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0).sum(axis=1)
        self.assertAlmostEqual(u.kl.value, u.cross_entropy.value - entropy.mean(), 12)
        own = -(np.exp(logq) * logq).sum(axis=1)
        self.assertAlmostEqual(u.entropy_pearson.value, np.corrcoef(own, entropy)[0, 1], 10)
        self.inside(u.kl)
        self.assertGreater(stats.split_half(counts, **FEW).value, entropy.mean())

    def test_calibration(self):
        logits, label = RNG.normal(size=(200, 4)), RNG.integers(0, 4, 200)
        q = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        confidence, right = q.max(axis=1), q.argmax(axis=1) == label
        place = np.ceil(confidence * 10)
        expected = sum(abs((right - confidence)[place == b].sum()) for b in range(1, 11)) / 200
        self.assertAlmostEqual(stats.calibration(logits, label, bins=10, **FEW).value, expected, 10)

    def test_auroc(self):
        inside, outside = RNG.normal(size=60).round(1), RNG.normal(-1, size=40).round(1)
        pairs = (inside[:, None] > outside).mean() + (inside[:, None] == outside).mean() / 2
        self.assertAlmostEqual(stats.auroc(inside, outside, **FEW).value, pairs, 12)

    def test_ratings(self):
        people, model = RNG.random((5, 30)), RNG.random(30)
        r, ceiling = stats.ratings(model, people, **FEW)
        self.assertAlmostEqual(r.value, np.corrcoef(model, people.mean(axis=0))[0, 1], 12)
        others = [np.corrcoef(p, np.delete(people, i, 0).mean(axis=0))[0, 1] for i, p in enumerate(people)]
        self.assertAlmostEqual(ceiling.others, np.mean(others), 12)

    def test_sweetspot_and_holm(self):
        found = stats.sweetspot([[.50, .52], [.60, .61, .62], [.59, .6], [.3, .31]])
        self.assertEqual(found.best, 1)
        self.assertLess(found.p, .05)
        self.assertEqual(list(found.in_best_set[[0, 3]]), [False, False])
        self.assertTrue(np.isnan(found.advantage_low[[0, 3]]).all())
        np.testing.assert_allclose(stats.holm([.04, .01, np.nan]), [.04, .02, np.nan])

    def test_peers(self):
        try:
            from scipy import stats as scipy_stats
            from sklearn import metrics
        except ImportError:
            self.skipTest("no scipy and scikit-learn")
        a, b = RNG.random(200) < .5, RNG.random(200) < .5
        self.assertAlmostEqual(stats.error_consistency(a, b, **FEW).value, metrics.cohen_kappa_score(a, b), 12)
        score, label = RNG.normal(size=99), RNG.random(99) < .4
        self.assertAlmostEqual(stats.auroc(score[label], score[~label], **FEW).value, metrics.roc_auc_score(label, score), 12)
        groups = [RNG.normal(m, 1, 5) for m in (0, 3, 0)]
        self.assertLess(stats.sweetspot(groups).p, max(scipy_stats.ttest_ind(groups[1], g).pvalue for g in groups[::2]) * 4)


class Arrays(unittest.TestCase):
    def test_mistakes_are_named(self):
        with self.assertRaisesRegex(ValueError, "b is"):
            stats.error_consistency([1, 0, 1], [1, 0])
        with self.assertRaisesRegex(Exception, r"a\[1\] is 2"):
            stats.error_consistency([1, 2, 1], [1, 0, 1])
        with self.assertRaisesRegex(TypeError, "whole numbers"):
            stats.shape_bias([.5, 1], [0, 1], [0, 1])
        with self.assertRaisesRegex(ValueError, "values beyond"):
            stats.error_consistency([300, 0], [0, 1])

    def test_tensors_of_torch_are_taken(self):
        try:
            import torch
        except ImportError:
            self.skipTest("no torch")
        a, b = torch.rand(100) < .7, torch.rand(100) < .7
        self.assertEqual(stats.error_consistency(a.byte(), b.byte(), **FEW),
                         stats.error_consistency(a.numpy(), b.numpy(), **FEW))


class Groups(unittest.TestCase):
    def test_dunnett_is_scipys(self):
        try:
            from scipy.stats import dunnett
        except ImportError:
            self.skipTest("no scipy with dunnett")
        control, *groups = [RNG.normal(mean, 1, n) for mean, n in ((0, 9), (.3, 6), (1.5, 7), (-.5, 20))]
        for alternative in ("two-sided", "greater", "less"):
            theirs = dunnett(*groups, control=control, alternative=alternative)
            ours = stats.dunnett(*groups, control=control, alternative=alternative)
            np.testing.assert_allclose([c.t for c in ours], theirs.statistic, rtol=1e-10)
            np.testing.assert_allclose([c.p for c in ours], theirs.pvalue, atol=2e-3)  # scipy draws
            limits = theirs.confidence_interval(.95)
            np.testing.assert_allclose([c.low for c in ours], limits.low, rtol=.02, atol=.02)
            np.testing.assert_allclose([c.high for c in ours], limits.high, rtol=.02, atol=.02)

    def test_dunnett_refuses(self):
        with self.assertRaisesRegex(ValueError, "two-sided, greater, less"):
            stats.dunnett([1, 2], control=[1, 3], alternative="both")
        with self.assertRaisesRegex(jem.DataError, "no group varies"):
            stats.dunnett([1, 1], control=[2, 2])


class Bootstrap(unittest.TestCase):
    def test_mean_is_scipys(self):
        x = RNG.gamma(2, size=80)
        score = stats.bootstrap(np.mean, x, rounds=4000)
        self.assertAlmostEqual(score.value, x.mean(), 12)
        error = x.std(ddof=1) / 80**.5
        self.assertAlmostEqual((score.high - score.low) / error, 2 * 1.96, delta=.25)
        try:
            from scipy.stats import bootstrap
        except ImportError:
            self.skipTest("no scipy")
        theirs = bootstrap((x,), np.mean, method="percentile", n_resamples=4000).confidence_interval
        self.assertAlmostEqual(score.low, theirs.low, delta=.15 * error)
        self.assertAlmostEqual(score.high, theirs.high, delta=.15 * error)

    def test_the_same_draws_as_libjems_own(self):
        a, b = RNG.random(200) < .7, RNG.random(200) < .6

        def kappa(a, b):
            chance = a.mean() * b.mean() + (1 - a.mean()) * (1 - b.mean())
            return ((a == b).mean() - chance) / (1 - chance)

        np.testing.assert_allclose(stats.bootstrap(kappa, a, b, **FEW), stats.error_consistency(a, b, **FEW), rtol=1e-12)

    def test_paired_or_not_and_several_values(self):
        x = RNG.normal(size=60)
        together = stats.bootstrap(lambda a, b: [a.mean() - b.mean(), a.mean()], x, x + 1, **FEW)
        self.assertAlmostEqual(together[0].high - together[0].low, 0, 12)
        apart = stats.bootstrap(lambda a, b: a.mean() - b.mean(), x, x[:50] + 1, paired=False, **FEW)
        self.assertGreater(apart.high - apart.low, .4)
        with self.assertRaisesRegex(ValueError, "60, 50 items"):
            stats.bootstrap(lambda a, b: 0, x, x[:50])

    def test_what_the_statistic_raises_is_raised(self):
        calls = []

        def broken(x):
            calls.append(0)
            if len(calls) == 5:
                raise LookupError("the fifth")
            return x.mean()

        with self.assertRaisesRegex(LookupError, "the fifth"):
            stats.bootstrap(broken, np.arange(9.))
        self.assertEqual(len(calls), 5)
        with self.assertRaisesRegex(ValueError, r"returned \[3\], of the whole arrays \[\]"):
            stats.bootstrap(lambda x: x[:3] if calls.append(0) or len(calls) > 6 else x.mean(), np.arange(9.))


if __name__ == "__main__":
    unittest.main()
