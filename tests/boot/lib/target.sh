# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# The target of a test: its keys, its configuration, its process.
#
#   keys_ready                     sets keys=DIR with host, ctrl, other-host and other-ctrl, made once by genkey
#   host_section                   prints the section of the tests' host, for configurations of a test's own
#   target_config FILE PORT IMAGE  writes what one image needs; the test may append or change before target_start
#   target_start FILE LOG          serves the file; TARGET_QUIRK=NAME takes the rogue target of the tests instead
#   target_kill                    ends it without a word
#   free_port FROM                 a port of 127.0.0.1 that nobody listens on; tests look from $first_port on

target=${NVMEROOT_TARGET:-$top/build/nvmeroot-target}
load=${NVMEROOT_LOAD:-$top/build/nvmeroot-load}
rogue_target=$top/build/tests/rogue-target

hostnqn=nqn.2014-08.org.nvmexpress:uuid:8f3d1c52-4c8e-4e57-9e6d-6b1f3a0c1d11
hostid=8f3d1c52-4c8e-4e57-9e6d-6b1f3a0c1d11
second_hostid=1c0ffee1-4c8e-4e57-9e6d-6b1f3a0c1d22 # of a host that cases add
subsysnqn=nqn.2026-01.org.example:nvmeroot-test
# Parallel runs use different places.
first_port=$((20000 + $$ % 100 * 100))
# The demands of the target. The largest groups take an emulated processor ten seconds.
target_keys=yes
dhchap_hash=sha256
dhchap_dhgroup=ffdhe2048
uuid=5e1f0a7c-2b7d-4c34-9a55-0c52d1a7e001

keys_ready() {
    keys=$boot/keys
    built "$keys" "$target" -- keys_make "$keys"
}

keys_make() {
    local name
    mkdir -p "$1"
    for name in host ctrl other-host other-ctrl; do
        (umask 077 && "$target" genkey >"$1/$name") || return 1
    done
}

host_section() {
    printf '[host.client]\nnqn = %s\n' "$hostnqn"
    [ "$target_keys" = no ] || cat <<END
dhchap_secret_file = $keys/host
dhchap_ctrl_secret_file = $keys/ctrl
dhchap_hash = $dhchap_hash
dhchap_dhgroup = $dhchap_dhgroup
END
}

target_config() {
    cat >"$1" <<END
[target]
listen = $2
[subsystem.test]
nqn = $subsysnqn
hosts = client
$(host_section)
[namespace.first]
subsystem = test
nsid = 1
image = $3
uuid = $uuid
END
}

target_start() {
    local program=("$target")
    : >"$2" # of an earlier target, for target_is_up
    [ -z "${TARGET_QUIRK-}" ] || program=("$rogue_target" --quirk "$TARGET_QUIRK")
    "${program[@]}" serve --config "$1" </dev/null >"$2" 2>&1 &
    target_pid=$! target_log=$2
    started_pids+=("$target_pid")
}

target_kill() {
    kill -9 "$target_pid"
    wait "$target_pid"
}

port_is_open() {
    (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null
}

free_port() {
    local port=$1
    while port_is_open 127.0.0.1 "$port" || port_is_open ::1 "$port"; do
        port=$((port + 101))
    done
    echo "$port"
}

# target_is_up   waits until the target that was started last takes connections; 1 when it ended instead
target_is_up() {
    local end=$((SECONDS + 20 * ${slowness:-1}))
    # Not by its port, which another run's target may have taken.
    until grep -q ': ready' "$target_log"; do
        kill -0 "$target_pid" 2>/dev/null && [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}
