# SPDX-License-Identifier: ISC
# bash completion of stepupctl(1).  The words are those of its own --help, so that they are never
# older than it is.

_stepupctl_words() { # VERB...
  stepupctl "$@" --help 2>/dev/null | awk '
    tolower($0) ~ /^subcommands:/ { verbs = 1; next }
    /^[^ ]/ { verbs = 0 }
    verbs && /^  [a-z]/ { print $1 }
    match($0, /^ +(-[a-z], *)?--[a-z-]+/) { word = substr($0, RSTART, RLENGTH)
      sub(/^[^-]*(-[a-z], *)?/, "", word); print word }'
}

_stepupctl() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} word verbs=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] && break
    verbs+=("$word")
  done
  COMPREPLY=()
  case $previous in
    --user | ticket | reset) mapfile -t COMPREPLY < <(compgen -u -- "$current") && return ;;
    --root | --pam-dir | --config | --socket | import | check)
      compopt -o default 2>/dev/null
      [[ $current != -* ]] && return ;;
    --label | --replace | --session | --since | --origin) return ;;
    --algorithm) mapfile -t COMPREPLY < <(compgen -W "sha1 sha256 sha512" -- "$current") && return ;;
    --digits) mapfile -t COMPREPLY < <(compgen -W "6 7 8" -- "$current") && return ;;
  esac
  case ${verbs[0]-} in enable | disable) word="sudo su doas sshd polkit" ;; *) word= ;; esac
  mapfile -t COMPREPLY < <(compgen -W "$(_stepupctl_words "${verbs[@]}") $word" -- "$current")
}

complete -F _stepupctl stepupctl
