"""The production override of docker compose: refuses to start with pieces missing, and starts when all are there. A part
of compose.py; no test by itself."""
import base64
import json
import os
import secrets
import subprocess
import time

from composition import Composition
from harness import SERVICES, check

#: What each service names when nothing is there.
MISSING = {
    "intake": ["INTAKE_IDENTIFIER_KEY"],
    "identity-matching": ["MATCHING_PERSON_KEY"],
    "correction-tasks": ["JWKS_FILE"],
    "signing": ["TRUST_ANCHORS_FILE", "JWKS_FILE"],
    "passport-issuance": ["csca.pem", "signer.pem", "signer.key", "JWKS_FILE"],
}
PASSWORDS = ["POSTGRES_PASSWORD", "PASSWORD_INTAKE", "PASSWORD_MATCHING", "PASSWORD_CORRECTION", "PASSWORD_SIGNING",
             "PASSWORD_ISSUANCE"]
FILES = ["docker-compose.yml", "deploy/compose.production.yml"]


class Production:
    """The checks of the production override, in the order in which they build upon each other."""

    def __init__(self):
        bare = Composition("production", FILES)
        self.secrets = bare.folder / "secrets"
        for name in ("common", "intake", "matching", "signing", "issuance", "operator"):
            (self.secrets / name).mkdir(parents=True)
        self.environment = {name: secrets.token_hex(16) for name in PASSWORDS}
        self.environment["TIEMCHUNG_SECRETS"] = str(self.secrets)
        self.bare = bare
        self.stand = Composition("production", FILES, self.environment)

    def checks(self):
        return [self.production_configuration, self.refusals, self.test_signer, self.production_up, self.no_demo]

    def production_configuration(self):
        """production: needs its secrets by name, development mode is off everywhere, demo signing is gone"""
        for name in ("TIEMCHUNG_SECRETS", *PASSWORDS):
            partial = {key: value for key, value in self.environment.items() if key != name}
            done = Composition("production", FILES, partial).compose("config", "-q", required=False)
            check(done.returncode != 0 and name in done.stderr, f"without {name}: exit {done.returncode}, {done.stderr}")
        services = self.stand.configuration()["services"]
        check("replay" not in services, "production has the replay")
        for name, service in services.items():
            if name in ("postgres", "kafka"):
                continue
            mode = service["environment"].get("DEVELOPMENT_MODE")
            check(mode == "false", f"{name}: DEVELOPMENT_MODE {mode}")
            for volume in service.get("volumes", []):
                check(volume.get("source") != "keys", f"{name} still has the development keys")
        for name in SERVICES:
            ports = services[name]["ports"]
            check(all(port["host_ip"] == "127.0.0.1" for port in ports), f"{name}: {ports}")

    def refusals(self):
        """production: with nothing given each service refuses to start and names what is missing"""
        self.open_secrets()
        for name, words in MISSING.items():
            self.refused(name, words)

    def refused(self, name, words):
        done = self.stand.compose("run", "--rm", "-T", "--no-deps", name, required=False, bound=180)
        said = done.stdout + done.stderr
        check(done.returncode == 78, f"{name}: exit {done.returncode}: {said[-1500:]}")
        for word in words:
            check(any(word in line for line in said.splitlines() if line.startswith(f"{name}: configuration:")),
                  f"{name} does not name {word}: {said[-1500:]}")

    def test_signer(self):
        """production: a TEST signer is refused"""
        self.make_secrets("TEST Cục Y tế dự phòng")
        self.refused("passport-issuance", ["TEST certificate"])

    def production_up(self):
        """production: with every piece there five services are healthy, and name units and register"""
        self.make_secrets("Cục Y tế dự phòng")
        self.stand.compose("up", "--wait", bound=900)
        states = self.stand.states()
        for name in SERVICES:
            check(states[name].get("Health", {}).get("Status") == "healthy", f"{name}: {states[name]}: {self.stand.log(name)[-1500:]}")
            started = [json.loads(line) for line in self.stand.log(name).splitlines() if '"service started"' in line]
            check(started and started[-1]["fields"]["development_mode"] is False, f"{name}: {started}")
        self.stand.names_missing_reference_data()
        check((self.secrets / "issuance" / "issuance-installation").exists(), "the signer is not marked with its database")

    def no_demo(self):
        """production: an operator's token of the identity provider is taken, a development token is not made"""
        status = self.stand.compose("run", "--rm", "-T", "operator", "status", "--json").stdout
        for name in SERVICES:
            check(name in status, f"status: {status[-500:]}")
        done = self.stand.compose("run", "--rm", "-T", "operator", "token", "--role", "operator", "--unit", "CNTT", required=False)
        check(done.returncode != 0 and "development mode only" in done.stderr, f"token: {done.returncode} {done.stderr}")
        self.stand.compose("stop", bound=300)
        for name, state in self.stand.states().items():
            check(state["ExitCode"] == 0, f"{name}: exit code {state['ExitCode']}")

    def make_secrets(self, signer):
        """Everything that production needs; `signer` is the name in the passport signer's certificates."""
        for name in ("intake/identifiers", "matching/persons"):
            (self.secrets / name).write_text(secrets.token_hex(32) + "\n", encoding="ascii")
        issuance, common = self.secrets / "issuance", self.secrets / "common"
        work = self.stand.folder / "authority"
        work.mkdir(exist_ok=True)
        authority(work, "csca", signer + " CSCA")
        signed(work, "csca", "signer", signer)
        for name in ("csca.pem", "signer.pem", "signer.key"):
            (issuance / name).write_bytes((work / name).read_bytes())
        authority(work, "organisations", "Chứng thư tổ chức")
        (self.secrets / "signing" / "trust-anchors.pem").write_bytes((work / "organisations.pem").read_bytes())
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", work / "provider.key")
        (common / "jwks.json").write_text(json.dumps(key_set(work / "provider.key")), encoding="ascii")
        (self.secrets / "operator" / "token").write_text(token(work / "provider.key"), encoding="ascii")
        self.open_secrets()

    def open_secrets(self):
        """Readable by the image's user, whoever runs this."""
        for folder, _, files in os.walk(self.secrets):
            os.chmod(folder, 0o777)
            for name in files:
                os.chmod(os.path.join(folder, name), 0o644)
        os.chmod(self.stand.folder, 0o755)


