"""A stack of real processes for the system tests: deploy/local with a state folder of its own.

A test makes a Stack, brings it up, replays streams, kills what it likes, and takes a snapshot of the outcome; two
snapshots are compared as sorted rows. Nothing waits by the clock alone: waiting is polling for a state, within a bound.
"""
import collections
import csv
import io
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVICES = ["intake", "identity-matching", "correction-tasks", "signing", "passport-issuance"]


class Failure(Exception):
    """A check that did not hold; its text is the report."""


def check(condition, text):
    if not condition:
        raise Failure(text)


def poll(what, bound, ask, pause=0.1):
    """Asks until the answer is true; fails after `bound` seconds."""
    end = time.monotonic() + bound
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {bound} s")
        time.sleep(pause)


class Stack:
    """One deployment under a folder of its own. `broker` is `embedded` or `kafka` (needs KAFKA_HOME)."""

    def __init__(self, name, broker="embedded", port_base=None, instances=1, keep=False, environment=None):
        self.broker = broker
        self.keep = keep
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"tiemchung-{name}-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.environment = dict(os.environ)
        self.environment.pop("KAFKA_BOOTSTRAP_SERVERS", None)
        self.environment.pop("DATABASE_URL", None)
        kafka_home = self.environment.pop("KAFKA_HOME", None) or self.environment.get("TIEMCHUNG_TEST_KAFKA_HOME")
        if broker == "kafka":
            check(kafka_home, "KAFKA_HOME is not set")
            self.environment["KAFKA_HOME"] = kafka_home
        self.environment.update({
            "TIEMCHUNG_LOCAL": str(self.folder),
            "TIEMCHUNG_PORT_BASE": str(port_base or free_ports()),
            "TIEMCHUNG_INSTANCES": str(instances),
        })
        self.environment.update(environment or {})

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        try:
            # After a failure data and logs stay.
            self.local("down", *(["--wipe"] if kind is None and not self.keep else []), bound=180, required=False)
        finally:
            if kind is None and not self.keep:
                shutil.rmtree(self.folder, ignore_errors=True)
            elif kind is not None:
                print(f"left for a look: {self.folder}", file=sys.stderr)

    def local(self, *arguments, bound=600, required=True):
        """Runs deploy/local; gives the finished process with its output as text."""
        done = subprocess.run(
            [str(ROOT / "deploy" / "local"), *arguments], env=self.environment, text=True, timeout=bound,
            stdin=subprocess.DEVNULL, capture_output=True)
        if required and done.returncode != 0:
            raise Failure(f"deploy/local {' '.join(arguments)}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}")
        return done

    def start(self, *arguments):
        """Starts deploy/local in the background; its output goes to a file in the stack's folder."""
        log = open(self.folder / f"background-{time.monotonic_ns()}.log", "w", encoding="utf-8")
        return subprocess.Popen(
            [str(ROOT / "deploy" / "local"), *arguments], env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT)

    def up(self, *names, bound=240):
        return self.local("up", *names, bound=bound)

    def load(self, data):
        self.local("load", "units", str(data / "units.csv"))
        self.local("load", "register", str(data / "register.csv"))

    def replay(self, file, *options, bound=900):
        done = self.local("replay", str(file), *options, "--json", bound=bound)
        return json.loads(done.stdout.strip().splitlines()[-1])

    def operator(self, *arguments, bound=300, required=True):
        return self.local("operator", *arguments, bound=bound, required=required)

    def status(self):
        """What the services say of themselves; one that is not ready says so."""
        done = self.local("status", "--json", required=False)
        check(done.returncode in (0, 1) and done.stdout.strip(), f"status: exit {done.returncode}: {done.stderr[-1000:]}")
        return json.loads(done.stdout.strip().splitlines()[-1])

    def pid(self, name):
        try:
            return int((self.folder / "run" / f"{name}.pid").read_text(encoding="ascii").split()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return None

    def kill(self, name, number=signal.SIGKILL):
        """Ends one of our processes by its pid; false where it does not run."""
        pid = self.pid(name)
        if pid is None:
            return False
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return False
        poll(f"{name} ends", 60, lambda: not pathlib.Path(f"/proc/{pid}").exists() or zombie(pid), 0.01)
        return True

    def stop_database_immediately(self):
        """PostgreSQL as after a power cut: SIGQUIT to its first process."""
        return self.kill("postgres", signal.SIGQUIT)

    # What is compared.

    def export(self, name, *options):
        out = self.folder / f"export-{name}"
        self.operator("export", name, "--out", str(out), *options)
        return out

    def rows(self, name):
        with open(self.export(name), newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def verdicts(self):
        return sorted((r["facility_code"], r["source_record_id"], r["outcome"], r["group"]) for r in self.rows("verdicts"))

    def snapshot(self):
        """The outcome in terms that two runs share: no random identifiers, no times."""
        verdicts = self.verdicts()
        # Whether a task was opened for a version that was amended soon after hangs on how messages fell into batches.
        tasks = sorted((r["kind"], r["facility_code"], r["source_record_id"], r["group"], r["unit_code"])
                       for r in self.rows("tasks") if r["state"] != "closed")
        passports = []
        texts = []
        with open(self.export("passports"), encoding="utf-8") as file:
            for line in file:
                passport = json.loads(line)
                if passport["status"] == "valid":
                    texts.append((passport["facility_code"], passport["source_record_id"], passport["hc1"]))
        trust = self.folder / "export-trust"
        self.operator("export", "trust", "--out", str(trust))
        lines = self.folder / "hc1.txt"
        lines.write_text("".join(t[2] + "\n" for t in texts), encoding="utf-8")
        with open(lines, encoding="utf-8") as file:
            done = subprocess.run([str(ROOT / "deploy" / "local"), "operator", "verify-passport", "--trust", str(trust), "-"],
                                  env=self.environment, stdin=file, capture_output=True, text=True, timeout=600)
        answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        check(len(answers) == len(texts), f"verify-passport answered {len(answers)} of {len(texts)}: {done.stderr[-500:]}")
        for (facility, record, _), answer in zip(texts, answers):
            check(answer["ok"], f"a passport of {facility} {record} is rejected: {answer.get('reason')}")
            passports.append((facility, record, json.dumps(claims(answer["claims"]), sort_keys=True, ensure_ascii=False)))
        # Instances share a database: they say one number, or the difference shows.
        signed = sorted({s["counts"]["signed"] for s in self.status()["services"] if s["service"] == "signing"})
        return {"verdicts": verdicts, "attested": sorted(self.attested()), "signed": signed, "tasks": tasks,
                "passports": sorted(passports)}

    def attested(self):
        """Facility, record and version of every dose that was ever signed, from the newest turn that names it; whether
        the attestation still stands a manifest cannot tell: `signed` counts those.
        """
        out = self.folder / "export-manifests"
        shutil.rmtree(out, ignore_errors=True)
        self.operator("export", "manifests", "--out", str(out))
        newest = {}
        with open(out / "turns.csv", newline="", encoding="utf-8") as file:
            turns = sorted(csv.DictReader(file), key=lambda t: (t["signed_at"], t["turn_id"]))
        for turn in turns:
            text = (out / f"{turn['turn_id']}.manifest").read_text(encoding="utf-8")
            for row in csv.DictReader(io.StringIO(text)):
                newest[row["dose_id"]] = (row["facility_code"], row["source_record_id"], row["dose_version"])
        return set(newest.values())

    def still(self):
        """Nothing parked, nothing in an outbox, nothing in flight."""
        states = []

        def ready():
            states[:] = [self.status()]
            return all(service["ready"] for service in states[0]["services"])

        poll("all services are ready", 150, ready, 0.5)
        status = states[0]
        for service in status["services"]:
            check(service.get("parked", 0) == 0, f"{service['service']}: {service.get('parked')} messages are parked")
            check(service.get("outbox_rows", 0) == 0, f"{service['service']}: {service.get('outbox_rows')} outbox rows are left")
        check(status.get("in_flight", 0) == 0, f"{status.get('in_flight')} messages are in flight")

    # The stack from outside: database, broker, HTTP.

    def addresses(self):
        return json.loads(self.local("addresses").stdout.strip().splitlines()[-1])

    def sql(self, statement):
        """A statement by the database's superuser; gives its rows as text."""
        folder = os.environ.get("TIEMCHUNG_POSTGRES_BIN", "/usr/lib/postgresql/15/bin")
        done = subprocess.run(
            [f"{folder}/psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", self.addresses()["database_admin"], "-f", "-"],
            input=statement, text=True, capture_output=True, timeout=120)
        check(done.returncode == 0, f"psql: {done.stderr[-500:]}")
        return done.stdout.splitlines()

    def token(self, role, unit=""):
        return self.operator("token", "--role", role, "--unit", unit).stdout.strip()

    def ask(self, method, address, token=None, body=None, kind="application/json"):
        """Status and body of an HTTP request, also of a refused one."""
        headers = {"Content-Type": kind} if body is not None else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(address, data=body, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def produce(self, messages):
        """Messages straight to topics, see produce.py."""
        done = subprocess.run(
            [python(), str(ROOT / "Tests" / "System" / "produce.py"), self.addresses()["broker"]],
            input="".join(json.dumps(m) + "\n" for m in messages), text=True, capture_output=True, timeout=120)
        check(done.returncode == 0, f"produce: {done.stderr[-1000:]}")


def free_ports():
    """A base such that nobody listens on the ports of a stack."""
    for base in sorted(range(12000, 30000, 1200), key=lambda base: (base + os.getpid() * 1200) % 18000):
        used = False
        for port in [*range(base + 1, base + 26), base + 900, base + 950, base + 951, *range(base + 1001, base + 1026)]:
            with socket.socket() as one:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    one.bind(("127.0.0.1", port))
                except OSError:
                    used = True
                    break
        if not used:
            return base
    raise Failure("no free ports between 12000 and 30000")


def python():
    """A Python that has confluent-kafka and protobuf: this one, else one made beside the stack of this checkout."""
    have = [sys.executable, "-c", "import confluent_kafka, google.protobuf"]
    if subprocess.run(have, capture_output=True, timeout=60).returncode == 0:
        return sys.executable
    place = pathlib.Path(os.environ.get("TIEMCHUNG_LOCAL", ROOT / ".local")) / "python"
    own = place / "bin" / "python"
    if not own.exists() or subprocess.run([own, *have[1:]], capture_output=True, timeout=60).returncode != 0:
        for step in ([sys.executable, "-m", "venv", "--clear", place],
                     [own, "-m", "pip", "install", "-q", "confluent-kafka", "protobuf"]):
            done = subprocess.run(step, text=True, capture_output=True, timeout=300)
            check(done.returncode == 0, f"confluent-kafka and protobuf could not be installed: {(done.stdout + done.stderr)[-800:]}")
    return str(own)


def zombie(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def claims(value):
    """Passport claims without what differs between two issues of the same passport: ci, iat, exp."""
    if isinstance(value, dict):
        return {k: claims(v) for k, v in value.items() if k not in ("ci", "iat", "exp", "4", "6", "kid", "issued_at", "expires_at")}
    if isinstance(value, list):
        return [claims(v) for v in value]
    return value


def differences(left, right, limit=10):
    """Rows that stand in one snapshot only, as text; empty where both are the same."""
    lines = []
    for part in left:
        a, b = collections.Counter(left[part]), collections.Counter(right[part])
        for sign, rows in (("-", a - b), ("+", b - a)):
            for row, count in list(rows.items())[:limit]:
                lines.append(f"{part} {sign} {row}" + (f" x{count}" if count > 1 else ""))
        if a != b:
            lines.append(f"{part}: {len(left[part])} rows against {len(right[part])}")
    return lines


def generate(folder, seed, doses, *options):
    """Units, register and a dirty stream of invented people."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([str(binary("dose-replay")), "generate", "--seed", str(seed), "--doses", str(doses), "--out", str(folder), *options],
                          capture_output=True, text=True, timeout=600)
    check(done.returncode == 0, f"dose-replay generate: {done.stderr[-1000:]}")
    return folder


def binary(name):
    folder = os.environ.get("TIEMCHUNG_BIN")
    if not folder:
        configuration = os.environ.get("TIEMCHUNG_CONFIGURATION", "release")
        folder = ROOT / ".build" / configuration
    return pathlib.Path(folder) / name


def run(tests):
    """Runs tests in order, a line each; gives how many passed and failed."""
    passed = failed = 0
    for test in tests:
        started = time.monotonic()
        try:
            test()
            passed += 1
            print(f"passed: {test.__name__} ({time.monotonic() - started:.0f} s): {(test.__doc__ or '').splitlines()[0]}", flush=True)
        except (Failure, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f"FAILED: {test.__name__} ({time.monotonic() - started:.0f} s): {error}", flush=True)
        except Exception:  # Whatever it is, the test has failed and the next ones are made.
            failed += 1
            print(f"FAILED: {test.__name__} ({time.monotonic() - started:.0f} s): {traceback.format_exc()}", flush=True)
    return passed, failed


def main(tests, arguments):
    """Runs the named tests (all by default) and prints the count that the runner adds up."""
    chosen = [t for t in tests if not arguments or t.__name__ in arguments]
    passed, failed = run(chosen)
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not chosen else 0
