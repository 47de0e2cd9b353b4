"""A JAX contender of bench/step.py: ROW MODE WEIGHTS BATCHES, as torch_step.py; MODE is jit or jit_bf16. One jitted step with
donated buffers."""

import functools
import json
import sys
import time

import jax
import jax.numpy as jnp
import numpy
import optax
import torch
from safetensors.numpy import load_file


def mlp(p, part, h, activation, low):
    layers = sum(name.startswith(part) and name.endswith(".weight") for name in p)
    for i in range(layers):
        weight, bias = p[f"{part}.layer{i}.weight"], p[f"{part}.layer{i}.bias"]
        if low:
            h, weight, bias = (value.astype(jnp.bfloat16) for value in (h, weight, bias))
        h = h @ weight.T + bias
        if i + 1 < layers:
            h = activation(h)
    return h.astype(jnp.float32)


def bernoulli(logits, x):
    return (jnp.maximum(logits, 0) - logits * x + jnp.log1p(jnp.exp(-jnp.abs(logits)))).sum(-1)


def vae(activation):
    def loss(p, x, key, low):
        mean, log_variance = jnp.split(mlp(p, "encoder", x, activation, low), 2, -1)
        z = mean + jax.random.normal(key, mean.shape) * jnp.exp(0.5 * log_variance)
        kl = 0.5 * (mean**2 + jnp.exp(log_variance) - 1 - log_variance).sum(-1)
        return (bernoulli(mlp(p, "decoder", z, activation, low), x) + kl).mean()
    return loss


def iwae(draws, activation):
    def loss(p, x, key, low):
        mean, log_variance = jnp.split(mlp(p, "encoder", x, activation, low), 2, -1)
        epsilon = jax.random.normal(key, (draws, *mean.shape))
        z = mean + epsilon * jnp.exp(0.5 * log_variance)
        log_x = -bernoulli(mlp(p, "decoder", z, activation, low), x)
        log_ratio = 0.5 * (epsilon**2 + log_variance - z**2).sum(-1)
        return -(jax.nn.logsumexp(log_x + log_ratio, axis=0) - jnp.log(draws)).mean()
    return loss


ROWS = {"vae": vae(jax.nn.relu), "vae_batch_20": vae(jnp.tanh), "iwae": iwae(50, jnp.tanh)}


def main():
    row, mode, weights, batches = sys.argv[1:5]
    loss = functools.partial(ROWS[row], low=mode.endswith("bf16"))
    parameters = {name: jnp.array(value) for name, value in load_file(weights).items()}
    batches = [jnp.array(numpy.asarray(x)) for x in torch.load(batches)]
    adam = optax.adam(1e-3)

    @functools.partial(jax.jit, donate_argnums=(0, 1, 2))
    def step(p, state, key, x):
        key, own = jax.random.split(key)
        value, gradients = jax.value_and_grad(loss)(p, x, own)
        updates, state = adam.update(gradients, state, p)
        return optax.apply_updates(p, updates), state, key, value

    def fresh():
        p = {name: jnp.array(value) for name, value in parameters.items()}
        return p, adam.init(p), jax.random.key(1)

    step(*fresh(), batches[0])[3].block_until_ready()
    state = fresh()
    print("ready", flush=True)
    done = 0
    for line in sys.stdin:
        times, losses = [], []
        for _ in range(int(line)):
            x = batches[done % len(batches)]
            done += 1
            start = time.perf_counter()
            *state, value = step(*state, x)
            value.block_until_ready()
            times.append(1000 * (time.perf_counter() - start))
            losses.append(float(value))
        print(json.dumps({"milliseconds": times, "loss": sum(losses) / len(losses)}), flush=True)


if __name__ == "__main__":
    main()
