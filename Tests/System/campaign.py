#!/usr/bin/env python3
"""Kills real processes at random moments over a stream and compares the outcome with an undisturbed run.

The stream holds amendments, withdrawals, duplicates and late older rows. A kill is SIGKILL of a service, an immediate stop
of PostgreSQL, or SIGKILL of Apache Kafka; what was killed is started again after a random moment. In the end both runs
must agree, sorted: facility, record, outcome, group; attested facility and record; tasks; decoded passport claims without ci,
iat and exp; no message may be parked and no outbox row left.

    campaign.py [--doses 5000] [--kills 15] [--seed 1] [--broker embedded|kafka] [--kinds service,postgres,kafka] [--rate 0]
"""
import argparse
import pathlib
import random
import sys
import tempfile
import threading
import time

from harness import SERVICES, Failure, Stack, check, differences, generate


def run(data, arguments, disturb):
    with Stack("campaign", broker=arguments.broker) as stack:
        stack.up()
        stack.load(data)
        kills = []
        if not disturb:
            stack.replay(data / "doses.csv", "--sign", bound=3600)
        else:
            randomness = random.Random(arguments.seed)
            kinds = [k for k in arguments.kinds.split(",") if k != "kafka" or arguments.broker == "kafka"]
            rate = arguments.rate or max(arguments.doses // (arguments.kills * 2), 50)
            replay = stack.start("replay", str(data / "doses.csv"), "--rate", str(rate), "--sign", "--json")
            finished = threading.Event()
            while len(kills) < arguments.kills:
                if replay.poll() is not None:
                    # The stream is through: send it again (every row is a duplicate now) so that kills meet work.
                    replay = stack.start("replay", str(data / "doses.csv"), "--rate", str(rate), "--sign", "--json")
                finished.wait(randomness.uniform(0.2, 2.5))
                kind = randomness.choice(kinds)
                name = randomness.choice(SERVICES) if kind == "service" else kind
                died = stack.stop_database_immediately() if name == "postgres" else stack.kill(name)
                check(died, f"{name} was not running when its turn to be killed came")
                kills.append(name)
                print(f"kill {len(kills)}: {name}", flush=True)
                finished.wait(randomness.uniform(0, 1.5))
                stack.up(bound=300)
            replay.wait(timeout=3600)
            print(f"replay under kills ended with {replay.returncode}; now once more, undisturbed", flush=True)
            stack.up()
            stack.replay(data / "doses.csv", "--sign", bound=3600)
        stack.still()
        return stack.snapshot(), kills


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--doses", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=15)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--broker", choices=["embedded", "kafka"], default="embedded")
    parser.add_argument("--kinds", default="service,postgres,kafka")
    parser.add_argument("--rate", type=int, default=0, help="doses a second; 0: so that the kills spread over the stream")
    arguments = parser.parse_args()
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
            data = generate(pathlib.Path(folder) / "data", arguments.seed, arguments.doses)
            calm, _ = run(data, arguments, disturb=False)
            print({part: len(rows) for part, rows in calm.items()}, flush=True)
            check(calm["verdicts"] and calm["attested"] and calm["passports"], "the undisturbed run has no outcome to compare")
            stormy, kills = run(data, arguments, disturb=True)
            lines = differences(calm, stormy)
            check(not lines, "the outcomes differ:\n" + "\n".join(lines))
    except Failure as error:
        print(f"campaign failed (seed {arguments.seed}): {error}", flush=True)
        print("0 passed, 1 failed")
        return 1
    counts = {name: kills.count(name) for name in sorted(set(kills))}
    print(f"{len(kills)} kills {counts} over {arguments.doses} doses on {arguments.broker}, seed {arguments.seed}: no difference "
          f"({time.monotonic() - started:.0f} s)", flush=True)
    print("1 passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
