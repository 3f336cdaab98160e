# SPDX-License-Identifier: ISC
"""A throw-away Debian that boots systemd in a container; stepup comes as packages.

Only loopback exists inside: nothing that a test does leaves the container.
"""

import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import pexpect

TREE = pathlib.Path(__file__).resolve().parents[2]
RELEASES = {"bookworm": "12", "trixie": "13"}
PACKAGES = (
    "systemd systemd-sysv dbus dbus-user-session libpam-systemd sudo openssh-server "
    "openssh-client procps util-linux login cron tmux sqlite3 iproute2 polkitd pkexec "
    # what stepup's own programs link to, but for what comes with the others
    "libsqlite3-0 libqrencode4 libyubikey0 libfido2-1 libseccomp2 "
    # whose files are imported
    "pamu2fcfg libpam-google-authenticator "
    # what comes over ssh, other doors to root, and what holds terminals
    "rsync git ansible-core opendoas screen"
).split()
MIRROR, NEXT = "http://deb.debian.org/debian", "forky"
PIN_HOOK = (f"printf 'Package: %s\\nPin: release n={NEXT}\\nPin-Priority: %s\\n\\n' "
            "'*' 1 '{}' 990 >\"$1/etc/apt/preferences.d/newer\"")
HOST = "testhost"
ROOT_PASSWORD = "root-password"
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "TERM": "dumb",  # keeps readline's escape sequences out of what tests read
}
# stepupd(8): what it says when rules were loaded, and when they could not be.
ABOUT_RULES = ("c7d3c1de53f24aa3b7f7a0b7d7ee8b64", "e2b8b8f08c0e4d3d9b3a6f0e9d5a4c75")
STEPUP_UNITS = ("stepupd.socket", "stepupd-control.socket", "stepupd.service")


def base_tarball(suite, packages, newer=()):
    """The path of the base system's tarball, which is built when the cache has none.

    Packages of `newer`, patterns as apt_preferences(5) has them, come from the release after it.
    """
    cache = pathlib.Path(os.environ.get("STEPUP_TEST_CACHE", "/var/cache/stepup-test"))
    key = hashlib.sha256(" ".join([*packages, *newer]).encode()).hexdigest()[:12]
    tarball = cache / f"{suite}-{key}.tar"
    if not tarball.exists():
        cache.mkdir(parents=True, exist_ok=True)
        print(f"building {tarball}", flush=True)
        unfinished = cache / f".{os.getpid()}-{tarball.name}"
        try:
            subprocess.run(
                ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(packages)}",
                 *(newer and [f"--setup-hook={PIN_HOOK.format(' '.join(newer))}"]),
                 suite, unfinished,
                 # A mirror that stands still outlives the validity that testing has for a week.
                 *(newer and [f"deb {MIRROR} {suite} main",
                              f"deb [check-valid-until=no] {MIRROR} {NEXT} main"])], check=True)
            unfinished.rename(tarball)
        finally:
            unfinished.unlink(missing_ok=True)
    return tarball


