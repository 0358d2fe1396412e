#!/usr/bin/env python3
"""Register files as they should not be, sent over HTTP to the real service: what is refused is named by line, column and rule, no
value of a person is in any answer or log, the generation that stands stays, and memory is bounded by no file's size.

    register_files.py [TEST…] [--megabytes 200]
"""
import argparse
import contextlib
import csv
import functools
import io
import itertools
import json
import pathlib
import sys

from harness import Stack, check, main, poll
from registers import HEADER, Register, Session, left_behind

# Invented people; none of their values may be seen again.
CANARY = "Kanarin Rotkehlchen"
SOUND = ("079087012345,123456789,Kanarin Rotkehlchen,M,1987-09-05,26740\n"
         "001198000001,123456789,Kanarin Dompfaff,F,1998-01-01,00001\n")
SECRETS = [b"Kanarin", b"0790871", b"79087012345", b"123456789", b"001198000001", b"1987-09-05", b"1987-02-30", b"05/09/1987"]
MEGABYTES = 200
ending = contextlib.ExitStack()


@functools.cache
def service():
    made = ending.enter_context(Stack("register-files"))
    made.up("postgres", "broker", "identity-matching")
    register = Register(made)
    check(register.load((HEADER + SOUND).encode(), "?activate=true")["persons"] == 2, "the first register was not loaded")
    return made, register, Session(made)


def row(number, name="Kanarin Rotkehlchen", old="", sex="M", born="1987-09-05", commune="26740"):
    return f"{number},{old},{name},{sex},{born},{commune}\n"


def person(number):
    return row(f"0790871{number:05d}", f"Kanarin Số {number}")


def send(body, kind="text/csv"):
    """Sends a file whole; gives status and answer, in which there is nothing of a person."""
    made, register, _ = service()
    before = register.state()
    status, answer = made.ask("POST", register.address + "/v1/register", register.token, body, kind)
    check(not [secret for secret in SECRETS if secret in answer], f"a value of a person in the answer: {answer[:500]}")
    check(register.state() == before, f"{before} stood, now {register.state()}")
    return status, json.loads(answer)


def refusals(generation):
    made, register, _ = service()
    status, answer = made.ask("GET", f"{register.address}/v1/register/{generation}/refusals", register.token)
    check(status == 200, f"refusals: {status}")
    check(not [secret for secret in SECRETS if secret in answer], f"a value of a person in the refusals: {answer[:500]}")
    return [(int(r["line"]), r["column"], r["rule"]) for r in csv.DictReader(io.StringIO(answer.decode()))]


def taken(what, body, persons, expected=(), kind="text/csv"):
    """The file is taken, but for the rows that are named."""
    status, report = send(body, kind)
    check(status == 201, f"{what}: {status} {report}")
    check(report["persons"] == persons and report["refused"] == len(expected), f"{what}: {report}")
    check(refusals(report["generation"]) == sorted(expected), f"{what}: refused {refusals(report['generation'])}, expected {expected}")
    named = [(r["line"], r["column"], r["rule"]) for r in report["refusals"]]
    check(sorted(named) == sorted(expected)[:20], f"{what}: the answer names {named}")


def refused(what, body, text, status=422, kind="text/csv"):
    """The whole file is refused, with a text that says why."""
    seen, problem = send(body, kind)
    check(seen == status, f"{what}: {seen} {problem}")
    told = json.dumps(problem, ensure_ascii=False)
    check(text in told and "title" in told, f"{what}: {told}")
    check(not left_behind(service()[0], service()[2]), f"{what}: {left_behind(service()[0], service()[2])}")


