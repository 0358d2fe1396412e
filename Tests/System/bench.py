#!/usr/bin/env python3
"""The throughput benchmark: doses through everything, as a ratio to the floor measured in the same run.

The floor (Floor/floor.c) is a bare program that writes the nine rows of a dose in the same batches, produces and consumes
the same bytes, and signs once a dose. Durable both: fsync on, acks=all. Absolute figures are this machine's only; quote the ratio.

    bench.py [--doses 200000] [--floor-doses 60000] [--broker embedded|kafka] [--instances 1] [--json]
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from harness import ROOT, SERVICES, Failure, Stack, check, generate

TICK = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid):
    """CPU of a process, its threads and the children it has waited for."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(int(fields[n]) for n in (11, 12, 13, 14)) / TICK


def children(pid):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if int((entry / "stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[1]) == pid:
                    found.append(int(entry.name))
            except (OSError, ValueError):
                continue
    return found


def processor_of(stack, name):
    pid = stack.pid(name)
    if pid is None:
        return 0.0
    return processor_seconds(pid) + (sum(map(processor_seconds, children(pid))) if name == "postgres" else 0.0)


def peak_megabytes(pid):
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def mean_batches(addresses):
    """Messages of an average batch by service, from its metrics."""
    means = {}
    for service, address in addresses.items():
        with urllib.request.urlopen(f"{address}/metrics", timeout=5) as answer:
            text = answer.read().decode("utf-8")
        count = Stages.total(text, "batch_size_count")
        means[service] = round(Stages.total(text, "batch_size_sum") / count) if count else 0
    return means


def floor(stack, doses, batch):
    program = stack.folder / "floor"
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libpq", "rdkafka", "libcrypto"], capture_output=True, text=True, check=True)
    subprocess.run(["cc", "-O2", "-o", str(program), str(ROOT / "Tests/System/Floor/floor.c"), *flags.stdout.split()], check=True)
    addresses = json.loads(stack.local("addresses").stdout.strip().splitlines()[-1])
    done = subprocess.run([str(program), addresses["database_admin"], addresses["broker"], str(doses), str(batch)],
                          capture_output=True, text=True, timeout=1200)
    check(done.returncode == 0, f"floor: {done.stderr[-1000:]}")
    return json.loads(done.stdout)


class Stages(threading.Thread):
    """Watches counters of each service's metrics, which cost it nothing; a stage's rate is what went through it over the time in
    which its counter grew. Services that read several messages of a dose are counted in doses: all of the run went through."""

    WHOLE_RUN = {"intake": "messages_consumed_total", "identity-matching": "messages_consumed_total",
                 "correction-tasks": "messages_consumed_total", "signing": "messages_consumed_total",
                 "passport-issuance": "messages_consumed_total"}
    COUNTED = {"signing": ("turns", "signing_doses_attested_total"), "passport-issuance": ("day run", "issuance_passports_issued_total")}
    INTERVAL = 0.25

    def __init__(self, addresses):
        super().__init__(daemon=True)
        self.addresses = addresses
        self.done = threading.Event()
        self.seen = {}

    def run(self):
        while not self.done.wait(self.INTERVAL):
            for service, address in self.addresses.items():
                try:
                    with urllib.request.urlopen(f"{address}/metrics", timeout=5) as answer:
                        text = answer.read().decode("utf-8")
                except OSError:
                    continue
                now = time.monotonic()
                self.note(service, self.total(text, self.WHOLE_RUN[service]), now)
                if service in self.COUNTED:
                    name, metric = self.COUNTED[service]
                    self.note(f"{service} {name}", self.total(text, metric), now)

    @staticmethod
    def total(text, metric):
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                   if line.startswith(metric) and line[len(metric)] in " {")

    def note(self, stage, value, now):
        self.seen.setdefault(stage, []).append((now, value))

    def rates(self, doses):
        rates = {}
        for stage, points in self.seen.items():
            steps = [(later[0] - earlier[0], later[1] - earlier[1]) for earlier, later in zip(points, points[1:]) if later[1] > earlier[1]]
            busy = sum(seconds for seconds, _ in steps)
            if busy:
                rates[stage] = round((sum(grown for _, grown in steps) if " " in stage else doses) / busy)
        return rates


def measure(arguments):
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder, Stack("bench", broker=arguments.broker, instances=arguments.instances) as stack:
        data = generate(pathlib.Path(folder) / "data", arguments.seed, arguments.doses)
        stack.up()
        bare = [floor(stack, arguments.floor_doses, arguments.batch)]
        stack.load(data)
        broker = "kafka" if arguments.broker == "kafka" else "development-broker"
        processes = SERVICES + ["postgres", broker]
        before = {name: processor_of(stack, name) for name in processes}
        stages = Stages(stack.addresses()["operations"])
        stages.start()
        result = stack.replay(data / "doses.csv", "--sign", bound=7200)
        stages.done.set()
        spent = {name: processor_of(stack, name) - before[name] for name in processes}
        batches = mean_batches(stack.addresses()["operations"])
        peaks = {name: round(peak_megabytes(stack.pid(name))) for name in SERVICES}
        bare.append(floor(stack, arguments.floor_doses, arguments.batch))
        stack.still()
    bare_rate = sum(f["doses_per_second"] for f in bare) / len(bare)
    return {
        "doses": result["doses"], "seconds": result["seconds"], "doses_per_second": result["doses_per_second"],
        "phases": result.get("phases", {}),
        "stages_doses_per_second": stages.rates(result["doses"]),
        "cpu_us_per_dose": {name: round(value / result["doses"] * 1e6, 1) for name, value in spent.items()},
        "cpu_us_per_dose_total": round(sum(spent.values()) / result["doses"] * 1e6, 1),
        "mean_batch_messages": batches, "peak_resident_mb": peaks,
        "floor": bare, "floor_doses_per_second": round(bare_rate),
        "ratio_to_floor": round(result["doses_per_second"] / bare_rate, 3),
        "signed": result["signed"], "passports": result["passports"], "broker": arguments.broker,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--doses", type=int, default=200_000)
    parser.add_argument("--floor-doses", type=int, default=60_000)
    parser.add_argument("--batch", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--instances", type=int, default=1)
    parser.add_argument("--broker", choices=["embedded", "kafka"], default="embedded")
    parser.add_argument("--json", action="store_true", help="print one JSON object only")
    arguments = parser.parse_args()
    try:
        figures = measure(arguments)
    except Failure as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    if not arguments.json:
        print(f"{figures['doses']} doses in {figures['seconds']} s: {figures['doses_per_second']} doses/s, "
              f"floor {figures['floor_doses_per_second']} doses/s, ratio {figures['ratio_to_floor']}")
        for name, value in figures["cpu_us_per_dose"].items():
            print(f"  {name:20} {value:8.1f} us of CPU per dose   peak {figures['peak_resident_mb'].get(name, '-')} MB")
        print("  doses/s while at work: " + ", ".join(f"{name} {rate}" for name, rate in figures["stages_doses_per_second"].items()))
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
