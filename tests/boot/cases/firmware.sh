# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# What the machine brings along: its firmware's tables, and who runs it.

case_nbft() {
    about='network, target and identity only from the NVMe Boot Firmware Table'
    uri=
    ip=
    edit_overlay=firmware_knows
    guest_net=(-netdev 'user,id=net0,ipv4=on,ipv6=on'
        -device 'virtio-net-pci,netdev=net0,romfile=,mac=52:54:00:12:34:56')
    expect_facts=(root:ADDRESS~^10.0.2.15/24 root:SUBSYSNQN="$subsysnqn" controllers=1)
}

# The identity is the table's, not the configuration's.
firmware_knows() {
    leave_firmware_table "$1" trsvcid="$port"
}

# leave_firmware_table DIR WORD…   a table with these words more, and no configuration in the image
leave_firmware_table() {
    rm "$1/etc/nvmeroot/nvmeroot.conf"
    shift
    "$top/build/tests/nbft-table" hostnqn="$client_hostnqn" hostid="$client_hostid" subsysnqn="$subsysnqn" "$@" >"$log/nbft"
    guest_options=(-acpitable "file=$log/nbft")
}

case_nbft_vlan() {
    about='the same of a firmware that booted over a VLAN, the only network on which the target answers'
    server=guest
    portal=10.9.5.1:4420
    uri=
    ip=
    edit_overlay=firmware_used_a_vlan
    expect_facts=(root:INTERFACE=nbft1.5 root:ADDRESS~^10.9.5.2/24 root:SUBSYSNQN="$subsysnqn" controllers=1
        'authentication~^both ways')
}

firmware_used_a_vlan() {
    leave_firmware_table "$1" mac=52:54:00:09:00:02 vlan=5 address=10.9.5.2/24 gateway= traddr=10.9.5.1
}

case_nbft_odd_entries() {
    about='an interface and a namespace of the table that nobody can use are left out by name, and the others boot'
    uri=
    ip=
    edit_overlay=firmware_has_odd_entries
    guest_net=(-netdev 'user,id=net0,ipv4=on,ipv6=on'
        -device 'virtio-net-pci,netdev=net0,romfile=,mac=52:54:00:12:34:56')
    expect_facts=(root:ADDRESS~^10.0.2.15/24 root:SUBSYSNQN="$subsysnqn" controllers=1)
}

firmware_has_odd_entries() {
    leave_firmware_table "$1" trsvcid="$port" odd=entries
}

case_nbft_of_no_use() {
    about='a table without a usable target is reported on the console, with its own exit code'
    server=none
    uri=
    ip=
    edit_overlay=firmware_is_of_no_use
    expect_exit=4
    says='NBFT: it names no usable disk \(SSNS 1 has no address\)'
    expect_facts=(controllers=0)
}

firmware_is_of_no_use() {
    leave_firmware_table "$1" odd=all
}

case_nbft_demands_tls() {
    about="the table's security profile demands TLS: refused by name, before anything is connected"
    server=none
    uri=
    ip=
    edit_overlay=firmware_demands_tls
    expect_exit=10
    says='security profile 1 demands a secure channel'
    expect_facts=(controllers=0)
}

firmware_demands_tls() {
    leave_firmware_table "$1" profile=tls
}

case_credentials() {
    about='the keys come by SMBIOS and by fw_cfg, and none is in the image'
    client_host_key=
    client_ctrl_key=
    edit_overlay=machine_knows
    expect_facts=("authentication=both ways with sha256 and $dhchap_dhgroup" controllers=1)
}

machine_knows() {
    (
        umask 077
        printf 'io.systemd.credential:nvmeroot.dhchap_secret=%s' "$(<"$keys/host")" >"$log/oem-string"
        cp "$keys/ctrl" "$log/ctrl"
    )
    guest_options=(-smbios "type=11,path=$log/oem-string"
        -fw_cfg "name=opt/io.systemd.credentials/nvmeroot.dhchap_ctrl_secret,file=$log/ctrl")
}
