#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Runs the system tests on one booted Debian, 12 unless told.  Needs root.

    run.py [--long] [-k WORD]... [--suite NAME] [--shell]
"""

import argparse
import os
import pathlib
import sys
import unittest

import canaries
import machine
from bench import Bench

HERE = pathlib.Path(__file__).resolve().parent


class Result(unittest.TextTestResult):
    """Says what each test claims, as it goes."""

    def getDescription(self, test):
        if not isinstance(test, Bench):
            return test.id()
        claim = test._testMethodName.removeprefix("test_").replace("_", " ")
        return f"{type(test).__name__}: {claim}"


def arguments():
    parser = argparse.ArgumentParser(description="System tests of stepup on a booted container.")
    parser.add_argument("--long", action="store_true", help="also what takes minutes")
    parser.add_argument("-k", action="append", metavar="WORD", help="only tests named so")
    parser.add_argument("--suite", choices=machine.RELEASES, default="bookworm",
                        help="Debian's release, whose packages must have been built")
    parser.add_argument("--failfast", action="store_true", help="stop at the first failure")
    parser.add_argument("--shell", action="store_true", help="a root shell in the machine, no test")
    return parser.parse_args()


def main():
    options = arguments()
    if os.geteuid() != 0:
        sys.exit("tests/system/run.py: needs root, because it boots a container")
    machine.stop_on_signals()
    if options.long:
        os.environ["STEPUP_LONG_TESTS"] = "1"  # read by the tests that have a long form

    loader = unittest.TestLoader()
    if options.k:
        loader.testNamePatterns = [f"*{word}*" for word in options.k]
    suite = loader.discover(str(HERE), pattern="test_*.py")

    with machine.Machine(options.suite) as container:
        container.install()
        container.boot()
        if options.shell:
            container.spawn("bash", "-l").interact()
            return 0
        Bench.machine = container
        result = unittest.TextTestRunner(sys.stdout, verbosity=2, resultclass=Result,
                                         failfast=options.failfast).run(suite)
        leaks = canaries.found(container)
        print(*(f"the journal holds a secret: {text}" for text in leaks), sep="\n")
        # One test may fail in several subtests, and counts once.
        failed = len({getattr(test, "test_case", test).id()
                      for test, _ in result.failures + result.errors})
        if failed:
            journal = HERE.parents[1] / "build" / "system-journal.txt"
            journal.parent.mkdir(exist_ok=True)
            container.save_journal(journal)
            print(f"the container's journal: {journal}")
    skipped = len(result.skipped)
    passed = result.testsRun - failed - skipped
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or leaks or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
