#!/usr/bin/env python3
"""How long the police side waits for an answer: alone, and while all services take in mostly wrong doses on the same machine.

    suggestion_latency.py [--persons 1000000] [--doses 200000] [--seed 11] [--data DIR] [--seconds 15] [--rate 50]
                          [--load-rate N] [--role provincial-police] [--json]

Four askers have suggestions at an even rate together, two others read lists and single findings, each on a connection of its own.
An ask that is due while its asker's one before is out waits, and its wait counts: the time is from when it was due. `--data` is a
folder of dose-replay generate; without it one is made. Milliseconds are this machine's only; quote the ratio to alone. The askers
run above the services where the system lets them, as they are no part of what is measured.
"""
import argparse
import csv
import http.client
import itertools
import json
import os
import pathlib
import random
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

from bench import Stages
from harness import Failure, Stack, check, generate, poll

# More than the limits let pass: what is measured is not refusals.
LIMITS = {"MATCHING_VIEWS_PER_MINUTE": "1000000", "MATCHING_UNIT_VIEWS_PER_MINUTE": "1000000"}
TYPED = ["full_name", "sex", "date_of_birth", "id_number", "nationality", "id_kind", "residence_commune"]


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


class Asker(threading.Thread):
    """Asks at an even rate until it is stopped; keeps how long each ask took, by its name."""

    def __init__(self, address, token, asks, rate):
        super().__init__(daemon=True)
        self.asks, self.interval = itertools.cycle(asks), 1 / rate
        parts = urllib.parse.urlparse(address)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        self.headers = {"Authorization": f"Bearer {token}", "X-Purpose": "reverification", "Content-Type": "application/json"}
        self.seconds, self.statuses = {}, {}
        self.ended = threading.Event()
        self.failure = None

    def run(self):
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -15)
        except OSError:
            pass
        try:
            due = time.monotonic() + random.random() * self.interval
            while not self.ended.wait(max(0, due - time.monotonic())):
                self.ask(due, *next(self.asks))
                due += self.interval
        except Exception as error:  # Told by whoever reads the times.
            self.failure = error

    def ask(self, due, name, method, path, body):
        self.connection.request(method, path, body=body, headers=self.headers)
        answer = self.connection.getresponse()
        answer.read()
        self.seconds.setdefault(name, []).append(time.monotonic() - due)
        key = (name, answer.status)
        self.statuses[key] = self.statuses.get(key, 0) + 1

    def stop(self):
        self.ended.set()
        self.join(60)
        self.connection.close()
        check(self.failure is None, f"asking: {self.failure!r}")
        odd = {key: count for key, count in self.statuses.items() if key[1] not in (200, 404 if key[0] == "finding" else 200)}
        check(not odd, f"answers: {odd}")


def records(data, part, parts):
    """Every so many-th of the first rows."""
    return itertools.islice(rows(data / "doses.csv"), part, 6_000, parts)


def suggestions(data, part=0, parts=1):
    """Asks for records as typed."""
    return [("suggestion", "POST", "/v1/suggestions", json.dumps({name: row[name] for name in TYPED}).encode())
            for row in records(data, part, parts)]


def findings(data, part, parts):
    """Asks for a page of the list, then one record of the stream, which may be of elsewhere: that costs the same look."""
    asks = []
    for row in records(data, part, parts):
        asks.append(("list", "GET", "/v1/findings?limit=50", None))
        asks.append(("finding", "GET", f"/v1/findings/{row['facility_code']}/{urllib.parse.quote(row['source_record_id'])}", None))
    return asks


