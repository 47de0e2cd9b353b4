"""What the comparisons share: rounds in which every contender runs once, in turn, so that whatever else the machine
does meets all of them alike; medians and minima; and the table that is kept in bench/results.md."""

import contextlib
import gzip
import os
import pathlib
import platform
import re
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results.md"
PROGRAM = ROOT / "build" / "release" / "isthmus"


# What isthmus sets for itself, for its peers: freed memory stays with the process, and the heap lies in huge pages.
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "33554432", "MALLOC_TRIM_THRESHOLD_": "2000000000", "MALLOC_TOP_PAD_": "67108864",
             "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


def settle_allocator():
    """Starts this program anew under those settings, which malloc reads at its start alone."""
    if any(os.environ.get(name) != value for name, value in ALLOCATOR.items()):
        os.execve(sys.executable, sys.orig_argv, {**os.environ, **ALLOCATOR})


def users_environment():
    """The environment without those settings: isthmus runs as its users run it."""
    return {name: value for name, value in os.environ.items() if name not in ALLOCATOR}


def training_images():
    """Fashion-MNIST's (Debian's dataset-fashion-mnist), [60000, 784], from 0 to 1."""
    import numpy
    import torch

    with gzip.open("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz") as file:
        pixels = numpy.frombuffer(file.read(), numpy.uint8, -1, 16).reshape(-1, 784)
    return torch.from_numpy(pixels / numpy.float32(255))


@contextlib.contextmanager
def onednn_products():
    """Within it torch multiplies float32 numbers by oneDNN instead of MKL."""
    import torch

    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def onednn_keeps_float32():
    """Whether oneDNN then rounds nothing, although it may. It is the faster way for torch on processors that MKL was not
    made for; where it rounds, it computes less than it is asked."""
    import torch

    x, y = (torch.randn(256, 256, generator=torch.Generator().manual_seed(i)) for i in (1, 2))
    with onednn_products():
        error = (x @ y - (x.double() @ y.double())).abs().max().item()
    return error < 1e-3  # of numbers about 16; bfloat16 would miss by .1


def interleaved(contenders, rounds):
    """contenders: {name: function that runs once and returns seconds}. {name: [seconds of each round]}."""
    times = {name: [] for name in contenders}
    for run in contenders.values():  # warms caches, allocators and compilers; not counted
        run()
    for _ in range(rounds):
        for name, run in contenders.items():
            times[name].append(run())
    return times


def table(times, work, ours="isthmus"):
    """Markdown: seconds of each contender, and how many times ours it takes (above 1: slower than ours)."""
    base = statistics.median(times[ours])
    lines = [f"| {work} | median | least | times isthmus |", "|---|---|---|---|"]
    for name, seconds in times.items():
        median = statistics.median(seconds)
        lines.append(f"| {name} | {median:.3f} s | {min(seconds):.3f} s | {median / base:.2f} |")
    return "\n".join(lines)


def machine():
    """One line: processor, cores, and the versions that matter."""
    import torch

    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    cores = len(os.sched_getaffinity(0))
    return (f"{model.group(1) if model else platform.machine()}, {cores} cores; torch {torch.__version__}, "
            f"Python {platform.python_version()}")


def keep(section, text):
    """Puts `text` under the heading `section` of results.md, in the place of what stood there."""
    old = RESULTS.read_text() if RESULTS.exists() else "# Measured\n"
    sections = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", old, re.MULTILINE | re.DOTALL))
    # A section of everything stands for those of some rows, which are named "SECTION: ROWS".
    sections = {name: body for name, body in sections.items() if not name.startswith(f"{section}: ")}
    sections[section] = text
    head = ("# Measured\n\nWritten by the programs of this folder, each section by the one that it names. All "
            "contenders of a table\nran in turn, in one run, on one machine; what counts is the ratio.\n\n")
    RESULTS.write_text(head + "\n".join(f"## {name}\n\n{body.strip()}\n" for name, body in sections.items()))
