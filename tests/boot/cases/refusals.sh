# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# Machines that must not reach a root: each with its exit code, its sentence, and nothing handed over.

case_wrong_host_key() {
    about='the key of this machine is not the one the target knows'
    client_host_key=other-host
    expect_exit=15
    says="refused this host's secret"
    expect_facts=(controllers=0)
}

case_wrong_controller_key() {
    about='the target does not have the key that this machine expects of it'
    client_ctrl_key=other-ctrl
    expect_exit=15
    says='did not prove that it knows the controller secret'
    expect_facts=(controllers=0)
}

case_no_authentication_asked() {
    about='the machine has keys, the target asks for none: seen by the probe'
    quirk=no-auth
    expect_exit=15
    says='does not ask this host for authentication'
    expect_facts=(controllers=0)
}

case_no_authentication_seen() {
    about="the same without a probe: seen in the kernel's log"
    quirk=no-auth
    extra=nvmeroot.probe=no
    expect_exit=15
    says='came up without asking this host for authentication'
    expect_facts=(controllers=0)
}

case_target_proves_nothing() {
    about='the target never authenticates (rvalid=0)'
    quirk=rvalid0
    expect_exit=15
    says='never proved that it knows the controller secret'
    expect_facts=(controllers=0)
}

case_admin_queue_only() {
    about='the target authenticates its admin queue, the I/O queues not'
    kernel=6.12
    quirk=admin-only-auth
    expect_exit=15
    says='authentication failed on a queue'
    expect_facts=(controllers=0)
}

case_silent_after_icreq() {
    about='the target takes the connection and says nothing'
    quirk=silent-after-icreq
    extra='nvmeroot.timeout=8s nvmeroot.probe_timeout=3s'
    expect_exit=13
    says='does not answer ICReq'
    expect_facts=(controllers=0 'elapsed<=20')
}

case_silent_after_connect() {
    about='the target says nothing to Connect'
    quirk=silent-after-connect
    extra='nvmeroot.timeout=8s nvmeroot.probe_timeout=3s'
    expect_exit=13
    says='does not answer Connect'
    expect_facts=(controllers=0 'elapsed<=20')
}

case_silent_in_authentication() {
    about='the target says nothing in the middle of authentication: the kernel would wait for minutes'
    quirk=silent-in-auth
    extra='nvmeroot.timeout=10s nvmeroot.connect_timeout=6s'
    expect_exit=16
    says='stopped answering and the kernel is still waiting'
    expect_facts=('elapsed<=30')
}

case_hostile_targets_in_turn() {
    about='six targets that stall the kernel or feed it rubbish, one after the other; then an honest one'
    waits=yes
    counter=no # the deadlines of the script are short
    command='/vt/bin/sh /vt/hostile-script'
    edit_overlay=add_hostile_targets
    timeout=300
    # The kernel gives wrong data up, or the connection; and it may still be at the target before.
    expect_facts=(silent-in-identify=16 silent-at-io-connect=16 silent-io=16 'wrong-io-digest~^1[69]$'
        wrong-command-id=16 wrong-digest=16 'wrong-digest-says~does not match its digests|cannot connect to another target meanwhile'
        handed-over= 'refused-in<=180')
}

add_hostile_targets() {
    local quirk next=$port
    cp "$boot_tests/guest/hostile-script" "$1/vt/"
    for quirk in silent-in-identify silent-at-io-connect silent-io wrong-io-digest wrong-command-id wrong-digest; do
        next=$(free_port $((next + 100)))
        echo "$quirk $next" >>"$1/vt/hostile"
        cp --sparse=always "$log/root.ext4" "$log/$quirk.ext4"
        target_config "$log/$quirk.conf" "$address:$next" "$log/$quirk.ext4"
        TARGET_QUIRK=$quirk target_start "$log/$quirk.conf" "$log/$quirk.target"
    done
}

case_kernel_without_dhchap() {
    about='keys are there, the kernel cannot authenticate'
    kernel=6.1
    expect_exit=15
    says='this kernel cannot do it'
    expect_facts=(controllers=0)
}

case_host_not_allowed() {
    about='the target does not know this host NQN'
    any_kernel
    client_hostnqn=nqn.2014-08.org.nvmexpress:uuid:8f3d1c52-4c8e-4e57-9e6d-6b1f3a0c1dff
    client_hostid=8f3d1c52-4c8e-4e57-9e6d-6b1f3a0c1dff
    expect_exit=14
    says='does not allow host nqn'
    expect_facts=(controllers=0)
}

case_no_such_subsystem() {
    about='the target has no such subsystem'
    any_kernel
    nqn=nqn.2026-01.org.example:nothing
    expect_exit=14
    says='has no subsystem nqn'
    expect_facts=(controllers=0)
}

case_no_such_namespace() {
    about='the subsystem has no such namespace'
    any_kernel
    nid=7
    extra=nvmeroot.namespace_timeout=3s
    expect_exit=17
    says='does not offer this host NSID 7'
    expect_facts=(controllers=0)
}

