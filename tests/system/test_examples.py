# SPDX-License-Identifier: ISC
"""The examples of the manual pages do what the pages say.

Each test takes every example of its page, word for word, and fails when the page has another.
"""

import re
import time

from bench import Bench
from machine import HOST, TREE
from people import Talk

# Commands that need what this machine has not, and the tests that run them.
ELSEWHERE = {
    "stepupctl.1": {
        # test_automation, with the names of its files
        "$ ssh -t -o ControlMaster=auto -o ControlPersist=15m -o ControlPath=~/.ssh/step-%C HOST "
        "stepupctl verify --session",
        "$ ansible-playbook -i HOST, --ssh-common-args '-o ControlPath=~/.ssh/step-%C' site.yml",
        "$ ssh -O exit -o ControlPath=~/.ssh/step-%C HOST",
        # test_import, with keys
        "# stepupctl import /etc/u2f_mappings --origin pam://example.org --dry-run",
        "# stepupctl import /etc/u2f_mappings --origin pam://example.org",
    },
    # Wants a security key; the keys of its table are checked by tests/lint/conf_keys.py.
    "stepup-credentials.5": None,
}


def examples(page):
    """The literal blocks of a page's EXAMPLES, as a terminal shows them."""
    text = (TREE / "man" / page).read_text()
    section = re.search(r"^\.Sh EXAMPLES\n(.*?)(?=^\.Sh |\Z)", text, re.M | re.S)
    if not section:
        return []
    blocks = re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed$|^\.Dl ([^\n]*\n)", section[1], re.M | re.S)
    return [re.sub(r"\\\n\s*", "", (block or line).replace(r"\e", "\\").replace(r"\(dq", '"'))
            for block, line in blocks]


