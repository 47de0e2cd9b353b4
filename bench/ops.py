#!/usr/bin/env python3
"""Every fused op beside its reference (plain torch), forward and backward: bench/ops_bench.cpp as a table.

    bench/ops.py [--rounds 9]

The rounds of all ops are mixed at random, so that whatever else the machine does meets both alike."""

import argparse
import json
import subprocess

from compare import ROOT, keep, machine

PROGRAM = ROOT / "build" / "release" / "bench" / "ops_bench"


def main():
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("--rounds", type=int, default=9)
    words = words.parse_args()
    run = subprocess.run([PROGRAM, f"--benchmark_repetitions={words.rounds}", "--benchmark_enable_random_interleaving=true",
                          "--benchmark_min_time=0.05", "--benchmark_report_aggregates_only=true", "--benchmark_format=json"],
                         check=True, capture_output=True, text=True)
    medians = {each["run_name"].removesuffix("/real_time"): each["real_time"] for each in json.loads(run.stdout)["benchmarks"]
               if each["aggregate_name"] == "median"}
    lines = ["| op | reference, µs | fused, µs | times fused |", "|---|---|---|---|"]
    for name, fused in medians.items():
        op, _, kind = name.rpartition("/")
        if kind == "fused":
            plain = medians[f"{op}/reference"]
            lines.append(f"| {op} | {plain:.0f} | {fused:.0f} | {plain / fused:.2f} |")
    text = (f"`bench/ops.py --rounds {words.rounds}`: forward and backward, medians; in float32 where nothing else is said.\n{machine()}.\n\n"
            + "\n".join(lines))
    print(text)
    keep("Ops", text)


if __name__ == "__main__":
    main()