def quantiles(seconds):
    ordered = sorted(seconds)
    at = lambda share: round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 2)
    return {"asks": len(ordered), "p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "most": at(1)}


def asked(address, token, data, rate, until):
    """The times by route, of six askers at work until `until` returns."""
    askers = [Asker(address, token, suggestions(data, part, 4), rate / 4) for part in range(4)]
    askers += [Asker(address, token, findings(data, part, 2), rate / 2) for part in range(2)]
    for asker in askers:
        asker.start()
    until()
    seconds = {}
    for asker in askers:
        asker.stop()
        for name, times in asker.seconds.items():
            seconds.setdefault(name, []).extend(times)
    return {name: quantiles(times) for name, times in seconds.items()}


def verified(operations):
    with urllib.request.urlopen(f"{operations}/metrics", timeout=30) as answer:
        return Stages.total(answer.read().decode("utf-8"), "messages_consumed_total")


def measure(arguments, data):
    unit = next((row["unit_code"] for row in rows(data / "units.csv") if row["kind"] == arguments.role), None) \
        if arguments.role != "national-police" else "BCA"
    check(unit, f"no unit of the kind {arguments.role}")
    with Stack("latency", environment=LIMITS) as stack:
        stack.up()
        stack.load(data)
        address, operations = (stack.addresses()[part]["identity-matching"] for part in ("services", "operations"))
        token = stack.token(arguments.role, unit)
        ask = lambda until: asked(address, token, data, arguments.rate, until)
        body = suggestions(data)[0][3]
        poll("the candidate index is ready", 300, lambda: stack.ask("POST", f"{address}/v1/suggestions?purpose=reverification", token, body)[0] == 200, 1)
        ask(lambda: time.sleep(2))
        alone = ask(lambda: time.sleep(arguments.seconds))
        before = verified(operations)
        pace = ["--rate", str(arguments.load_rate)] if arguments.load_rate else []
        replay = stack.start("replay", str(data / "doses.csv"), *pace)
        count = sum(1 for _ in rows(data / "doses.csv"))
        poll("doses are verified", 120, lambda: verified(operations) > before + count / 50)
        began, first = time.monotonic(), verified(operations)

        def nearly_all():
            check(replay.poll() in (None, 0), "the replay has failed")
            return replay.poll() == 0 or verified(operations) > before + count * 0.95

        loaded = ask(lambda: poll("the stream is verified", 1800, nearly_all, 0.5))
        rate = (verified(operations) - first) / (time.monotonic() - began)
        check(replay.wait(1800) == 0, "the replay has failed")
        after = ask(lambda: time.sleep(arguments.seconds))
        stack.still()
    return {
        "role": arguments.role, "verified_per_second": round(rate), "milliseconds": {"alone": alone, "under_load": loaded, "afterwards": after},
        "ratio_to_alone": {name: {q: round(loaded[name][q] / max(0.001, alone[name][q]), 1) for q in ("p50", "p99")} for name in alone},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=1_000_000)
    parser.add_argument("--doses", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--data", help="a folder that dose-replay generate has made")
    parser.add_argument("--seconds", type=float, default=15, help="how long is asked alone, and again afterwards")
    parser.add_argument("--rate", type=float, default=50, help="suggestions a second, and lists and findings a second")
    parser.add_argument("--load-rate", type=int, help="doses a second of the stream; by default as many as the machine takes in")
    parser.add_argument("--role", default="provincial-police", choices=["commune-police", "provincial-police", "national-police"])
    parser.add_argument("--json", action="store_true", help="print one JSON object only")
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
            data = pathlib.Path(arguments.data) if arguments.data else generate(
                pathlib.Path(folder), arguments.seed, arguments.doses, "--persons", str(arguments.persons), "--errors", "several-errors")
            figures = measure(arguments, data)
    except Failure as error:
        print(f"suggestion_latency: {error}", file=sys.stderr)
        return 1
    if not arguments.json:
        print(f"{figures['verified_per_second']} messages/s verified meanwhile; milliseconds:")
        for state, routes in figures["milliseconds"].items():
            for name, line in routes.items():
                print(f"  {state:11} {name:11} p50 {line['p50']:8.2f}  p90 {line['p90']:8.2f}  p99 {line['p99']:8.2f}  most {line['most']:8.2f}")
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
