#!/bin/sh
# SPDX-License-Identifier: ISC
# mandoc has nothing to say about the manual pages.
set -eu
mandoc -T lint -W warning man/*.[1578]
