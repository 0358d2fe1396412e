"""The stream of faults.py with its canary names and numbers, and the search for personal data where none belongs.
No test by itself.
"""
import contextlib
import csv
import functools
import json
import pathlib
import re
import tempfile

from harness import SERVICES, check, generate, poll

DOSES, SEED = 1000, 11
CANARY_NAMES = ["Kanarin Zeisigvogel", "Kanarin Bachstelze", "Kanarin Dompfaff"]
CANARY_TEXT = "Kanarin Rotkehlchen"
CANARY_NUMBER = "079198765432"

# What ends when the tests end: folders and stacks.
ending = contextlib.ExitStack()


@functools.cache
def data():
    """A generated stream in which some persons, right and wrong ones, have canary names."""
    folder = generate(pathlib.Path(ending.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp"))) / "data", SEED, DOSES)
    people, doses = table(folder / "register.csv"), table(folder / "doses.csv")
    numbers = {row["id_number"]: row["full_name"] for row in doses}
    right = [p for p in people if numbers.get(p["personal_id"]) == p["full_name"]]
    check(len(right) > 10, "the stream has too few right persons to plant canaries")
    for name, person in zip(CANARY_NAMES, right):
        for row in doses:
            if row["id_number"] == person["personal_id"] and row["full_name"] == person["full_name"]:
                row["full_name"] = name
        person["full_name"] = name
    # Somebody whom the register does not know by this name and number.
    doses[-1]["full_name"], doses[-1]["id_number"] = CANARY_TEXT, CANARY_NUMBER
    write(folder / "register.csv", people)
    write(folder / "doses.csv", doses)
    write(folder / "none.csv", doses[:0], list(doses[0]))
    return folder


def table(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(path, rows, columns=None):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns or list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


# Personal data.

@functools.cache
def secrets():
    """Names and numbers of the stream and the register, as bytes."""
    people, doses = table(data() / "register.csv"), table(data() / "doses.csv")
    names = {row["full_name"].strip() for row in people + doses if row["full_name"].strip().count(" ")}
    numbers = {row[column] for row in people for column in ("personal_id", "old_id")}
    numbers |= {row[column] for row in doses for column in ("id_number", "phone")} | {CANARY_NUMBER}
    return (sorted(name.encode() for name in names | {CANARY_TEXT}),
            {number.encode() for number in numbers if number.isdigit() and len(number) >= 9})


def found(text):
    """Personal data within a text; numbers as whole words, so that a count of bytes is not taken for one."""
    names, numbers = secrets()
    hits = [name for name in names
            if name in text or json.dumps(name.decode()).encode()[1:-1] in text or name.hex().encode() in text]
    hits += [number for number in (CANARY_NUMBER.encode(),) if number.hex().encode() in text]
    return hits + [word for word in re.findall(rb"(?<![\w.])\d{9,12}(?![\w.])", text) if word in numbers]


def personal_data(made):
    """Where in a stack's logs and metrics personal data stand."""
    seen = []
    for file in sorted([*(made.folder / "log").glob("*"), *made.folder.glob("background-*.log")]):
        hits = found(file.read_bytes())
        if hits:
            seen.append(f"{file.name}: {len(hits)}, {hits[0].decode()}")
    for service, address in made.addresses()["operations"].items():
        for page in ("/metrics", "/readyz", "/livez"):
            status, body = made.ask("GET", address + page)
            check(status in (200, 503), f"{service}{page}: {status}")
            check(page != "/metrics" or b"# TYPE" in body, f"{service}: /metrics is no metrics page")
            if found(body):
                seen.append(f"{service}{page}: {found(body)[0].decode()}")
    return seen


def bad_requests(made):
    """Requests full of canaries that are refused: name, status wanted, answer."""
    doses = table(data() / "doses.csv")
    facility = doses[0]["facility_code"]
    other = next(row["facility_code"] for row in doses if row["facility_code"] != facility)
    staff, operator = made.token("facility-staff", facility), made.token("operator", "CNTT")
    police = made.token("national-police", "BCA")
    services = made.addresses()["services"]
    intake, matching, correction = (services[name] for name in SERVICES[:3])
    row = {**doses[0], "source_record_id": "canary-1", "full_name": CANARY_TEXT, "id_number": CANARY_NUMBER}
    one = lambda **changes: json.dumps([{**row, **changes}]).encode()
    text = json.dumps(CANARY_TEXT)
    asks = [
        ("unknown vaccine", "POST", intake + "/v1/doses", staff, one(vaccine=CANARY_TEXT)),
        ("wrong date", "POST", intake + "/v1/doses", staff, one(injected_on=CANARY_NUMBER)),
        ("other facility", "POST", intake + "/v1/doses", staff, one(facility_code=other)),
        ("unknown facility", "POST", intake + "/v1/doses", staff, one(facility_code=CANARY_NUMBER)),
        ("long name", "POST", intake + "/v1/doses", staff, one(full_name=CANARY_TEXT * 500)),
        ("unknown column", "POST", intake + "/v1/doses", staff, json.dumps([{**row, CANARY_TEXT: CANARY_NUMBER}]).encode()),
        ("no JSON", "POST", intake + "/v1/doses", staff, f"[{{{text}: {CANARY_NUMBER}, {text}".encode()),
        ("no UTF-8", "POST", intake + "/v1/doses", staff, b'[{"full_name": "' + CANARY_TEXT.encode() + b'\xff"}]'),
        ("deep JSON", "POST", intake + "/v1/doses", staff, b'{"full_name":' + b"[" * 10000 + text.encode()),
        ("foreign token", "POST", intake + "/v1/doses", f"{staff}x{CANARY_NUMBER}", one()),
        ("no such path", "GET", f"{intake}/v1/{CANARY_NUMBER}", staff, None),
        ("no such record", "GET", f"{intake}/v1/records/{facility}/{CANARY_NUMBER}", staff, None),
        ("no such subject", "GET", f"{intake}/v1/subjects/{CANARY_NUMBER}", staff, None),
        ("wrong limit", "GET", f"{intake}/v1/operations/parked?limit={CANARY_NUMBER}&after={CANARY_NUMBER}x", operator, None),
        ("bad unit", "PUT", intake + "/v1/units", operator,
         f"unit_code,name,kind\n{CANARY_NUMBER},{CANARY_TEXT},{CANARY_TEXT}\n".encode()),
        ("bad register", "POST", matching + "/v1/register", operator,
         f"personal_id,{CANARY_TEXT}\n{CANARY_NUMBER},{CANARY_TEXT}\n".encode()),
        ("resolution", "POST", correction + "/v1/resolutions", police, f'{{"task_id": {text}, "resolution": {text}}}\n'.encode()),
        ("wish", "POST", intake + "/v1/operations/redrive", operator, f'{{"topic": {text}, "id": {text}}}'.encode()),
    ]
    for name, method, address, token, body in asks:
        kind = "text/csv" if name.startswith("bad ") else "application/x-ndjson" if name == "resolution" else "application/json"
        yield name, *made.ask(method, address, token, body, kind)
    header = ",".join(row) + "\n"
    lines = "".join(",".join({**row, "source_record_id": f"canary-{number}", column: CANARY_TEXT}.values()) + "\n"
                    for number, column in enumerate(("vaccine", "injected_on", "entered_at"), 2))
    file = (header + lines).encode() + CANARY_TEXT.encode() + b"\xff\xfe,\n" + lines.encode()
    status, body = made.ask("POST", intake + "/v1/uploads", staff, file, "text/csv")
    yield "upload", status, body
    if status == 202:
        upload = f"{intake}/v1/uploads/{json.loads(body)['upload_id']}"
        over = ("done", "cut", "unreadable")
        receipt = poll("the upload is worked off", 30, lambda: next(
            (b for _, b in [made.ask("GET", upload, staff)] if json.loads(b)["state"] in over), None), 0.2)
        yield "receipt", 202, receipt
        yield "errors", 202, made.ask("GET", upload + "/errors", staff)[1]
