# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# How a layer of tests tells its results: a line for each test, and the counts as its last line.
#     . tests/lib.sh; pass NAME; fail NAME [WHY]; skip NAME WHY; finish

passed=0 failed=0 skipped=0

pass() {
    echo "ok      $1"
    passed=$((passed + ${2:-1}))
}

fail() {
    echo "FAILED  $1${2:+: $2}"
    failed=$((failed + 1))
}

skip() {
    echo "skip    $1: $2"
    skipped=$((skipped + 1))
}

# Closes a layer: exit 1 if a test failed.
finish() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" = 0 ]
    exit
}

# try NAME COMMAND…   one test that is one command: its output is shown only if it fails, and is the reason if it exits
# with 77 to skip the test
try() {
    local name=$1 output status=0
    shift
    output=$("$@" 2>&1) || status=$?
    case $status in
        0) pass "$name" ;;
        77) skip "$name" "$output" ;;
        *)
            fail "$name"
            printf '%s\n' "$output" | tail -n 60
            ;;
    esac
}
