#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the demo and the booted tests share.

@test "a script keeps its own exit code when it ends what it started" {
    cat >"$BATS_TEST_TMPDIR/script" <<END
set -euo pipefail
. "$BATS_TEST_DIRNAME/../boot/lib/guest.sh"
trap end_started EXIT
sleep 60 &
started_pids+=("\$!")
true &
started_pids+=("\$!")
sleep 60 &
started_pids+=("\$!")
echo "\${started_pids[@]}"
exit "\$1"
END
    local code pid
    for code in 0 3; do
        run bash "$BATS_TEST_TMPDIR/script" "$code"
        [ "$status" = "$code" ]
        for pid in ${output%%$'\n'*}; do
            if kill -0 "$pid"; then return 1; fi
        done
    done
}

# A bzImage is its setup sectors, the kernel as compressed and that one's length, and what follows: more than a pipe holds.
@test "the kernel inside a bzImage comes out whole, whatever follows it" {
    local image=$BATS_TEST_TMPDIR/bzImage packed=$BATS_TEST_TMPDIR/packed
    seq 100000 >"$BATS_TEST_TMPDIR/kernel"
    zstd -q "$BATS_TEST_TMPDIR/kernel" -o "$packed"
    printf '\0\0\0\0' >>"$packed"
    little_endian() { printf "%08x" "$1" | sed 's/\(..\)\(..\)\(..\)\(..\)/\\x\4\\x\3\\x\2\\x\1/'; }
    put() { printf '%b' "$2" | dd of="$image" bs=1 seek="$(($1))" conv=notrunc status=none; }
    head -c $((2 * 512)) /dev/zero >"$image"
    put 0x1f1 '\x01'
    put 0x248 "$(little_endian 0)"
    put 0x24c "$(little_endian "$(stat -c %s "$packed")")"
    cat "$packed" >>"$image"
    head -c 4000000 /dev/zero >>"$image"
    (
        set -o pipefail
        . "$BATS_TEST_DIRNAME/../boot/lib/kernel.sh"
        kernel_elf "$image" >"$BATS_TEST_TMPDIR/elf"
    )
    cmp "$BATS_TEST_TMPDIR/kernel" "$BATS_TEST_TMPDIR/elf"
}
