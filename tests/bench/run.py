#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Measures stepup and its peers in one run on a booted Debian 12, and prints the table of README.

    run.py BUILD [PART...]

Needs root.  Writes BUILD/bench.json when no PART is named.  Ends with 0 when everything was
measured, whatever came out.
"""

import argparse
import datetime
import os
import pathlib
import re
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))
import machine  # noqa: E402
import figures  # noqa: E402
from figures import BLOCKS, blocks, figure, ratio  # noqa: E402
from people import Person  # noqa: E402

PROGRAMS = "/opt/stepup-bench"
SOCKETS = "/run/stepup-bench"
STEPUPD_SOCKET = "/run/stepup/stepupd.sock"
CONF = """[[rule]]
name = "second factor for root"
service = ["sudo", "su"]
level = "otp"
max_age = "1d"
"""
SUDO_STACK = "/etc/pam.d/sudo"
STACKS = {
    "bench-permit": "auth required pam_permit.so\naccount required pam_permit.so\n"
                    "session required pam_permit.so\n",
    "bench-timestamp": "auth required pam_timestamp.so timestamp_timeout=86400\n"
                       "account required pam_permit.so\nsession required pam_timestamp.so\n",
    "bench-stepup": "auth required pam_permit.so\n"
                    "account [success=ok ignore=ignore default=die] pam_stepup.so\n"
                    "session required pam_permit.so\n",
}
# One of systemd's own, to which its policy says yes at once.
POLKIT_ACTION = "org.freedesktop.login1.inhibit-block-idle"


def sandbox():
    """stepupd's own, for the servers that it is measured against: system call filters cost time."""
    own = re.compile(r"(?:Type|NotifyAccess|Exec\w+|Sockets|StateDirectory\w*|Watchdog\w*|Restart\w*|"
                     r"Timeout\w+|FileDescriptorStoreMax)=")
    service = (machine.TREE / "packaging/systemd/stepupd.service").read_text()
    lines = service.partition("[Service]")[2].partition("[Install]")[0].splitlines()
    return ["[Service]", *(line for line in lines if not own.match(line))]


class Bench:
    def __init__(self, container, build):
        self.machine = container
        self.prepare(build)
        self.person = Person(container, "alice")
        self.person.enrol()
        self.session = self.person.session()
        proved = self.session.run("sudo id", self.person.code())
        if proved.status != 0:
            raise RuntimeError("the grant to measure with was refused:\n" + proved.text)

    def prepare(self, build):
        programs = self.machine.root / PROGRAMS.lstrip("/")
        programs.mkdir(parents=True)
        for program in (build / "bench").iterdir():
            shutil.copy(program, programs)
        # The module tells by the program's name whose factor counts.
        (programs / "pam_transactions").rename(programs / "sudo")
        self.machine.write("/etc/stepup/stepupd.conf", CONF)
        self.machine.reload_rules()
        for name, text in STACKS.items():
            self.machine.write(f"/etc/pam.d/{name}", text)
        stack = (self.machine.root / SUDO_STACK.lstrip("/")).read_text()
        for name, module in (("with", "pam_stepup.so"), ("without", None),
                             ("echo", f"{PROGRAMS}/pam_probe.so {SOCKETS}/echo"),
                             ("probe", f"{PROGRAMS}/pam_probe.so {SOCKETS}/probe")):
            self.machine.write(f"{SUDO_STACK}-{name}", "".join(
                line.replace("pam_stepup.so", module or "") for line in stack.splitlines(True)
                if module or "pam_stepup.so" not in line))
        self.machine.run("install", "-d", "-o", "_stepup", SOCKETS)
        for name, option in (("echo", ""), ("probe", "--proc")):
            self.machine.write(f"/etc/systemd/system/bench-{name}.service", "\n".join([
                *sandbox(), f"ReadWritePaths={SOCKETS}",
                f"ExecStart={PROGRAMS}/probe_server {option} {SOCKETS}/{name}", ""]))
            self.machine.systemctl("start", f"bench-{name}.service")

    def rows(self, program, *words, seconds=300):
        """Runs a program of ours as root in the person's session; returns its lines of numbers."""
        out = f"{PROGRAMS}/out"
        command = " ".join([f"{PROGRAMS}/{program}", *map(str, words)])
        outcome = self.session.run(f"sudo -n sh -c '{command} >{out}'", timeout=seconds)
        if outcome.status != 0:
            raise RuntimeError(f"{command}:\n{outcome.text}")
        text = (self.machine.root / out.lstrip("/")).read_text()
        return [[float(word) for word in line.split()] for line in text.splitlines()]

    def columns(self, program, *words):
        """The medians of each block, column by column."""
        return [list(column) for column in zip(*blocks(self.rows(program, *words)))]

    def round_trips(self, rounds, *sockets):
        self.rows("round_trips", self.person.name, 200, *sockets)  # warms up
        return self.columns("round_trips", self.person.name, rounds, *sockets)

    def start_daemon(self, sessions):
        """A second stepupd, by hand, that holds so many grants; returns its socket and its pid."""
        place = f"{SOCKETS}/{sessions}"
        state = f"/var/lib/stepup-bench-{sessions}"
        self.machine.run("install", "-d", place)
        self.machine.run("install", "-d", "-o", "_stepup", "-m", "700", state)
        command = (f"setsid {PROGRAMS}/daemon_with_grants {self.person.name} {place} {sessions} "
                   f"/usr/libexec/stepup/stepupd --state-dir {state}")
        started = self.session.run(f"sudo -n sh -c '{command} </dev/null >/dev/null 2>&1 &'")
        if started.status != 0:
            raise RuntimeError(started.text)
        pid = machine.wait_until(
            lambda: self.machine.run("pgrep", "-f", f"^/usr/libexec/stepup/stepupd .* {state}$",
                                     check=False).stdout, f"a stepupd with {sessions} sessions", 30)
        return f"{place}/stepupd.sock", int(pid)

    def rss_anon(self, pid):
        status = self.machine.run("cat", f"/proc/{pid}/status").stdout
        line = next(line for line in status.splitlines() if line.startswith("RssAnon:"))
        return int(line.split()[1]) * 1024


