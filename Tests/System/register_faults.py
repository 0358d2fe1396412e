#!/usr/bin/env python3
"""The register under crashes: the service or the database is killed in the middle of a load, of an index, of a switch, of a walk;
two instances and switches in the middle of a stream; two loads at once.

What is held in the middle is held by a lock of the database, so that each kill falls where it is meant to. After each the old
generation stands, or the new one whole, the load can be sent again, nothing of a half one stays, and in the end every record has
the verdict of an undisturbed run.

    register_faults.py [--all] [TEST…]

Without --all one kill of each kind.
"""
import contextlib
import functools
import json
import pathlib
import subprocess
import sys
import tempfile
import threading

from canary import table, write
from harness import Stack, binary, check, differences, main, poll
from registers import Register, Session, in_order, left_behind, waiting

SEED, DOSES, PERSONS = 21, 3000, 60000
ALL = "--all" in sys.argv
ending = contextlib.ExitStack()


@functools.cache
def data():
    """A stream with names typed with dashes, its register, and another one in which every third person has another name."""
    folder = pathlib.Path(ending.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp", prefix="tiemchung-registers-")))
    done = subprocess.run(
        [str(binary("dose-replay")), "generate", "--seed", str(SEED), "--doses", str(DOSES), "--persons", str(PERSONS), "--out", str(folder)],
        capture_output=True, text=True, timeout=120)
    check(done.returncode == 0, f"dose-replay generate: {done.stderr[-1000:]}")
    people, doses = table(folder / "register.csv"), table(folder / "doses.csv")
    for dose in doses[::10]:
        # Right by rule set 2, whose dashes are spaces.
        dose["full_name"] = dose["full_name"].replace(" ", "-")
    write(folder / "doses.csv", doses)
    write(folder / "none.csv", doses[:0], list(doses[0]))
    for person in people:
        if int(person["personal_id"]) % 3 == 0:
            person["full_name"] += " Khác"
    write(folder / "other.csv", people)
    return folder


@functools.cache
def bodies():
    """The two registers as they are sent."""
    return (data() / "register.csv").read_bytes(), (data() / "other.csv").read_bytes()


class Standing:
    """A stack with a register and a judged stream, and what every record is under each register and each rule set."""

    def __init__(self):
        self.made = ending.enter_context(Stack("register"))
        self.made.up()
        self.made.load(data())
        self.register, self.session = Register(self.made), Session(self.made)
        self.made.replay(data() / "doses.csv")
        self.first = self.register.state()[0]
        self.expected = {"first": self.made.verdicts()}
        # The undisturbed run: the same acts, one after the other.
        self.second = self.register.load(bodies()[1])["generation"]
        self.expected["second"] = self.after(lambda: self.register.activate(self.second))
        self.expected["rules"] = self.after(lambda: self.switch_rules("switch"))
        check(self.after(lambda: self.switch_rules("switch-back")) == self.expected["second"], "the rules did not go back")
        check(self.after(self.roll_back) == self.expected["first"], "the undisturbed rollback came to another outcome")
        self.tasks = self.open_tasks()
        check(len({str(rows) for rows in self.expected.values()}) == 3, "registers and rules make no difference to this stream")

    def after(self, act):
        act()
        self.register.walked()
        return self.made.verdicts()

    def switch_rules(self, act):
        return self.register.ask("POST", f"/v1/rule-sets/2/{act}?without_dry_run=true&scope=all", b"")

    def roll_back(self):
        return self.register.ask("POST", f"/v1/register/{self.register.state()[0]}/rollback?scope=all", b"")

    def open_tasks(self):
        # Nothing is on its way when an empty replay ends.
        self.made.replay(data() / "none.csv")
        return sorted((r["kind"], r["facility_code"], r["source_record_id"], r["group"], r["unit_code"])
                      for r in self.made.rows("tasks") if r["state"] != "closed")

    # Crashes.

    def kill(self, whom):
        if whom == "postgres":
            check(self.made.stop_database_immediately(), "PostgreSQL did not run")
        else:
            check(self.made.kill(whom), f"{whom} did not run")

    def back(self):
        self.made.up()
        poll("the service answers", 60, lambda: self.made.ask("GET", self.register.address + "/v1/register", self.register.token)[0] == 200)

    def clean(self, what):
        """Nothing of a dead act is left, without a load having to come."""
        poll(f"{what}: nothing is left behind", 90, lambda: not left_behind(self.made, self.session) or None, 0.2)
        check(not in_order(self.session), f"{what}: {in_order(self.session)}")

    def stands(self, what, name):
        self.register.walked()
        lines = differences({"verdicts": self.expected[name]}, {"verdicts": self.made.verdicts()})
        check(not lines, f"{what}: undisturbed (-) and here (+):\n" + "\n".join(lines))


@functools.cache
def prepared():
    return Standing()


def standing():
    """The one stack of the crashes; what a failed test held is let go."""
    prepared().session.release()
    return prepared()


def loading(session):
    """The generation that is being loaded; 0 where none is."""
    return session.number("SELECT max(generation) FROM matching.register_generation WHERE state = 'loading'")


def copied(session):
    """Whether rows have arrived in the generation's table."""
    generation = loading(session)
    return generation and session.number(f"SELECT count(*) FROM (SELECT 1 FROM matching.register_person_{generation} LIMIT 1) t")


def crash_in_load(what, whom, part, ready, lock=None):
    """Kills in the middle of a load: after `part` of the body was sent and `ready` is seen; `lock` holds what comes after it."""
    here = standing()
    made, register, session = here.made, here.register, here.session
    before, body = register.state(), bodies()[0]
    upload = register.upload(len(body))
    upload.send(body[:int(len(body) * min(part, 0.5))])
    generation = poll(f"{what}: the load begins", 30, lambda: loading(session), 0.01)
    if lock:
        poll(f"{what}: rows arrive", 30, lambda: copied(session), 0.01)
        session.ask("BEGIN; " + lock.format(generation=generation))
    if part > 0.5:
        upload.send(body[int(len(body) * 0.5):int(len(body) * part)])
    poll(f"{what}: it is there", 60, lambda: ready(session), 0.002)
    here.kill(whom)
    upload.cut()
    if lock == END:
        # Nobody but the dead load's statement waits for this row, and whoever clears it away.
        session.release()
    if whom == "postgres":
        here.back()
    else:
        made.up(whom)
    # A reader of the dead load's table is still there: it holds up neither the next load nor, through it, the dead one's statement.
    check(register.state() == before, f"{what}: {before} stood, now {register.state()}")
    report = poll(f"{what}: the load can be sent again", 30, lambda: again(register, body), 0.3)
    check(report["persons"] == PERSONS and report["refused"] == 0, f"{what}: the load sent again: {report}")
    if lock:
        session.release()
    here.clean(what)
    return report["generation"]


def again(register, body):
    status, answer = register.made.ask("POST", register.address + "/v1/register", register.token, body, "text/csv")
    check(status in (201, 409), f"the load sent again: {status} {answer[:300]}")
    return json.loads(answer) if status == 201 else None


KEYS = "LOCK TABLE matching.register_person_{generation} IN ACCESS SHARE MODE"
END = "SELECT 1 FROM matching.register_generation WHERE generation = {generation} FOR UPDATE"


def killed_in_load():
    """the service or PostgreSQL killed at a load's first bytes, among rows, while keys are made, before its end: the old one stands"""
    if ALL:
        crash_in_load("the first bytes", "identity-matching", 0.01, loading)
        crash_in_load("among the rows", "identity-matching", 0.5, copied)
        crash_in_load("before the end", "identity-matching", 1, waiting, END)
        crash_in_load("the database while keys are made", "postgres", 1, waiting, KEYS)
    crash_in_load("while keys are made", "identity-matching", 1, waiting, KEYS)
    generation = crash_in_load("the database among the rows", "postgres", 0.5, copied)
    here = standing()
    here.register.activate(generation)
    here.stands("after crashed loads", "first")


def killed_in_index():
    """the service killed while the index file is built: no half file is used or left, the generation can be activated"""
    here = standing()
    made, register = here.made, here.register
    body = bodies()[1]
    folder = made.folder / "indexes"

    def half():
        return [f for f in folder.iterdir() if f.name.endswith(".building") and f.stat().st_size > 0]

    for _ in range(5):
        upload = register.upload(len(body)).send(body)
        poll("the index is being built", 60, half, 0.0005)
        here.kill("identity-matching")
        upload.cut()
        if half():
            break
        here.back()
    else:
        check(False, "the index was never caught half built")
    left = half()[0]
    here.back()
    here.clean("a killed index")
    check(left.with_suffix("").exists(), "the index was not built again at the start")
    generation = here.session.number("SELECT max(generation) FROM matching.register_generation WHERE state = 'ready'")
    register.activate(generation)
    here.stands("after a killed index", "second")
    here.after(here.roll_back)
    here.stands("after the rollback", "first")


def crash_in_switch(what, whom, act, lock, before, after):
    """Kills while an act waits for a lock: then it has not taken place, and asked again it does."""
    here = standing()
    held = here.register.state()
    here.session.ask("BEGIN; " + lock)
    thread = threading.Thread(target=ignore, args=(act,), daemon=True)
    thread.start()
    poll(f"{what}: it waits in the middle", 30, lambda: waiting(here.session), 0.01)
    here.kill(whom)
    here.session.release()
    thread.join(60)
    here.back()
    check(here.register.state() == held, f"{what}: {held} stood, now {here.register.state()}")
    here.clean(what)
    here.stands(what, before)
    act()
    check(here.register.state()[1] > held[1], f"{what}: the assessment did not step")
    here.stands(f"{what}, asked again", after)
    here.clean(what)


def ignore(act):
    """An act whose server dies under it."""
    with contextlib.suppress(Exception):
        act()


FIRST = "SELECT 1 FROM matching.register_state FOR UPDATE"
LAST = "LOCK TABLE matching.reverification IN SHARE MODE"


def killed_in_switch():
    """the service or PostgreSQL killed in activate, roll back and rule set switch: the old one stands, or the new one whole"""
    here = standing()

    def activate():
        here.register.activate(here.session.number("SELECT max(generation) FROM matching.register_generation WHERE state = 'ready'"))

    generation = here.register.load(bodies()[1])["generation"]
    check(generation > here.register.state()[0], "the new generation is not the newest")
    crash_in_switch("activate, before its end, the database", "postgres", activate, LAST, "first", "second")
    crash_in_switch("rule set, before its end", "identity-matching", lambda: here.switch_rules("switch"), LAST, "second", "rules")
    if ALL:
        crash_in_switch("rule set back, the database", "postgres", lambda: here.switch_rules("switch-back"), LAST, "rules", "second")
        crash_in_switch("roll back, before its end", "identity-matching", here.roll_back, LAST, "second", "first")
        crash_in_switch("activate, before its first statement", "identity-matching", activate, FIRST, "first", "second")
    else:
        here.after(lambda: here.switch_rules("switch-back"))
    here.after(here.roll_back)
    here.stands("after crashed switches", "first")


def killed_in_walk():
    """the service and PostgreSQL killed in the middle of a re-verification: it goes on, every record ends with one verdict"""
    here = standing()
    for whom in ("identity-matching", "postgres") if ALL else ("identity-matching",):
        generation = here.register.load(bodies()[1])["generation"]
        blocks = here.session.number("SELECT pg_relation_size('matching.verdict') / 8192")
        # The rows of the second half: the walk comes to them in a later chunk.
        here.session.ask(f"BEGIN; SELECT count(*) FROM (SELECT 1 FROM matching.verdict WHERE ctid >= '({blocks // 2},0)'::tid FOR UPDATE) t")
        here.register.activate(generation)
        poll("the walk waits in the middle", 30, lambda: waiting(here.session), 0.01)
        here.kill(whom)
        here.session.release()
        here.back()
        here.stands(f"{whom} killed in a walk", "second")
        here.clean(f"{whom} killed in a walk")
        here.after(here.roll_back)
        here.stands("after the rollback", "first")


def nothing_lost_behind():
    """after all crashes: no message parked or left, and the open tasks are those of before"""
    here = standing()
    tasks = here.open_tasks()
    here.made.still()
    lines = differences({"tasks": here.tasks}, {"tasks": tasks})
    check(not lines, "open tasks before (-) and after the crashes (+):\n" + "\n".join(lines))


@functools.cache
def pair():
    """A stack of two instances with a register, and the routes of both."""
    made = ending.enter_context(Stack("register-pair", instances=2))
    made.up()
    made.load(data())
    return made, [Register(made), Register(made, 2)]


def switches_in_a_stream():
    """two instances, switches while the stream runs: every answer is of the one generation that its assessment names"""
    here = standing()
    made, both = pair()
    session = Session(made)
    generations = {both[0].state()[0]: "first", both[1].load(bodies()[1])["generation"]: "second"}
    names = {name: generation for generation, name in generations.items()}
    replay = made.start("replay", str(data() / "doses.csv"), "--rate", "500")
    poll("the stream begins", 60, lambda: session.number("SELECT count(*) FROM matching.verdict"), 0.05)
    switches = newest = 0
    while replay.poll() is None:
        before, newest = newest, both[switches % 2].activate(names["second" if switches % 2 == 0 else "first"])
        check(newest > before, f"the assessment goes from {before} to {newest}")
        switches += 1
        seen = session.number("SELECT count(*) FROM matching.verdict")
        poll("the stream goes on", 60, lambda: replay.poll() is not None or session.number(
            "SELECT count(*) FROM matching.verdict") >= seen + 200, 0.02)
    check(replay.returncode == 0, f"the replay ended with {replay.returncode}")
    check(switches >= 4, f"{switches} switches are no test")
    shares = session.ask("SELECT count(DISTINCT s.generation) FROM matching.verdict v JOIN matching.register_switch s USING (assessment)")
    check(shares == ["2"], "the answers are of one generation: nothing was switched in the middle")
    one_generation_each(here, session, generations)
    both[1].activate(names["second"])
    both[0].walked()
    lines = differences({"verdicts": here.expected["second"]}, {"verdicts": made.verdicts()})
    check(not lines, "one instance (-) and two with switches (+):\n" + "\n".join(lines))
    one_generation_each(here, session, generations)
    check(not in_order(session), f"{in_order(session)}")
    made.replay(data() / "doses.csv")
    made.still()


def one_generation_each(here, session, generations):
    """Every answer ever given to a record's newest version is the one that the generation of its assessment gives."""
    labels = {"1": "right", "2": "wrong", "3": "cannot-verify", "4": "exempt"}
    expected = {name: {row[:2]: row[2] for row in here.expected[name]} for name in ("first", "second")}
    answers = session.ask(
        "SELECT v.facility_code, v.source_record_id, a.outcome, s.generation FROM (SELECT dose_id, version, assessment, outcome "
        "FROM matching.verdict UNION ALL SELECT dose_id, version, assessment, outcome FROM matching.verdict_history) a "
        "JOIN matching.verdict v USING (dose_id, version) LEFT JOIN matching.register_switch s ON s.assessment = a.assessment")
    check(len(answers) >= len(expected["first"]), f"{len(answers)} answers to {len(expected['first'])} records")
    for answer in answers:
        facility, record, outcome, generation = answer.split("|")
        check(generation, f"{facility} {record}: an answer of no generation")
        said = expected[generations[int(generation)]][facility, record]
        check(labels[outcome] == said, f"{facility} {record}: {labels[outcome]} under generation {generation}, which says {said}")


def two_loads_at_once():
    """of two loads at once, at one instance or two, the later one is refused with a clear text, the earlier one ends well"""
    (made, both), body = pair(), bodies()[0]
    session = Session(made)
    for other in both:
        upload = both[0].upload(len(body)).send(body[:100_000])
        poll("the load begins", 30, lambda: loading(session), 0.05)
        status, answer = made.ask("POST", other.address + "/v1/register", other.token, body, "text/csv")
        problem = json.loads(answer)
        check(status == 409 and "another load is under way" in problem["detail"], f"{status} {answer[:300]}")
        status, answer = upload.send(body[100_000:]).answer()
        check(status == 201, f"the load that was first: {status} {answer[:300]}")


TESTS = [killed_in_load, killed_in_index, killed_in_switch, killed_in_walk, nothing_lost_behind,
         switches_in_a_stream, two_loads_at_once]

if __name__ == "__main__":
    with ending:
        status = main(TESTS, [name for name in sys.argv[1:] if name != "--all"])
    sys.exit(status)
