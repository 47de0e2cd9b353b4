#!/usr/bin/env python3
"""An epoch of 60,000 images, from the data set to its end: isthmus, in float32 and bfloat16, against Pythae's trainer.

    bench/epoch.py [--rounds 3]

The model is Pythae's default, 784-512-20 with ReLU, batch 128, Adam, and what counts is the second epoch of two: for isthmus
the training time that it logs at its end less that at its beginning, for Pythae the time of its train_step. The mean losses of
that epoch must agree before any time counts."""

import argparse
import importlib.metadata as versions
import json
import pathlib
import subprocess
import sys
import tempfile

import torch

from compare import (PROGRAM, ROOT, interleaved, keep, machine, onednn_keeps_float32, onednn_products, settle_allocator, table,
                     training_images, users_environment)

sys.path.append(str(ROOT / "bench" / "peers"))
import pythae_vae

WORDS = ("train", "vae", "fashion_mnist", "--latent", "20", "--backbone.hidden", "512", "--fit.batch", "128", "--data.validation",
         "0", "--no-evaluation", "--quiet", "--force", "--fit.checkpoint_every", "0", "--fit.evaluate_every", "0",
         "--fit.epochs", "2", "--fit.log_every", str(60000 // 128))


def second_epoch(precision, folder):
    """(seconds, mean loss) of the second of two epochs."""
    subprocess.run([PROGRAM, *WORDS, "--fit.precision", precision, "--out", folder], check=True, capture_output=True,
                   env=users_environment())
    lines = [json.loads(line) for line in (pathlib.Path(folder) / "metrics.jsonl").read_text().splitlines()]
    first, second = (line for line in lines if line["split"] == "train")
    return second["time"] - first["time"], second["terms"]["loss"]


def main():
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("--rounds", type=int, default=3)
    words = words.parse_args()
    pixels = training_images()
    with tempfile.TemporaryDirectory() as folder:
        torch.manual_seed(1)
        torch.set_flush_denormal(True)

        def pythae():
            return pythae_vae.epoch_seconds(pixels, 20, 128, 2)

        def pythae_by_onednn():
            with onednn_products():
                return pythae()

        contenders = {"isthmus": lambda: second_epoch("fp32", f"{folder}/run"),
                      "isthmus, bf16": lambda: second_epoch("bf16", f"{folder}/run"), "Pythae's trainer": pythae}
        if onednn_keeps_float32():
            contenders["Pythae's trainer, oneDNN's products"] = pythae_by_onednn
        losses = [run()[1] for run in contenders.values()]
        if max(losses) > 1.03 * min(losses):
            raise SystemExit(f"epoch.py: expected the same loss in the second epoch, got {losses}")
        times = interleaved({name: lambda run=run: run()[0] for name, run in contenders.items()}, words.rounds)
    text = (f"`bench/epoch.py --rounds {words.rounds}`: 60,000 images, 784-512-20, batch 128, Adam; loss of the second epoch "
            f"{', '.join(f'{loss:.2f}' for loss in losses)} nats.\n{machine()}; pythae {versions.version('pythae')}.\n\n{table(times, 'an epoch')}")
    print(text)
    keep("An epoch", text)


if __name__ == "__main__":
    settle_allocator()
    main()
