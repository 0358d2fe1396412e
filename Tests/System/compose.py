#!/usr/bin/env python3
"""Docker compose, for real: builds the image, brings the stand up, drives it, stops it, brings it up again, and then the
production override, first with pieces missing.

    python3 Tests/System/compose.py [--doses N]

A command of its own (it needs a Docker engine and some minutes, so the runner of all tests leaves it out). Uses a project
name of its own and free ports of 127.0.0.1, and removes containers, networks and volumes whatever happens. Prints a line
a check and `N passed, N failed`; a check that could not be made has failed.
"""
import argparse
import collections
import csv
import io
import json
import signal
import subprocess
import sys
import urllib.request

from compose_production import Production
from composition import ONE_SHOT, Composition
from harness import SERVICES, check, poll, python, run

TOPICS = 9
OUTCOMES = ["right", "wrong", "cannot-verify", "exempt", "not-yet-verified"]
STATE = ["entered", "verdicts", "tasks_open", "signed", "passports"]


class Development:
    """The checks of the development stand, in the order in which they build upon each other."""

    def __init__(self, doses):
        self.stand = Composition("development", ["docker-compose.yml"])
        self.doses = doses
        self.summary = None
        self.exports = None

    def checks(self):
        return [self.configuration, self.up, self.prerequisites, self.separation, self.replay, self.counts, self.stop,
                self.again, self.twice, self.interruption, self.consumer]

    def configuration(self):
        """the configuration is valid, and publishes on 127.0.0.1 only"""
        for files in (["docker-compose.yml"], ["docker-compose.yml", "deploy/compose.kafka-port.yml"]):
            services = Composition("configuration", files).configuration()["services"]
            check(set(SERVICES) <= set(services), f"{files}: services are missing: {sorted(services)}")
            ports = [(name, port) for name, service in services.items() for port in service.get("ports", [])]
            check(len(ports) >= 2 * len(SERVICES), f"{files}: only {len(ports)} ports")
            for name, port in ports:
                check(port.get("host_ip") == "127.0.0.1", f"{files}: {name} publishes on {port.get('host_ip') or 'everything'}")

    def up(self):
        """up --build --wait: Kafka, PostgreSQL, topics, migrations and five healthy services"""
        self.stand.compose("up", "--build", "--wait", "--quiet-pull", bound=3600)
        self.everything_is_up()
        listed = self.stand.compose("run", "--rm", "-T", "operator", "topics", "verify").stdout
        check(f"all {TOPICS} are there" in listed, f"topics: {listed}")
        version = self.psql("postgres", "development", "show server_version").stdout
        check(version.startswith("17."), f"PostgreSQL {version}")

    def everything_is_up(self):
        states = self.stand.states()
        for name in ["postgres", "kafka", *SERVICES]:
            state = states.get(name, {})
            health = state.get("Health", {}).get("Status")
            check(health == "healthy", f"{name} is {state.get('Status')}, {health}: {self.stand.log(name)[-1500:]}")
        for name in ONE_SHOT:
            check(states.get(name, {}).get("Status") == "exited" and states[name]["ExitCode"] == 0,
                  f"{name}: {states.get(name)}: {self.stand.log(name)[-1500:]}")
        for name in SERVICES:
            address = self.stand.compose("port", name, "9100").stdout.strip()
            check(address.startswith("127.0.0.1:"), f"{name} is published on {address}")
            with urllib.request.urlopen(f"http://{address}/readyz", timeout=10) as answer:
                check(json.load(answer)["status"] == "ready", f"{name} is not ready")

    def prerequisites(self):
        """a stand without units and register says so at start"""
        self.stand.names_missing_reference_data()

    def separation(self):
        """the role of one service does not reach another's schema"""
        for query, verdict in (("select count(*) from signing.outbox", 0), ("select count(*) from intake.outbox", 1)):
            done = self.psql("tiemchung_signing", "development", query, required=False)
            check((done.returncode != 0) == verdict, f"{query}: {done.stdout} {done.stderr}")
        check("permission denied" in done.stderr, f"refused for another reason: {done.stderr}")

    def psql(self, role, password, query, required=True):
        return self.stand.compose("exec", "-T", "-e", f"PGPASSWORD={password}", "postgres", "psql", "-h", "127.0.0.1", "-U", role,
                                  "-d", "tiemchung", "-Atc", query, required=required)

    def replay(self):
        """run --rm replay drives them: rows in, passports out, the summary is consistent"""
        summary = self.drive()
        check(summary["accepted"] > 0 and summary["rejected"] > 0 and summary["duplicates"] > 0, f"the stream is dirty: {summary}")
        for name in ("right", "wrong", "cannot-verify", "exempt"):
            check(summary["verdicts"][name] > 0, f"no dose is {name}: {summary}")
        check(0 < summary["signed"] <= summary["verdicts"]["right"], f"signed: {summary}")
        check(0 < summary["passports"] <= summary["signed"], f"passports: {summary}")
        self.summary = summary

    def drive(self):
        done = self.stand.compose("run", "--rm", "-T", "replay", "--doses", str(self.doses), bound=3600)
        return self.consistent(done.stdout, self.doses)

    def consistent(self, output, doses):
        """The summary of a replay, which must add up."""
        lines = output.strip().splitlines()
        check(len(lines) == 1, f"one JSON line is the whole output: {output[-500:]}")
        print(f"        {lines[0]}", flush=True)
        summary = json.loads(lines[0])
        check(summary["doses"] == doses, f"rows: {summary}")
        check(summary["accepted"] + summary["rejected"] + summary["duplicates"] == summary["doses"], f"rows do not add up: {summary}")
        check(set(summary["verdicts"]) == set(OUTCOMES), f"outcomes: {summary}")
        check(sum(summary["verdicts"].values()) == summary["entered"], f"REP-09, doses do not add up: {summary}")
        check(summary["in_flight"] == 0, f"still in flight: {summary}")
        return summary

    def counts(self):
        """what the exports count is what the summary counts, nothing is parked"""
        check(self.summary, "there was no replay")
        self.exports = self.export()
        verdicts = collections.Counter(row["outcome"] for row in csv.DictReader(io.StringIO(self.exports["verdicts"])))
        stated = {name: count for name, count in self.summary["verdicts"].items() if name != "not-yet-verified" and count}
        check(dict(verdicts) == stated, f"export {dict(verdicts)}, summary {stated}")
        passports = [json.loads(line) for line in self.exports["passports"].splitlines()]
        valid = sum(1 for passport in passports if passport["status"] == "valid")
        check(valid == self.summary["passports"], f"export {valid} passports, summary {self.summary['passports']}")
        # A task has a row for each of its records.
        tasks = {row["task_id"] for row in csv.DictReader(io.StringIO(self.exports["tasks"])) if row["state"] != "closed"}
        check(len(tasks) == self.summary["tasks_open"], f"export {len(tasks)} tasks, summary {self.summary['tasks_open']}")
        parked = self.psql("postgres", "development", " union all ".join(
            f"select '{schema}', count(*) from {schema}.{table}" for schema in ("intake", "matching", "correction", "signing", "issuance")
            for table in ("parked", "outbox"))).stdout.split()
        check(all(line.endswith("|0") for line in parked), f"parked messages or outbox rows: {parked}")

    def export(self):
        return {name: self.stand.compose("run", "--rm", "-T", "operator", "export", name, "--out", "-", bound=300).stdout
                for name in ("verdicts", "passports", "tasks")}

    def stop(self):
        """stop ends each within its grace period with exit code 0"""
        # A container that has to be killed after its grace period ends with 137.
        self.stand.compose("stop", bound=300)
        states = self.stand.states()
        check(len(states) >= 2 + len(SERVICES), f"containers are gone: {sorted(states)}")
        for name, state in sorted(states.items()):
            check(state["Status"] == "exited" and state["ExitCode"] == 0 and not state["OOMKilled"],
                  f"{name}: {state['Status']}, exit code {state['ExitCode']}: {self.stand.log(name)[-1500:]}")
        for name in SERVICES:
            last = [json.loads(line) for line in self.stand.log(name).splitlines() if line.startswith("{")][-1]
            check(last["message"] == "service stopped" and last["fields"]["outbox_empty"], f"{name} did not stop in order: {last}")

    def again(self):
        """up again finds the same"""
        check(self.exports, "there were no exports")
        self.stand.compose("up", "--wait", bound=900)
        self.everything_is_up()
        now = json.loads(self.stand.compose("run", "--rm", "-T", "operator", "summary", "--json").stdout)
        for name in STATE:
            check(now[name] == self.summary[name], f"{name}: {self.summary[name]} before, {now[name]} now")
        self.same(self.export(), ("verdicts", "passports", "tasks"))

    def twice(self):
        """the same stream again changes nothing"""
        check(self.exports, "there were no exports")
        summary = self.drive()
        check(summary["accepted"] == 0 or summary["duplicates"] > self.summary["duplicates"], f"taken twice: {summary}")
        for name in ("entered", "verdicts", "passports"):
            check(summary[name] == self.summary[name], f"{name}: {self.summary[name]} before, {summary[name]} now")
        self.same(self.export(), ("verdicts", "passports"))

    def same(self, exports, names):
        for name in names:
            check(exports[name] == self.exports[name],
                  f"export {name} differs: {len(self.exports[name])} bytes before, {len(exports[name])} now")

    def interruption(self):
        """all five services are stopped in the middle of a stream: exit code 0 each, and the stream comes home"""
        doses = 10 * max(self.doses, 2000)
        out, progress = self.stand.folder / "interrupted.out", self.stand.folder / "interrupted.err"
        with open(out, "w", encoding="utf-8") as output, open(progress, "w", encoding="utf-8") as errors:
            replay = self.stand.start("run", "--rm", "-T", "replay", "--seed", "7", "--doses", str(doses), output=output, errors=errors)
        try:
            poll("the stream flows", 300, lambda: "confirmed" in progress.read_text("utf-8") or replay.poll() is not None)
            self.stand.compose("stop", *SERVICES, bound=300)
            check(replay.poll() is None, f"the replay was over: {progress.read_text('utf-8')[-1000:]}")
            for name, state in self.stand.states().items():
                if name in SERVICES:
                    check(state["Status"] == "exited" and state["ExitCode"] == 0, f"{name}: {state['Status']}, exit code {state['ExitCode']}")
            self.stand.compose("up", "--wait", bound=900)
            status = replay.wait(1800)
        finally:
            replay.kill()
            replay.wait(60)
        check(status == 0, f"replay: exit {status}: {progress.read_text('utf-8')[-2000:]}")
        self.consistent(out.read_text("utf-8"), doses)

    def consumer(self):
        """a consumer in Python reads from Apache Kafka what the exports count"""
        check(self.summary, "there was no replay")
        open_stand = Composition("development", ["docker-compose.yml", "deploy/compose.kafka-port.yml"])
        open_stand.compose("up", "--wait", "kafka", bound=300)
        address = open_stand.compose("port", "kafka", "19092").stdout.strip()
        arguments = []
        for name, text in self.export().items():
            if name == "tasks":
                continue
            file = self.stand.folder / f"{name}.export"
            file.write_text(text, encoding="utf-8")
            arguments += [f"--{name}", str(file)]
        done = subprocess.run([python(), str(self.stand.root / "Tests" / "System" / "consumer.py"), "--bootstrap", address, *arguments],
                              text=True, capture_output=True, timeout=300)
        check(done.returncode == 0, f"consumer.py: {done.stdout[-500:]} {done.stderr[-1500:]}")
        print(f"        {done.stdout.strip()}", flush=True)


def interrupted(number, _):
    raise SystemExit(128 + number)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--doses", type=int, default=2000)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, interrupted)
    passed = failed = 0
    for part in (Development(arguments.doses), Production()):
        try:
            good, bad = run(part.checks())
        finally:
            part.stand.down()
        passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
