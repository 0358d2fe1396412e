"""The stacks and the outcomes that the fault tests share. No test by itself."""
import contextlib
import functools
import os
import pathlib
import subprocess

from canary import data, ending, personal_data
from harness import Stack, check, differences, python

KAFKA = os.environ.get("TIEMCHUNG_TEST_KAFKA_HOME")
# What of personal data was seen where it does not belong, by stack.
leaks = {}


@contextlib.contextmanager
def stack(name, **options):
    """A stack with reference data, which is looked through for personal data before it ends."""
    with Stack(f"faults-{name}", **options) as made:
        made.up()
        made.load(data())
        yield made
        leaks[name] = personal_data(made)


@functools.cache
def calm():
    """The undisturbed run on the embedded broker, and its outcome."""
    made = ending.enter_context(stack("calm"))
    made.replay(data() / "doses.csv", "--sign")
    made.still()
    outcome = made.snapshot()
    check(outcome["verdicts"] and outcome["attested"] and outcome["passports"], "the undisturbed run has no outcome")
    return made, outcome


@functools.cache
def kafka():
    """The same stream on Apache Kafka."""
    made = ending.enter_context(stack("kafka", broker="kafka", environment={"TIEMCHUNG_TEST_KAFKA_HOME": KAFKA}))
    made.replay(data() / "doses.csv", "--sign")
    made.still()
    return made, made.snapshot()


def accepted(made):
    """Rows that Intake has taken or recognised."""
    for service in made.status()["services"]:
        if service["service"] == "intake":
            return service["counts"].get("accepted", 0) + service["counts"].get("duplicates", 0)
    return 0


def same(left, right, what):
    lines = differences(left, right)
    check(not lines, f"{what}:\n" + "\n".join(lines))


def environment_of(made, name):
    """What a running service was started with."""
    text = pathlib.Path(f"/proc/{made.pid(name)}/environ").read_bytes().decode()
    return dict(item.split("=", 1) for item in text.split("\0") if "=" in item)


def administer(made, call):
    """Changes topics as somebody with rights at the broker could."""
    program = ("import sys; from confluent_kafka.admin import AdminClient, NewTopic;"
               f"client = AdminClient({{'bootstrap.servers': sys.argv[1]}}); [answer.result() for answer in {call}.values()]")
    done = subprocess.run([python(), "-c", program, made.addresses()["broker"]], text=True, capture_output=True, timeout=60)
    check(done.returncode == 0, f"{call}: {done.stderr[-500:]}")
