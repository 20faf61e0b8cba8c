#!/usr/bin/env python3
"""EfficientNet-Lite0 with its published weights: jem beside the network's own PyTorch class, image by image.

    scripts/fetch-weights WEIGHTS
    scripts/check_network.py --jem build/jem --weights WEIGHTS --data DATA --mapping imagenet16.tsv --out OUT

DATA has samples/imagenet-val/*.JPEG, cue-conflict/*.tar or folders, people's answers in model-vs-human/raw-data, clickme/*.npy (what
is missing is left out, and that is said); imagenet16.tsv lists the ImageNet classes (index) of the 16 categories (category).  OUT/run is the imported
run with jem's scores, for `jem report OUT/run`; OUT/torch.json has what PyTorch computed.  Needs PyTorch, NumPy, Pillow.

Compared: the class of each photograph and its logits; the category of each of the 1,280 cue-conflict images, edges and
silhouettes; 51 saliency maps, max over channels of |gradient| in the network's own units: in double, of log sum exp f(x)
(jem apply), and in single precision, of max f(x), as jem bench clickme scores them.  ReLU6 has no derivative at 0 and 6, so that single
precision takes the other side here and there, in PyTorch as well, whose own maps in single precision are therefore counted beside jem's.

Exits with 1 if a decision differs whose two best categories PyTorch has further apart than NEAR_TIE of the larger, a map in
double by more than MAP of its largest value, or one in single precision has a rank correlation below RANKS with PyTorch's in double.
"""
import argparse
import csv
import json
import pathlib
import subprocess
import sys
import tarfile

import numpy as np
import torch
from PIL import Image

LOGIT, MAP, NEAR_TIE, RANKS = 1e-3, 1e-4, 1e-2, 0.99
SETS = ("cue-conflict", "edge", "silhouette")


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("jem", "weights", "data", "mapping", "out"):
        p.add_argument("--" + name, required=True, type=pathlib.Path)
    return p.parse_args()


def published(weights):
    """The network's own class with its own weights."""
    sys.path.insert(0, str(weights))
    from efficientnet_lite_pytorch import EfficientNet

    net = EfficientNet.from_name("efficientnet-lite0").eval()
    net.load_state_dict(torch.load(weights / "efficientnet-lite0.pth", map_location="cpu"))
    return net


def own_units(pixels):
    """[n,224,224,3] 8-bit -> [n,3,224,224] as the network was trained on."""
    return (torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).float() - 127) / 128