def wait_until(condition, what, seconds=10):
    """Polls `condition` until it is true and returns its value; fails the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)
    return value


class Machine:
    """One container.  Use it as a context manager: on exit all of it is gone."""

    def __init__(self, suite="bookworm", more_packages=(), newer=()):
        self.suite = suite
        self.newer = newer
        self.packages = [*PACKAGES, *more_packages]
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="stepup-system-", dir="/var/tmp"))
        self.root = self.directory / HOST
        self.console = self.directory / "console.log"
        self._nspawn = None
        self._init = None

    def __enter__(self):
        try:
            self.root.mkdir()
            base = base_tarball(self.suite, self.packages, self.newer)
            subprocess.run(["tar", "xf", base, "-C", self.root], check=True)
            self._prepare()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        # A second Ctrl-C must not leave things behind.  What is ignored for longer would be ignored
        # by each ssh that a test starts, too, and then the end of its terminal does not end it.
        usual = {number: signal.signal(number, signal.SIG_IGN)
                 for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        self.halt()
        shutil.rmtree(self.directory, ignore_errors=True)
        for number, handler in usual.items():
            signal.signal(number, handler)

    # -- making it ------------------------------------------------------------------------------

    def _prepare(self):
        self.write("/etc/hostname", HOST + "\n")
        self.write("/etc/hosts", f"127.0.0.1 localhost {HOST}\n")
        self.write("/etc/sudoers.d/tests",
                   "Defaults lecture=never\n"
                   "%nopasswd ALL=(ALL:ALL) NOPASSWD: ALL\n"
                   "%passwd ALL=(ALL:ALL) ALL\n", mode=0o440)
        # One key opens every account, root's too: root's way in never passes stepup.
        self.write("/etc/ssh/sshd_config.d/tests.conf",
                   "AuthorizedKeysFile /etc/ssh/tests.pub\nMaxStartups 100\nPrintLastLog no\n")
        self.chroot("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/root/tests.key")
        (self.root / "root/tests.key.pub").rename(self.root / "etc/ssh/tests.pub")
        for group in ("nopasswd", "passwd"):
            self.chroot("groupadd", group)
        self.chroot("chpasswd", stdin=f"root:{ROOT_PASSWORD}\n")
        self.chroot("systemctl", "-q", "mask", "console-getty.service", "apt-daily.timer",
                    "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer")

    def bring_packages(self):
        """Builds the packages for this release, where they are not, and puts them into /root."""
        made = f"build/packages-{self.suite}"
        subprocess.run([os.environ.get("MAKE", "make"), "-s", "-C", TREE, made], check=True,
                       stdout=subprocess.DEVNULL)
        for name in ("stepupd", "libpam-stepup"):
            [package] = (TREE / "build").glob(f"{name}_*+deb{RELEASES[self.suite]}_*.deb")
            shutil.copyfile(package, self.root / f"root/{name}.deb")

    def bring_previous_packages(self):
        """The same for the version before this one, as /root/previous-*.deb."""
        subprocess.run([os.environ.get("MAKE", "make"), "-s", "-C", TREE,
                        f"build/previous-packages-{self.suite}"], check=True,
                       stdout=subprocess.DEVNULL)
        for name in ("stepupd", "libpam-stepup"):
            [package] = (TREE / f"build/previous-{self.suite}").glob(f"{name}_*.deb")
            shutil.copyfile(package, self.root / f"root/previous-{name}.deb")

    def install(self):
        """Installs the packages, and adds the PAM lines."""
        self.bring_packages()
        for name in ("stepupd", "libpam-stepup"):
            self.chroot("dpkg", "--install", f"/root/{name}.deb")
        for name in ("sudo", "sudo-i", "su", "sshd"):
            shutil.copyfile(TREE / "conf/pam.d" / name, self.root / "etc/pam.d" / name)

    def chroot(self, *command, stdin=""):
        done = subprocess.run(["chroot", self.root, *command], text=True, input=stdin,
                              env=ENVIRONMENT, capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr}")

    def write(self, path, text, mode=0o644):
        """Writes a file of the container, from outside and by rename."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_name(file.name + ".new")
        unfinished.write_text(text)
        unfinished.chmod(mode)
        unfinished.rename(file)

    # -- running it -----------------------------------------------------------------------------

    def boot(self):
        with open(self.console, "ab") as console:
            self._nspawn = subprocess.Popen(
                # The container ends with this program, however that ends.
                ["setpriv", "--pdeathsig", "TERM", "systemd-nspawn", "--quiet", "-D", self.root,
                 "--register=no", "--keep-unit", "--boot", "--private-network"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
                start_new_session=True)
        self._init = wait_until(self._find_init, "container's init", 20)
        try:
            wait_until(lambda: self.systemctl("is-system-running", check=False).stdout.strip()
                       in ("running", "degraded"), "container is up", 60)
        except AssertionError:
            print(self.systemctl("list-jobs", "--no-pager").stdout, self.journal("-b", "-n", "40"))
            raise

    def _find_init(self):
        if self._nspawn.poll() is not None:
            raise RuntimeError("systemd-nspawn ended:\n" + self.console.read_text(errors="replace"))
        pid = self._nspawn.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for child in children:
            if pathlib.Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                return child
        return None

    def halt(self):
        """Shuts the container down in good order, or kills it."""
        if self._nspawn is None:
            return
        self._nspawn.terminate()
        try:
            self._nspawn.wait(30)
        except subprocess.TimeoutExpired:
            self._nspawn.kill()
            self._nspawn.wait()
        self._nspawn = self._init = None

    def reboot(self):
        self.halt()
        self.boot()

    def entering(self, *command):
        return ["nsenter", "-t", self._init, "-a", "--", *command]

    def run(self, *command, check=True, stdin="", timeout=60):
        """Runs a command as root of the container, without a terminal."""
        done = subprocess.run(self.entering(*command), text=True, input=stdin, env=ENVIRONMENT,
                              capture_output=True, timeout=timeout, errors="replace", cwd="/")
        if check and done.returncode != 0:
            raise AssertionError(f"{command} ended with {done.returncode}:\n"
                                 f"{done.stdout}{done.stderr}")
        return done

    def spawn(self, *command, timeout=20):
        """Starts a command as root of the container on a terminal of its own."""
        argv = self.entering(*command)
        return pexpect.spawn(argv[0], argv[1:], env=ENVIRONMENT, timeout=timeout, cwd="/",
                             encoding="utf-8", codec_errors="replace", dimensions=(60, 400))

    def set_last_pid(self, pid):
        """The next process in the container gets the number after `pid`, if it is free."""
        subprocess.run(["nsenter", "-t", self._init, "-p", "--", "sh", "-c",
                        f"echo {pid} > /proc/sys/kernel/ns_last_pid"], check=True)

    # -- the daemon -----------------------------------------------------------------------------

    def systemctl(self, *arguments, check=True):
        return self.run("systemctl", *arguments, check=check)

    def daemon_pid(self):
        """The daemon's pid inside the container; 0 when it does not run."""
        return int(self.systemctl("show", "-P", "MainPID", "stepupd.service").stdout)

    def kill_daemon(self, signal_name):
        self.systemctl("kill", "--kill-who=main", f"--signal={signal_name}", "stepupd.service")

    def daemon_is_up(self):
        return self.systemctl("is-active", *STEPUP_UNITS, check=False).returncode == 0

    def restart_daemon(self):
        self.systemctl("daemon-reload")
        self.systemctl("reset-failed")
        # Stopped first: systemd keeps the sockets of a unit that is only restarted.
        self.systemctl("stop", *STEPUP_UNITS)
        self.systemctl("start", *STEPUP_UNITS)

    def reload_rules(self):
        """Has the daemon read its rules again, and waits until it says what came of it."""
        before = self._words_on_rules()
        self.systemctl("reload", "stepupd.service")
        wait_until(lambda: self._words_on_rules() != before, "a word of the daemon on its rules", 5)

    def _words_on_rules(self):
        return self.journal("-b", *(f"MESSAGE_ID={number}" for number in ABOUT_RULES))

    # -- the journal ----------------------------------------------------------------------------

    def journal(self, *arguments):
        return self.run("journalctl", "-q", "-o", "cat", *arguments, check=False).stdout

    def save_journal(self, file):
        """Keeps the whole journal and console of the container in `file`."""
        with open(file, "w", errors="replace") as out:
            if self._init is not None:
                out.write(self.run("journalctl", "-o", "short-precise", check=False).stdout)
            out.write("\n---- console ----\n")
            if self.console.exists():
                out.write(self.console.read_text(errors="replace"))


def stop_on_signals():
    """SIGTERM and SIGHUP then end the program as Ctrl-C does: with all clean-up."""
    def stop(number, _):
        raise KeyboardInterrupt(signal.Signals(number).name)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
