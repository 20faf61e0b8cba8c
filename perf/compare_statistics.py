#!/usr/bin/env python3
"""jem's statistics beside NumPy, pandas and SciPy: the same computation on the same data, in
turn on the same machine.

    python3 perf/compare_statistics.py build/stat_bench [--data DIR] [--rounds 3]

DIR holds model-vs-human/ and cifar10h/ (default: the test data).  Needs numpy, scipy, pandas.
Runs A B A B, prints medians and their ratio, and fails where the two do not agree.

Error consistency is computed in three ways: as the field's toolbox (bethgelab/model-vs-human)
does it, from data frames, one pair of observers and one condition at a time; with NumPy on rows
of right and wrong, one pair and condition at a time; and with one matrix product per condition.
Beside the toolbox's way, which gives no intervals, stands jem.stats.agreement with 10,000 rounds of
the bootstrap over images and people (python/jem, on the libjem beside stat_bench).
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import scipy  # noqa: E402
from scipy import stats  # noqa: E402

# Conditions that count (the toolbox's experiments.py and plot.py); none: all images.
SETS = {
    "colour": "bw", "contrast": "c50 c30 c15 c10 c05", "high-pass": "3.0 1.5 1.0 0.7",
    "low-pass": "1 3 5 7 10", "phase-scrambling": "30 60 90 120", "power-equalisation": "pow",
    "false-colour": "False", "rotation": "90 180 270",
    "eidolonI": "2-10-10 4-10-10 8-10-10 16-10-10 32-10-10",
    "eidolonII": "2-3-10 4-3-10 8-3-10 16-3-10", "eidolonIII": "2-0-10 4-0-10 8-0-10",
    "uniform-noise": "0.03 0.05 0.1 0.2 0.35",
    "edge": "", "silhouette": "", "cue-conflict": "", "sketch": "", "stylized": "",
}


def canonical(text):
    """Conditions are equal as numbers or, in any case of letters, as texts."""
    try:
        return str(float(text))
    except ValueError:
        return text.lower()


# ---- error consistency

def read_set(folder, name):
    """One data frame of a set with the columns that the toolbox adds, and its observers."""
    frames, who = [], []
    for file in sorted(os.listdir(os.path.join(folder, name))):
        frame = pd.read_csv(os.path.join(folder, name, file), dtype={"condition": str},
                            keep_default_na=False)
        frame.columns = [c.lower() for c in frame.columns]
        frame["subj"] = file[len(name) + 1:].split("_")[0]
        who.append(frame["subj"].iloc[0])
        frames.append(frame)
    df = pd.concat(frames, ignore_index=True)
    pieces = df["imagename"].str.split("_")
    wordnet = pieces.str[-2].str.startswith("n0").fillna(False)
    df["image_id"] = np.where(wordnet, pieces.str[-2] + "_" + pieces.str[-1], pieces.str[-1])
    df["condition"] = [canonical(c) for c in df["condition"]] if SETS[name] else "all"
    return df, who


def conditions_of(name):
    return [canonical(c) for c in SETS[name].split()] or ["all"]


def kappa(p1, p2, observed):
    expected = p1 * p2 + (1 - p1) * (1 - p2)
    return 1.0 if observed == 1 else (observed - expected) / (1 - expected)


def pair_of_frames(df1, df2):
    """One pair on one condition, as the toolbox: accuracies, sort by image, compare."""
    p1 = len(df1.loc[df1.object_response == df1.category]) / len(df1)
    p2 = len(df2.loc[df2.object_response == df2.category]) / len(df2)
    df1 = df1.sort_values(by="image_id").reset_index()
    df2 = df2.sort_values(by="image_id").reset_index()
    assert df1["image_id"].equals(df2["image_id"])
    right1, right2 = df1.object_response == df1.category, df2.object_response == df2.category
    observed = (right1 == right2).sum() / len(df1)
    return (p1 - p2) ** 2, observed, kappa(p1, p2, observed)


def pair_of_rows(a, b):
    p1, p2, observed = a.mean(), b.mean(), (a == b).mean()
    return (p1 - p2) ** 2, observed, kappa(p1, p2, observed)


def agreement(people, networks, conditions, accuracy, pair):
    """Rows [accuracy, accuracy difference, observed, kappa]: people, then each network."""
    def mean(pairs):
        return np.mean([np.mean([pair(a, b, c) for c in conditions], axis=0) for a, b in pairs],
                       axis=0)
    among = [(a, b) for i, a in enumerate(people) for b in people[i + 1:]]
    rows = [[np.mean([accuracy(p) for p in people]), *mean(among)]]
    return rows + [[accuracy(m), *mean([(m, p) for p in people])] for m in networks]


def is_person(name):
    return name.startswith("subject-")


def with_pandas(df, who, conditions):
    def part(a, c):
        return df.loc[(df["condition"] == c) & (df["subj"] == a)]

    def accuracy(a):
        own = df.loc[(df["subj"] == a) & df["condition"].isin(conditions)]
        return len(own.loc[own.object_response == own.category]) / len(own)
    return agreement([w for w in who if is_person(w)], [w for w in who if not is_person(w)],
                     conditions, accuracy, lambda a, b, c: pair_of_frames(part(a, c), part(b, c)))


def aligned(df, who, conditions):
    """condition -> bool [observers][images]."""
    df = df.assign(right=df.object_response == df.category)
    return {c: np.array([df.loc[(df["condition"] == c) & (df["subj"] == w)]
                        .sort_values("image_id")["right"].to_numpy() for w in who])
            for c in conditions}


def with_numpy(rows, who):
    people = [i for i, w in enumerate(who) if is_person(w)]
    networks = [i for i, w in enumerate(who) if not is_person(w)]
    everything = np.concatenate(list(rows.values()), axis=1)
    return agreement(people, networks, list(rows), lambda a: everything[a].mean(),
                     lambda a, b, c: pair_of_rows(rows[c][a], rows[c][b]))


def with_products(rows, who):
    """All pairs of a condition at once."""
    person = np.array([is_person(w) for w in who])
    gap, observed, kappas, right, images = 0, 0, 0, 0, 0
    for x in rows.values():
        n = x.shape[1]
        both = x.astype(np.float32) @ x.T.astype(np.float32)
        counts = both.diagonal().astype(float)
        p = counts / n
        o = (n - counts[:, None] - counts[None, :] + 2 * both.astype(float)) / n
        e = np.outer(p, p) + np.outer(1 - p, 1 - p)
        with np.errstate(invalid="ignore", divide="ignore"):
            kappas = kappas + np.where(o == 1, 1, (o - e) / (1 - e))
        gap, observed = gap + (p[:, None] - p[None, :]) ** 2, observed + o
        right, images = right + counts, images + n
    values = np.array([gap, observed, kappas]) / len(rows)
    among = np.triu_indices(person.sum(), 1)
    out = [[(right[person] / images).mean(), *values[:, person][:, :, person][:, among[0], among[1]]
            .mean(axis=1)]]
    return out + [[right[m] / images, *values[:, m, person].mean(axis=1)]
                  for m in np.flatnonzero(~person)]


def order(who):
    """People first, as jem prints them."""
    return sorted(who, key=lambda w: (not is_person(w), w))


def compare_consistency(a, table):
    folder = os.path.join(a.data, "model-vs-human")
    raw = os.path.join(folder, "raw-data")
    times = {k: [] for k in ("pandas, files", "pandas", "NumPy", "products", "files", "trials",
                             "rows")}
    for _ in range(a.rounds):
        ours = run(a, "consistency", folder, 5)
        for key, seconds in ours["seconds"].items():
            times[key].append(seconds)
        expected = np.array([row[2:] for row in ours["values"]])

        start = time.perf_counter()
        frames = {s: read_set(raw, s) for s in SETS}
        read = time.perf_counter()
        got = [row for s in SETS for row in with_pandas(frames[s][0], order(frames[s][1]),
                                                        conditions_of(s))]
        end = time.perf_counter()
        times["pandas, files"].append(end - start)
        times["pandas"].append(end - read)
        agree("error consistency, pandas", got, expected, 1e-12)

        rows = {s: aligned(frames[s][0], order(frames[s][1]), conditions_of(s)) for s in SETS}
        for key, method in (("NumPy", with_numpy), ("products", with_products)):
            start = time.perf_counter()
            got = [row for s in SETS for row in method(rows[s], order(frames[s][1]))]
            times[key].append(time.perf_counter() - start)
            agree(f"error consistency, {key}", got, expected, 1e-12)
    what = "17 sets, people and 3 networks: "
    for label, theirs, ours in (("CSV files to scores", "pandas, files", "files"),
                                ("trials in memory to scores", "pandas", "trials"),
                                ("rows of right and wrong to scores", "NumPy", "rows"),
                                ("the same, a matrix product per condition", "products", "rows")):
        name = "NumPy" if theirs in ("NumPy", "products") else "pandas"
        table.append((what + label, name, times[theirs], times[ours]))



def with_intervals(a, jem, frames):
    """The same with 10,000 bootstrap rounds through python/jem: rows as the others, and seconds."""
    out, seconds = [], 0
    for s in SETS:
        who, conditions = order(frames[s][1]), conditions_of(s)
        rows = aligned(frames[s][0], who, conditions)
        right = np.concatenate([rows[c] for c in conditions], axis=1)
        names = np.concatenate([[c] * rows[c].shape[1] for c in conditions])
        people = sum(map(is_person, who))
        start = time.perf_counter()
        models, among = jem.stats.agreement(right[people:], right[:people], names, rounds=10000, threads=a.threads)
        seconds += time.perf_counter() - start
        out += [[score.value for score in each] for each in (among, *models)]
    return out, seconds


def compare_intervals(a, table):
    os.environ["JEM_LIBRARY"] = os.path.join(os.path.dirname(os.path.abspath(a.stat_bench)), "libjem.so")
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))
    import jem
    folder = os.path.join(a.data, "model-vs-human", "raw-data")
    frames = {s: read_set(folder, s) for s in SETS}
    theirs, ours = [], []
    for _ in range(a.rounds):
        got, seconds = with_intervals(a, jem, frames)
        ours.append(seconds)
        start = time.perf_counter()
        expected = [row for s in SETS for row in with_pandas(frames[s][0], order(frames[s][1]), conditions_of(s))]
        theirs.append(time.perf_counter() - start)
        agree("error consistency, jem.stats.agreement", got, expected, 1e-12)
    table.append((f"17 sets, people and 3 networks: trials in memory to scores; jem with 10,000 bootstrap rounds, "
                  f"{a.threads} threads", "pandas without any", theirs, ours))


# ---- bootstrap

def cross_entropies(a):
    """Of people's answers to CIFAR-10H with a network, one per image."""
    folder = os.path.join(a.data, "cifar10h")
    counts = np.load(os.path.join(folder, "cifar10h-counts.npy"))
    f = np.load(os.path.join(folder, "predictions", "vgg_15_BN_64-logits.npy")).astype(float)
    p = counts / counts.sum(axis=1, keepdims=True)
    top = f.max(axis=1, keepdims=True)
    return -(p * (f - top - np.log(np.exp(f - top).sum(axis=1, keepdims=True)))).sum(axis=1)


