# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# What goes wrong on the way and comes right again, and what does not.

case_target_gone_for_a_minute() {
    about='the target is gone for a minute while its root is written to: the write waits, nothing is lost'
    counter=no # the minute is the target's
    waits=yes
    command='/vt/bin/sh /vt/gap-script'
    edit_overlay=add_scripts
    meanwhile=take_target_away
    timeout=240
    expect_facts=(write-errors=0 'longest-write~^([5-9].|1..)$' same=yes)
}

take_target_away() {
    guest_says "$log/console" '^GONE' "$timeout"
    target_kill
    sleep 60
    serve_config "$log/target.2"
}

case_dhcp_server_late() {
    about='the DHCP server answers after 40 seconds, longer than one wait for it: asked again'
    any_kernel
    counter=no # the 40 seconds are the server's
    waits=yes
    ip=ip=dhcp
    extra=nvmeroot.dhcp_timeout=15s
    verbosity=loglevel=6
    meanwhile=answer_late
    timeout=180
    expect_facts=(root:ADDRESS~^10.0.2.15/24 'elapsed~^(4|5|6|7).$')
}

# The carrier is there at once, and nothing comes of it.
answer_late() {
    guest_says "$log/console" . "$timeout"
    guest_told "$log/monitor" qom-set /objects/hole status on
    sleep 45
    guest_told "$log/monitor" qom-set /objects/hole status off
}

case_shutdown_with_a_live_target() {
    about='the machine goes down: what was written is on the disk'
    command='/vt/bin/sh /vt/shutdown-script live'
    edit_overlay=add_scripts
    expect_facts=(shutdown=0 written=yes 'waited<=10')
}

case_shutdown_with_a_stopped_target() {
    about='the target takes connections and says nothing, from the moment that the machine goes down'
    counter=no # noticed by the keep-alive
    waits=yes
    command='/vt/bin/sh /vt/shutdown-script'
    edit_overlay=add_scripts
    meanwhile=stop_target
    expect_facts=(shutdown=0 'waited<=30')
}

stop_target() {
    guest_says "$log/console" '^GOES' "$timeout"
    kill -STOP "$target_pid"
}

case_shutdown_with_a_mute_target() {
    about='the target took a connection again and never answers Connect, which the kernel waits a minute for'
    waits=yes
    command='/vt/bin/sh /vt/shutdown-script lost'
    extra=nvmeroot.reconnect_delay=4s # the watch is there before, and before the file system says something
    edit_overlay=add_scripts
    meanwhile=replace_by_a_mute_one
    expect_facts=(shutdown=0 'waited<=30')
}

replace_by_a_mute_one() {
    guest_says "$log/console" '^GOES' "$timeout"
    target_kill
    TARGET_QUIRK=silent-after-connect serve_config "$log/target.2"
}

case_debian_ends_without_its_root() {
    about="a Debian whose target is dead is switched off: systemd's last program lies on the lost root"
    waits=yes
    judge=facts
    disk=debian
    processors=2 slow=no # a whole Debian, against the clock
    guest_options=(-m 1024)
    extra='systemd.unit=basic.target systemd.wants=nvmeroot-watch.service systemd.wants=debian-end.service'
    verbosity=loglevel=5
    timeout=240
    meanwhile=end_without_target
    last_line='reboot: Power down'
}

end_without_target() {
    local ordered over
    guest_says "$log/console" 'debian-end: ready' "$timeout" || return
    sleep 5
    target_kill
    guest_says "$log/console" 'starting error recovery' 60
    guest_told "$log/port" start --no-block poweroff.target # as logind does
    guest_wait 120 || refute 'the machine does not go down'
    ordered=$(guest_time 'debian-end: start')
    over=$(guest_time 'reboot: Power down')
    # 18 of them are waited for on purpose; an idle machine emulates the rest in 2.
    [ "$((over - ordered))" -le 45 ] || refute "the end took $((over - ordered)) seconds"
}

# The guest's clock at a line of its kernel's log.
guest_time() {
    console | sed -n "s/^\[ *\([0-9]*\)\.[0-9]*\] .*$1.*/\1/p" | head -n 1
}

case_link_flaps_while_connecting() {
    about='the carrier goes for three seconds in the middle of authentication'
    slow_authentication
    meanwhile=flap_link
}

# Seconds for an emulated processor: time to hit the kernel's connect.
slow_authentication() {
    dhchap_hash=sha512
    dhchap_dhgroup=ffdhe4096
}

# The first connection is already used by the probe.
kernel_connects() {
    local end=$((SECONDS + timeout * slowness))
    until [ "$(grep -c ' connected, subsystem ' "$log/target")" -ge 2 ] || [ "$SECONDS" -ge "$end" ]; do
        sleep 0.1
    done
}

flap_link() {
    kernel_connects
    guest_told "$log/monitor" set_link net0 off
    sleep 3
    guest_told "$log/monitor" set_link net0 on
}

case_target_restarts_while_connecting() {
    about='the target restarts in the middle of authentication, which the kernel does not notice: connected again'
    waits=yes
    slow_authentication
    meanwhile=restart_target
    timeout=240 # the kernel stands still for up to a minute of its own
    expect_facts=(controllers=1 'elapsed<=90')
}

restart_target() {
    kernel_connects
    target_kill
    serve_config "$log/target.2"
}

case_one_portal_of_two_is_dead() {
    about='the first of two portals says nothing at all: the boot does not wait for its end'
    uri="nvmeroot=nvme+tcp://10.0.2.77/$nqn/$nid nvmeroot=nvme+tcp://$portal/$nqn/$nid"
    extra=nvmeroot.probe_timeout=100s
    expect_facts=('elapsed<=50' address~10.0.2.2)
}
