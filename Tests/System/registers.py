"""The register of a stack from outside: uploads that stop in the middle, locks that hold an act in the middle, what is left
behind. Shared by the register tests; no test by itself.
"""
import contextlib
import json
import os
import re
import socket
import subprocess
import urllib.parse

from harness import check, poll

HEADER = "personal_id,old_id,full_name,sex,date_of_birth,residence_commune\n"


class Session:
    """One connection of the database's superuser: holds what it locks until `release`."""

    def __init__(self, made):
        self.url = made.addresses()["database_admin"]
        self.process = None

    def _start(self):
        folder = os.environ.get("TIEMCHUNG_POSTGRES_BIN", "/usr/lib/postgresql/15/bin")
        self.process = subprocess.Popen(
            [f"{folder}/psql", "-X", "-q", "-At", "-d", self.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, bufsize=1)

    def ask(self, statement):
        """Runs statements; gives the rows as text."""
        if self.process is None or self.process.poll() is not None:
            self._start()
        try:
            self.process.stdin.write(f"{statement};\n\\echo =end=\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        rows = []
        for line in self.process.stdout:
            if line == "=end=\n":
                return rows
            rows.append(line.rstrip("\n"))
        self.process = None
        return rows

    def number(self, statement):
        rows = self.ask(statement)
        return int(rows[0]) if rows and rows[0] else 0

    @contextlib.contextmanager
    def holding(self, statement):
        """Holds locks while the body runs, or until `release`."""
        self.ask(f"BEGIN; {statement}")
        try:
            yield
        finally:
            self.ask("ROLLBACK")

    def release(self):
        self.ask("ROLLBACK")


class Upload:
    """A request whose body is sent piece by piece."""

    def __init__(self, address, path, token, length, kind="text/csv"):
        place = urllib.parse.urlsplit(address)
        self.connection = socket.create_connection((place.hostname, place.port), timeout=120)
        self.connection.sendall(
            (f"POST {path} HTTP/1.1\r\nHost: {place.netloc}\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\n"
             f"Content-Length: {length}\r\nConnection: close\r\n\r\n").encode())

    def send(self, body):
        """Sends; a server that has answered already, or is dead, takes no more."""
        try:
            self.connection.sendall(body)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self

    def answer(self):
        """Status and body; status 0 where the connection ended without."""
        got = b""
        try:
            while chunk := self.connection.recv(65536):
                got += chunk
        except ConnectionResetError:
            pass
        self.connection.close()
        head, _, body = got.partition(b"\r\n\r\n")
        return (int(head.split()[1]) if head else 0), body

    def cut(self):
        """Goes away in the middle."""
        self.connection.close()


class Register:
    """The register's routes at one instance."""

    def __init__(self, made, instance=1):
        self.made = made
        base = int(made.environment["TIEMCHUNG_PORT_BASE"])
        self.address = f"http://127.0.0.1:{base + 2 + 10 * (instance - 1)}"
        self.name = "identity-matching" + (f"-{instance}" if instance > 1 else "")
        self.token = made.token("operator", "CNTT")

    def ask(self, method, path, body=None, expected=(200, 201, 202)):
        status, answer = self.made.ask(method, self.address + path, self.token, body, "text/csv")
        check(status in expected, f"{method} {path}: {status} {answer[:500]}")
        return json.loads(answer)

    def upload(self, length, query=""):
        return Upload(self.address, "/v1/register" + query, self.token, length)

    def load(self, body, query=""):
        return self.ask("POST", "/v1/register" + query, body)

    def activate(self, generation, query="?scope=all"):
        return self.ask("POST", f"/v1/register/{generation}/activate{query}", b"")["assessment"]

    def state(self):
        state = self.ask("GET", "/v1/register")
        return state.get("active_generation"), state["assessment"], state["rule_version"]

    def walked(self):
        """Waits until everything is verified again."""
        def resting():
            runs = self.ask("GET", "/v1/reverifications")["reverifications"]
            return all(run["state"] not in ("running", "paused") for run in runs)
        poll("the re-verification ends", 120, resting, 0.05)


def waiting(session):
    """Whether a connection of the service waits for a lock."""
    return session.number("SELECT count(*) FROM pg_stat_activity WHERE usename = 'tiemchung_matching' AND wait_event_type = 'Lock'")


def left_behind(made, session):
    """What a dead load has left: rows, tables, files; empty where nothing is."""
    lines = [f"a generation is loading: {row}" for row in
             session.ask("SELECT generation FROM matching.register_generation WHERE state = 'loading'")]
    lines += [f"a table without a generation: {row}" for row in session.ask(
        "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'matching'::regnamespace AND c.relkind = 'r' "
        "AND c.relname ~ '^register_person_' AND NOT EXISTS (SELECT 1 FROM matching.register_generation g "
        "WHERE g.state = 'ready' AND c.relname = 'register_person_' || g.generation)")]
    ready = {f"register-{row.replace('|', '-')}" for row in
             session.ask("SELECT generation, snapshot FROM matching.register_generation WHERE state = 'ready'")}
    for file in sorted(os.listdir(made.folder / "indexes")) if (made.folder / "indexes").is_dir() else []:
        if file.endswith(".building"):
            lines.append(f"half an index: {file}")
        elif re.sub(r"\.index(\.lock)?$", "", file) not in ready:
            lines.append(f"a file without a generation: {file}")
    return lines


def in_order(session):
    """The assessments: the newest one stands, every answer is of one, none older than the one that it replaced; empty where all is so."""
    return session.ask(
        "SELECT 'the newest step does not stand' FROM matching.register_state WHERE assessment <> "
        "coalesce((SELECT max(assessment) FROM matching.register_switch), 0) UNION ALL "
        "SELECT 'an answer is of no step: ' || count(*) FROM matching.verdict v WHERE v.outcome > 0 AND NOT EXISTS "
        "(SELECT 1 FROM matching.register_switch s WHERE s.assessment = v.assessment) HAVING count(*) > 0 UNION ALL "
        "SELECT 'an answer is older than one before it: ' || count(*) FROM matching.verdict v JOIN matching.verdict_history h "
        "USING (dose_id) WHERE (h.version, h.assessment) >= (v.version, v.assessment) HAVING count(*) > 0 UNION ALL "
        "SELECT 'the counts are not those of the rows' FROM (SELECT outcome, grp, traits, count(*) FROM matching.verdict GROUP BY 1, 2, 3 "
        "EXCEPT SELECT outcome, grp, traits, sum(records)::int8 FROM matching.verdict_count GROUP BY 1, 2, 3) d")
