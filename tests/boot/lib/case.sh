# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# One case: its settings, its run, its judgement.

# case_settings NAME [PORT]   what is drawn (setting.sh) and the defaults below, changed by the case's function. A function
# that sets what is drawn fixes it
case_settings() {
    log=$boot/log/$1
    port=${2-4420}
    setting_draw "$1"
    about=
    image=busybox         # a kind of lib/images.sh; one that is configured has the client's files from its generator
    take_out=()           # files that are taken out of the image by hand
    judge=verdict         # verdict: guest/verdict-init runs $command; root: the image's own init boots the root disk;
                          # script: guest/tools-init runs guest/$script with a distribution's nvme-cli and fio;
                          # facts: the image's own init prints them, and nothing else is expected
    script=
    ports=$port           # that the script may call
    command='nvmeroot boot'
    disk=tiny             # the root: tiny or debian
    written_disk=root.ext4 # the image that the guest's root writes to
    label=                # what /label of the root says, if not the disk's name
    server=process        # process: nvmeroot-target; guest: the kernel's nvmet in a second guest; none; or a function
    nvmet_listen=10.9.0.1:4420,10.9.5.1:4420 # where the kernel's nvmet listens
    dnsmasq=()            # lines of dnsmasq's configuration, which then gives addresses in the server's guest
    quirk=                # a lie of the rogue target
    address=127.0.0.1     # where the target listens
    portal=10.0.2.2:$port # how the guest calls it
    nqn=$subsysnqn
    nid=1
    ip=ip=10.0.2.15::10.0.2.2:255.255.255.0:::none
    client_host_key=host  # names of lib/target.sh's keys; empty for none
    client_ctrl_key=ctrl
    client_hostnqn=$hostnqn
    client_hostid=$hostid
    extra=                # more of the client's command line
    guest_net=("${user_net[@]}")
    guest_options=()      # more of QEMU's
    guest_modules=()      # modules to insert before $command
    needs=                # function: skips the case where it cannot run
    edit_target=          # function: changes the target's configuration FILE
    edit_overlay=         # function: changes the DIR that is laid over the image
    meanwhile=            # function: runs during the guest, and speaks to its monitor and its second serial port, which are
                          # the pipes $log/monitor and $log/port
    instead=              # function: the whole case, in place of one guest and its target
    waits=                # yes: the guest mostly waits, so the case may run in addition to JOBS others
    by_name=              # yes: too long for every run; only by its whole name
    expect_exit=0
    expect_facts=()       # NAME=VALUE, NAME<=NUMBER or NAME~REGEX, of guest/facts
    says=                 # what a line of nvmeroot on the console matches
    last_line='^FACT end=yes' # the guest is done when its console says so
    timeout=120
    lasts=                # seconds, if the order of the cases cannot be derived from the timeout: the longest begin first
    "case_${1//-/_}"
    setting_settle
    uri=${uri-nvmeroot=nvme+tcp://$portal/$nqn/$nid}
}

# run_case NAME PORT KEEP   in a process of its own; exits 0 passed, 77 skipped ($log/skipped), else failed ($log/why)
run_case() {
    local began=$SECONDS
    log=$boot/log/$1
    rm -rf "$log"
    mkdir -p "$log"
    trap end_started EXIT
    trap 'exit 143' TERM
    {
        case_settings "$1" "$(free_port "$2")"
        if [ -n "$instead" ]; then
            echo 'settings of its own' >"$log/settings"
            "$instead"
        else
            setting_words >"$log/settings"
            [ -z "$needs" ] || "$needs"
            case_prepare
            case_boot
            case_judge
        fi
    } 2>"$log/stderr"
    if [ -e "$log/why" ]; then exit 1; fi
    echo $((SECONDS - began)) >"$log/seconds"
    end_started
    [ "$3" = yes ] || rm -rf "$log"/*.ext4 "$log"/*initrd "$log/overlay" "$log/series"
    exit 0
}

refute() {
    echo "$*" >>"$log/why"
}

die() {
    refute "$*"
    exit 1
}

case_prepare() {
    kernel_ready "$kernel"
    image_ready "$image"
    keys_ready
    disk_ready "$disk" "$log/root.ext4"
    overlay_make "$log/overlay"
    [ -z "$edit_overlay" ] || "$edit_overlay" "$log/overlay"
    if [ "${#take_out[@]}" -gt 0 ]; then
        image_without "$log/base.initrd" "$image_file" "${take_out[@]}" || die "cannot take ${take_out[*]} out of the image"
        image_file=$log/base.initrd
    fi
    image_with "$log/initrd" "$image_file" "$log/overlay"
}

disk_ready() {
    local master=$boot/roots/$1.ext4 sources=("$boot_tests"/guest/* "$boot_tests/lib/roots.sh")
    [ "${1%-*}" != debian ] || sources+=("$nvmeroot" "$top"/packaging/nvmeroot*)
    built "$master" "${sources[@]}" -- "${1%-*}_root" "$master" "$1"
    cp --sparse=always --reflink=auto "$master" "$2"
}

# The additions of the test to the image: /etc/nvmeroot, and /vt with the verdict init and what it needs.
overlay_make() {
    local etc=$1/etc/nvmeroot vt=$1/vt
    mkdir -p "$vt"
    if [[ $image != *-configured ]]; then
        mkdir -p "$etc"
        printf '[host]\nhostnqn = %s\nhostid = %s\n' "$client_hostnqn" "$client_hostid" >"$etc/nvmeroot.conf"
        [ -z "$client_host_key" ] || install -m600 "$keys/$client_host_key" "$etc/dhchap_secret"
        [ -z "$client_ctrl_key" ] || install -m600 "$keys/$client_ctrl_key" "$etc/dhchap_ctrl_secret"
    fi
    chmod 755 "$1"/*
    case $judge in
        root | facts) return 0 ;;
        script) tools_overlay "$vt" && return 0 ;;
    esac
    busybox_into "$vt"
    cp "$boot_tests/guest/facts" "$vt/facts"
    install -m755 "$boot_tests/guest/verdict-init" "$vt/init"
    echo "$command" >"$vt/command"
    [ "${#guest_modules[@]}" = 0 ] || modules_into "$vt/modules" "${guest_modules[@]}"
}

case_boot() {
    local init=
    case $server in
        process) serve_by_process ;;
        guest) serve_by_guest ;;
        none) ;;
        *) "$server" ;;
    esac
    [ "$judge" = root ] || [ "$judge" = facts ] || init=rdinit=/vt/init
    [ "$judge" != script ] || guest_options+=(-drive "file=$tools_disk,format=raw,if=virtio,readonly=on")
    if [ -n "$meanwhile" ]; then
        pipe_options "$log"
        guest_options+=("${pipes[@]}")
    fi
    guest_start "$log/console" "$log/initrd" "$init $uri $ip $extra" "${guest_net[@]}" "${guest_options[@]}"
    [ -z "$meanwhile" ] || "$meanwhile"
    # A kernel that still waits for a silent target may not power off: the last line counts.
    guest_says "$log/console" "$last_line|$stuck" "$timeout"
    if ! grep -qE -- "$last_line" "$log/console"; then
        refute "the guest did not come to its end; last line: $(console | tail -n 1 | cut -c1-200)"
    fi
    kill -9 "$guest_pid" 2>/dev/null
}

serve_by_process() {
    target_config "$log/target.conf" "$address:$port" "$log/root.ext4"
    [ -z "$edit_target" ] || "$edit_target" "$log/target.conf"
    [ "$slow" != disk ] || quirk=slow-reads
    TARGET_QUIRK=$quirk serve_config "$log/target"
}

# serve_config LOG   what $log/target.conf says by now
serve_config() {
    target_start "$log/target.conf" "$1"
    target_is_up || die "the target does not listen: $(tail -n 1 "$1")"
}

# nvmet_overlay DIR   what the guest with nvmet serves: /dev/vda, to the tests' client
nvmet_overlay() {
    local etc=$1/etc/nvmeroot
    mkdir -p "$etc"
    install -m600 "$keys/host" "$keys/ctrl" "$etc/"
    target_config "$etc/nvmeroot-nvmet.conf" "$nvmet_listen" /dev/vda
    sed -i "s|$keys|/etc/nvmeroot|" "$etc/nvmeroot-nvmet.conf"
    echo "ROOT_PATH=nvme+tcp://$portal/$nqn/$nid" >"$1/settings"
    [ "${#dnsmasq[@]}" = 0 ] || dnsmasq_into "$1"
}

# dnsmasq_into DIR   the guests' distribution's dnsmasq, with what it needs and this case's lines
dnsmasq_into() {
    local tree=$boot/dnsmasq file
    dnsmasq_ready
    {
        echo "$tree/usr/sbin/dnsmasq"
        "$tree/lib64/ld-linux-x86-64.so.2" --library-path "$tree/lib/x86_64-linux-gnu:$tree/usr/lib/x86_64-linux-gnu" \
            --list "$tree/usr/sbin/dnsmasq" | grep -o "$tree/[^ ]*"
    } | while read -r file; do
        install -D "$file" "$1${file#"$tree"}" || return 1
    done
    echo root:x:0:0::/: >"$1/etc/passwd"
    echo root:x:0: >"$1/etc/group"
    printf '%s\n' interface=eth0 bind-interfaces no-resolv no-hosts user=root group=root pid-file=/run/dnsmasq.pid \
        dhcp-leasefile=/run/dnsmasq.leases log-dhcp "${dnsmasq[@]}" >"$1/dnsmasq.conf"
}

# Two guests on one wire; the server's disk is the test's. The server is not what is drawn.
serve_by_guest() {
    wires=$(mktemp -d)
    local server_image processors=1 counter=no verbosity=quiet drive="file=$log/root.ext4,format=raw,if=virtio"
    [ "$slow" != disk ] || drive+=,throttling.iops-total=50
    image_ready nvmet
    server_image=$image_file
    nvmet_overlay "$log/server"
    image_with "$log/server.initrd" "$server_image" "$log/server"
    wire_net "$wires/server" "$wires/client" 52:54:00:09:00:01
    guest_start "$log/server.console" "$log/server.initrd" '' "${wire[@]}" \
        -drive "$drive"
    guest_says "$log/server.console" '^SERVING 1' 60 || die "nvmet does not serve: $(tail -n 1 "$log/server.console")"
    wire_net "$wires/client" "$wires/server" 52:54:00:09:00:02
    guest_net=("${wire[@]}")
}

console() {
    tr -d '\r' <"$log/console"
}

fact() {
    console | sed -n "s/^FACT $1=//p" | head -n 1
}

case_judge() {
    local wanted clean=(cmdline-secrets=0 log-secrets=0 stray-secrets=0)
    local booted=(root-file=yes root-link=yes state=yes open-secrets=0 'lines<=8' "label=${label:-$disk}")
    local verdict=("exit=$expect_exit" 'peak-kib<=8192')
    case $judge:$expect_exit in
        verdict:0) expect_facts+=("${verdict[@]}" "${clean[@]}" "${booted[@]}") ;;
        verdict:*) expect_facts+=("${verdict[@]}" "${clean[@]}" root-file=no root-link=no) ;;
        script:*) ;;
        root:0) expect_facts+=("${clean[@]}" "${booted[@]}") ;;
        root:*) expect_facts+=(label= end=) ;; # the root's init never ran
    esac
    [ "$expect_exit" = 0 ] || [ -n "$says" ] || refute 'the case does not say which sentence it expects'
    for wanted in "${expect_facts[@]}"; do
        judge_fact "$wanted"
    done
    if [ -n "$says" ] && ! grep -qE -- "$says" <(sentences); then
        refute "nvmeroot said nothing that matches: $says"
        sentences >>"$log/why"
    fi
    [ "$(fact written)" != yes ] || disk_is_written
}

# The messages of nvmeroot on the console.
sentences() {
    console | sed '/^FACT /,$d' | grep -oE '(^|\[[ 0-9.]+\] )(nvmeroot|verdict): .*'
}

judge_fact() {
    local name=${1%%[=~<]*} value rest
    rest=${1#"$name"}
    value=$(fact "$name")
    case $rest in
        '<='*) [ -n "$value" ] && [ "$value" -le "${rest#<=}" ] && return ;;
        '~'*) [[ $value =~ ${rest#'~'} ]] && return ;;
        *) [ "$value" = "${rest#=}" ] && return ;;
    esac
    refute "expected $1, found ${value:-nothing}"
}

# The writes of the guest have reached the image, through the target.
disk_is_written() {
    end_started
    grep -q '^written$' <(debugfs -R 'cat /written' "$log/$written_disk" 2>/dev/null) ||
        refute 'what the guest wrote and synced is not in the image'
}
