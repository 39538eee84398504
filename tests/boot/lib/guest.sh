# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# Virtual machines. TCG always: the /dev/kvm of many build machines cannot run a distribution's kernel.
#
#   guest_start CONSOLE INITRD CMDLINE QEMU-OPTION…   a guest in the background; its process is $guest_pid
#                                                     Its settings: $processors, $verbosity, and $counter=yes for the
#                                                     instruction counter, under which guest time hardly depends on what
#                                                     else the machine does
#   guest_wait SECONDS                                0 when it powered off by itself, else it is killed: 1
#   guest_says CONSOLE REGEX SECONDS                  0 as soon as a line matches, 1 when the time or the guest ended
#                                                     Both take $slowness times as long, where that is set
#   started_pids                                      every process to end when the test ends
#   pipe_options DIR                                  sets pipes: options of a guest that takes lines for its monitor by the
#                                                     pipe DIR/monitor, and lines on its second serial port by DIR/port
#   guest_told PIPE WORD…                             such a line

started_pids=()

# A user network: the guest is 10.0.2.15 or fec0::/64, the machine's loopback is 10.0.2.2 and fec0::2 for it.
user_net=(-netdev 'user,id=net0,ipv4=on,ipv6=on' -device 'virtio-net-pci,netdev=net0,romfile=')

# wire_net HERE THERE   a private Ethernet wire between two guests, each of which names its own end first
wire_net() {
    wire=(-netdev "dgram,id=net0,local.type=unix,local.path=$1,remote.type=unix,remote.path=$2"
        -device "virtio-net-pci,netdev=net0,romfile=,mac=${3:-52:54:00:12:34:56}")
}

# No newer processor: with all that TCG can emulate, kernels crashed now and then with rubbish in their flags.
model=Nehalem,+rdrand,+pclmulqdq
# On a busy machine an emulated timer fails the kernel's check of it.
kernel_options='no_timer_check mitigations=off'

# The output of a guest that will not continue by itself.
stuck='Kernel panic|nvmeroot: no root disk .code|Entering emergency mode|can.t access tty'

guest_start() {
    local console=$1 initrd=$2 cmdline=$3 engine=(-accel 'tcg,thread=multi')
    shift 3
    [ "${counter-no}" = no ] || engine=(-accel 'tcg,thread=single' -icount 'shift=1,sleep=on')
    qemu-system-x86_64 "${engine[@]}" -smp "${processors:-1}" -cpu "$model" -m 512 -nodefaults -display none -no-reboot \
        -serial "${serial:-file:$console}" -kernel "$kernel_image" -initrd "$initrd" \
        -append "console=ttyS0 ${verbosity-quiet} panic=5 $kernel_options $cmdline" "$@" </dev/null >"$console.qemu" 2>&1 &
    guest_pid=$!
    started_pids+=("$guest_pid")
}

guest_wait() {
    local end=$((SECONDS + $1 * ${slowness:-1}))
    while kill -0 "$guest_pid" 2>/dev/null; do
        if [ "$SECONDS" -ge "$end" ]; then
            kill -9 "$guest_pid"
            return 1
        fi
        sleep 0.2
    done
    wait "$guest_pid"
}

guest_says() {
    local end=$((SECONDS + $3 * ${slowness:-1}))
    until grep -qE -- "$2" "$1" 2>/dev/null; do
        [ "$SECONDS" -lt "$end" ] && kill -0 "$guest_pid" 2>/dev/null || return 1
        sleep 0.2
    done
}

end_started() {
    local pid
    for pid in "${started_pids[@]}"; do
        kill -9 "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true # the exit code is already used by the test, not of what it kills
    done
    started_pids=()
}

# With the object "hole" switched on, the network net0 swallows every packet, and the guest's carrier stays.
pipe_options() {
    local hole='filter-redirector,id=hole,netdev=net0,queue=all,outdev=nowhere,status=off'
    mkfifo "$1"/{monitor,port}.{in,out}
    pipes=(-monitor "pipe:$1/monitor" -serial "pipe:$1/port" -chardev 'null,id=nowhere' -object "$hole")
}

# Opened for both directions, which waits for nobody.
guest_told() {
    echo "${*:2}" 1<>"$1.in"
}
