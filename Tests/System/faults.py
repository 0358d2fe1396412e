#!/usr/bin/env python3
"""Faults against real processes: poison, a wiped broker, a lost copy, two instances, what is missing at start, canaries.

One stream with planted canary names and numbers goes through several stacks; each must come to the outcome of the
undisturbed one. Stacks are shared between tests and looked through for personal data before they end.
TIEMCHUNG_TEST_KAFKA_HOME names an Apache Kafka; without it the tests that need one are not run, and say so.

    faults.py [TEST…]
"""
import base64
import contextlib
import functools
import json
import os
import pathlib
import re
import subprocess
import sys
import uuid

from canary import CANARY_NUMBER, CANARY_TEXT, bad_requests, data, ending, found, personal_data, table
from harness import ROOT, SERVICES, Stack, binary, check, differences, main, poll, python

KAFKA = os.environ.get("TIEMCHUNG_TEST_KAFKA_HOME")
# What of personal data was seen where it does not belong, by stack.
leaks = {}


# The stream and the stacks.

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


def same(left, right, what):
    lines = differences(left, right)
    check(not lines, f"{what}:\n" + "\n".join(lines))


# Tests.

def same_outcome_on_kafka():
    """the embedded broker and Apache Kafka come to the same outcome, and a consumer in Python counts what exports count"""
    _, embedded = calm()
    made, outcome = kafka()
    same(embedded, outcome, "the embedded broker (-) and Kafka (+) differ")
    done = subprocess.run(
        [python(), str(ROOT / "Tests" / "System" / "consumer.py"), "--bootstrap", made.addresses()["broker"],
         "--verdicts", str(made.export("verdicts")), "--passports", str(made.export("passports"))],
        text=True, capture_output=True, timeout=120)
    check(done.returncode == 0, f"consumer.py: {done.stdout[-500:]} {done.stderr[-1000:]}")


def wipe_and_announce():
    """stop, wipe the broker, start, announce: the same exports"""
    made, before = kafka() if KAFKA else calm()
    made.local("down", "--wipe-broker")
    made.up()
    made.operator("announce")
    # An empty replay waits until nothing is in flight.
    made.replay(data() / "none.csv", "--sign")
    made.still()
    same(before, made.snapshot(), "before (-) and after the wipe (+)")


def two_instances():
    """two instances of each service come to the outcome of one"""
    _, outcome = calm()
    with stack("pair", instances=2) as made:
        pids = {made.pid(name) for service in SERVICES for name in (service, f"{service}-2")}
        check(None not in pids and len(pids) == 10, "there are no two instances of each service")
        made.replay(data() / "doses.csv", "--sign")
        made.still()
        same(outcome, made.snapshot(), "one instance (-) and two (+)")


def submission(record, kind="tiemchung.intake.v1.Submission", **changes):
    """A message on Intake's topic, for a key of its own."""
    facility = table(data() / "doses.csv")[0]["facility_code"]
    return {"topic": "intake.submissions.v1", "key": f"{facility}/{record}".encode().hex(), "type": kind, **changes}


