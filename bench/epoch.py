#!/usr/bin/env python3
"""An epoch of 60,000 images, from the data set to its end: isthmus, in float32 and bfloat16, against Pythae's trainer.

    bench/epoch.py [--rounds 3]

The model is Pythae's default, 784-512-20 with ReLU, batch 128, Adam. What isthmus takes for an epoch is a third of what
`isthmus train` takes longer for four epochs than for one, so that neither the program's start nor its end counts; what
Pythae takes is the time of its train_step. The losses of the second epoch must agree before any time counts."""

import argparse
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy
import torch

from compare import ROOT, interleaved, keep, machine, table

sys.path.append(str(ROOT / "bench" / "peers"))
import pythae_vae

PROGRAM = ROOT / "build" / "release" / "isthmus"
WORDS = ("train", "vae", "fashion_mnist", "--latent", "20", "--backbone.hidden", "512", "--fit.batch", "128", "--data.validation",
         "0", "--no-evaluation", "--quiet", "--force", "--fit.checkpoint_every", "0", "--fit.evaluate_every", "0")


def train(epochs, precision, folder):
    start = time.perf_counter()
    subprocess.run([PROGRAM, *WORDS, "--fit.epochs", str(epochs), "--fit.precision", precision, "--out", folder], check=True,
                   capture_output=True)
    return time.perf_counter() - start


def epoch(precision, folder):
    return (train(4, precision, folder) - train(1, precision, folder)) / 3


def second_loss(folder):
    """Mean of the losses that isthmus logged in its second epoch."""
    train(2, "fp32", folder)
    lines = map(json.loads, (pathlib.Path(folder) / "metrics.jsonl").read_text().splitlines())
    losses = [line["terms"]["loss"] for line in lines if line["split"] == "train" and line["step"] > 60000 // 128]
    return sum(losses) / len(losses)


def main():
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("--rounds", type=int, default=3)
    words = words.parse_args()
    with gzip.open("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz") as file:
        pixels = torch.from_numpy(numpy.frombuffer(file.read(), numpy.uint8, -1, 16).reshape(-1, 784) / numpy.float32(255))
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = second_loss(f"{folder}/run"), pythae_vae.epoch_seconds(pixels, 20, 128, 2)[1]
        if abs(ours - theirs) > 0.03 * theirs:
            raise SystemExit(f"epoch.py: expected the same loss in the second epoch, got {ours:.2f} and {theirs:.2f}")
        times = interleaved({"isthmus": lambda: epoch("fp32", f"{folder}/run"),
                             "isthmus, bf16": lambda: epoch("bf16", f"{folder}/run"),
                             "Pythae's trainer": lambda: pythae_vae.epoch_seconds(pixels, 20, 128, 2)[0]}, words.rounds)
    text = (f"`bench/epoch.py --rounds {words.rounds}`: 60,000 images, 784-512-20, batch 128, Adam; loss of the second epoch "
            f"{ours:.2f} and {theirs:.2f} nats.\n{machine()}; pythae 0.1.2.\n\n{table(times, 'an epoch')}")
    print(text)
    keep("An epoch", text)


if __name__ == "__main__":
    main()
