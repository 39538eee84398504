# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# Protected images: what the client audits before it boots, and which layer it names when something is wrong.

case_audited_root() {
    about='kernel 6.12: all blocks audited before the root is connected'
    kernel=6.12 # the others are cases of their own
    edit_target=protect_image
    extra='nvmeroot.integrity=end-to-end nvmeroot.verify=full nvmeroot.pi=type1,guard=16'
    quietly='data digest on the wire, audited: 32768 blocks match their checksums \(512\+8-byte blocks, type 1 protection, 16-bit guard'
    meanwhile=expect_quietly
    expect_facts=(controllers=1)
}

case_audited_root_newest() {
    case_audited_root
    about="the same by the newest kernel of the distribution's backports"
    kernel=newest
}

case_audited_root_old_kernel() {
    about='the same by kernel 6.1, which cannot authenticate; only superblocks'
    kernel=6.1
    without_keys
    edit_target=protect_image
    extra=nvmeroot.integrity=at-rest
    quietly='data digest on the wire, audited: [0-9]+ blocks match'
    meanwhile=expect_quietly
    expect_facts=(controllers=1)
}

case_exposed_root() {
    about='kernel 6.1 boots from blocks that show their tuples: it has the target insert and check them (PRACT)'
    kernel=6.1
    without_keys
    edit_target=expose_image
    extra='nvmeroot.pi=type1,guard=16 nvmeroot.data_digest=no'
    quietly='type 1 protection, 16-bit guard, in the last bytes, inserted and checked only by the controller, no data digest on the wire'
    meanwhile=expect_quietly
    expect_facts=(controllers=1)
}

case_audit_finds_a_bad_disk() {
    about='a bit of the image was flipped behind its protection: the disk is named, nothing is handed over'
    edit_target=damage_image
    extra=nvmeroot.verify=full
    expect_exit=18
    says='audit-guard: LBA 2000: the guard is .* the target finds the block corrupt too: its disk'
    expect_facts=(controllers=0)
}

case_audit_finds_a_bad_wire() {
    about='a bit flips behind the check of the target, in front of the digest: not its disk'
    edit_target=flip_before_digest
    extra=nvmeroot.verify=first:64
    expect_exit=18
    says='audit-guard: LBA 2: the guard is .* the target finds the block correct'
    expect_facts=(controllers=0)
}

case_no_audit_view() {
    about='an audit is demanded and the image is not protected'
    extra=nvmeroot.verify=sb
    expect_exit=18
    says='audit-none: the target has no audit view .*:audit'
    expect_facts=(controllers=0)
}

case_transient_fault() {
    about='a bit of the superblock flips once: read again, served, the guest boots and sees nothing'
    edit_target=flip_once
    expect_facts=(controllers=1)
    meanwhile=expect_transient_fault
}

case_damaged_file() {
    about="a block of one file of the root is damaged for good, one of another once: EIO only for the first, by its target's word"
    judge=root
    edit_target=damage_a_file
    expect_facts=(controllers=1 'bad=Input/output error' 'bad-again=Input/output error' 'medium-errors~^[1-9]' written=yes)
    meanwhile=expect_status
}

case_check_protected_local_disk() {
    about="nvmeroot check --verify on QEMU's own NVMe disk, whose blocks nobody ever protected: its controller finds so too"
    server=none
    command='nvmeroot check --verify full /dev/nvme0n1'
    guest_modules=(nvme)
    guest_options=(-device 'nvme,id=nvme0,serial=local'
        -drive "id=local,if=none,format=raw,file=$log/root.ext4"
        -device 'nvme-ns,drive=local,bus=nvme0,ms=8,mset=1,pi=1')
    expect_exit=18
    says='readable: 512\+8-byte blocks, type 1 protection'
    meanwhile=expect_unprotected
    expect_facts=(controllers=1)
}

# QEMU's formats, one namespace each: the options of its nvme-ns, and what Linux makes of them: has the disk blocks,
# with which integrity profile, and the exit code of nvmeroot check. The last column, where it is another, is kernel 6.1.
local_formats() {
    cat <<'END'
ms=8,mset=0,pi=0                              full nop 0
ms=8,mset=0,pi=1                              full T10-DIF-TYPE1-CRC 0
ms=8,mset=0,pi=2                              full T10-DIF-TYPE1-CRC 0
ms=8,mset=0,pi=3                              full T10-DIF-TYPE3-CRC 0
ms=8,mset=1,pi=0                              empty none 18
ms=8,mset=1,pi=1                              full none 0
ms=8,mset=1,pi=2                              full none 0
ms=8,mset=1,pi=3,pil=1                        full none 0
ms=8,mset=0,pi=1,logical_block_size=4096,physical_block_size=4096      full T10-DIF-TYPE1-CRC 0
ms=16,mset=0,pi=1                             full T10-DIF-TYPE1-CRC 0           full nop 0
ms=64,mset=0,pi=1,pil=1                       full T10-DIF-TYPE1-CRC 0
ms=16,mset=1,pi=1                             empty none 18
ms=16,mset=0,pif=2,pi=0                       full nop 0
ms=16,mset=0,pif=2,pi=1                       full EXT-DIF-TYPE1-CRC64 0
ms=16,mset=0,pif=2,pi=3                       full EXT-DIF-TYPE3-CRC64 0
ms=16,mset=1,pif=2,pi=1                       full none 0
ms=64,mset=0,pif=2,pi=1                       full EXT-DIF-TYPE1-CRC64 0         full nop 0
ms=16,mset=0,pif=2,pi=1,logical_block_size=4096,physical_block_size=4096 full EXT-DIF-TYPE1-CRC64 0
END
}

