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