class Examples(Bench):
    def page(self, name):
        self.blocks = examples(name)
        self.lines = [line for block in self.blocks for line in block.splitlines()
                      if line[:2] in ("$ ", "# ") and line not in ELSEWHERE.get(name, ())]

    def take(self, line, person=None):
        """The command of an example, about `person` in place of alice."""
        self.lines.remove(line)
        return re.sub(r"\balice\b", person.name if person else "alice", line[2:])

    def as_root(self, line, person=None, more=""):
        return self.machine.run("sh", "-c", self.take(line, person) + more).stdout

    def enrols(self, session, person, line, *answers):
        """`person` types the command of an example, gives `answers`, and enrols a new device."""
        session.begin(self.take(line))
        for prompt, answer in answers:
            session.expect(prompt)
            session.answer(answer)
        person.answer_enrolment(session)
        self.assertRuns(session.end())

    def assertChecked(self, text):
        """`stepupctl config check` finds nothing in a stepupd.conf of this text."""
        self.machine.run("sh", "-ec", 'mkdir -p /root/example; cat > /root/example/stepupd.conf; '
                         'stepupctl config check /root/example', stdin=text)

    def tearDown(self):
        self.assertEqual(self.lines, [], "nobody ran these")
        super().tearDown()

    # -- what is claimed ------------------------------------------------------------------------

    def test_every_page_with_examples_has_a_test_here(self):
        self.lines = []
        tested = {name.removeprefix("test_examples_of_") for name in dir(self)}
        for page in (TREE / "man").glob("*.[0-9]"):
            if examples(page.name) and ELSEWHERE.get(page.name, ()) is not None:
                self.assertIn(re.sub(r"[.-]", "_", page.name), tested)

    def test_examples_of_stepupctl_1(self):
        self.page("stepupctl.1")
        alice, code = self.person(enrolled=False), r"One-time code for .*: "
        session = alice.session()
        ticket = self.as_root("# stepupctl ticket alice", alice).splitlines()[1]
        self.enrols(session, alice, "$ stepupctl enroll totp --label phone",
                    ("Enrolment ticket: ", ticket))
        self.enrols(session, alice, "$ stepupctl enroll totp --label tablet", (code, alice.code()))
        self.enrols(session, alice, '$ stepupctl enroll totp --replace phone --label "new phone"',
                    (code, alice.code()))
        bob = self.person("bob", enrolled=False)
        bob.enrol("--label", "phone")
        self.enrols(bob.session(), bob, "$ stepupctl enroll totp --replace phone",
                    (code, bob.recovery_codes[1]))
        bob.enrol("--label", "blue key")
        self.as_root('# stepupctl remove "blue key" --user alice', bob)
        self.assertIn("Enrolment ticket", self.as_root("# stepupctl ticket alice", bob))
        talk = Talk(self.machine.spawn("sh", "-c", self.take("# stepupctl reset alice", bob)))
        talk.expect("type the user's name: ")
        talk.answer(bob.name)
        talk.expect("Enrolment ticket")
        talk.child.close()

        session = alice.session()
        self.assertRuns(session.run(self.take("$ stepupctl verify"), alice.code()))
        # stepup let it through: who says no is systemctl, since there is no such unit.
        self.assertIn("nginx.service not found",
                      session.run(self.take("$ sudo -n systemctl reload nginx")).text)
        session.run("mkdir stepup; cp /etc/stepup/stepupd.conf stepup")
        self.assertRuns(session.run(self.take("$ stepupctl config check ./stepup")))
        [rule] = [block for block in self.blocks if block.startswith("[[rule]]")]
        self.assertChecked(rule)

        carol = self.person("carol", enrolled=False)
        self.machine.write(f"/home/{carol.name}/.google_authenticator",
                           "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n\" TOTP_AUTH\n", mode=0o400)
        self.machine.run("chown", f"{carol.name}:", f"/home/{carol.name}/.google_authenticator")
        self.as_root('# for file in /home/*/.google_authenticator; do stepupctl import "$file"; done')
        self.assertIn("totp", self.machine.run("stepupctl", "list", "--user", carol.name).stdout)

        self.without_lines()
        self.setting('mode = "enforce"')
        self.assertIn("Nothing was written.", self.as_root("# stepupctl enable sudo --dry-run"))
        # People of other tests have no factor.
        self.as_root("# stepupctl enable sudo", more=" --yes")
        time.sleep(1)  # the ages of proofs are told in whole seconds
        self.assertRuns(alice.session().run(self.take("$ stepupctl verify && sudo stepupctl confirm"),
                                            alice.code()))
        self.assertAsked(alice.session().run("sudo id", alice.code()))
        self.as_root("# stepupctl disable sudo")
        self.assertSilent(alice.session().run("sudo id"))

    def test_examples_of_stepupd_8(self):
        self.page("stepupd.8")
        alice = self.person()
        session = alice.session()
        session.run("sudo id", alice.authenticator.wrong())
        self.assertRuns(session.run("sudo id", alice.recovery_codes[1]))
        self.setting('mode = "monitor"')
        self.assertSilent(alice.session().run("sudo id"))
        for line in list(self.lines):
            self.assertRegex(line, r"^\$ journalctl ")
            self.assertNotIn("-- No entries --", self.as_root(line, alice), line)

    def test_examples_of_stepupd_conf_5(self):
        self.page("stepupd.conf.5")
        tables = [block for block in self.blocks if block[:2] != "# "]
        self.assertGreater(len(tables), 3)
        for text in tables:
            self.assertChecked(text)
        self.as_root("# stepupctl config check && systemctl reload stepupd")

    def test_examples_of_pam_stepup_8(self):
        self.page("pam_stepup.8")
        alice = self.person()
        self.without_lines()
        (self.machine.root / "etc/pam.d/sudo").write_text(self.blocks[0])
        prompt = self.blocks[1].splitlines()[1].replace("alice", alice.name).replace("web1", HOST)
        outcome = alice.session().run(self.take("$ sudo id"), alice.code())
        self.assertRuns(outcome)
        self.assertEqual([text.strip() for text in outcome.prompts], [prompt])

    def test_examples_of_stepup_approval_8(self):
        self.page("stepup_approval.8")
        alice = self.person()
        self.without_lines()
        self.addCleanup(self.machine.run, "rm", "-f", "/etc/sudo.conf")
        self.machine.write("/etc/sudo.conf", self.blocks[0])
        outcome = alice.session().run("sudo id", alice.code())
        self.assertAsked(outcome)
        self.assertRuns(outcome)
