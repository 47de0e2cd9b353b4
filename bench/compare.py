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

    def worst(rows, depth, columns):
        x = torch.randn(rows, depth, generator=torch.Generator().manual_seed(1))
        y = torch.randn(depth, columns, generator=torch.Generator().manual_seed(2))
        return ((x @ y).double() - x.double() @ y.double()).abs().max().item() / depth**0.5

    with onednn_products():
        return max(worst(*shape) for shape in ((128, 784, 400), (20, 784, 200), (20, 50, 200), (1000, 200, 784),
                                               (784, 100, 1000))) < 1e-4  # bfloat16 would miss by .01


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


def processor():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return model.group(1) if model else platform.machine()


def machine():
    """One line: processor, cores, and the versions that matter."""
    import torch

    return (f"{processor()}, {len(os.sched_getaffinity(0))} cores; torch {torch.__version__}, "
            f"Python {platform.python_version()}")


def keep(section, text):
    """Puts `text` under the heading `section` and this processor in results.md, in the place of what stood there."""
    old = RESULTS.read_text() if RESULTS.exists() else "# Measured\n"
    sections = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", old, re.MULTILINE | re.DOTALL))
    here = f", {processor()}"
    # A section of everything stands for those of some rows, which are named "SECTION: ROWS".
    sections = {name: body for name, body in sections.items()
                if not (name.startswith(f"{section}: ") and name.endswith(here))}
    sections[section + here] = text
    head = ("# Measured\n\nWritten by the programs of this folder, each section by the one that it names. All "
            "contenders of a table\nran in turn, in one run, on one machine; what counts is the ratio.\n\n")
    RESULTS.write_text(head + "\n".join(f"## {name}\n\n{body.strip()}\n" for name, body in sections.items()))
