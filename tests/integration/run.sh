#!/bin/sh
# SPDX-License-Identifier: ISC
# Runs the integration tests against the binaries in $B (default: build).  Root is needed: the
# daemon serves only root's processes, and the module wants a root-owned socket.
set -eu
B=${B:-build}
if [ "$(id -u)" -ne 0 ]; then
  echo "integration tests need root; run: sudo make check-integration" >&2
  exit 1
fi
if [ "${1:-}" != --daemon-only ]; then
  "$B/pam_module_test"
  "$B/pam_fault_test"
  STEPUPCTL=$B/stepupctl "$B/ctl_dialogue_test"
  B=$B /usr/bin/python3 tests/integration/enable_test.py
  B=$B /usr/bin/python3 tests/integration/doctor_test.py
  B=$B /usr/bin/python3 tests/integration/config_test.py
  B=$B /usr/bin/python3 tests/integration/sudo_plugin_test.py
  /usr/bin/python3 tests/integration/authenticator_test.py
  /usr/bin/python3 tests/integration/authenticator_faults_test.py
  B=$B /usr/bin/python3 tests/integration/fido2_helper_test.py
  B=$B /usr/bin/python3 tests/integration/fido2_helper_host_test.py
fi
export B
/usr/bin/python3 tests/integration/daemon_test.py
/usr/bin/python3 tests/integration/daemon_flood_test.py
/usr/bin/python3 tests/integration/daemon_factors_test.py
/usr/bin/python3 tests/integration/daemon_files_test.py
/usr/bin/python3 tests/integration/journald_test.py
/usr/bin/python3 tests/integration/gate_test.py
/usr/bin/python3 tests/integration/import_test.py
/usr/bin/python3 tests/integration/ssh_sk_test.py
/usr/bin/python3 tests/integration/ssh_sk_hostile_test.py
/usr/bin/python3 tests/integration/session_test.py
/usr/bin/python3 tests/integration/rehearse_test.py
exec /usr/bin/python3 tests/integration/otp_test.py