def draws(n, seed, purpose=17):
    """The draws of src/base/rng.h (Philox4x32-10), round after round."""
    multiplier = np.array([0xD2511F53, 0xCD9E8D57], np.uint64)
    low = np.uint64(0xFFFFFFFF)
    shift = np.uint64(32)
    blocks = np.arange((n + 3) // 4, dtype=np.uint64)
    step = 0
    while True:
        c = [blocks, np.uint64(0), np.uint64(step), np.uint64(purpose << 24)]
        k0, k1 = seed & 0xFFFFFFFF, seed >> 32
        for _ in range(10):
            p0, p1 = multiplier[0] * c[0], multiplier[1] * c[2]
            c = [(p1 >> shift) ^ c[1] ^ np.uint64(k0), p1 & low,
                 (p0 >> shift) ^ c[3] ^ np.uint64(k1), p0 & low]
            k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
        words = np.stack(np.broadcast_arrays(*c), axis=1).ravel()[:n]
        yield (words * np.uint64(n) >> shift).astype(np.int64)
        step += 1


def compare_bootstrap(a, table, tmp):
    x, rounds = cross_entropies(a), 10000
    path = os.path.join(tmp, "x.npy")
    np.save(path, x)
    rng = np.random.default_rng(1)
    theirs, ours, alone = [], [], []
    for _ in range(a.rounds):
        got = run(a, "bootstrap", path, 3, 2)
        one = run(a, "bootstrap", path, 3, 1)
        assert got["values"] == one["values"], "the number of threads changed a bit"
        ours.append(got["seconds"]["bootstrap"])
        alone.append(one["seconds"]["bootstrap"])
        start = time.perf_counter()
        means = [x[rng.integers(0, len(x), len(x))].mean() for _ in range(rounds)]
        interval = np.quantile(means, [0.025, 0.975])
        theirs.append(time.perf_counter() - start)
        # draws of their own: equal within what 10,000 rounds leave to chance
        agree("bootstrap interval", interval, got["interval"], 2e-3)
    stream = draws(len(x), 1)
    means = [x[next(stream)].mean() for _ in range(rounds)]
    agree("bootstrap rounds of the same draws", means, got["values"], 1e-12)
    agree("interval of the same draws", np.quantile(means, [0.025, 0.975]), got["interval"], 1e-12)
    what = "10,000 bootstrap rounds of CIFAR-10H cross-entropy, 10,000 images, "
    table.append((what + "2 threads", "NumPy", theirs, ours))
    table.append((what + "1 thread", "NumPy", theirs, alone))


# ---- rank correlation

def compare_spearman(a, table, tmp):
    rng = np.random.default_rng(2)
    side = 224
    x = rng.random(side * side)
    blocks = np.kron(rng.integers(0, 60, (32, 32)), np.ones((7, 7)))
    gradient = np.abs(rng.standard_normal(side * side)).astype(np.float32)
    cases = {
        "doubles without ties": (x, x + rng.random(side * side)),
        "a map of 60 levels and a float32 gradient": (blocks.ravel(), gradient.astype(float)),
    }
    for name, (u, v) in cases.items():
        paths = [os.path.join(tmp, f) for f in ("u.npy", "v.npy")]
        for path, values in zip(paths, (u, v)):
            np.save(path, values)
        theirs, ours = [], []
        for _ in range(a.rounds):
            got = run(a, "spearman", *paths, 51)
            ours.append(got["seconds"]["spearman"])
            each = []
            for _ in range(51):
                start = time.perf_counter()
                rho = stats.spearmanr(u, v)[0]
                each.append(time.perf_counter() - start)
            theirs.append(statistics.median(each))
            agree(f"Spearman, {name}", rho, got["values"][0], 1e-12)
        table.append((f"Spearman correlation of 50,176 pixels, {name}", "SciPy", theirs, ours))


# ---- all of it

def run(a, *arguments):
    done = subprocess.run([a.stat_bench, *map(str, arguments)], check=True, capture_output=True,
                          text=True)
    return json.loads(done.stdout)


def agree(what, got, expected, tolerance):
    gap = np.max(np.abs(np.asarray(got) - np.asarray(expected)))
    if not gap <= tolerance:
        sys.exit(f"{what}: differs by {gap:.3g}, at most {tolerance:g} expected")


def text(seconds):
    for unit, scale in (("s", 1), ("ms", 1e3), ("us", 1e6)):
        if seconds * scale >= 1 or unit == "us":
            return f"{seconds * scale:.3g} {unit}"


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    p = argparse.ArgumentParser()
    p.add_argument("stat_bench")
    p.add_argument("--data", default=os.environ.get(
        "JEM_DATA", os.path.join(here, "..", "..", "shared", "data")))
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--threads", type=int, default=2, help="of jem, in bootstraps of error consistency")
    a = p.parse_args()

    table = []
    with tempfile.TemporaryDirectory() as tmp:
        compare_consistency(a, table)
        compare_intervals(a, table)
        compare_bootstrap(a, table, tmp)
        compare_spearman(a, table, tmp)
    print("| what | peer | its time | jem | ratio |")
    print("|---|---|---|---|---|")
    for what, peer, theirs, ours in table:
        x, y = statistics.median(theirs), statistics.median(ours)
        print(f"| {what} | {peer} | {text(x)} | {text(y)} | {x / y:.3g} |")
    print(f"\nMedians of {a.rounds} alternating rounds; values agree within 1e-12.  NumPy "
          f"{np.__version__}, pandas {pd.__version__}, SciPy {scipy.__version__}.")


if __name__ == "__main__":
    main()
