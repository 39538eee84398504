# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# The target as nvme-cli and fio of a distribution see it.

case_nvme_cli() {
    about='kernel 6.12, keys: every page, feature and command, reservations by nvme-cli; fio with digests and without'
    judge=script
    script=admin-script
    edit_target=second_host
    timeout=200
    expect_facts=(failed=)
}

case_nvme_cli_old_kernel() {
    about='the same by kernel 6.1, which cannot authenticate'
    judge=script
    script=admin-script
    kernel=6.1
    client_host_key=
    client_ctrl_key=
    edit_target=second_host_without_keys
    timeout=200
    expect_facts=(failed=)
}

case_two_paths() {
    about='two targets serve one image; the one with the better path is killed under fio'
    judge=script
    script=paths-script
    guest_options=(-smp 2)
    second_port=$(free_port $((port + 1)))
    ports="$port $second_port"
    edit_target=first_path
    meanwhile=kill_first_path
    timeout=200
    expect_facts=(failed= namespaces=1 'states~optimized non-optimized|non-optimized optimized')
}

second_host() {
    mkdir "$log/state"
    sed -i -e 's/^hosts = client$/&, second/' -e "/^\[target\]/a state_dir = $log/state" "$1"
    printf '%s\n' '[host.second]' "nqn = nqn.2014-08.org.nvmexpress:uuid:$second_hostid" \
        "dhchap_secret_file = $keys/host" "dhchap_ctrl_secret_file = $keys/ctrl" \
        "dhchap_hash = $dhchap_hash" "dhchap_dhgroup = $dhchap_dhgroup" >>"$1"
}

second_host_without_keys() {
    second_host "$1"
    sed -i '/^dhchap_/d' "$1"
}

# One subsystem by two servers: disjoint controller ids, the same identity, one image.
first_path() {
    sed -i '/^image = /a shared = yes' "$1"
    sed "s/^listen = .*/listen = $address:$second_port/" "$1" >"$log/second.conf"
    sed -i '/^nqn = nqn.2026/a cntlid_max = 1000' "$1"
    sed -i '/^nqn = nqn.2026/a cntlid_min = 1001' "$log/second.conf"
    printf '%s\n' '[ana.first]' 'group = 1' 'state = non-optimized' >>"$log/second.conf"
    target_start "$log/second.conf" "$log/second"
    target_is_up "$address" "$second_port" || die "the second target does not listen: $(tail -n 1 "$log/second")"
}

kill_first_path() {
    guest_says "$log/console" '^FACT fio=begins' 90 || return
    sleep 6
    kill -9 "$target_pid"
}
