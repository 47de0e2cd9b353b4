"""Pythae's VAE (Chadebec et al. 2022, pythae 0.1.2), as its users run it: trained by its BaseTrainer, scored by its get_nll."""

import contextlib
import io
import logging
import tempfile
import time

import torch
from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig

logging.disable(logging.CRITICAL)


class Encoder(BaseEncoder):
    """isthmus's layers, weights included; the last one gives means and log-variances."""

    def __init__(self, network):
        BaseEncoder.__init__(self)
        self.network = network

    def forward(self, x):
        mean, log_variance = self.network(x.flatten(1)).chunk(2, -1)
        return ModelOutput(embedding=mean, log_covariance=log_variance)


class Decoder(BaseDecoder):
    def __init__(self, network):
        BaseDecoder.__init__(self)
        self.network = network

    def forward(self, z):
        return ModelOutput(reconstruction=torch.sigmoid(self.network(z)).reshape(-1, 1, 28, 28))


def with_networks(encoder, decoder, latent):
    """A VAE of these networks: x -> [mean, log-variance], z -> logits."""
    config = VAEConfig(input_dim=(1, 28, 28), latent_dim=latent, reconstruction_loss="bce")
    return VAE(config, Encoder(encoder), Decoder(decoder))


def epoch_seconds(pixels, latent, batch, epochs):
    """(seconds of the last epoch, its mean loss): its default networks (784-512-latent), its default trainer with Adam."""
    config = VAEConfig(input_dim=(1, 28, 28), latent_dim=latent, reconstruction_loss="bce")
    with tempfile.TemporaryDirectory() as folder:
        trainer = BaseTrainer(
            model=VAE(config), train_dataset=BaseDataset(pixels.view(-1, 1, 28, 28), torch.zeros(len(pixels))),
            training_config=BaseTrainerConfig(output_dir=folder, num_epochs=epochs, learning_rate=1e-3,
                                              per_device_train_batch_size=batch, optimizer_cls="Adam"))
        seen = []
        step = trainer.train_step

        def timed(epoch):
            start = time.perf_counter()
            loss = step(epoch)
            seen.append((time.perf_counter() - start, float(loss)))
            return loss

        trainer.train_step = timed
        with contextlib.redirect_stderr(io.StringIO()):  # its progress bars
            trainer.train()
    return seen[-1]
