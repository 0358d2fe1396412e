#!/usr/bin/env python3
"""How good the suggestions are, class by class: a generated stream, the candidate search over plain files, the truth beside it.

    suggestions.py [--persons 1000000] [--doses 200000] [--seed 11] [--rates every-class] [--weights FILE] [--json]

TIEMCHUNG_BIN names the folder of dose-replay and identity-matching. Rows that come twice are left out: a row is judged by its own
items. `first` and `in three` are shares of the records of the class; `strong` says how many of them the search called strong, and
`wrong` how many of those named somebody else.
"""
import argparse
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict


def run(program, *arguments):
    path = pathlib.Path(os.environ.get("TIEMCHUNG_BIN", ".build/release")) / program
    done = subprocess.run([str(path), *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"suggestions: {program} {arguments[0]} ended with {done.returncode}: {done.stderr[-2000:]}")


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def key(row):
    return row["facility_code"], row["source_record_id"]


def truths(path):
    """What each row that comes once really is: whom, and the classes of its errors."""
    times = Counter(map(key, rows(path)))
    return {key(row): (row["personal_id"], row["errors"] or "clean") for row in rows(path)
            if times[key(row)] == 1 and row["kind"] == "first" and row["personal_id"]}


def found(path):
    candidates = defaultdict(list)
    for row in rows(path):
        candidates[key(row)].append((int(row["rank"]), row["personal_id"], row["strength"]))
    return candidates


def judge(truth, candidates):
    table = defaultdict(Counter)
    for place, (person, errors) in truth.items():
        ranked = sorted(candidates.get(place, []))
        names = [errors] if ";" not in errors else [f"{errors.count(';') + 1} classes"]
        for name in names + ["all"]:
            line = table[name]
            line["records"] += 1
            line["first"] += bool(ranked) and ranked[0][1] == person
            line["in three"] += person in [c[1] for c in ranked[:3]]
            line["in five"] += person in [c[1] for c in ranked]
            if ranked and ranked[0][2] == "strong":
                line["strong"] += 1
                line["wrong"] += ranked[0][1] != person
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=1_000_000)
    parser.add_argument("--doses", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--rates", default="every-class", help="a shipped set of rates, or a JSON file (dose-replay errors)")
    parser.add_argument("--weights", help="another table of weights than the shipped one")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        folder = pathlib.Path(folder)
        run("dose-replay", "generate", "--seed", arguments.seed, "--persons", arguments.persons, "--doses", arguments.doses,
            "--errors", arguments.rates, "--out", folder)
        began = time.monotonic()
        options = ["--weights", arguments.weights] if arguments.weights else []
        run("identity-matching", "evaluate", "--register", folder / "register.csv", "--records", folder / "doses.csv",
            "--out", folder / "pairs.csv", *options)
        seconds = time.monotonic() - began
        table = judge(truths(folder / "truth.csv"), found(folder / "pairs.csv"))
    if arguments.json:
        print(json.dumps({"seconds": round(seconds, 1), "classes": table}))
        return 0
    print(f"{'class':24} {'records':>8} {'first':>8} {'in three':>9} {'in five':>8} {'strong':>8} {'wrong':>6}")
    for name, line in sorted(table.items(), key=lambda item: (item[0] == "all", item[0])):
        share = lambda what: f"{line[what] / line['records']:.5f}"
        print(f"{name:24} {line['records']:8} {share('first'):>8} {share('in three'):>9} {share('in five'):>8} "
              f"{line['strong']:8} {line['wrong']:6}")
    print(f"evaluate, index built and read included: {seconds:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
