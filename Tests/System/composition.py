"""A docker compose project with a name of its own and free ports, for compose.py. No test by itself."""
import atexit
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from harness import ROOT, check

#: Ended with success, each, before the services started.
ONE_SHOT = ["keys", "topics", "intake-migrate", "identity-matching-migrate", "correction-tasks-migrate", "signing-migrate",
            "passport-issuance-migrate"]


class Composition:
    """Some compose files under one project name."""

    root = ROOT
    folder = None

    def __init__(self, name, files, environment=None):
        self.project = f"tiemchung-{name}-{os.getpid()}"
        self.files = [option for file in files for option in ("-f", str(ROOT / file))]
        if Composition.folder is None:
            Composition.folder = pathlib.Path(tempfile.mkdtemp(prefix="tiemchung-compose-", dir="/var/tmp"))
            atexit.register(shutil.rmtree, Composition.folder, ignore_errors=True)
        # Nobody's settings but ours.
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(("COMPOSE_", "PASSWORD_", "POSTGRES_", "TIEMCHUNG_"))}
        for service in ("INTAKE", "MATCHING", "CORRECTION", "SIGNING", "ISSUANCE"):
            self.environment.update({f"{service}_PORT": "", f"{service}_OPERATIONS_PORT": ""})
        self.environment.update({"COMPOSE_PROGRESS": "plain", "COMPOSE_ANSI": "never", **(environment or {})})

    def compose(self, *arguments, bound=120, required=True):
        """Runs docker compose; gives the finished process with its output as text."""
        done = subprocess.run(self.command(*arguments), env=self.environment, text=True, timeout=bound, stdin=subprocess.DEVNULL,
                              capture_output=True, cwd=ROOT)
        if required:
            check(done.returncode == 0, f"docker compose {' '.join(arguments)}: exit {done.returncode}\n{done.stdout[-1500:]}\n{done.stderr[-3000:]}")
        return done

    def command(self, *arguments):
        return ["docker", "compose", "-p", self.project, "--project-directory", str(ROOT), *self.files, *arguments]

    def start(self, *arguments, output, errors):
        """Starts docker compose in the background."""
        return subprocess.Popen(self.command(*arguments), env=self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, cwd=ROOT)

    def configuration(self):
        return json.loads(self.compose("--profile", "*", "config", "--format", "json").stdout)

    def states(self):
        """What the engine says of each service's container."""
        listed = self.compose("ps", "-a", "-q", "--no-trunc").stdout.split()
        check(listed, "there is no container")
        done = subprocess.run(["docker", "inspect", *listed], text=True, capture_output=True, timeout=60)
        check(done.returncode == 0, f"docker inspect: {done.stderr}")
        return {entry["Config"]["Labels"]["com.docker.compose.service"]: entry["State"] for entry in json.loads(done.stdout)}

    def log(self, service):
        """What a service's container has written to both outputs, over all its starts."""
        text = ""
        for container in self.compose("ps", "-a", "-q", service, required=False).stdout.split():
            done = subprocess.run(["docker", "logs", container], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
            text += done.stdout
        return text

    def names_missing_reference_data(self):
        for service, words in (("intake", "the list of units is empty"), ("identity-matching", "no population register is active")):
            check(words in self.log(service), f"{service} does not name it: {self.log(service)[-1500:]}")

    def down(self):
        """Removes containers, networks and volumes, those of one-off runs, too."""
        done = self.compose("--profile", "*", "down", "-v", "--remove-orphans", "--timeout", "20", bound=300, required=False)
        if done.returncode != 0:
            print(f"docker compose -p {self.project} down -v: {done.stderr[-1500:]}", flush=True)
