#!/usr/bin/env python3
"""The register at scale, with release executables: how fast a load, an index, a switch and a way back are, how large a person is in
table, keys and index, how much memory the service takes, and what that makes of a hundred million. With --walk: what a whole
re-verification costs the live stream, and the stream the re-verification.

    register_scale.py [--persons 1000000 | --register FILE] [--walk [--doses 120000]]

Rates are this machine's; ratios are of one run.
"""
import argparse
import contextlib
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from harness import Failure, Stack, binary, check, generate, main
from registers import HEADER, Register, Session, Upload

PERSONS, WHOLE = 1_000_000, 100_000_000
REGISTER, DOSES = None, 120_000


def generated(folder):
    if REGISTER:
        return pathlib.Path(REGISTER)
    done = subprocess.run([str(binary("dose-replay")), "generate", "--seed", "5", "--doses", "1000", "--persons", str(PERSONS), "--out", folder],
                          capture_output=True, text=True, timeout=1200)
    check(done.returncode == 0, f"dose-replay generate: {done.stderr[-1000:]}")
    return pathlib.Path(folder) / "register.csv"


class Memory(threading.Thread):
    """The most that a process had in memory, in MB: all, and of that what is its own and no mapped file's."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.status = pathlib.Path(f"/proc/{pid}/status")
        self.done = threading.Event()
        self.most = {"VmRSS": 0, "RssAnon": 0}
        self.start()

    def run(self):
        while not self.done.wait(0.02):
            with contextlib.suppress(OSError):
                for line in self.status.read_text(encoding="ascii").splitlines():
                    name, _, value = line.partition(":")
                    if name in self.most:
                        self.most[name] = max(self.most[name], int(value.split()[0]) >> 10)


def timed(act):
    begun = time.monotonic()
    return act(), time.monotonic() - begun


def send(register, path):
    """A file as a body, piece by piece."""
    upload = Upload(register.address, "/v1/register", register.token, path.stat().st_size)
    upload.connection.settimeout(3600)
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            upload.send(piece)
    status, answer = upload.answer()
    check(status == 201, f"load: {status} {answer[:500]}")
    return json.loads(answer)


def large_register():
    """load, index, switch and roll back of a large register; memory bounded, a switch as quick as a small register's"""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder, Stack("scale") as made:
        file = generated(folder)
        made.up("postgres", "broker", "identity-matching")
        register, session = Register(made), Session(made)
        small = HEADER + "".join(f"{190_000_000_000 + n},,Nguyễn Văn {n},M,1987-09-05,\n" for n in range(1000))
        register.load(small.encode(), "?activate=true")
        again = register.load(small.encode())["generation"]
        _, small_switch = timed(lambda: register.activate(again))
        memory = Memory(made.pid("identity-matching"))
        report, whole = timed(lambda: send(register, file))
        memory.done.set()
        generation, persons = report["generation"], report["persons"]
        load = float(session.ask("SELECT extract(epoch FROM finished_at - started_at) FROM matching.register_generation "
                                 f"WHERE generation = {generation}")[0])
        _, switch = timed(lambda: register.activate(generation))
        _, back = timed(lambda: register.ask("POST", f"/v1/register/{generation}/rollback", b""))
        table, keys = (session.number(f"SELECT {size}('matching.register_person_{generation}')")
                       for size in ("pg_table_size", "pg_indexes_size"))
        index = max(f.stat().st_size for f in (made.folder / "indexes").iterdir())
        each = [round(size / persons) for size in (table, keys, index)]
        print(f"{persons} persons: rows and keys {load:.1f} s ({persons / load:.0f} persons/s), index {whole - load:.1f} s; "
              f"bytes a person: table {each[0]}, keys {each[1]}, index file {each[2]}; "
              f"memory at most {memory.most['VmRSS']} MB, {memory.most['RssAnon']} MB without mapped files; "
              f"switch {1000 * switch:.0f} ms, of 1000 persons {1000 * small_switch:.0f} ms, ratio {switch / small_switch:.1f}; "
              f"back {1000 * back:.0f} ms", flush=True)
        times = WHOLE / persons
        print(f"at {WHOLE}: {table * times / 1e9:.0f} + {keys * times / 1e9:.0f} + {index * times / 1e9:.0f} GB, "
              f"{load * times / 60:.0f} + {(whole - load) * times / 60:.0f} minutes", flush=True)
        check(report["candidates"], "the load has no index")
        check(memory.most["RssAnon"] < 300 + persons / 25_000, f"memory: {memory.most}")
        check(switch < 1 and back < 1, f"switch {switch:.2f} s, back {back:.2f} s")


