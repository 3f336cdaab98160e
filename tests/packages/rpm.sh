#!/bin/sh
# SPDX-License-Identifier: ISC
# rpmlint has nothing to say about the RPM packages and their spec.
# Usage: tests/packages/rpm.sh, from the top of the source tree.
set -eu
rpmlint --strict --config tests/packages/rpmlint.toml build/rpms/*.rpm packaging/stepup.spec
echo "1 passed, 0 failed"
