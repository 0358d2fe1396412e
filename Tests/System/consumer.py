#!/usr/bin/env python3
"""Reads verdicts and passports from Apache Kafka with nothing of ours but the contract, and counts them.

Any language can: this one compiles the .proto files of Shared/Contracts at start (protoc), reads both topics from their
beginning to their end, keeps the newest fact of each record and each passport, and prints one JSON object:
verdicts by outcome, and passports by status. With --verdicts and --passports (the operator's exports) it compares and
fails where the counts differ.

Needs protoc, and from PyPI: confluent-kafka, protobuf.
"""
import argparse
import collections
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

from confluent_kafka import Consumer, KafkaError, TopicPartition
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

CONTRACTS = pathlib.Path(__file__).resolve().parents[2] / "Shared" / "Contracts" / "proto"
OUTCOMES = {1: "right", 2: "wrong", 3: "cannot-verify", 4: "exempt"}
STATUSES = {1: "valid", 2: "superseded", 3: "revoked"}


def messages():
    """Message classes by full name, compiled from the contract."""
    with tempfile.NamedTemporaryFile() as out:
        files = sorted(str(p.relative_to(CONTRACTS)) for p in CONTRACTS.rglob("*.proto"))
        subprocess.run(["protoc", "-o", out.name, "-I.", *files], cwd=CONTRACTS, check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(out.name).read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


def read(bootstrap, topic):
    """Every message of a topic, from the beginning to where it ends now."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "contract-check", "enable.auto.commit": False,
                         "auto.offset.reset": "earliest", "enable.partition.eof": True})
    try:
        known = consumer.list_topics(topic, timeout=30).topics[topic]
        if known.error:
            raise SystemExit(f"consumer: {topic}: {known.error}")
        consumer.assign([TopicPartition(topic, number, 0) for number in known.partitions])
        open_partitions = set(known.partitions)
        while open_partitions:
            message = consumer.poll(30)
            if message is None:
                raise SystemExit(f"consumer: {topic}: nothing came in 30 s, {len(open_partitions)} partitions unread")
            if message.error():
                if message.error().code() != KafkaError._PARTITION_EOF:
                    raise SystemExit(f"consumer: {topic}: {message.error()}")
                open_partitions.discard(message.partition())
                continue
            yield message
    finally:
        consumer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--verdicts", help="the operator's export of verdicts, to compare with")
    parser.add_argument("--passports", help="the operator's export of passports, to compare with")
    arguments = parser.parse_args()
    message_class = messages()

    verdict_class = message_class("tiemchung.matching.v1.Verdict")
    verdicts = {}
    for message in read(arguments.bootstrap, "matching.verdict.v1"):
        headers = dict(message.headers() or [])
        if headers.get("ce_type") != b"tiemchung.matching.v1.Verdict":
            raise SystemExit(f"consumer: an unexpected ce_type at {message.topic()} {message.partition()}:{message.offset()}")
        verdict = verdict_class.FromString(message.value())
        order = (verdict.dose_version, verdict.assessment)
        if verdict.dose_id not in verdicts or verdicts[verdict.dose_id][0] <= order:
            verdicts[verdict.dose_id] = (order, OUTCOMES[verdict.outcome])

    passport_class = message_class("tiemchung.issuance.v1.PassportChanged")
    passports = {}
    for message in read(arguments.bootstrap, "issuance.passport.v1"):
        passport = passport_class.FromString(message.value())
        known = passports.get(passport.certificate_id)
        if known is None or known[0] <= passport.revision:
            passports[passport.certificate_id] = (passport.revision, STATUSES[passport.status])

    counted = {
        "verdicts": dict(sorted(collections.Counter(o for _, o in verdicts.values()).items())),
        "passports": dict(sorted(collections.Counter(s for _, s in passports.values()).items())),
    }
    print(json.dumps(counted))
    problems = []
    if arguments.verdicts:
        with open(arguments.verdicts, newline="", encoding="utf-8") as file:
            exported = collections.Counter(row["outcome"] for row in csv.DictReader(file))
        if dict(exported) != counted["verdicts"]:
            problems.append(f"verdicts: topic {counted['verdicts']}, export {dict(sorted(exported.items()))}")
    if arguments.passports:
        exported = collections.Counter()
        with open(arguments.passports, encoding="utf-8") as file:
            for line in file:
                status = json.loads(line)["status"]
                exported["valid" if status == "expired" else status] += 1
        if dict(exported) != counted["passports"]:
            problems.append(f"passports: topic {counted['passports']}, export {dict(sorted(exported.items()))}")
    for problem in problems:
        print("consumer: counts differ: " + problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
