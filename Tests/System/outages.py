#!/usr/bin/env python3
"""A broker that goes away: services still end in time, a replay goes on when it is back, and nothing is lost.

The stream is that of faults.py, and its undisturbed run is what each outcome is compared with.

    outages.py [TEST…]
"""
import json
import os
import pathlib
import signal
import sys
import time

from canary import data, ending, table
from harness import SERVICES, check, main, poll, zombie
from stacks import KAFKA, accepted, calm, same, stack

# Docker's grace period in docker-compose.yml is 30 s.
GRACE = 20


def ended(pid):
    return not pathlib.Path(f"/proc/{pid}").exists() or zombie(pid)


def stopped_together(made):
    """Sends SIGTERM to all services at once; gives the seconds that each took, and its exit status."""
    pids = {service: made.pid(service) for service in SERVICES}
    begun = time.monotonic()
    for pid in pids.values():
        os.kill(pid, signal.SIGTERM)
    took = {}

    def all_ended():
        for service, pid in pids.items():
            if service not in took and ended(pid):
                took[service] = round(time.monotonic() - begun, 1)
        return len(took) == len(pids)

    try:
        poll(f"all services end (SIGTERM, broker away; ended: {took})", GRACE, all_ended)
    finally:
        print(f"ended after {took}", flush=True)
    statuses = {}

    def all_told():
        for service in SERVICES:
            file = made.folder / "run" / f"{service}.exit"
            statuses[service] = file.read_text(encoding="ascii").strip() if file.exists() else ""
        return all(statuses.values())

    poll("exit statuses", 10, all_told)
    return statuses


def services_stopped_without_kafka():
    """Kafka killed in mid-stream and the services stopped while it is away: each ends in time with 0; nothing is lost"""
    _, outcome = calm()
    with stack("outage", broker="kafka", environment={"TIEMCHUNG_TEST_KAFKA_HOME": KAFKA}) as made:
        replay = made.start("replay", str(data() / "doses.csv"), "--rate", "200", "--json")
        poll("the stream is under way", 180, lambda: accepted(made) >= 300)
        check(made.kill("kafka"), "Kafka was not running")
        statuses = stopped_together(made)
        check(set(statuses.values()) == {"0"}, f"not all ended with 0: {statuses}")
        made.up(bound=300)
        check(replay.wait(timeout=600) == 0, f"the replay ended with {replay.returncode}")
        made.replay(data() / "none.csv", "--sign")
        made.still()
        same(outcome, made.snapshot(), "undisturbed (-) and after the outage (+)")


def child_of(pid, name):
    """The process of that name that a process has started."""
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            command, rest = (folder / "stat").read_text(encoding="ascii").split("(", 1)[1].rsplit(")", 1)
        except (OSError, IndexError):
            continue
        if command == name and int(rest.split()[1]) == pid:
            return int(folder.name)
    return None


def interrupted_replay():
    """a replay killed midway is resumed where it was, and goes on over an embedded broker that is killed: same outcome"""
    _, outcome = calm()
    rows = len(table(data() / "doses.csv"))
    with stack("interrupted") as made:
        state = made.folder / "replay.state"
        replay = ["replay", str(data() / "doses.csv"), "--resume", str(state), "--json"]
        first = made.start(*replay, "--rate", "150")
        confirmed = lambda: json.loads(state.read_text(encoding="utf-8"))["confirmedThrough"] if state.exists() else 0
        poll("a part of the stream is confirmed", 180, lambda: confirmed() >= rows // 5)
        os.kill(child_of(first.pid, "dose-replay"), signal.SIGKILL)
        check(first.wait(timeout=60) != 0, "a killed replay ended with 0")
        begin = confirmed()
        check(begin < rows, "the replay was through before it was killed")

        second = made.start(*replay, "--rate", "150")
        poll("the resumed replay is under way", 180, lambda: confirmed() >= begin + rows // 5)
        check(made.kill("development-broker"), "the broker was not running")
        check(second.poll() is None, "the replay was through before the broker was killed")
        made.up(bound=300)
        check(second.wait(timeout=300) == 0, f"the resumed replay ended with {second.returncode}")
        log = max(made.folder.glob("background-*.log"), key=lambda path: path.name).read_text(encoding="utf-8")
        summary = json.loads(log.strip().splitlines()[-1])
        check(summary["doses"] == rows - begin, f"{summary['doses']} rows sent again, not {rows - begin}")
        check(confirmed() == rows, f"confirmed {confirmed()} of {rows}")
        made.replay(data() / "none.csv", "--sign")
        made.still()
        same(outcome, made.snapshot(), "undisturbed (-) and after the interruptions (+)")


TESTS = [interrupted_replay]

if __name__ == "__main__":
    if KAFKA:
        TESTS.insert(0, services_stopped_without_kafka)
    else:
        print("not run: services_stopped_without_kafka; TIEMCHUNG_TEST_KAFKA_HOME names no Apache Kafka", flush=True)
    with ending:
        status = main(TESTS, sys.argv[1:])
    sys.exit(status)
