"""The losses of the rows of bench/step.py, written as one would in PyTorch: functions of a dictionary of parameters (named
as isthmus names them in model.safetensors) and a batch. The same sums, over the same elements, in float32 but for the
products of layers under autocast."""

import math

import torch
import torch.nn.functional as F


def mlp(p, part, h, activation):
    layers = sum(name.startswith(part) and name.endswith(".weight") for name in p)
    for i in range(layers):
        h = F.linear(h, p[f"{part}.layer{i}.weight"], p[f"{part}.layer{i}.bias"])
        if i + 1 < layers:
            h = activation(h)
    return h


def bernoulli(logits, x):
    """-log p(x|z), summed over the pixels."""
    return F.binary_cross_entropy_with_logits(logits.float(), x.expand_as(logits), reduction="none").sum(-1)


def draw(outputs, shape=None):
    mean, log_variance = outputs.float().chunk(2, -1)
    epsilon = torch.randn(shape or mean.shape)
    return mean, log_variance, epsilon, mean + epsilon * torch.exp(0.5 * log_variance)


def kl_to_standard(mean, log_variance):
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(-1)


def vae(activation):
    def loss(p, x):
        mean, log_variance, _, z = draw(mlp(p, "encoder", x, activation))
        return (bernoulli(mlp(p, "decoder", z, activation), x) + kl_to_standard(mean, log_variance)).mean()
    return loss


def iwae(draws, activation):
    def loss(p, x):
        outputs = mlp(p, "encoder", x, activation)
        _, log_variance, epsilon, z = draw(outputs, (draws, len(x), outputs.shape[1] // 2))
        log_x = -bernoulli(mlp(p, "decoder", z, activation), x)
        log_ratio = 0.5 * (epsilon.square() + log_variance - z.square()).sum(-1)  # log p(z) - log q(z|x)
        return -(torch.logsumexp(log_x + log_ratio, 0) - math.log(draws)).mean()
    return loss


def contractive(weight_of_penalty):
    def loss(p, x):
        w = p["encoder.layer0.weight"]
        h = torch.sigmoid(F.linear(x, w, p["encoder.layer0.bias"]))
        made = F.linear(h, w.t(), p["decoder.layer0.bias"])
        slope = (h * (1 - h)).float()
        penalty = (slope.square() * w.float().square().sum(1)).sum(1).mean()
        return bernoulli(made, x).mean() + weight_of_penalty * penalty
    return loss


def k_sparse(k):
    def loss(p, x):
        w = p["encoder.layer0.weight"]
        h = F.linear(x, w, p["encoder.layer0.bias"])
        values, places = h.topk(k, dim=1)
        kept = torch.zeros_like(h).scatter(1, places, values)
        return (F.linear(kept, w.t(), p["decoder.layer0.bias"]).float() - x).square().sum(1).mean()
    return loss


def conv_vae(p, x):
    """Of [batch, 3, 32, 32]; a Gaussian likelihood with one learned variance."""
    h, layers = x, sum(name.startswith("encoder.convolution") and name.endswith("weight") for name in p)
    for i in range(layers):
        h = F.relu(F.conv2d(h, p[f"encoder.convolution{i}.weight"], p[f"encoder.convolution{i}.bias"], 2, 1))
    shape = h.shape[1:]
    mean, log_variance, _, z = draw(mlp(p, "encoder.top", h.flatten(1), F.relu))
    h = F.relu(mlp(p, "decoder.top", z, F.relu)).unflatten(1, shape)
    for i in range(layers):
        h = F.conv_transpose2d(h, p[f"decoder.convolution{i}.weight"], p[f"decoder.convolution{i}.bias"], 2, 1)
        if i + 1 < layers:
            h = F.relu(h)
    log_spread = p["observation.log_variance"].float()
    squares = (h.float() - x).square().flatten(1).sum(1)
    constant = (log_spread + math.log(2 * math.pi)) * x[0].numel()
    return (0.5 * (squares * torch.exp(-log_spread) + constant) + kl_to_standard(mean, log_variance)).mean()


ROWS = {"vae": vae(F.relu), "vae_batch_20": vae(torch.tanh), "iwae": iwae(50, torch.tanh),
        "contractive": contractive(0.1), "k_sparse": k_sparse(25), "conv_vae": conv_vae}