def photograph(path):
    """Shorter side 256, central square of 224; 224 x 224 as it is."""
    m = Image.open(path).convert("RGB")
    if m.size != (224, 224):
        s = min(m.size)
        m = m.resize(tuple(256 if n == s else 256 * n // s for n in m.size), Image.BILINEAR)
        left, top = (round((n - 224) / 2) for n in m.size)
        m = m.crop((left, top, left + 224, top + 224))
    return np.asarray(m)


def logits_of(net, paths, batch=32):
    with torch.no_grad():
        return np.concatenate([net(own_units(np.stack([photograph(p) for p in paths[i:i + batch]]))).double().numpy()
                               for i in range(0, len(paths), batch)])


def read_mapping(path):
    rows = list(csv.DictReader(open(path), delimiter="\t"))
    names = sorted({r["category"] for r in rows})
    return names, [[int(r["index"]) for r in rows if r["category"] == n] for n in names]


def jem(args, *words):
    subprocess.run([str(args.jem), *map(str, words)], check=True, stdout=subprocess.DEVNULL)


def photographs(args, net, run, wrong):
    folders = [f for f in (args.data / "samples/imagenet-val", args.weights / "photographs") if f.is_dir()]
    for folder in folders:
        out = args.out / ("labels-" + folder.name)
        jem(args, "apply", run, "--input", folder, "-o", out)
        paths = (out / "pictures.txt").read_text().split("\n")[:-1]
        own, theirs = np.load(out / "logits.npy"), logits_of(net, paths)
        apart = np.abs(own - theirs).max(1)
        for path, a, b, d in zip(paths, own, theirs, apart):
            p = np.exp(b - b.max())
            print(f"{pathlib.Path(path).name:32} jem {a.argmax():4}  PyTorch {b.argmax():4} (p {(p / p.sum()).max():.4f})"
                  f"  logits within {d:.1e}")
            if a.argmax() != b.argmax() or d > LOGIT:
                wrong.append(f"photograph {path}")
    return len(folders)


def unpack(args):
    """The image sets as folders."""
    root = args.out / "pictures"
    for name in SETS:
        found = sorted((args.data / "cue-conflict").glob(name + "-*.tar"))
        if not (root / name).is_dir() and found:
            with tarfile.open(found[0]) as t:
                t.extractall(root, filter="data")
        elif (args.data / "cue-conflict" / name).is_dir():
            root = args.data / "cue-conflict"
    return root


def decisions_of(trials):
    return {pathlib.Path(r["imagename"]).stem.split("_")[-1]: r["object_response"] for r in csv.DictReader(open(trials))}


def ask_jem(args, run, root):
    """jem's scores of the sets that are there, with people's answers where these are."""
    people = args.data / "model-vs-human/raw-data"
    outlines = [name for name in SETS[1:] if (root / name).is_dir()]
    if (root / "cue-conflict").is_dir():
        jem(args, "bench", "cue-conflict", run, "--data", root, "--set", "cue-conflict.steps=[0]",
            *(("--humans", people) if people.is_dir() else ()))
    if outlines and people.is_dir():
        jem(args, "bench", "model-vs-human", run, "--data", people.parent, "--set", f"model-vs-human.images={root}",
            "--set", "model-vs-human.sets=" + ", ".join(outlines))


def image_sets(args, net, run, wrong, scores):
    names, classes = read_mapping(args.mapping)
    root = unpack(args)
    ask_jem(args, run, root)
    for name in SETS:
        paths = sorted((root / name).glob("*/*.*"))
        if not paths:
            print(f"left out: no pictures of {name}")
            continue
        own = decisions_of(next(run.glob(f"trials/*/{name}/*.csv")))
        f = logits_of(net, paths)
        p = np.exp(f - f.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        means = np.stack([p[:, c].mean(1) for c in classes], 1)
        best = np.sort(means, 1)
        ties = []
        for path, m, b in zip(paths, means, best):
            theirs = names[m.argmax()]
            if own[path.stem] == theirs:
                continue
            gap = (b[-1] - b[-2]) / b[-1]
            ties.append(f"{path.stem}: jem {own[path.stem]}, PyTorch {theirs}, its two best apart by {gap:.1e} of the larger")
            if gap > NEAR_TIE:
                wrong.append(f"{name} {path.stem}")
        theirs = [names[i] for i in means.argmax(1)]
        scores[name] = {"images": len(paths), "decisions that differ": ties}
        if name == "cue-conflict":
            parts = [(p.stem.split("-")[0].rstrip("0123456789"), p.stem.split("-")[1].rstrip("0123456789")) for p in paths]
            shape = sum(t == s for t, (s, x) in zip(theirs, parts) if s != x)
            texture = sum(t == x for t, (s, x) in zip(theirs, parts) if s != x)
            scores[name].update(shape=shape, texture=texture, shape_bias=shape / (shape + texture))
        scores[name]["accuracy"] = sum(t == p.parent.name for t, p in zip(theirs, paths)) / len(paths)
        print(f"{name}: {len(paths)} images, {len(ties)} decided otherwise", *ties, sep="\n  ")


def map_of(net, picture, scalar, dtype):
    x = own_units(picture[None]).to(dtype).requires_grad_()
    scalar(net(x)).backward()
    return x.grad.abs().amax(1)[0].double().numpy()


def rank_correlation(a, b):
    return np.corrcoef(*(np.argsort(np.argsort(v.ravel(), kind="stable")) for v in (a, b)))[0, 1]


def maps(args, net, run, wrong, scores):
    folder = args.data / "clickme"
    if not (folder / "images-224.npy").is_file():
        print("left out: no images of clickme")
        return
    pictures = np.load(folder / "images-224.npy")
    np.save(args.out / "images.npy", np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)))
    jem(args, "apply", run, "--input", args.out / "images.npy", "--precision", "f64", "--want", "grad", "-o", args.out / "double")
    exact = np.abs(np.load(args.out / "double/grad.npy")).max(1) * 128 / 127.5
    jem(args, "bench", "clickme", run, "--data", folder, "--set", "clickme.target=answer", "--set", "clickme.maps=true")
    own = np.load(run / "trials/clickme-maps.npy").astype(np.float64)
    double = published(args.weights).double()
    apart, ranks, within, beyond = [], [], np.zeros(2, int), np.zeros(2)
    for i, picture in enumerate(pictures):
        energy = map_of(double, picture, lambda f: f.logsumexp(1)[0], torch.float64)
        answer = map_of(double, picture, torch.max, torch.float64)
        single = map_of(net, picture, torch.max, torch.float32)
        apart.append(np.abs(exact[i] - energy).max() / energy.max())
        ranks.append(rank_correlation(own[i], answer))
        off = [np.abs(m - answer) / answer.max() > MAP for m in (own[i], single)]
        within += [not o.any() for o in off]
        beyond += [o.mean() / len(pictures) for o in off]
        if apart[-1] > MAP or ranks[-1] < RANKS:
            wrong.append(f"map {i}: in double apart by {apart[-1]:.1e} of its largest value, rank correlation {ranks[-1]:.4f}")
    scores["clickme"] = {"maps": len(own), "in double, apart by at most": max(apart), "least rank correlation": min(ranks)}
    print(f"clickme: {len(own)} maps; in double within {max(apart):.1e} of their largest values; in single precision rank correlations of "
          f"{min(ranks):.5f} and above, {within[0]} maps and {100 - 100 * beyond[0]:.2f} % of pixels within {MAP} "
          f"(PyTorch's own in single precision: {within[1]}, {100 - 100 * beyond[1]:.2f} %)")


def main():
    args = arguments()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    run, wrong, scores = args.out / "run", [], {}
    if not run.is_dir():
        jem(args, "import", args.weights / "efficientnet-lite0.pth", "--model", "efficientnet-lite0", "--out", run)
    net = published(args.weights)
    if not photographs(args, net, run, wrong):
        print("left out: no photographs")
    image_sets(args, net, run, wrong, scores)
    maps(args, net, run, wrong, scores)
    (args.out / "torch.json").write_text(json.dumps(scores, indent=1) + "\n")
    for line in wrong:
        print("DIFFERS:", line)
    sys.exit(bool(wrong))


main()
