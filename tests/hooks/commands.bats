#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The one grammar of the four programs, as they are built.

setup() {
    build=$BATS_TEST_DIRNAME/../../build
    programs=(nvmeroot nvmeroot-target nvmeroot-nvmet nvmeroot-load)
}

# commands PROGRAM   the commands that its help lists
commands() { "$build/$1" help | awk '/^  [a-z]/ && $1 != "help" && $1 != "version" { print $1 }'; }

# same PROGRAM WORDS OTHER_WORDS   both print the same on standard output, and succeed
same() {
    local one other
    # shellcheck disable=SC2086 # words
    if ! { one=$("$build/$1" $2) && other=$("$build/$1" $3) && [ -n "$one" ] && [ "$one" = "$other" ]; }; then
        echo "$1 $2 / $1 $3"
        return 1
    fi
}

@test "help, --help and -h list the commands" {
    for program in "${programs[@]}"; do
        run "$build/$program" help
        [ "$status" = 0 ]
        [[ $output == "usage: $program COMMAND "* ]]
        same "$program" help --help
        same "$program" help -h
        [ "$(commands "$program" | wc -l)" -ge 3 ]
    done
}

@test "help COMMAND, COMMAND --help and COMMAND -h explain each command" {
    for program in "${programs[@]}"; do
        for command in $(commands "$program"); do
            run "$build/$program" help "$command"
            [ "$status" = 0 ]
            [[ $output == "usage: $program $command"* ]]
            same "$program" "help $command" "$command --help"
            same "$program" "help $command" "$command -h"
            same "$program" "help $command" "--help $command"
        done
    done
}

@test "version, --version and -V print the version" {
    version=$(sed -n 's/.*kVersion = "\(.*\)";/\1/p' "$BATS_TEST_DIRNAME/../../src/base/cli/version.h")
    for program in "${programs[@]}"; do
        [ "$("$build/$program" version)" = "$program $version" ]
        same "$program" version --version
        same "$program" version -V
    done
}

@test "a program without a command, a misspelt command and a misspelt option are wrong usage" {
    for program in "${programs[@]}"; do
        run "$build/$program"
        [ "$status" = 2 ]
        command=$(commands "$program" | head -n 1)
        run "$build/$program" "${command}x"
        [ "$status" = 2 ]
        [[ $output == *"did you mean \"$command\"?" ]]
        run "$build/$program" help "${command}x"
        [ "$status" = 2 ]
        [[ $output == *"did you mean \"$command\"?" ]]
        run "$build/$program" "$command" --no-such-option
        [ "$status" = 2 ]
        [[ $output == "$program: $command: unknown option "* ]]
    done
}

@test "help keys lists the keys of each program that has a configuration" {
    for program in nvmeroot nvmeroot-target nvmeroot-nvmet; do
        run "$build/$program" help keys
        [ "$status" = 0 ]
        [[ $output == *$'\n[host'*' = '* ]]
    done
}

@test "the right column of a help text begins in one column, whatever characters the left one has" {
    for program in "${programs[@]}"; do
        for command in $(commands "$program"); do
            columns=$(LC_ALL=C.UTF-8 awk '/^  -/ && match($0, /[^ ]  +/) { print RSTART + RLENGTH }' <("$build/$program" help "$command") | sort -u | wc -l)
            [ "$columns" -le 1 ] || { echo "$program $command"; return 1; }
        done
    done
}