def in_unit(values, divisor):
    return [value / divisor for value in values]


def decisions(bench):
    echo, probe, ours = bench.round_trips(8000, f"{SOCKETS}/echo", f"{SOCKETS}/probe",
                                          STEPUPD_SOCKET)
    yield figure("echo", "connect and round trip to an echo server in C", in_unit(echo, 1e3), "µs")
    yield figure("probe", "the same to the probe, which reads the files of `/proc`",
                 in_unit(probe, 1e3), "µs")
    yield figure("decision", "a decision that asks nothing", in_unit(ours, 1e3), "µs")
    yield ratio("probe_to_echo", "probe : echo", probe, echo)
    yield ratio("decision_to_probe", "decision : probe", ours, probe, 1.5)


def polkit(bench):
    """Only the command is there to ask polkit with, so a process that asks us once is measured too."""
    shell = re.search(r"shell=(\d+)", bench.session.run("echo shell=$$").text).group(1)
    def median_of(*words):
        return blocks(bench.rows(*words), 1)[0][0]

    person = bench.person.name
    rounds = [(median_of("commands", person, 11, "--", "/usr/bin/pkcheck", "--action-id",
                         POLKIT_ACTION, "--process", shell),
               median_of("round_trips", person, 200, STEPUPD_SOCKET),
               median_of("commands", "root", 11, "--", f"{PROGRAMS}/round_trips", person, 1,
                         STEPUPD_SOCKET)) for _ in range(BLOCKS)]
    theirs, ours, process = zip(*rounds)
    yield figure("pkcheck", "`pkcheck`", in_unit(theirs, 1e6), "ms")
    yield ratio("pkcheck_to_decision", "pkcheck : decision", theirs, ours, 40, True)
    yield ratio("pkcheck_to_process", "pkcheck : a process that asks stepupd once", theirs, process)


def pam(bench):
    permit, timestamp, ours = bench.columns("sudo", bench.person.name, 2000, *STACKS)
    yield figure("pam_permit", "PAM transaction, pam_permit", in_unit(permit, 1e3), "µs")
    yield figure("pam_timestamp", "PAM transaction, pam_timestamp", in_unit(timestamp, 1e3), "µs")
    yield figure("pam_stepup", "PAM transaction, pam_stepup", in_unit(ours, 1e3), "µs")
    yield ratio("pam_timestamp_to_pam_permit", "pam_timestamp : pam_permit", timestamp, permit)
    yield ratio("pam_stepup_to_pam_permit", "pam_stepup : pam_permit", ours, permit)
    yield ratio("pam_stepup_to_pam_timestamp", "pam_stepup : pam_timestamp", ours, timestamp)


