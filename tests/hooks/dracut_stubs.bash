# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # of the tests and of dracut
# Dracut's functions for modules. Each does to the image ($initdir) what the real one does, returns what that returns, and
# refuses arguments that it does not know; $dracut is the version: 059 (to 108), or 111 (from 109).

_hook_types='cmdline pre-udev pre-trigger netroot initqueue initqueue/settled initqueue/online initqueue/finished
    initqueue/timeout pre-mount pre-pivot cleanup mount emergency shutdown-emergency pre-shutdown shutdown'

# refuse WHY   a call that no dracut understands: the test fails, whatever the caller makes of the return code
refuse() {
    echo "${FUNCNAME[1]}: $*" >> "$machine/refused"
    return 1
}

did() { grep -qxF -- "$1" "$machine/did"; }

_put() {
    [[ ! -e $initdir/${2:-$1} ]] || return 0
    [[ -e $1 ]] || return 1
    mkdir -p "$initdir$(dirname "${2:-$1}")" && cp -a "$(realpath "$1")" "$initdir${2:-$1}"
}

inst_simple() {
    # The one thing that changed: a generic image of 109 and later takes -H for the file.
    if [[ $1 == -H && ($dracut == 059 || $hostonly) ]]; then
        shift
    fi
    (($# == 1 || $# == 2)) || refuse "$# arguments" || return
    _put "$@"
}

inst() {
    [[ $1 != -* ]] || refuse "$1" || return
    (($# == 1 || $# == 2)) || refuse "$# arguments" || return
    _put "$@"
}

inst_script() {
    [[ $1 != -* ]] || refuse "$1" || return
    (($# == 1 || $# == 2)) || refuse "$# arguments" || return
    _put "$@"
}

inst_hook() {
    local dir=/lib
    (($# == 3)) || refuse "$# arguments" || return
    [[ " ${_hook_types//$'\n'/ } " == *" $1 "* ]] || { dfatal "No such hook type $1."; exit 1; }
    [[ $2 =~ ^[0-9]+$ ]] || refuse "priority $2" || return
    [[ -f $3 ]] || { dfatal "hook $3 does not exist"; exit 1; }
    [[ $dracut == 059 ]] || dir=/var/lib
    inst_simple "$3" "$dir/dracut/hooks/$1/$2-${3##*/}"
    chmod u+x "$initdir$dir/dracut/hooks/$1/$2-${3##*/}"
}

inst_rules() {
    local rule
    for rule; do
        [[ ! -f $rule ]] || inst_simple "$rule" "/etc/udev/rules.d/${rule##*/}"
    done
}

# Is silent about a module that is not there, and says yes; kernel_modules=none: about all of them.
instmods() {
    echo "${hostonly:+hostonly }instmods $*" >> "$machine/did"
    [[ $1 != -c ]] || shift
    [[ $1 != -s ]] || shift
    (($# > 0)) || refuse 'nothing named' || return
    [[ " $*" != *' -'* ]] || refuse "$*" || return
    [[ ${kernel_modules-} == none ]] || mkdir -p "$initdir/lib/modules/$kernel"
}

find_binary() {
    (($# == 1)) || refuse "$# arguments" || return
    command -v "$1"
}

require_binaries() {
    find_binary "$1" > /dev/null
}

dracut_module_included() {
    (($# == 1)) || refuse "$# arguments" || return
    [[ " $included " == *" $1 "* ]]
}

dracut_need_initqueue() {
    (($# == 0)) || refuse "$*"
}

dfatal() {
    echo "dfatal $*" >> "$machine/did"
}

dwarn() {
    echo "dwarn $*" >> "$machine/did"
}
