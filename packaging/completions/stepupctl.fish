# SPDX-License-Identifier: ISC
# fish completion of stepupctl(1), from its own --help.

function __stepupctl_words
    set -l verbs
    for word in (commandline -opc)[2..]
        string match -q -- '-*' $word; and break
        set -a verbs $word
    end
    stepupctl $verbs --help 2>/dev/null | awk '
      tolower($0) ~ /^subcommands:/ { verbs = 1; next }
      /^[^ ]/ { verbs = 0 }
      verbs && /^  [a-z]/ { print $1 }
      match($0, /^ +(-[a-z], *)?--[a-z-]+/) { word = substr($0, RSTART, RLENGTH)
        sub(/^[^-]*(-[a-z], *)?/, "", word); print word }'
    if string match -qr '^(enable|disable)$' -- "$verbs[1]"
        printf '%s\n' sudo su doas sshd polkit
    end
end

function __stepupctl_before
    contains -- (commandline -opc)[-1] $argv
end

complete -c stepupctl -f
complete -c stepupctl -n 'not __stepupctl_before --user ticket reset --root --pam-dir --config --socket --label --replace --session --since --origin --algorithm --digits' -a '(__stepupctl_words)'
complete -c stepupctl -n '__stepupctl_before --user ticket reset' -a '(__fish_complete_users)'
complete -c stepupctl -n '__stepupctl_before --root --pam-dir --config' -a '(__fish_complete_directories)'
complete -c stepupctl -n '__stepupctl_before --socket import check' -F
complete -c stepupctl -n '__stepupctl_before --algorithm' -a 'sha1 sha256 sha512'
complete -c stepupctl -n '__stepupctl_before --digits' -a '6 7 8'