def openssl(*arguments, data=None):
    done = subprocess.run(["openssl", *map(str, arguments)], input=data, capture_output=True, timeout=60)
    check(done.returncode == 0, f"openssl {arguments[0]}: {done.stderr.decode()[-500:]}")
    return done.stdout


def authority(folder, name, common_name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-utf8", "-days", "30",
            "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem", "-subj", f"/C=VN/CN={common_name}",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")


def signed(folder, issuer, name, common_name):
    request = openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-utf8",
                      "-keyout", folder / f"{name}.key", "-subj", f"/C=VN/CN={common_name}")
    extensions = folder / "extensions"
    extensions.write_text("keyUsage=critical,digitalSignature\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n", encoding="ascii")
    openssl("x509", "-req", "-days", "20", "-CA", folder / f"{issuer}.pem", "-CAkey", folder / f"{issuer}.key", "-set_serial", "0x" + secrets.token_hex(8),
            "-extfile", extensions, "-out", folder / f"{name}.pem", data=request)


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def key_set(key):
    """The key set of an identity provider: the public point of a P-256 key."""
    point = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")[-64:]
    return {"keys": [{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "provider", "x": encoded(point[:32]), "y": encoded(point[32:])}]}


def token(key):
    """A bearer token of the operator's role, ES256, as an identity provider makes it."""
    now = int(time.time())
    claims = {"sub": "operator", "role": "operator", "unit": "CNTT", "iss": "tiemchung", "aud": "tiemchung", "iat": now, "exp": now + 3600}
    text = ".".join(encoded(json.dumps(part).encode()) for part in ({"alg": "ES256", "typ": "JWT", "kid": "provider"}, claims))
    signature = openssl("dgst", "-sha256", "-sign", key, data=text.encode())
    return text + "." + encoded(raw(signature))


def raw(signature):
    """r and s, 32 bytes each, out of their DER form."""
    numbers, rest = [], signature[2:]
    while rest:
        length = rest[1]
        numbers.append(int.from_bytes(rest[2:2 + length], "big").to_bytes(32, "big"))
        rest = rest[2 + length:]
    return b"".join(numbers)