case_target_absent() {
    about='nobody listens: given up after nvmeroot.timeout'
    any_kernel
    server=none
    extra=nvmeroot.timeout=8s
    expect_exit=13
    says='Connection refused; check'
    expect_facts=(controllers=0 'elapsed<=14')
}

case_protected_format() {
    about='a PI-formatted namespace, which this kernel shows with 0 bytes'
    kernel=6.12 # the newest is a case of its own
    edit_target=protect_namespace
    expect_exit=18
    says='pi-kernel: each block has 8 bytes of metadata'
    expect_facts=(controllers=0)
}

case_protected_format_newest() {
    case_protected_format
    about="the same on the newest kernel of the distribution's backports"
    kernel=newest
}

protect_namespace() {
    echo 'pi = type1' >>"$1"
}

case_check_local_disk() {
    about="nvmeroot check on QEMU's own NVMe disk in a format that the kernel shows with 0 bytes"
    server=none
    command='nvmeroot check /dev/nvme0n1'
    guest_modules=(nvme)
    guest_options=(-device 'nvme,id=nvme0,serial=local'
        -drive "id=local,if=none,format=raw,file=$log/root.ext4"
        -device 'nvme-ns,drive=local,bus=nvme0,ms=16,mset=1,pi=1')
    expect_exit=18
    says='pi-kernel: each block has 16 bytes of metadata .* format it with'
    expect_facts=(controllers=1)
}

case_no_network_card() {
    about='no network card'
    any_kernel
    server=none
    guest_net=(-nic none)
    extra='nvmeroot.timeout=4s nvmeroot.carrier_timeout=2s'
    expect_exit=12
    says='no Ethernet interface'
    expect_facts=(controllers=0 'elapsed<=10')
}

case_no_dhcp_answer() {
    about='a wire, but no DHCP server on it'
    any_kernel
    server=none
    guest_net=(-netdev 'hubport,id=net0,hubid=0' -device 'virtio-net-pci,netdev=net0,romfile=')
    ip=ip=dhcp
    extra='nvmeroot.timeout=6s nvmeroot.dhcp_timeout=4s'
    expect_exit=12
    says='no DHCP server answered'
    expect_facts=(controllers=0 'elapsed<=15')
}

case_malformed_key() {
    about='a key with a wrong checksum: the kernel, which would print it, never sees it'
    server=none
    edit_overlay=damage_key
    expect_exit=10
    says='its checksum is wrong'
    expect_facts=(controllers=0)
}

# Another base64 digit in the middle.
damage_key() {
    local key
    key=$(<"$1/etc/nvmeroot/dhchap_secret")
    printf '%s%s%s\n' "${key:0:20}" "$(echo "${key:20:1}" | tr 'A-Za-z0-9+/' 'B-ZA-Cb-za1-90/+')" "${key:21}" \
        >"$1/etc/nvmeroot/dhchap_secret"
}

case_key_readable_by_others() {
    about='a key file that others can read'
    server=none
    edit_overlay=open_key
    expect_exit=10
    says='dhchap_secret.*(mode|read)'
    expect_facts=(controllers=0)
}

open_key() {
    chmod 644 "$1/etc/nvmeroot/dhchap_secret"
}

case_busybox_hook_refused() {
    about="the hook in mkinitcpio's init: the cause, what to do, no root"
    judge=root
    client_host_key=other-host
    expect_exit=15
    says="refused this host's secret"
    last_line='nvmeroot: no root disk .code 15.'
}

case_dracut_hook_refused() {
    about='the same in dracut'
    image=dracut
    judge=root
    client_host_key=other-host
    expect_exit=15
    says="refused this host's secret"
    last_line='nvmeroot: no root disk .code 15.'
}

# The target would let this host in without a key, and the command line says all that the lost file said.
configuration_lost() {
    image=$1-configured
    judge=root
    without_keys
    extra="nvmeroot.hostnqn=$hostnqn nvmeroot.hostid=$hostid nvmeroot.auth=off"
    take_out=("${@:2}")
    timeout=300 # it has the drivers of all machines
    expect_exit=10
    says="built with a configuration and has lost it: /$2 is missing"
    last_line='nvmeroot: no root disk .code 10.'
}

case_dracut_configuration_lost() {
    about='the configuration is taken out of a dracut image by hand: no boot without authentication'
    configuration_lost dracut etc/nvmeroot/nvmeroot.conf etc/nvmeroot/dhchap_secret etc/nvmeroot/dhchap_ctrl_secret
}

case_initramfs_tools_key_lost() {
    about='a key is taken out of an image of initramfs-tools by hand: no boot with less authentication'
    configuration_lost initramfs etc/nvmeroot/dhchap_ctrl_secret
}

case_mkinitcpio_configuration_lost() {
    about='the same of mkinitcpio, where MKINITCPIO names a checkout'
    needs=mkinitcpio_checkout
    configuration_lost mkinitcpio etc/nvmeroot/nvmeroot.conf etc/nvmeroot/dhchap_secret etc/nvmeroot/dhchap_ctrl_secret
}
