#!/usr/bin/env python3
"""Training steps: isthmus against PyTorch (eager, compiled) and JAX, on the jobs of recipes/bench.

    bench/step.py [--rows vae,iwae] [--rounds 8] [--steps 60] [--precision bf16]

All start from the same weights (isthmus's own, before its first step) and see the same kind of batches; the losses of the
first round must agree before any time counts. In bf16 PyTorch runs under autocast. A peer's batches lie ready in memory, isthmus makes its own."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

import numpy
import torch

from compare import (PROGRAM, ROOT, keep, machine, onednn_keeps_float32, settle_allocator, training_images,
                     users_environment)

PEERS = {"torch": ("eager", "compiled", "autotuned", "whole"), "jax": ("jit",)}
WITH_ONEDNN = ("eager", "compiled", "autotuned", "whole")  # once more with oneDNN's float32 products instead of MKL's
IN_JAX = ("vae", "vae_batch_20", "iwae")
ROWS = ("vae", "vae_batch_20", "iwae", "contractive", "k_sparse", "conv_vae")
WARM_UP = 100  # isthmus starts anew each round, its peers are warm by then


class Worker:
    """A peer in a process of its own, which sleeps while others run."""

    def __init__(self, kind, row, mode, weights, batches):
        threads = len(os.sched_getaffinity(0))
        words = [sys.executable, ROOT / "bench" / "peers" / f"{kind}_step.py", row, mode, weights, batches, str(threads)]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "ready":
            raise SystemExit(f"step.py: the peer {kind} {mode} did not start; try it alone: "
                             + " ".join(str(word) for word in words))

    def run(self, steps):
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return statistics.median(answer["milliseconds"]), answer["loss"]

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def isthmus(recipe, steps, extra):
    run = subprocess.run([PROGRAM, "bench", recipe, "--steps", str(steps), "--warm_up", str(WARM_UP), "--json", *extra],
                         check=True, capture_output=True, text=True, env=users_environment())
    return json.loads(run.stdout)


def data_of(row, folder, batch):
    """(batches that a peer takes, words that give isthmus the same kind of data)."""
    if row == "conv_vae":  # pixels of the shape of CIFAR's; what they show costs nothing
        pixels = numpy.random.default_rng(1).integers(0, 256, (4000, 3, 32, 32), numpy.uint8)
        numpy.savez(f"{folder}/pixels.npz", x=pixels)
        x, words = torch.from_numpy(pixels).float() / 255, ["--data.path", f"{folder}/pixels.npz"]
    else:
        x, words = training_images(), []
        if row != "k_sparse" and row != "contractive":
            x = (x >= 0.5).float()
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(1))
    return [x[order[i * batch:(i + 1) * batch]].clone() for i in range(60)], words


def contenders(row, precision):
    """[(kind, mode)] of the peers of a row."""
    names = [(kind, mode) for kind, modes in PEERS.items() for mode in modes if kind == "torch" or row in IN_JAX]
    if precision == "bf16":
        return [(kind, f"{mode}_bf16") for kind, mode in names]
    if onednn_keeps_float32():
        names += [("torch", f"{mode}_onednn") for mode in WITH_ONEDNN]
    return names


def measure(row, rounds, steps, precision):
    recipe = ROOT / "recipes" / "bench" / f"{row}.toml"
    batch = int(next(line.split("=")[1] for line in recipe.read_text().splitlines() if line.startswith("batch")))
    with tempfile.TemporaryDirectory() as folder:
        batches, words = data_of(row, folder, batch)
        words += ["--fit.precision", precision]
        torch.save(batches, f"{folder}/batches.pt")
        subprocess.run([PROGRAM, "train", recipe, *words, "--fit.steps", "1", "--fit.learning_rate", "0", "--out",
                        f"{folder}/start", "--no-evaluation", "--quiet"], check=True, capture_output=True)
        workers = {f"{kind} {mode}": Worker(kind, row, mode, f"{folder}/start/model.safetensors",
                                            f"{folder}/batches.pt")
                   for kind, mode in contenders(row, precision)}
        times = {name: [] for name in ("isthmus", *workers)}
        details = []
        for turn in range(rounds + 1):
            ours = isthmus(recipe, steps, words)
            if turn == 0:
                for worker in workers.values():
                    worker.run(WARM_UP + 1)  # isthmus's warm-up, and the step whose products it records
            seen = {name: worker.run(steps) for name, worker in workers.items()}
            if turn == 0:
                for name, (_, loss) in seen.items():
                    if abs(loss - ours["loss"]) > 0.05 * abs(ours["loss"]):
                        raise SystemExit(f"step.py: {row}: expected the loss of isthmus, {ours['loss']:.2f}, got "
                                         f"{loss:.2f} from {name}")
                continue
            details.append(ours)
            times["isthmus"].append(ours["milliseconds_per_step"])
            for name, (median, _) in seen.items():
                times[name].append(median)
        for worker in workers.values():
            worker.end()
    return times, details


def lines(row, times, details):
    medians = {name: statistics.median(values) for name, values in times.items()}
    ours = medians["isthmus"]
    text = [f"| {row} | isthmus | {ours:.3f} | {min(times['isthmus']):.3f} | |"]
    text += [f"| | {name} | {medians[name]:.3f} | {min(values):.3f} | {medians[name] / ours:.2f} |"
             for name, values in times.items() if name != "isthmus"]
    bound = statistics.median(each["bound"] for each in details)
    alone = "its dense product alone" if row == "k_sparse" else "its products alone"  # 25 of 1000 units are no matrix
    text.append(f"| | {alone} | {bound:.3f} | | {bound / ours:.2f} |")
    return text


def main():
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("--rows", default=",".join(ROWS))
    words.add_argument("--rounds", type=int, default=8)
    words.add_argument("--steps", type=int, default=60)
    words.add_argument("--precision", choices=("fp32", "bf16"), default="fp32")
    words = words.parse_args()
    text = ["| job | who | median, ms | least, ms | times isthmus |", "|---|---|---|---|---|"]
    for row in words.rows.split(","):
        found = lines(row, *measure(row, words.rounds, words.steps, words.precision))
        print("\n".join(found), flush=True)
        text += found
    import importlib.metadata as versions

    name = f"Training steps, {'float32' if words.precision == 'fp32' else 'bfloat16'}"
    rows = "" if words.rows == ",".join(ROWS) else f" --rows {words.rows}"
    name += f": {words.rows}" if rows else ""
    rows += "" if words.precision == "fp32" else " --precision bf16"
    keep(name, f"`bench/step.py{rows} --rounds {words.rounds} --steps {words.steps}`: "
               f"a step with Adam, from the batch to the new weights.\n{machine()}; JAX {versions.version('jax')}.\n\n"
               + "\n".join(text))


if __name__ == "__main__":
    settle_allocator()
    main()