def sudo(bench):
    stacks = [f"{SUDO_STACK}-{name}" for name in ("without", "echo", "probe", "with")]
    without, echo, probe, with_stepup = bench.columns(
        "commands", bench.person.name, 2000, SUDO_STACK, *stacks, "--", "/usr/bin/sudo", "-n", "true")
    yield figure("sudo_without", "`sudo -n true` without stepup", in_unit(without, 1e6), "ms")
    yield figure("sudo_with", "`sudo -n true` with it", in_unit(with_stepup, 1e6), "ms")
    yield ratio("sudo_with_to_without", "`sudo`: with stepup : without", with_stepup, without, 1.02)
    yield ratio("sudo_echo_to_without",
                "`sudo`: with a C module that asks the echo server : without", echo, without)
    yield ratio("sudo_probe_to_without",
                "`sudo`: with a C module that asks the probe : without", probe, without)


def load(bench):
    for clients in (1, 8, 64):
        rows = [bench.rows("load", bench.person.name, clients, 300, f"{SOCKETS}/echo",
                           f"{SOCKETS}/probe", STEPUPD_SOCKET)[0] for _ in range(BLOCKS)]
        echo, probe, ours = zip(*rows)
        which = f"{clients} client{'s' if clients > 1 else ''}"
        yield figure(f"load_{clients}", f"decisions, {which}", ours, "/s")
        yield ratio(f"load_{clients}_to_echo", f"decisions : echoes, {which}", ours, echo, 0.5, True)
        yield ratio(f"load_{clients}_to_probe", f"decisions : probes, {which}", ours, probe)


def sessions(bench):
    few, thousand, many = 100, 1_000, 100_000
    daemons = {count: bench.start_daemon(count) for count in (few, thousand, many)}
    for socket, _ in daemons.values():
        bench.rows("round_trips", bench.person.name, 1000, socket)
    memory = {count: bench.rss_anon(pid) for count, (_, pid) in daemons.items()}
    yield figure("rss_anon", "RssAnon after 1,000 decisions, with 1,000 sessions",
                 [memory[thousand] / 2**20], "MiB", 8)
    yield figure("rss_anon_per_session", "RssAnon of each session, 1,000 to 100,000",
                 [(memory[many] - memory[thousand]) / (many - thousand)], "bytes", 512)
    with_few, with_many = bench.round_trips(4000, daemons[few][0], daemons[many][0])
    yield ratio("decision_100000_to_100_sessions",
                "decision with 100,000 : with 100 sessions, each of another user",
                with_many, with_few, 1.3)


def start_up(bench):
    place = f"{SOCKETS}/start"
    bench.machine.run("install", "-d", place)
    bench.machine.run("install", "-d", "-o", "_stepup", "-m", "700", "/var/lib/stepup-bench-start")
    for count, goal in ((1, 50), (100_000, None)):
        times, = bench.columns("start_ups", bench.person.name, 2 * BLOCKS, place, count,
                               "/usr/libexec/stepup/stepupd", "--state-dir",
                               "/var/lib/stepup-bench-start")
        yield figure(f"start_up_{count}", f"start to first answer, {count:,} session{'s' if count > 1 else ''}",
                     in_unit(times, 1e6), "ms", goal)


PARTS = (decisions, polkit, pam, sudo, load, sessions, start_up)


def measure(build, parts):
    with machine.Machine(more_packages=["polkitd"]) as container:
        container.install()
        try:
            # All that runs in the container inherits it: what else the machine does counts little.
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        except PermissionError:
            print("no real-time priority here: other work on this machine will show")
        container.boot()
        bench = Bench(container, build)
        try:
            for part in parts:
                for each in part(bench):
                    print(each.row(), flush=True)
                    yield each
        except BaseException:
            container.save_journal(build / "bench-journal.txt")
            raise
        finally:
            bench.person.leave()


def circumstances():
    kernel = ".".join(os.uname().release.split(".")[:2])
    priority = "real-time" if os.sched_getscheduler(0) == os.SCHED_RR else "usual"
    return (f"{os.cpu_count()} virtual cores, Linux {kernel}, Debian 12 in a container at "
            f"{priority} priority")


def main():
    names = [part.__name__ for part in PARTS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(names))
    options = parser.parse_args()
    if unknown := set(options.parts) - set(names):
        parser.error(f"no such part: {', '.join(unknown)}")
    if os.geteuid() != 0:
        sys.exit("tests/bench/run.py: needs root, because it boots a container")
    machine.stop_on_signals()
    load_average = os.getloadavg()[0]
    build = options.build.resolve()
    measured = list(measure(build, [part for part in PARTS
                                    if not options.parts or part.__name__ in options.parts]))
    if not options.parts:
        figures.save(measured, build / "bench.json")
    print(f"\nMeasured in one run on {datetime.date.today()}: {circumstances()}; load average before "
          f"it {load_average:.2f}.\n\n{figures.table(measured)}")


if __name__ == "__main__":
    main()