case_local_formats() {
    about="every format of QEMU's NVMe disks: capacity, integrity profile and our verdict"
    kernel=${1:-6.12}
    server=none
    command='/vt/bin/sh /vt/formats-script'
    edit_overlay=add_formats
    guest_modules=(nvme -crct10dif_generic -crc64-rocksoft_generic)
    guest_options=(-device 'nvme,id=nvme0,serial=local')
    expect_exit=18
    says='verdict: pi-kernel: each block has 16 bytes of metadata and this kernel '
    local number=0 options size profile code old_size old_profile old_code
    while read -r options size profile code old_size old_profile old_code; do
        number=$((number + 1))
        guest_options+=(-drive "id=ns$number,if=none,format=raw,file=$log/ns$number.img"
            -device "nvme-ns,drive=ns$number,bus=nvme0,nsid=$number,$options")
        [ "$kernel" != 6.1 ] || [ -z "$old_size" ] || { size=$old_size profile=$old_profile code=$old_code; }
        expect_facts+=("namespace-$number=$size $profile $code")
    done < <(local_formats)
}

case_local_formats_old_kernel() {
    case_local_formats 6.1
    without_keys
    about="the same by kernel 6.1, which takes no tuples in front of other metadata"
    says='verdict: readable: 512\+16-byte blocks, type 1 .* which this kernel neither generates nor checks'
}

case_local_formats_newest() {
    case_local_formats newest
    about="the same by the newest kernel of the distribution's backports"
}

add_formats() {
    local number
    cp "$boot_tests/guest/formats-script" "$1/vt/"
    local_formats | wc -l >"$1/vt/namespaces"
    for number in $(seq "$(cat "$1/vt/namespaces")"); do truncate -s 1M "$log/ns$number.img"; done
}

# The messages of a successful boot in the log, not on the console.
expect_quietly() {
    guest_says "$log/console" "$last_line|$stuck" "$timeout"
    grep -qaE -- "nvmeroot: .*$quietly" "$log/console" || refute "the log has nothing that matches: $quietly"
}

expect_unprotected() {
    guest_says "$log/console" "$last_line|$stuck" "$timeout"
    grep -qaE '^audit: +audit-ref: LBA 1: the reference tag is 0h, 1h expected; the target finds the block corrupt too' \
        "$log/console" || refute 'the audit does not say that the block was never protected'
}

protect_image() {
    "$target" image protect "$log/root.ext4" >/dev/null || die 'the image cannot be protected'
    echo 'protection = at-rest' >>"$1"
}

expose_image() {
    protect_image "$1"
    sed -i 's/^protection = .*/protection = exposed/' "$1"
}

damage_image() {
    protect_image "$1"
    printf 'x' | dd of="$log/root.ext4" bs=1 seek=$((2000 * 512 + 17)) conv=notrunc status=none
}

flip_before_digest() {
    protect_image "$1"
    echo "fault_file = $log/faults" >>"$1"
    echo 'flip-before-digest 2' >"$log/faults"
}

flip_once() {
    protect_image "$1"
    echo "fault_file = $log/faults" >>"$1"
    echo 'flip-data 2 once' >"$log/faults"
}

expect_transient_fault() {
    guest_says "$log/console" '^FACT end=yes' "$timeout" || return
    grep -q 'LBA 2: guard is .* the second read matches, and the target served it' "$log/target" ||
        refute 'the target told nothing of the fault'
}

# Puts three files into the root and has the target damage a block in the middle of two.
damage_a_file() {
    local name block file=$log/file
    for name in good bad once; do
        head -c 65536 /dev/urandom >"$file"
        root_put "$file" "$name"
        [ "$name" = bad ] || expect_facts+=("$name=$(md5sum <"$file" | cut -c1-32)")
        block=$(debugfs -R "bmap $name 4" "$log/root.ext4" 2>/dev/null)
        echo "$name $((block * $(dumpe2fs -h "$log/root.ext4" 2>/dev/null | sed -n 's/^Block size: *//p') / 512 + 1))"
    done >"$log/blocks"
    rm "$file"
    root_put "$boot_tests/guest/damaged-files" case
    protect_image "$1"
    echo "fault_file = $log/faults" >>"$1"
    sed -i "/^\[target\]/a control = $log/control" "$1"
    sed -n 's/^bad /flip-data /p; s/^once \(.*\)/flip-data \1 once/p' "$log/blocks" >"$log/faults"
}

# root_put FILE NAME   writes it into the root disk, without mounting it
root_put() {
    debugfs -w -R "write $1 $2" "$log/root.ext4" >/dev/null 2>&1 || die "no $2 in the root disk"
}

expect_status() {
    local bad once
    guest_says "$log/console" "$last_line|$stuck" "$timeout"
    bad=$(sed -n 's/^bad //p' "$log/blocks")
    once=$(sed -n 's/^once //p' "$log/blocks")
    grep -q "LBA $bad: guard is .* the second read does not match either, and the target did not serve it" "$log/target" ||
        refute "the target does not say that LBA $bad is wrong at rest"
    grep -q "LBA $once: guard is .* the second read matches, and the target served it" "$log/target" ||
        refute "the target does not say that LBA $once was corrected by a second read"
    "$target" status --json --control "$log/control" >"$log/status"
    grep -q '"at_rest_errors":[1-9]' "$log/status" || refute 'the status counts nothing wrong at rest'
    grep -q '"reread_saved":1,' "$log/status" || refute 'the status does not count one read that was saved'
    grep -q '"receipt_errors":0,' "$log/status" || refute 'the status blames the host'
}