# The walk beside the stream.

class Lag(threading.Thread):
    """The messages that wait for the service, several times a second, from its metrics."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address = address
        self.done = threading.Event()
        self.seen = []
        self.start()

    def run(self):
        while not self.done.wait(0.1):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.address}/metrics", timeout=5) as answer:
                text = answer.read().decode()
                lags = [float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith("consumer_lag") and "dose-recorded" in line]
                if lags:
                    self.seen.append(sum(lags))


class Walks(threading.Thread):
    """Verifies everything again, and again, while there is time."""

    def __init__(self, register):
        super().__init__(daemon=True)
        self.register = register
        self.done = threading.Event()
        self.begun = time.monotonic()
        self.start_count = self.verified()
        self.start()

    def verified(self):
        return sum(run["verified"] for run in self.register.ask("GET", "/v1/reverifications")["reverifications"])

    def run(self):
        while not self.done.is_set():
            self.register.ask("POST", "/v1/reverifications?scope=all", b"")
            while not self.done.wait(0.05):
                if self.register.ask("GET", "/v1/reverifications")["reverifications"][0]["state"] != "running":
                    break

    def rate(self):
        """Ends; records a second."""
        rate = (self.verified() - self.start_count) / (time.monotonic() - self.begun)
        self.done.set()
        self.join()
        self.register.walked()
        return rate


def parted(file, folder, parts):
    """The stream in parts: the first one half of it, the others equal."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    head, rows = lines[0], lines[1:]
    half = len(rows) // 2
    size = half // (parts - 1)
    cuts = [0, half, *[half + size * n for n in range(1, parts)]]
    for number, (begin, end) in enumerate(zip(cuts, cuts[1:])):
        part = folder / f"part-{number}.csv"
        part.write_text(head + "".join(rows[begin:end]), encoding="utf-8")
        yield part


def walk_beside_the_stream():
    """a whole re-verification beside live traffic: rate and waiting of the stream with it and without it"""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder, Stack("walk") as made:
        data = generate(pathlib.Path(folder) / "data", 6, DOSES)
        parts = list(parted(data / "doses.csv", pathlib.Path(folder), 9))
        made.up()
        made.load(data)
        register = Register(made)
        operations = made.addresses()["operations"]["identity-matching"]
        made.replay(parts[0])
        alone = Walks(register)
        time.sleep(5)
        alone = alone.rate()
        figures = {}
        for number, part in enumerate(parts[1:9]):
            # Full speed, then at a rate; each without and with, twice.
            options = [] if number < 4 else ["--rate", str(RATE)]
            walks = Walks(register) if number % 2 else None
            lag = Lag(operations)
            result = made.replay(part, *options)
            lag.done.set()
            seen = figures.setdefault((bool(options), bool(walks)), {"rates": [], "lags": [], "walks": []})
            seen["rates"].append(result["doses_per_second"])
            seen["lags"] += lag.seen
            if walks:
                seen["walks"].append(walks.rate())
        print(f"the walk alone: {alone:.0f} records/s")
        for (at_rate, walking), seen in figures.items():
            rate, lag = mean(seen["rates"]), mean(seen["lags"])
            print(f"stream {'at a rate' if at_rate else 'at full speed'}, {'with' if walking else 'without'} the walk: {rate:.0f} doses/s, "
                  f"{lag:.0f} messages waiting ({1000 * lag / rate:.0f} ms), at most {max(seen['lags']):.0f}"
                  + (f"; the walk {mean(seen['walks']):.0f} records/s" if walking else ""), flush=True)
        ratio = mean(figures[False, True]["rates"]) / mean(figures[False, False]["rates"])
        print(f"ratio of the stream's rates, with to without: {ratio:.2f}")
        check(ratio > 0.7, f"the walk starves the stream: {ratio:.2f}")


def mean(values):
    return sum(values) / len(values)


RATE = 1500

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=PERSONS)
    parser.add_argument("--register")
    parser.add_argument("--walk", action="store_true")
    parser.add_argument("--doses", type=int, default=DOSES)
    chosen = parser.parse_args()
    PERSONS, REGISTER, DOSES = chosen.persons, chosen.register, chosen.doses
    sys.exit(main([walk_beside_the_stream if chosen.walk else large_register], []))
