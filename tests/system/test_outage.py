# SPDX-License-Identifier: ISC
"""Whatever is wrong with the daemon, sudo refuses in time, says why, and what to do next."""

from bench import Bench
from machine import STEPUP_UNITS, wait_until
from people import CTRL_C

STATE = "/var/lib/stepup"
SOCKET = "/run/stepup/stepupd.sock"
RECOVERY = "RECOVERY"
ABSENT = f"stepupd does not answer at {SOCKET}: "
SILENT = f"stepupd at {SOCKET} does not answer in time."
LEFT = f"stepupd at {SOCKET} stopped before it decided."
STORAGE = "cannot record that a code was used, so it accepts none"


class Outage(Bench):
    def setUp(self):
        super().setUp()
        self.alice = self.person()
        self.session = self.alice.session()
        self.addCleanup(self.heal)

    def heal(self):
        self.machine.kill_daemon("SIGCONT") if self.machine.daemon_pid() else None
        if not self.machine.daemon_is_up():
            self.machine.restart_daemon()

    def assertWithin(self, seconds, outcome):
        self.assertLess(outcome.seconds, seconds, outcome.text)

    def mid_prompt(self):
        """alice is asked, and has not typed anything yet."""
        self.session.begin("sudo id")
        self.assertIsNotNone(self.session.prompt())

    # -- the daemon is not there ------------------------------------------------------------------

    def test_F57_a_stopped_stepupd_refuses_at_once_and_names_the_way_out(self):
        self.machine.systemctl("stop", *STEPUP_UNITS)
        outcome = self.session.run("sudo id")
        self.assertFalse(outcome.asked)
        self.assertRefused(outcome, ABSENT + "Connection refused")
        self.assertRefused(outcome, RECOVERY)
        self.assertWithin(2, outcome)

    def test_F57_a_missing_socket_refuses_at_once_and_names_the_way_out(self):
        self.machine.run("rm", SOCKET)
        self.addCleanup(self.machine.restart_daemon)
        outcome = self.session.run("sudo id")
        self.assertRefused(outcome, ABSENT + "No such file or directory")
        self.assertRefused(outcome, RECOVERY)
        self.assertWithin(2, outcome)

    def test_V08_root_needs_no_daemon_to_log_in(self):
        self.machine.systemctl("stop", *STEPUP_UNITS)
        done = self.machine.run("ssh", "-F", "none", "-i", "/root/tests.key", "-o",
                                "StrictHostKeyChecking=no", "root@127.0.0.1", "id -u")
        self.assertEqual(done.stdout.strip(), "0")

    def test_the_next_sudo_starts_a_service_whose_sockets_are_there(self):
        self.machine.systemctl("stop", "stepupd.service")
        self.assertRuns(self.session.run("sudo id", self.alice.code()))

    def test_a_killed_daemon_is_back_for_the_next_sudo(self):
        self.machine.kill_daemon("SIGKILL")
        self.assertRuns(self.session.run("sudo id", self.alice.code()))

    def test_restarts_in_a_row_never_exhaust_a_start_limit(self):
        for _ in range(8):
            pid = self.machine.daemon_pid()
            self.machine.kill_daemon("SIGKILL")
            wait_until(lambda: self.machine.daemon_is_up()
                       and self.machine.daemon_pid() not in (0, pid), "a new daemon", 5)
        self.assertRuns(self.session.run("sudo id", self.alice.code()))

    # -- the daemon is silent ---------------------------------------------------------------------

    def test_F58_a_hung_daemon_is_given_three_seconds_for_its_first_reply(self):
        self.machine.kill_daemon("SIGSTOP")
        outcome = self.session.run("sudo id")
        self.assertFalse(outcome.asked)
        self.assertRefused(outcome, SILENT)
        self.assertRefused(outcome, RECOVERY)
        self.assertWithin(4.5, outcome)

    def test_F58_a_daemon_that_hangs_in_mid_prompt_is_given_five_seconds(self):
        self.mid_prompt()
        self.machine.kill_daemon("SIGSTOP")
        self.session.answer(self.alice.code())
        outcome = self.session.end()
        self.assertRefused(outcome, SILENT)
        self.assertWithin(7.5, outcome)

    def test_F58_a_short_pause_of_the_daemon_harms_nobody(self):
        self.mid_prompt()
        self.machine.run("sh", "-c", f"p={self.machine.daemon_pid()};"
                         "kill -STOP $p; (sleep 2; kill -CONT $p) >/dev/null 2>&1 &")
        self.session.answer(self.alice.code())
        self.assertRuns(self.session.end())

    def test_F52_a_daemon_that_is_stopped_in_mid_prompt_refuses_the_right_code(self):
        self.mid_prompt()
        self.machine.systemctl("stop", *STEPUP_UNITS)
        self.session.answer(self.alice.code())
        outcome = self.session.end()
        self.assertRefused(outcome, LEFT)
        self.assertWithin(4, outcome)

    def test_F59_after_a_restart_in_mid_prompt_the_next_attempt_works(self):
        self.mid_prompt()
        code = self.alice.code()
        self.machine.restart_daemon()
        self.session.answer(code)
        self.assertRefused(self.session.end(), LEFT)
        self.assertRuns(self.session.run("sudo id", code))

    # -- the state cannot be written --------------------------------------------------------------

    def state_on_tmpfs(self, size):
        """Moves the state to a file system of its own, for the time of one test."""
        def unmount():
            self.machine.systemctl("stop", *STEPUP_UNITS)
            self.machine.run("umount", STATE)
            self.machine.restart_daemon()
        self.machine.systemctl("stop", *STEPUP_UNITS)
        self.machine.run(
            "sh", "-ec", f"cp -a {STATE} /run/state-copy;"
            f"mount -t tmpfs -o size={size},mode=700,uid=_stepup,gid=_stepup tmpfs {STATE};"
            f"cp -a /run/state-copy/. {STATE}; rm -r /run/state-copy")
        self.addCleanup(unmount)

    def test_F40_V08_a_full_disk_accepts_no_code_and_a_freed_one_does(self):
        self.state_on_tmpfs("2m")
        self.machine.restart_daemon()
        code = self.alice.code()
        self.mid_prompt()
        self.machine.run("sh", "-c", f"cat /dev/zero >{STATE}/filler", check=False)
        self.session.answer(code)
        outcome = self.session.end()
        self.assertRefused(outcome, STORAGE)
        self.assertRefused(outcome, "journalctl -u stepupd")
        self.assertWithin(5, outcome)
        self.machine.run("rm", f"{STATE}/filler")
        self.assertRuns(self.session.run("sudo id", code))

    def test_F41_V08_a_read_only_state_directory_accepts_no_code(self):
        self.state_on_tmpfs("32m")
        self.machine.run("mount", "-o", "remount,ro", STATE)
        self.machine.restart_daemon()
        code = self.alice.code()
        outcome = self.session.run("sudo id", code)
        self.assertRefused(outcome, STORAGE)
        self.assertWithin(5, outcome)
        self.machine.systemctl("stop", *STEPUP_UNITS)
        self.machine.run("mount", "-o", "remount,rw", STATE)
        self.machine.restart_daemon()
        self.assertRuns(self.session.run("sudo id", code))

    def test_sudo_is_left_as_it_was_after_a_refusal(self):
        self.machine.systemctl("stop", *STEPUP_UNITS)
        self.session.run("sudo id")
        self.machine.restart_daemon()
        self.assertAsked(self.session.run("sudo id", CTRL_C))
        echo = self.session.run("stty -a")
        self.assertIn(" icanon ", echo.text)
