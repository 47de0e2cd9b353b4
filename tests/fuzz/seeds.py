"""Writes small whole files of each format, for the fuzzers to start from: seeds.py FOLDER."""
import pathlib
import sys

import numpy as np
import safetensors.numpy
from PIL import Image

folder = pathlib.Path(sys.argv[1])
for name in ("idx", "npy", "npz", "png", "safetensors"):
    (folder / name).mkdir(parents=True, exist_ok=True)

arrays = {"a": np.arange(6, dtype="f4").reshape(2, 3), "b": np.asfortranarray(np.ones((3, 2), "i8")), "c": np.array(True)}
(folder / "idx/plain").write_bytes(bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]))
for name, array in arrays.items():
    np.save(folder / f"npy/{name}.npy", array)
np.savez(folder / "npz/stored.npz", **arrays)
np.savez_compressed(folder / "npz/deflated.npz", **arrays)
safetensors.numpy.save_file(arrays, folder / "safetensors/all", metadata={"format": "np"})
pixels = (np.arange(5 * 7 * 4) * 7 % 256).astype("u1").reshape(5, 7, 4)
Image.fromarray(pixels).save(folder / "png/rgba.png")
Image.fromarray(pixels[..., :3]).quantize(4).save(folder / "png/palette.png")
Image.fromarray(pixels[..., 0]).save(folder / "png/grey.png")
