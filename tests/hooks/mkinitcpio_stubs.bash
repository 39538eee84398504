# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # of the tests and of mkinitcpio
# The functions of mkinitcpio v41 for build hooks. Each does to the image ($BUILDROOT) what the real one does, returns what
# that returns, and refuses arguments that it does not know.

# refuse WHY   a call that mkinitcpio does not understand: the test fails, whatever the caller makes of the return code
refuse() {
    echo "${FUNCNAME[1]}: $*" >> "$machine/refused"
    return 1
}

did() { grep -qxF -- "$1" "$machine/did"; }

map() {
    local word failed=0
    for word in "${@:2}"; do "$1" "$word" || failed=1; done
    return "$failed"
}

error() {
    # shellcheck disable=SC2059
    printf "$1\n" "${@:2}" >&2
    return 1
}

die() {
    error "$@"
    exit 1
}

add_module() {
    (($# == 1)) || refuse "$# arguments" || return
    echo "add_module $1" >> "$machine/did"
    [[ $1 != *absent* || $1 == *\? ]] || error "module not found: '%s'" "$1"
}

add_all_modules() {
    local OPTIND flag
    echo "add_all_modules $*" >> "$machine/did"
    while getopts ':f:' flag; do
        [[ $flag == f ]] || refuse "$*" || return
    done
    (($# - OPTIND + 1 == 1)) || refuse "$*"
}

add_file() {
    local source=$1 dest=${2:-$1} mode=${3-}
    (($# >= 1 && $# <= 3)) || refuse "$# arguments" || return
    [[ ! $mode || $mode =~ ^[0-7]{3,4}$ ]] || refuse "mode $mode" || return
    [[ $source != - ]] || source=/dev/stdin
    if [[ $source == /dev/stdin ]]; then
        [[ $dest != - && $mode ]] || error 'no destination or mode' || return
    elif [[ ! -f $source ]]; then
        error "file not found: '%s'" "$source" || return
    fi
    if [[ -L $source && $source != /dev/stdin ]]; then
        add_file "$(realpath -- "$source")" "" "$mode"
        add_symlink "$dest" "$(realpath -- "$source")"
        return
    fi
    mkdir -p "$BUILDROOT${dest%/*}"
    if [[ $mode ]]; then
        command install -Dm"$mode" "$source" "$BUILDROOT$dest"
    else
        command cp --remove-destination --preserve=mode "$source" "$BUILDROOT$dest"
    fi
}

add_symlink() {
    (($# == 1 || $# == 2)) || refuse "$# arguments" || return
    mkdir -p "$BUILDROOT${1%/*}" && ln -sfn "${2:-$1}" "$BUILDROOT$1"
}

add_binary() {
    local binary=$1
    (($# >= 1 && $# <= 3)) || refuse "$# arguments" || return
    [[ $binary == /* ]] || binary=$(type -P "$1") || error "binary not found: '%s'" "$1" || return
    add_file "$binary" "${@:2}"
}

add_runscript() {
    (($# == 0)) || refuse "$*" || return
    add_binary "$top/hooks/nvmeroot" /hooks/nvmeroot 755
}

# Says nothing where there is no such unit or rule.
add_systemd_unit() {
    (($# == 1)) || refuse "$# arguments" || return
    [[ -e $top/mkinitcpio/$1 ]] || return 1
    add_file "$top/mkinitcpio/$1" "/usr/lib/systemd/system/$1"
}

add_udev_rule() {
    (($# == 1)) || refuse "$# arguments" || return
    [[ -e $top/dracut/50nvmeroot/$1 ]] || return 1
    add_file "$top/dracut/50nvmeroot/$1" "/usr/lib/udev/rules.d/$1"
}
