"""A PyTorch contender of bench/step.py: ROW MODE WEIGHTS BATCHES. MODE is eager, compiled, autotuned (both compile the loss)
or whole (loss, gradient and Adam in one compiled function), with "_bf16" for autocast, "_onednn" for oneDNN's float32
products. Says "ready"; then for every line with a number runs so many steps and answers with their milliseconds and mean
loss, as JSON."""

import json
import sys
import time

import torch
from safetensors.torch import load_file

from losses import ROWS

LEARNING_RATE = 1e-3


def autocast(loss):
    def run(p, x):
        with torch.autocast("cpu", torch.bfloat16):
            return loss(p, x)
    return run


def by_autograd(loss, parameters):
    leaves = {name: value.requires_grad_() for name, value in parameters.items()}
    adam = torch.optim.Adam(leaves.values(), LEARNING_RATE, fused=True)

    def step(x):
        adam.zero_grad(set_to_none=True)
        value = loss(leaves, x)
        value.backward()
        adam.step()
        return value.item()
    return step


def in_one(loss, parameters):
    first = {name: torch.zeros_like(value) for name, value in parameters.items()}
    second = {name: torch.zeros_like(value) for name, value in parameters.items()}
    count = torch.zeros(())
    differentiate = torch.func.grad_and_value(loss)

    @torch.compile(fullgraph=True)
    def whole(p, m, v, t, x):
        gradients, value = differentiate(p, x)
        t.add_(1)
        rate = LEARNING_RATE / (1 - 0.9**t)
        unbias = (1 - 0.999**t).sqrt()
        for name in p:
            m[name].lerp_(gradients[name], 0.1)
            v[name].mul_(0.999).addcmul_(gradients[name], gradients[name], value=0.001)
            p[name].sub_(rate * m[name] / (v[name].sqrt() / unbias + 1e-8))
        return value
    return lambda x: whole(parameters, first, second, count, x).item()


def main():
    row, mode, weights, batches = sys.argv[1:5]
    torch.set_num_threads(int(sys.argv[5]))
    torch.manual_seed(1)
    torch.set_flush_denormal(True)  # importance weights that have died out would else cost an IWAE eight times its time
    parameters = load_file(weights)
    batches = list(torch.load(batches))
    if row == "conv_vae":
        batches = [x.contiguous(memory_format=torch.channels_last) for x in batches]
        parameters = {name: value.contiguous(memory_format=torch.channels_last) if value.dim() == 4 else value
                      for name, value in parameters.items()}
    kind, _, how = mode.partition("_")
    loss = autocast(ROWS[row]) if how == "bf16" else ROWS[row]
    if how == "onednn":
        torch.set_float32_matmul_precision("medium")
    if kind == "compiled":
        loss = torch.compile(loss)
    if kind == "autotuned":
        loss = torch.compile(loss, mode="max-autotune")
    step = in_one(loss, parameters) if kind == "whole" else by_autograd(loss, parameters)
    if kind != "eager":  # compiles, on copies that nobody sees again
        saved = {name: value.detach().clone() for name, value in parameters.items()}
        step(batches[0])
        with torch.no_grad():
            for name, value in parameters.items():
                value.copy_(saved[name])
    print("ready", flush=True)
    done = 0
    for line in sys.stdin:
        times, losses = [], []
        for _ in range(int(line)):
            x = batches[done % len(batches)]
            done += 1
            start = time.perf_counter()
            losses.append(step(x))
            times.append(1000 * (time.perf_counter() - start))
        print(json.dumps({"milliseconds": times, "loss": sum(losses) / len(losses)}), flush=True)


if __name__ == "__main__":
    main()
