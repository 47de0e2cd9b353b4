#!/usr/bin/env python3
"""NLL with 5,000 draws an image: isthmus against a plain batched PyTorch loop and Pythae's get_nll, over the same weights
and images.

    bench/nll.py [--images 200] [--rounds 5]

The model is that of recipes/vae_fashion_mnist.toml after a short training. The loop is timed with as many rows at once as
suit it best, eager and compiled, and Pythae's function with the batch of draws that suits it best and with its own default,
100; all but the last also with oneDNN's products, where these keep float32. All estimates must agree before any time
counts. Pythae scores a tenth of the images, and its time is multiplied by ten."""

import argparse
import functools
import gzip
import json
import math
import subprocess
import sys
import tempfile
import time

import numpy
import torch
from safetensors.torch import load_file

from compare import (PROGRAM, ROOT, interleaved, keep, machine, onednn_keeps_float32, onednn_products, settle_allocator, table,
                     users_environment)

sys.path.append(str(ROOT / "bench" / "peers"))
import pythae_vae

DRAWS = 5000


def train(folder):
    subprocess.run([PROGRAM, "train", ROOT / "recipes" / "vae_fashion_mnist.toml", "--fit.steps", "600", "--data.binarise",
                    "threshold", "--out", folder, "--quiet"], check=True, capture_output=True, env=users_environment())


def isthmus(folder, images):
    """(seconds, nll) of `isthmus evaluate`; the seconds are its own, without the program's start."""
    run = subprocess.run([PROGRAM, "evaluate", folder, "--metrics", "nll", "--nll.images", str(images), "--nll.draws",
                          str(DRAWS), "--json", "--quiet"], check=True, capture_output=True, text=True,
                         env=users_environment())
    nll = json.loads(run.stdout)["metrics"]["nll"]
    return nll["seconds"], nll["value"]


