#!/bin/sh
# SPDX-License-Identifier: ISC
# ShellCheck has nothing to say about the shell scripts, by name or by first line.
set -eu
find . \( -name .git -o -name 'build*' -o -name dist \) -prune -o -type f -print |
  while IFS= read -r file; do
    case $file in
      *.sh) echo "$file" ;;
      *) IFS= read -r first <"$file" 2>/dev/null || :
         case ${first-} in '#!'*/sh|'#!'*/sh\ *|'#!'*bash|'#!'*bash\ *) echo "$file" ;; esac ;;
    esac
  done | xargs -d '\n' shellcheck
