// SPDX-License-Identifier: ISC
// The signals that end the program are blocked and looked for, never handled: it ends by ordinary
// returns, so the terminal is restored and the daemon is told on every way out.
#pragma once

namespace stepup::ctl {

// Blocks HUP, INT, QUIT and TERM for the rest of the program, but none that it was started to
// ignore (nohup(1)): a blocked signal becomes pending even if it is ignored, and would end us.
void block_ending_signals() noexcept;

// Undoes that, for the program that replaces this one.  Ends this one if one of them has come.
void unblock_ending_signals() noexcept;

// Whether one of them has come.  Requires block_ending_signals().
[[nodiscard]] bool ending_signal_came() noexcept;

}  // namespace stepup::ctl
