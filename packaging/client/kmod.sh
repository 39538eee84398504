#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# packaging/client/kmod.sh OUT [SOURCE]
# Makes the static library OUT from kmod's own sources: Debian packages none and kmod's build refuses to
# make one. SOURCE is an unpacked kmod source (30 to 34); without it the distribution's source package is
# fetched. Modules compressed with xz and zstd are understood, which is what distributions ship; messages
# are left out. The result of kmod's configure is the same on every machine this builds on, and
# stands below.
set -eu

out=$1
source=${2:-}
work=${out%/*}
here=$(cd "$(dirname "$0")" && pwd)

if [ -z "$source" ]; then
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
    rm -rf "$work/source"
    "$here/../apt-private.sh" fetch-source "$suite" kmod "$work/source"
    source=$(find "$work/source" -mindepth 1 -maxdepth 1 -type d -name 'kmod-*')
fi
if ! [ -f "$source/libkmod/libkmod.c" ]; then
    echo "kmod.sh: '$source' is not an unpacked kmod source" >&2
    exit 1
fi

mkdir -p "$work/objects"
cat >"$work/config.h" <<'CONFIG'
#define _GNU_SOURCE 1
#define PACKAGE "kmod"
#define VERSION "static"
#define KMOD_FEATURES "+XZ +ZSTD"
#define SYSCONFDIR "/etc"
#define DISTCONFDIR "/lib"
#define MODULE_DIRECTORY "/lib/modules"
#define ENABLE_XZ 1
#define ENABLE_ZSTD 1
#define HAVE_SECURE_GETENV 1
#define HAVE_STRUCT_STAT_ST_MTIM 1
#define HAVE_DECL_STRNDUPA 1
#define HAVE_DECL_BE32TOH 1
#define HAVE_DECL_BASENAME 1
#define HAVE_LINUX_MODULE_H 1
#define HAVE_STATIC_ASSERT 1
#define HAVE_NORETURN 1
#define HAVE___BUILTIN_TYPES_COMPATIBLE_P 1
#define HAVE___BUILTIN_UADDL_OVERFLOW 1
#define HAVE___BUILTIN_UADDLL_OVERFLOW 1
#define HAVE___BUILTIN_UMULL_OVERFLOW 1
#define HAVE___BUILTIN_UMULLL_OVERFLOW 1
CONFIG
# Up to version 33 these are tested with #ifdef, afterwards by their value.
if grep -q 'ENABLE_LOGGING == 1' "$source/libkmod/libkmod-internal.h"; then
    printf '#define %s 0\n' ENABLE_LOGGING ENABLE_DEBUG ENABLE_ELFDBG >>"$work/config.h"
fi

objects=()
for file in "$source"/libkmod/*.c "$source"/shared/*.c; do
    case $file in *-zlib.c) continue ;; esac
    object=$work/objects/$(basename "${file%.c}").o
    # kmod's own warnings are kmod's business
    ${CC:-cc} -std=gnu11 -Os -w -ffunction-sections -fdata-sections -include "$work/config.h" \
        -I"$source" -I"$source/libkmod" -c "$file" -o "$object"
    objects+=("$object")
done
rm -f "$out"
ar rcs "$out" "${objects[@]}"