def poison(made):
    """Messages that nobody can handle, and a normal row behind one of them."""
    row = table(data() / "doses.csv")[0]
    fields = {
        "facilityCode": row["facility_code"], "sourceRecordId": "poison-1", "subjectRef": "poison-1",
        "identity": {"fullName": CANARY_TEXT, "sex": "Nữ", "dateOfBirth": "1990-01-02", "idNumber": CANARY_NUMBER},
        "doseNumber": "1", "vaccine": row["vaccine"], "lotNumber": row["lot_number"], "injectedOn": row["injected_on"]}
    normal = {"message": "tiemchung.intake.v1.Submission", "fields": fields}
    garbage = (b"\xff\xfe\x00" + CANARY_TEXT.encode()).hex()
    subject, dose = uuid.uuid4(), uuid.uuid4()
    made.produce([
        submission("poison-1", value=garbage),
        submission("poison-2", kind="com.example.Unknown", **normal),
        submission("poison-3", **normal, keep=40),
        {"topic": "intake.dose-recorded.v1", "key": subject.hex, "type": "tiemchung.intake.v1.DoseRecorded",
         "message": "tiemchung.intake.v1.DoseRecorded", "keep": 45,
         "fields": {"facilityCode": row["facility_code"], "sourceRecordId": "poison-4", "version": 1,
                    "identity": fields["identity"]}},
        {"topic": "matching.verdict.v1", "key": subject.hex, "type": "tiemchung.matching.v1.Verdict",
         "message": "tiemchung.matching.v1.Verdict",
         "fields": {"doseId": encoded(dose), "subjectId": encoded(subject), "facilityCode": row["facility_code"],
                    "sourceRecordId": "poison-5", "doseVersion": 1, "assessment": "1", "outcome": 99, "group": 1,
                    "ruleVersion": "x", "decidedAtUs": "1"}},
    ])
    expected = {"intake": 3, "identity-matching": 1, "correction-tasks": 2, "signing": 2, "passport-issuance": 2}
    poll("all poison is parked", 60, lambda: parked_counts(made) == expected, 0.3)
    made.produce([submission("poison-1", **normal)])
    expected["intake"] += 1
    poll("the row behind is parked", 60, lambda: parked_counts(made) == expected, 0.3)
    return expected


def encoded(identifier):
    """Bytes as protobuf JSON has them."""
    return base64.b64encode(identifier.bytes).decode()


def parked(made, *options):
    """Parked messages: service, id, topic, partition, offset, error class (or `behind`), time, reason."""
    return [line.split("\t") for line in made.operator("parked", "list", *options).stdout.splitlines() if line.strip()]


def parked_counts(made):
    counts = {}
    for message in parked(made):
        counts[message[0]] = counts.get(message[0], 0) + 1
    return counts


def redrive(made, *options):
    done = made.operator("parked", "redrive", "--json", *options)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def poisoned_messages():
    """poison is parked with a reason, the rest flows, redrive after a fix brings home once what can come home"""
    _, outcome = calm()
    with stack("poison") as made:
        expected = poison(made)
        listed = parked(made)
        for message in listed:
            check(len(message) == 8 and message[5] and message[7], f"no class or reason: {message}")
        check([m[5] for m in listed if m[0] == "intake"].count("behind") == 1, f"no row waits behind: {listed}")
        check(any(m[5] == "unknown-type" for m in listed), f"the unknown type is not named: {listed}")
        for service in SERVICES:
            one = next(m for m in listed if m[0] == service)
            shown = made.operator("parked", "show", "--service", service, "--id", one[1]).stdout
            check(one[5] in shown and one[7] in shown, f"parked show does not tell the reason: {shown}")
        # A value that the database refuses: one facility's verdicts, all its rows and their amendments.
        facility = most_amended()
        made.sql(f"ALTER TABLE matching.verdict ADD CONSTRAINT fault CHECK (facility_code <> '{facility}')")
        made.replay(data() / "doses.csv")
        refused = parked(made, "--service", "identity-matching")
        refused = [m for m in refused if m[5] == "sql-23514"]
        check(refused, "nothing that the database refused is parked")
        verdicts = made.verdicts()
        check(verdicts == [v for v in outcome["verdicts"] if v[0] != facility], "the rest did not flow, or more did")
        # Dry run: says it, does nothing.
        before = parked(made)
        (report,) = redrive(made, "--service", "identity-matching", "--error-class", "sql-23514", "--dry-run")
        check(report["keys"] > 0 and report["handled"] == 0 and parked(made) == before, f"the dry run did something: {report}")
        # Before the fix: tried, refused again, still there.
        (report,) = redrive(made, "--service", "identity-matching", "--id", refused[0][1])
        check(report["keys"] == 1 and report["handled"] == 0 and report["left"] >= 1, f"redrive without a fix: {report}")
        made.sql("ALTER TABLE matching.verdict DROP CONSTRAINT fault")
        (report,) = redrive(made, "--service", "identity-matching", "--id", refused[0][1])
        check(report["keys"] == 1 and report["freed"] == 1 and report["left"] == 0, f"redrive --id: {report}")
        (report,) = redrive(made, "--service", "identity-matching", "--error-class", "sql-23514")
        check(report["freed"] == report["keys"] and report["left"] == 0, f"redrive after the fix: {report}")
        # What nobody can read stays where it is, whatever is tried.
        redrive(made)
        made.replay(data() / "none.csv", "--sign")
        check(parked_counts(made) == expected, f"parked {parked_counts(made)}, expected {expected}")
        status = made.status()
        check(status["in_flight"] == 0, f"{status['in_flight']} messages are in flight")
        same(outcome, made.snapshot(), "undisturbed (-) and after the redrive (+)")