def rows_that_are_refused():
    """each bad row is refused by line, column and rule; the others are taken"""
    people = "".join(map(person, range(20)))
    bad = [
        (row("79087012345"), "personal_id", "must be 12 digits"),
        (row("07908701234A"), "personal_id", "must be 12 digits"),
        (row(""), "personal_id", "must be 12 digits"),
        (row("079087099001", old="12345678"), "old_id", "must be 9 digits or empty"),
        (row("079087099002", name=""), "full_name", "must not be empty"),
        (row("079087099003", name=" \u00a0 "), "full_name", "must not be empty"),
        (row("079087099004", sex="X"), "sex", "must be M or F"),
        (row("079087099005", born="1987-02-30"), "date_of_birth", "must be a date that exists, YYYY-MM-DD"),
        (row("079087099006", born="1987"), "date_of_birth", "must be a date that exists, YYYY-MM-DD"),
        (row("079087099007", born="05/13/1987"), "date_of_birth", "must be a date that exists, YYYY-MM-DD"),
        (row("079087099008", commune="2674"), "residence_commune", "must be 5 digits or empty"),
        (row("079087099009", name="Kana\0rin"), "full_name", "nul-byte"),
        (row("079087099010")[:-7] + "\n", "", "field-count"),
        ('079087099011,,"Kanarin" Zwei,M,1987-09-05,26740\n', "full_name", "text-after-quote"),
    ]
    file, expected = HEADER + people, []
    for text, column, rule in bad:
        expected.append((file.count("\n") + 1, column, rule))
        file += text
    # Bytes that are no UTF-8, then one that is sound, with the old number of somebody else.
    body = file.encode() + row("079087099012", name="\udcff\udcfeKanarin").encode("utf-8", "surrogateescape")
    expected.append((file.count("\n") + 1, "full_name", "bad-utf-8"))
    body += row("079087099013", old="123456789").encode()
    taken("bad rows", body, 21, expected)
    # A number that comes again, far away: its first row stands.
    again = HEADER + people + row("079087100003", name="Kanarin Andere") * 2
    taken("repeated numbers", again.encode(), 20, [(22, "personal_id", "must not come twice"), (23, "personal_id", "must not come twice")])
    twins = HEADER + people + row("079087099021", name="Kanarin Zwilling") + row("079087099022", name="Kanarin Zwilling")
    taken("twins with everything equal but one digit", twins.encode(), 22)


def shapes_that_are_taken():
    """five megabytes with a byte order mark and CRLF, another order of columns, NDJSON"""
    rows = "".join(person(number) for number in range(95_000)).replace("\n", "\r\n")
    body = ("\ufeff" + HEADER.replace("\n", "\r\n") + rows).encode()
    check(len(body) > 5_000_000, f"{len(body)} bytes are no five megabytes")
    taken("BOM and CRLF", body, 95_000)
    taken("another order", "sex,note,date_of_birth,personal_id,full_name\nM,x,1987-09-05,079087012345,Kanarin\n".encode(), 1)
    lines = "".join(json.dumps({"personal_id": f"0790871{n:05d}", "full_name": CANARY, "sex": "F", "date_of_birth": "1987-09-05"}) + "\n"
                    for n in range(3)) + '{"personal_id":\n'
    taken("NDJSON", lines.encode(), 3, [(4, "", "bad-json")], "application/x-ndjson")


def files_that_are_refused():
    """empty, header only, wrong header, cut in a row, nothing but bad rows, UTF-16, compressed: refused with the cause"""
    refused("empty", b"", "holds no person")
    refused("header only", HEADER.encode(), "holds no person")
    refused("header only, BOM", b"\xef\xbb\xbf" + HEADER.replace("\n", "\r\n").encode(), "holds no person")
    refused("wrong header", ("id,name\n" + SOUND).encode(), "personal_id")
    refused("a column twice", (HEADER.replace("old_id", "sex") + SOUND).encode(), "repeated-column")
    refused("no header", SOUND.encode(), "missing-column")
    refused("NUL bytes", bytes(1000), "")
    refused("UTF-16", (HEADER + SOUND).encode("utf-16"), "wrong-encoding")
    refused("compressed", b"\x1f\x8b\x08\x00" + bytes(500), "compressed")
    refused("only bad rows", (HEADER + row("1") * 30).encode(), "all 30 rows were refused, the first in line 2: personal_id")
    refused("mostly bad rows", (HEADER + person(1) + row("1") * 30).encode(), "nine of ten")
    for what, end in [("in a row", "079087012346,,Kana"), ("in quotes", '079087012346,,"Kana'), ("in a date", "079087012346,,Kanarin,F,1990-0"),
                      ("in the commune", "079087012346,,Kanarin,F,1990-01-01,000")]:
        refused(f"cut {what}", (HEADER + SOUND + end).encode(), "ends in the middle of a row")
    refused("another type", (HEADER + SOUND).encode(), "text/csv", 415, "application/pdf")


