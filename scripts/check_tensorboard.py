#!/usr/bin/env python3
"""Has TensorBoard read the event files of a run and compares them with metrics.csv.

    scripts/check_tensorboard.py RUN

Every number of metrics.csv must be a scalar of its iteration in RUN/events, and every
scalar there a number of metrics.csv: what sessions wrote more than once must have been
forgotten.  If the run has pictures, there must be one for every validation.  For runs of
no more than 100 validations and 5000 rows: those of longer ones are spaced.  Both of
TensorBoard's readers are asked.  Exit status 0: all agrees, 1: not, 77: there is no
TensorBoard (pip install tensorboard).
"""
import csv
import math
import os
import struct
import sys

try:
    from tensorboard.backend.event_processing import event_accumulator, plugin_event_accumulator
    from tensorboard.util import tensor_util
except ImportError:
    print("skipped: python3 has no tensorboard")
    sys.exit(77)

VERDICTS = ["healthy", "drifting", "saturating", "collapsed", "diverged"]
TAGS = {  # column of metrics.csv -> tag
    "epoch": "schedule/epoch", "alpha": "schedule/alpha", "lr": "schedule/lr",
    "step_size": "schedule/step_size",
    "loss_d": "loss/discriminative", "loss_g": "loss/generative", "accuracy": "loss/accuracy",
    "g_d": "gradient/discriminative", "g_g": "gradient/generative", "c": "gradient/c",
    "cosine": "gradient/cosine",
    "lse_pos": "energy/lse_data", "lse_neg": "energy/lse_samples", "lse_gap": "energy/lse_gap",
    "lse_min": "energy/lse_min", "lse_max": "energy/lse_max",
    "clipped": "chain/clipped", "movement": "chain/movement", "buffer_age": "chain/buffer_age",
    "buffer_diversity": "chain/buffer_diversity",
    "verdict": "health/verdict",
    "val_accuracy": "validation/accuracy", "val_nll": "validation/nll",
    "fd_pix": "validation/fd_pix",
    "images_per_s": "speed/images_per_s", "wall_s": "speed/wall_s",
}
PICTURES = "replay_buffer"


def read_csv(path):
    """{(tag, iteration): value} and the iterations with a validation."""
    values, validated = {}, []
    with open(path, newline="") as f:
        rows = csv.DictReader(f)
        unknown = set(rows.fieldnames) - set(TAGS) - {"iteration", "reason"}
        missing = set(TAGS) - set(rows.fieldnames)
        if unknown or missing:
            sys.exit(f"{path}: columns {sorted(unknown)} are unknown, {sorted(missing)} missing")
        for row in rows:
            step = int(row["iteration"])
            for column, tag in TAGS.items():
                if row[column] == "":
                    continue
                text = row[column]
                value = VERDICTS.index(text) if column == "verdict" else float(text)
                if not math.isfinite(value):
                    sys.exit(f"{path}: {column} of iteration {step} is {text}")
                if (tag, step) in values:
                    sys.exit(f"{path}: two rows of iteration {step}")
                values[tag, step] = value
            if row["val_accuracy"] or row["fd_pix"]:
                validated.append(step)
    return values, validated


def read_events(folder):
    """As TensorBoard's library reads it."""
    a = event_accumulator.EventAccumulator(folder, size_guidance={"scalars": 0, "images": 0})
    a.Reload()
    found = [((tag, e.step), e.value) for tag in a.Tags()["scalars"] for e in a.Scalars(tag)]
    pictures = [(e.step, e.encoded_image_string, e.width, e.height)
                for tag in a.Tags()["images"] if tag == PICTURES for e in a.Images(tag)]
    return found, pictures


def read_events_as_the_page(folder):
    """As its web page does, where scalars and pictures are tensors."""
    a = plugin_event_accumulator.EventAccumulator(folder, size_guidance={"tensors": 0},
                                                  tensor_size_guidance={"scalars": 0, "images": 0})
    a.Reload()
    found, pictures = [], []
    for tag in a.Tags()["tensors"]:
        for e in a.Tensors(tag):
            value = tensor_util.make_ndarray(e.tensor_proto)
            if tag == PICTURES:
                pictures.append((e.step, bytes(value[2]), int(value[0]), int(value[1])))
            else:
                found.append(((tag, e.step), float(value)))
    return found, pictures


def differences(values, validated, found, pictures):
    events = dict(found)
    if len(events) != len(found):
        yield f"{len(found) - len(events)} scalars occur twice"
    for key in sorted(values.keys() - events.keys()):
        yield "not in the event files: %s of iteration %d" % key
    for key in sorted(events.keys() - values.keys()):
        yield "not in metrics.csv: %s of iteration %d" % key
    for key in sorted(values.keys() & events.keys()):
        # float32 there, six digits or more here
        if abs(values[key] - events[key]) > 1e-5 * max(abs(values[key]), 1e-30):
            yield "%s of iteration %d: " % key + f"{values[key]} and {events[key]}"
    steps = [p[0] for p in pictures]
    if pictures and steps != validated:
        yield f"pictures of iterations {steps}, validations at {validated}"
    for step, png, width, height in pictures:
        if png[:8] != b"\x89PNG\r\n\x1a\n" or struct.unpack(">II", png[16:24]) != (width, height):
            yield f"the picture of iteration {step} is no PNG of {width} x {height}"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    run = sys.argv[1]
    folder = os.path.join(run, "events")
    if not os.path.isdir(folder):
        sys.exit(f"{folder}: no such folder")
    values, validated = read_csv(os.path.join(run, "metrics.csv"))
    wrong = []
    for reader in read_events, read_events_as_the_page:
        found, pictures = reader(folder)
        wrong += [f"{reader.__name__}: {d}" for d in
                  differences(values, validated, found, pictures)]
        print(f"{reader.__name__}: {len(found)} scalars, {len(pictures)} pictures")
    for line in wrong[:20]:
        print(line)
    print(f"{len(os.listdir(folder))} event files, {len(values)} numbers in metrics.csv: "
          + (f"{len(wrong)} differences" if wrong else "the same"))
    sys.exit(1 if wrong else 0)


main()