class Peer:
    """The same model and estimate, as one would write it in PyTorch."""

    def __init__(self, folder, images, rows):
        weights = load_file(folder + "/model.safetensors")

        def layers(part):
            return [(weights[f"{part}.layer{i}.weight"], weights[f"{part}.layer{i}.bias"]) for i in range(3)]

        self.encoder, self.decoder = layers("encoder"), layers("decoder")
        self.x = images
        self.batch = max(1, rows // 100)

    @staticmethod
    def network(layers, h):
        for i, (weight, bias) in enumerate(layers):
            h = torch.nn.functional.linear(h, weight, bias)
            if i < 2:
                h = torch.tanh(h)
        return h

    def log_weights(self, x, mean, log_variance, epsilon):
        z = mean + (0.5 * log_variance).exp() * epsilon  # [draws, batch, latent]
        logits = self.network(self.decoder, z)
        log_x = -torch.nn.functional.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none").sum(-1)
        log_z = -0.5 * z.square().sum(-1)
        log_q = -0.5 * (epsilon.square() + log_variance).sum(-1)
        return log_x + log_z - log_q

    @torch.no_grad()
    def run(self, step):
        total = 0.0
        for x in self.x.split(self.batch):
            mean, log_variance = self.network(self.encoder, x).chunk(2, dim=-1)
            parts = [step(x, mean, log_variance, torch.randn(100, len(x), mean.shape[1])).logsumexp(0)
                     for _ in range(DRAWS // 100)]
            total -= (torch.stack(parts).logsumexp(0) - math.log(DRAWS)).sum().item()
        return total / len(self.x)


class Pythae:
    """The same model, scored by Pythae's own function."""

    def __init__(self, peer, batch):
        def network(layers):
            parts = []
            for weight, bias in layers:
                linear = torch.nn.Linear(weight.shape[1], weight.shape[0])
                linear.weight.data, linear.bias.data = weight, bias
                parts += [linear, torch.nn.Tanh()]
            return torch.nn.Sequential(*parts[:-1])

        self.model = pythae_vae.with_networks(network(peer.encoder), network(peer.decoder), 50).eval()
        self.x = peer.x[:max(1, len(peer.x) // 10)].view(-1, 1, 28, 28)
        self.share = len(peer.x) / len(self.x)
        self.batch = batch

    @torch.no_grad()
    def run(self):
        return -self.model.get_nll(self.x, DRAWS, self.batch)


def test_images(count):
    """The first test images of Fashion-MNIST (Debian's dataset-fashion-mnist), 0 or 1 as `threshold` makes them."""
    with gzip.open("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz") as file:
        pixels = numpy.frombuffer(file.read(16 + count * 784), numpy.uint8, count * 784, 16)
    return torch.from_numpy((pixels.reshape(count, 784) >= 128).astype(numpy.float32))


def main():
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("--images", type=int, default=200)
    words.add_argument("--rounds", type=int, default=5)
    words = words.parse_args()
    torch.manual_seed(1)

    with tempfile.TemporaryDirectory() as parent:
        folder = parent + "/run"
        train(folder)
        x = test_images(words.images)

        def timed(run):
            start = time.perf_counter()
            run()
            return time.perf_counter() - start

        def peer(rows, step=None):
            model = Peer(folder, x, rows)
            return lambda: model.run(step or model.log_weights)

        def best_rows():
            return min((500, 1000, 2000, 4000, 8000), key=lambda rows: min(timed(peer(rows)) for _ in range(2)))

        def best_batch():
            return min((100, 500, 1000, 5000), key=lambda size: min(timed(Pythae(model, size).run) for _ in range(2)))

        best = best_rows()
        model = Peer(folder, x, best)
        batch = best_batch()

        def agree(name, got, expected, most):
            if abs(got - expected) > most:
                raise SystemExit(f"nll.py: expected {expected:.2f} nats, as the loop estimates, got {got:.2f} from {name}")

        compiled = torch.compile(model.log_weights)
        ours, theirs = isthmus(folder, words.images)[1], model.run(model.log_weights)
        tenth = Peer(folder, Pythae(model, batch).x.flatten(1), best)
        few = tenth.run(tenth.log_weights)

        def contenders(rows, draws, note):
            """{name: function that runs once and returns seconds}, each seen to estimate the same before."""
            loop, pythae = Peer(folder, x, rows), Pythae(model, draws)
            agree("the eager loop" + note, loop.run(loop.log_weights), theirs, 0.3)
            agree("the compiled loop" + note, loop.run(compiled), theirs, 0.3)
            agree("Pythae" + note, pythae.run(), few, 1)  # a few images: draws alone move their mean by some tenths
            return {f"PyTorch eager, {rows} rows at once{note}": lambda: timed(lambda: loop.run(loop.log_weights)),
                    f"PyTorch compiled{note}": lambda: timed(lambda: loop.run(compiled)),
                    f"Pythae, {draws} draws at once{note}": lambda: pythae.share * timed(pythae.run)}

        def by_onednn(run):
            with onednn_products():
                return run()

        agree("isthmus", ours, theirs, 0.3)
        peers = contenders(best, batch, "")
        if onednn_keeps_float32():
            with onednn_products():
                also = contenders(best_rows(), best_batch(), ", oneDNN's products")
            peers |= {name: functools.partial(by_onednn, run) for name, run in also.items()}
        by_default = Pythae(model, 100)
        agree("Pythae as it comes", by_default.run(), few, 1)
        times = interleaved({"isthmus": lambda: isthmus(folder, words.images)[0], **peers,
                             "Pythae as it comes, 100 draws at once": lambda: by_default.share * timed(by_default.run)},
                            words.rounds)
    text = (f"`bench/nll.py --images {words.images} --rounds {words.rounds}`: {DRAWS:,} draws an image for "
            f"{words.images} images, 784-200-200-50 tanh, float32; NLL {ours:.2f} and {theirs:.2f} nats. Pythae scored a "
            f"tenth of them; its time is tenfold.\n"
            f"{machine()}.\n\n{table(times, 'NLL')}")
    print(text)
    keep("NLL", text)


if __name__ == "__main__":
    settle_allocator()
    main()