def bodies_that_are_cut():
    """a connection that ends in the middle of the body, also at a line's end: nothing of it is taken or left"""
    made, register, session = service()
    before = register.state()
    body = (HEADER + "".join(person(number) for number in range(30_000))).encode()
    # In the middle of a row, at the end of a row, and a length that is longer than the whole file.
    for what, length, part in [("in a row", len(body), body[:700_001]), ("at a line's end", len(body), body[:body.index(b"\n", 700_000) + 1]),
                               ("a length that is too long", len(body) + 1000, body)]:
        failed = session.number("SELECT count(*) FROM matching.register_generation WHERE state = 'failed'")
        register.upload(length).send(part).cut()
        poll(f"{what}: the load fails", 40, lambda: session.number(
            "SELECT count(*) FROM matching.register_generation WHERE state = 'failed'") == failed + 1, 0.1)
        check(register.state() == before, f"{what}: {before} stood, now {register.state()}")
        poll(f"{what}: nothing is left", 30, lambda: not left_behind(made, session) or None)
    # The half of a connection that is closed: the server answers, or ends it.
    upload = register.upload(len(body) + 1000).send(body)
    upload.connection.shutdown(1)
    status, answer = upload.answer()
    check(status != 201, f"a body shorter than its length was taken: {answer[:300]}")
    report = register.load(body)
    check(report["persons"] == 30_000, f"the file sent again: {report}")


def memory_is_bounded():
    """hundreds of megabytes of bad rows, of rows without an end and of rows that are taken: the memory of the service stays"""
    made, register, session = service()
    pid = made.pid("identity-matching")
    calm = resident(pid, "VmRSS")
    rows = {
        "bad rows": (HEADER.encode(), "".join(row("79087012345", name=f"Kanarin Số {n}") for n in range(15_000)).encode(), None),
        "a row without an end": (HEADER.encode(), b"079087012345,,\"" + b"Kanarin" * 150_000, None),
        "rows that are taken": (HEADER.encode(), None, map(block, itertools.count())),
    }
    for what, (head, part, parts) in rows.items():
        # From here on the peak is counted anew.
        pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
        megabytes = MEGABYTES if part else MEGABYTES // 8
        pieces = list(itertools.islice(parts, megabytes)) if parts else [part] * megabytes
        upload = register.upload(len(head) + sum(map(len, pieces)))
        upload.send(head)
        for piece in pieces:
            upload.send(piece)
        status, answer = upload.answer()
        check(status == (201 if parts else 422), f"{what}: {status} {answer[:300]}")
        peak = resident(pid, "VmHWM")
        print(f"{what}: {sum(map(len, pieces)) >> 20} MB, resident {calm} MB before, {peak} MB at the peak", flush=True)
        check(peak < calm + 300, f"{what}: {peak} MB at the peak, {calm} MB before")
    check(made.pid("identity-matching") == pid and left_behind(made, session) == [], f"left: {left_behind(made, session)}")


def block(number):
    """Some megabyte of rows that are no other block's."""
    return "".join(f"{200_000_000_000 + number * 16_000 + n},,Kanarin Số {n},F,1990-01-{n % 28 + 1:02d},26740\n" for n in range(16_000)).encode()


def resident(pid, name):
    """Megabytes."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) >> 10
    return 0


def nothing_seen():
    """no value of a person is in the service's log or its list of generations"""
    made, register, _ = service()
    seen = (made.folder / "log" / "identity-matching.log").read_bytes() + json.dumps(register.ask("GET", "/v1/register")).encode()
    lines = [line for line in seen.splitlines() if any(secret in line for secret in SECRETS)]
    check(not lines, f"personal data: {lines[:3]}")


TESTS = [rows_that_are_refused, shapes_that_are_taken, files_that_are_refused, bodies_that_are_cut, memory_is_bounded, nothing_seen]

if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("tests", nargs="*")
    arguments.add_argument("--megabytes", type=int, default=MEGABYTES)
    chosen = arguments.parse_args()
    MEGABYTES = chosen.megabytes
    with ending:
        outcome = main(TESTS, chosen.tests)
    sys.exit(outcome)