def most_amended():
    """The facility with the most rows that come again."""
    seen, again = set(), {}
    for row in table(data() / "doses.csv"):
        record = (row["facility_code"], row["source_record_id"])
        if record in seen:
            again[row["facility_code"]] = again.get(row["facility_code"], 0) + 1
        seen.add(record)
    return max(again, key=again.get)


def lost_projection():
    """a service's copy of other services' facts is dropped; announcements rebuild it, and the exports stay the same"""
    made, before = calm()
    figures = counts(made.status()["services"])
    made.local("down", *reversed(SERVICES))
    # Of a dose, correction-tasks keeps what others said, and beside it what it has decided itself.
    made.sql("TRUNCATE signing.signable, signing.ready_dose; TRUNCATE correction.unit; DELETE FROM correction.dose WHERE "
             "health_version = 0 AND resolved_version = 0")
    made.up()
    check(differences(before, made.snapshot()) or int(made.sql("SELECT count(*) FROM signing.signable")[0]) == 0,
          "nothing was lost")
    made.operator("announce")
    made.replay(data() / "none.csv", "--sign")
    made.still()
    check(int(made.sql("SELECT count(*) FROM signing.signable")[0]) == len(before["verdicts"]), "signing's copy is not whole")
    same(before, made.snapshot(), "before (-) and after the announcement (+)")
    after = made.status()["services"]
    check(counts(after) == figures, f"counts before {figures}, after {counts(after)}")


def counts(services):
    return {service["service"]: service["counts"] for service in services
            if service["service"] in ("correction-tasks", "signing")}


