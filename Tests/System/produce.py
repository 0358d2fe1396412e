"""Writes what no service of ours would write: made-up messages, straight to topics. No test by itself; faults.py runs it.

Reads one JSON object a line: topic, key (hexadecimal), type (the header ce_type), and either value (hexadecimal) or message
and fields (a message of the contract as protobuf JSON), cut to `keep` bytes where that is given. Ends when all are
acknowledged. Needs what consumer.py needs.
"""
import json
import sys
import uuid

from confluent_kafka import Producer
from google.protobuf import json_format

from consumer import messages


def main():
    message_class = messages()
    producer = Producer({"bootstrap.servers": sys.argv[1], "partitioner": "murmur2_random", "enable.idempotence": True})
    failures = []
    for line in sys.stdin:
        wish = json.loads(line)
        if "message" in wish:
            value = json_format.ParseDict(wish["fields"], message_class(wish["message"])()).SerializeToString()
        else:
            value = bytes.fromhex(wish["value"])
        producer.produce(
            wish["topic"], key=bytes.fromhex(wish["key"]), value=value[:wish.get("keep", len(value))],
            headers={"ce_type": wish["type"], "ce_id": str(uuid.uuid4()), "ce_source": "test", "ce_specversion": "1.0"},
            on_delivery=lambda error, _: failures.append(str(error)) if error else None)
    left = producer.flush(30)
    if failures or left:
        sys.exit(f"produce: {left} not acknowledged {failures[:3]}")


if __name__ == "__main__":
    main()
