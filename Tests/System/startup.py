"""What services say when they cannot start, and their interface over HTTPS. The tests are run by faults.py."""
import http.client
import json
import re
import ssl
import subprocess
import urllib.request

from harness import binary, check, poll
from stacks import KAFKA, administer, calm, environment_of, kafka


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
    for service, key in (("intake", "INTAKE_IDENTIFIER_KEY"), ("identity-matching", "MATCHING_PERSON_KEY")):
        both = refused(made, service, 78, ["JWKS_FILE", key], **free, DEVELOPMENT_MODE="false",
                       JWKS_FILE="/nowhere/jwks.json", **{f"{key}_FILE": "/nowhere/key"})
        check(both.count("configuration:") == 2, f"not exactly both problems at once: {both}")
    (checksum,) = made.sql("SELECT checksum FROM intake.schema_migration WHERE number = 101")
    made.sql("UPDATE intake.schema_migration SET checksum = sha256('changed') WHERE number = 101")
    try:
        for command in ((), ("migrate",)):
            refused(made, "intake", 78, ["101", "changed", "restore"], *command, **free)
    finally:
        made.sql(f"UPDATE intake.schema_migration SET checksum = '{checksum}' WHERE number = 101")
    if KAFKA:
        other, _ = kafka()
        listen = {name: free[name] for name in ("HTTP_LISTEN", "OPERATIONS_LISTEN")}
        administer(other, "client.delete_topics(['issuance.passport.v1'])")
        refused(other, "passport-issuance", 69, ["issuance.passport.v1", "topics create"], **listen)
        administer(other, "client.create_topics([NewTopic('issuance.passport.v1', 4, 1)])")
        refused(other, "passport-issuance", 69, ["issuance.passport.v1", "4 partitions instead of 12", "topics create"],
                **listen)


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


def https():
    """with a certificate and its key an instance speaks HTTPS, and nothing else, on its interface; it ends with 0"""
    made, _ = calm()
    base = int(made.environment["TIEMCHUNG_PORT_BASE"])
    address = f"127.0.0.1:{base + 82}"
    certificate, key = made.folder / "https.pem", made.folder / "https.key"
    done = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-out", certificate, "-keyout", key],
        text=True, capture_output=True, timeout=60)
    check(done.returncode == 0, f"openssl: {done.stderr[-500:]}")
    environment = {
        **environment_of(made, "intake"), "HTTP_LISTEN": address, "INSTANCE_NAME": "intake-https",
        "OPERATIONS_LISTEN": f"127.0.0.1:{base + 1082}", "HTTP_TLS_CERTIFICATE_FILE": str(certificate),
        "HTTP_TLS_KEY_FILE": str(key)}
    log = made.folder / "log" / "intake-https.log"
    with open(log, "w", encoding="utf-8") as output:
        instance = subprocess.Popen([str(binary("intake"))], env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    token = made.token("operator")

    def counts_over(scheme, trust=None):
        """The answer, or the error of the connection."""
        request = urllib.request.Request(f"{scheme}://{address}/v1/counts", headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=10, context=trust) as answer:
                return json.loads(answer.read())
        except (OSError, http.client.HTTPException) as error:
            return error

    def answered():
        check(instance.poll() is None, f"the instance ended: {log.read_text(encoding='utf-8')[-800:]}")
        answer = counts_over("https", ssl.create_default_context(cafile=certificate))
        return answer if isinstance(answer, dict) else None

    try:
        check(poll("an answer over HTTPS", 60, answered)["units"] > 0, "no counts over HTTPS")
        plain = counts_over("http")
        check(isinstance(plain, Exception), f"plain HTTP is answered: {plain}")
        strange = counts_over("https", ssl.create_default_context())
        check("CERTIFICATE_VERIFY_FAILED" in str(strange), f"a certificate that nobody trusts: {strange}")
    finally:
        instance.terminate()
        code = instance.wait(timeout=30)
    check(code == 0, f"the instance ended with {code}")
    # The instance that stays takes the partitions back.
    made.still()