def refused_starts():
    """what is missing or wrong at start is named with cause and remedy, and ends with 69 or 78"""
    made, _ = calm()
    base = int(made.environment["TIEMCHUNG_PORT_BASE"])
    database = environment_of(made, "intake")["DATABASE_URL"]
    free = {"HTTP_LISTEN": f"127.0.0.1:{base + 81}", "OPERATIONS_LISTEN": f"127.0.0.1:{base + 1081}"}
    own = environment_of(made, "intake")
    refused(made, "intake", 69, ["nobody answers", "start PostgreSQL"], **free,
            DATABASE_URL=database.replace(f"port={base + 900}", "port=1"))
    refused(made, "intake", 78, ["password", "correct the password in DATABASE_URL"], **free,
            DATABASE_URL=re.sub(r"(://[^:]+:)[^@]+@", r"\1wrong@", database))
    refused(made, "intake", 69, [own["HTTP_LISTEN"], "another process has this port", "choose another"], **{
        **free, "HTTP_LISTEN": own["HTTP_LISTEN"]})
    refused(made, "intake", 69, [own["OPERATIONS_LISTEN"], "another process has this port"], **{
        **free, "OPERATIONS_LISTEN": own["OPERATIONS_LISTEN"]})
    refused(made, "intake", 69, ["127.0.0.1:1", "KAFKA_BOOTSTRAP_SERVERS"], **free, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    missing = refused(made, "intake", 78, ["DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "INTAKE_IDENTIFIER_KEY"], **free,
                      DATABASE_URL="", KAFKA_BOOTSTRAP_SERVERS="", INTAKE_IDENTIFIER_KEY_FILE="")
    check(missing.count("configuration:") >= 3, f"not all problems at once: {missing}")
    (checksum,) = made.sql("SELECT checksum FROM intake.schema_migration WHERE number = 101")
    made.sql("UPDATE intake.schema_migration SET checksum = sha256('changed') WHERE number = 101")
    try:
        for command in ((), ("migrate",)):
            refused(made, "intake", 78, ["101", "changed", "restore"], *command, **free)
    finally:
        made.sql(f"UPDATE intake.schema_migration SET checksum = '{checksum}' WHERE number = 101")
    if KAFKA:
        other, _ = kafka()
        delete = ("import sys; from confluent_kafka.admin import AdminClient; client = AdminClient({'bootstrap.servers': sys.argv[1]});"
                  "[answer.result() for answer in client.delete_topics(['issuance.passport.v1']).values()]")
        done = subprocess.run([python(), "-c", delete, other.addresses()["broker"]], text=True, capture_output=True, timeout=60)
        check(done.returncode == 0, f"the topic could not be deleted: {done.stderr[-500:]}")
        refused(other, "passport-issuance", 69, ["issuance.passport.v1", "topics create"],
                HTTP_LISTEN=free["HTTP_LISTEN"], OPERATIONS_LISTEN=free["OPERATIONS_LISTEN"])


def environment_of(made, name):
    """What a running service was started with."""
    text = pathlib.Path(f"/proc/{made.pid(name)}/environ").read_bytes().decode()
    return dict(item.split("=", 1) for item in text.split("\0") if "=" in item)


def refused(made, service, code, words, *command, **changes):
    """Starts a service that must end by itself with the code and a message that holds the words."""
    environment = {**environment_of(made, service), "START_WAIT_SECONDS": "0", **changes}
    environment = {name: value for name, value in environment.items() if value}
    done = subprocess.run([str(binary(service)), *command], env=environment, text=True, capture_output=True, timeout=60,
                          stdin=subprocess.DEVNULL)
    text = done.stdout + done.stderr
    check(done.returncode == code, f"{service} {' '.join(command)} {list(changes)}: {done.returncode}, not {code}: {text[-800:]}")
    for word in words:
        check(word in text, f"{service} {list(changes)}: {word!r} is not in the message: {text[-800:]}")
    return text


def canaries():
    """no name and no number in logs, metrics and answers to bad requests"""
    made, _ = calm()
    for name, status, body in bad_requests(made):
        check(status in (200, 202) or 400 <= status < 500, f"{name}: {status} {body[:300]}")
        check(not found(body), f"{name}: personal data in the answer: {body[:500]}")
    shown = b"".join(line.encode() for line in made.operator("status").stdout)
    check(not found(shown), "personal data in the status")
    # Other stacks were looked through as they ended.
    leaks["calm"] = personal_data(made)
    if KAFKA and kafka.cache_info().currsize:
        leaks["kafka"] = personal_data(kafka()[0])
    seen = [f"{name} stack: {line}" for name, lines in sorted(leaks.items()) for line in lines]
    check(not seen, "personal data outside:\n" + "\n".join(seen))


TESTS = [wipe_and_announce, two_instances, poisoned_messages, lost_projection, refused_starts, canaries]

if __name__ == "__main__":
    if KAFKA:
        TESTS.insert(0, same_outcome_on_kafka)
    else:
        print("not run: same_outcome_on_kafka; TIEMCHUNG_TEST_KAFKA_HOME names no Apache Kafka", flush=True)
    with ending:
        status = main(TESTS, sys.argv[1:])
    sys.exit(status)
