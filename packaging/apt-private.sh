#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Packages of any Debian suite, without installing them and without touching the machine's apt.
#
#   packaging/apt-private.sh fetch-binary SUITE PACKAGE DESTDIR   download the package and unpack its files into DESTDIR
#   packaging/apt-private.sh fetch-tree   SUITE DESTDIR PACKAGE…  the packages and all they depend on, unpacked into DESTDIR
#   packaging/apt-private.sh fetch-source SUITE PACKAGE DESTDIR   the patched source tree as DESTDIR/PACKAGE-VERSION
#   packaging/apt-private.sh depends      SUITE PACKAGE           the names it depends on directly, one a line
#   packaging/apt-private.sh version      SUITE PACKAGE           the version the suite holds
#   packaging/apt-private.sh mirror                               the mirror the system itself uses (for debootstrap)
#
# The mirror is read from the system's own sources each time. Lists and packages are cached below build/apt (or
# APT_PRIVATE_DIR) and lists are renewed once a day. Needs no privileges. Exit 1 with one sentence when a step fails.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
state=${APT_PRIVATE_DIR:-$top/build/apt}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

die() {
    echo "apt-private: $*" >&2
    exit 1
}

# The first address whose path ends in the wanted archive name: debian or debian-security.
mirror() {
    # shellcheck disable=SC2016 # apt expands $(SITE), not the shell
    apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep "/$1/*\$" | head -n 1
}

# A suite with -backports also needs its base suite, because its packages depend on those of the base.
write_sources() {
    case $suite in
        *-security) archive=debian-security ;;
        *) archive=debian ;;
    esac
    site=$(mirror "$archive")
    [ -n "$site" ] || die "the system's apt sources name no $archive mirror"
    for name in "$suite" "${suite%-backports}"; do
        echo "$type [signed-by=$keyring] $site $name main"
    done | sort -u
}

# One directory for each suite and kind, because lists of sources are as large as those of binaries.
use_suite() {
    suite=$1
    type=$2
    dir=$state/$suite.$type
    mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
    : >"$dir/status"
    exec 9>"$dir/lock"
    flock 9
    write_sources >"$dir/sources.list.new"
    if cmp -s "$dir/sources.list.new" "$dir/sources.list" && [ -n "$(find "$dir/updated" -mtime -1 2>/dev/null)" ]; then
        return
    fi
    mv "$dir/sources.list.new" "$dir/sources.list"
    run_apt apt-get -qq update || die "cannot read the package lists of $suite"
    touch "$dir/updated"
}

run_apt() {
    command=$1
    shift
    "$command" -o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State="$dir" -o Dir::State::Lists="$dir/lists" -o Dir::State::status="$dir/status" \
        -o Dir::Cache="$dir/cache" -o Acquire::Languages=none -o APT::Sandbox::User= -o APT::Get::List-Cleanup=false \
        -o APT::Default-Release="$suite" "$@" </dev/null
}

version() {
    run_apt apt-cache policy "$1" | sed -n 's/^  Candidate: //p'
}

depends() {
    run_apt apt-cache depends --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances \
        "$1/$suite" | sed -n 's/^ *|\{0,1\}\(Pre\)\{0,1\}Depends: //p' | tr -d '<>' | sort -u
}

fetch_binary() {
    mkdir -p "$2"
    dest=$(cd "$2" && pwd)
    (cd "$dir/cache/archives" && run_apt apt-get -qq download "$1/$suite") || die "cannot download $1 of $suite"
    file=$(run_apt apt-get -qq --print-uris download "$1/$suite" | cut -d' ' -f2)
    dpkg-deb -x "$dir/cache/archives/$file" "$dest" || die "cannot unpack $file"
}

# As for an empty machine: nothing counts as installed. Scripts of packages do not run.
fetch_tree() {
    mkdir -p "$1"
    dest=$(cd "$1" && pwd)
    shift
    run_apt apt-get -qq -y --no-install-recommends --download-only install "$@" >/dev/null || die "cannot download $*"
    run_apt apt-get -qq -y --no-install-recommends --simulate install "$@" | sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1 \2/p' |
        while read -r name number; do
            file=$(find "$dir/cache/archives" -name "${name}_$(echo "$number" | sed 's/:/%3a/')_*.deb" | head -n 1)
            [ -n "$file" ] || die "no file of $name $number"
            dpkg-deb -x "$file" "$dest" || die "cannot unpack $file"
        done
}

fetch_source() {
    mkdir -p "$2"
    dest=$(cd "$2" && pwd)
    (cd "$dest" && run_apt apt-get -qq source "$1/$suite" >/dev/null) || die "cannot fetch the source of $1 of $suite"
}

[ $# -ge 1 ] || die "see the usage at the top of $0"
case $1:$# in
    mirror:1) mirror debian ;;
    version:3 | depends:3)
        use_suite "$2" deb
        "$1" "$3"
        ;;
    fetch-tree:*)
        use_suite "$2" deb
        shift 2
        fetch_tree "$@"
        ;;
    fetch-binary:4)
        use_suite "$2" deb
        fetch_binary "$3" "$4"
        ;;
    fetch-source:4)
        use_suite "$2" deb-src
        fetch_source "$3" "$4"
        ;;
    *) die "see the usage at the top of $0" ;;
esac
