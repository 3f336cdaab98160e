// SPDX-License-Identifier: ISC
// Makes the n-th libc or libpam call of pam_stepup.so fail, so that the product itself holds no
// test code.  fail_nth.cc defines those functions over again; in a program that is linked with
// --export-dynamic its definitions come before those of the libraries.  Calls of anybody else pass
// through.
#pragma once

namespace stepup::fakes {

enum class Fault {
  Once,         // the n-th call fails, with an error that it may have
  FromThenOn,   // and each one after it
  Interrupted,  // the n-th of those that a signal may interrupt fails with EINTR, the others work
};

// Counts the calls from now on.  For one thread at a time.
void fail_nth(int nth, Fault fault);

// Stops.  Returns the name of the first call that failed, or null when there were fewer than n.
const char* stop_failing();

}  // namespace stepup::fakes
