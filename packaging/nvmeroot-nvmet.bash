# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of nvmeroot-nvmet: commands, options, files, and the NQNs of what is configured.

_nvmeroot_nvmet() {
    local program=${COMP_WORDS[0]} command=${COMP_WORDS[1]-} before=${COMP_WORDS[COMP_CWORD - 1]}
    # Not the last of COMP_WORDS: bash ends a word at the colons of an NQN.
    local word=${COMP_LINE:0:COMP_POINT}
    word=${word##* }
    if [ "$COMP_CWORD" = 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$("$program" --help 2>/dev/null | awk '/^  [a-z]/ && !seen[$1]++ { print $1 }')" -- "$word")
    elif [ "$before" = --configfs ] || [ "$before" = --keys ]; then
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$("$program" plan --help 2>/dev/null | awk '/^  --/ { print $1 }')" -- "$word")
    elif [ "$command" = clear ]; then
        local tree=${NVMET_CONFIGFS:-/sys/kernel/config/nvmet} names
        names=$(cd "$tree" 2>/dev/null && find hosts subsystems -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -u)
        mapfile -t COMPREPLY < <(compgen -W "$names" -- "$word")
        COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*:}"}"}")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
}
complete -o filenames -F _nvmeroot_nvmet nvmeroot-nvmet
