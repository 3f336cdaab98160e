# SPDX-License-Identifier: ISC
"""stepupctl log: what was decided, for whom it may be seen, and that nothing waits for it."""

import json

import machine
from bench import Bench
from machine import wait_until

CONF = "/etc/stepup/stepupd.conf"


class Activity(Bench):
    def rows(self, outcome):
        self.assertRuns(outcome)
        return [json.loads(line) for line in outcome.text.splitlines() if line.startswith("{")]

    def settings(self, text):
        """Changes stepupd.conf for the time of one test."""
        def put_back():
            self.machine.write(CONF, (machine.TREE / "conf/stepupd.conf").read_text())
            self.machine.reload_rules()
        self.addCleanup(put_back)
        self.machine.write(CONF, text + '\n[[rule]]\nname = "ask"\nservice = ["sudo", "su"]\n'
                                        'level = "otp"\n')
        self.machine.reload_rules()

    def test_T21_people_see_their_own_commands_and_no_argument(self):
        alice, bob = self.person(), self.person("bob")
        session, other = alice.session(), bob.session()
        self.assertRuns(session.run("sudo echo a-secret", alice.code()))
        self.assertNotEqual(session.run("sudo -k; stepupctl revoke; sudo -n id").status, 0)
        own = self.rows(session.run("stepupctl log --json"))
        self.assertEqual([(row["service"], row["command"], row["verdict"]) for row in own],
                         [("sudo", "echo", "granted"), ("sudo", "id", "denied")])
        self.assertNotIn("a-secret", str(own))
        self.assertEqual(self.rows(other.run("stepupctl log --json")), [])
        self.assertRefused(other.run(f"stepupctl log --user {alice.name}"), "Only root may")
        shown = self.machine.run("stepupctl", "log", "--user", alice.name, "--since", "1h").stdout
        self.assertEqual(len(shown.splitlines()), 3, shown)
        status = session.run("stepupctl status").text
        self.assertRegex(status, r"Activity: \d commands here, 1 refused")

    def test_T21_a_member_of_the_group_of_administrators_sees_everybodys(self):
        self.machine.run("groupadd", "-f", "auditors")
        alice, carol = self.person(), self.person("carol", groups=("nopasswd", "auditors"))
        self.assertRuns(alice.session().run("sudo id", alice.code()))
        session = carol.session()
        self.assertEqual(self.rows(session.run("stepupctl log --json")), [])
        self.settings('admin_group = "auditors"\n[activity]\narguments = true')
        seen = self.rows(session.run(f"stepupctl log --json --user {alice.name}"))
        self.assertEqual([row["command"] for row in seen], ["id"])
        self.assertRuns(session.run("sudo id -un", carol.code()))
        [own] = self.rows(session.run(f"stepupctl log --json --user {carol.name}"))
        self.assertEqual(own["arguments"], "id -un")

    def test_what_was_decided_outlives_a_restart(self):
        alice = self.person()
        session = alice.session()
        self.assertRuns(session.run("sudo id", alice.code()))
        self.machine.systemctl("restart", "stepupd.service")
        self.assertEqual(len(self.rows(session.run("stepupctl log --json"))), 1)

    def test_follow_shows_what_is_decided_from_then_on(self):
        alice = self.person()
        session, watching = alice.session(), alice.session()
        watching.begin("stepupctl log --follow")
        watching.expect("VERDICT|$", 5)
        self.assertRuns(session.run("sudo true", alice.code()))
        watching.expect("sudo .*true.*granted.*proved by totp", 10)
        watching.answer("\x03")
        watching.end()

    def test_a_full_disk_holds_up_no_verdict(self):
        alice = self.person()
        session = alice.session()
        self.assertRuns(session.run("sudo id", alice.code()))
        self.machine.run("mount", "-t", "tmpfs", "-o", "size=1m,mode=0700,uid=_stepup,gid=_stepup",
                         "tmpfs", "/mnt")
        self.addCleanup(self.machine.run, "umount", "/mnt")
        self.machine.run("sh", "-ec", "systemctl stop stepupd.service; "
                         "cp -a /var/lib/stepup/. /mnt/; mount --bind /mnt /var/lib/stepup")

        def put_back():
            self.machine.run("sh", "-c", "systemctl stop stepupd.socket stepupd-control.socket "
                             "stepupd.service; umount /var/lib/stepup")
            self.machine.restart_daemon()
        self.addCleanup(put_back)
        self.machine.restart_daemon()
        self.assertRuns(session.run("sudo id", alice.code()))
        self.machine.run("sh", "-c", "dd if=/dev/zero of=/mnt/full bs=4096 2>/dev/null; true")
        for _ in range(3):
            outcome = session.run("sudo -n id")
            self.assertSilent(outcome)
            self.assertLess(outcome.seconds, 2)
        wait_until(lambda: "recent activity is not recorded" in self.machine.journal("-b"),
                   "the loss is said", 15)
