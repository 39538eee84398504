#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make install: puts what is built below DESTDIR/PREFIX. One row a file: mode, source, destination. PROGRAMS names those to
# install if not all.
set -eu
cd "$(dirname "$0")/.."
prefix=${PREFIX:-/usr}
root=${DESTDIR:-}

rows=$(cat <<TABLE
0644 hooks/nvmeroot                          $prefix/lib/initcpio/hooks/nvmeroot
0644 install/nvmeroot                        $prefix/lib/initcpio/install/nvmeroot
0644 install/sd-nvmeroot                     $prefix/lib/initcpio/install/sd-nvmeroot
0644 mkinitcpio/nvmeroot.service             $prefix/lib/systemd/system/nvmeroot.service
0644 mkinitcpio/nvmeroot.conf                $prefix/share/doc/nvmeroot/mkinitcpio.conf.d/nvmeroot.conf
0644 dracut/50nvmeroot/61-nvmeroot.rules     $prefix/lib/udev/rules.d/61-nvmeroot.rules
0644 dracut/50nvmeroot/61-nvmeroot.rules     $prefix/lib/dracut/modules.d/50nvmeroot/61-nvmeroot.rules
0644 dracut/50nvmeroot/README                $prefix/lib/dracut/modules.d/50nvmeroot/README
0755 initramfs-tools/hooks/nvmeroot          $prefix/share/initramfs-tools/hooks/nvmeroot
0755 initramfs-tools/scripts/local-top/nvmeroot $prefix/share/initramfs-tools/scripts/local-top/nvmeroot
0644 initramfs-tools/conf.d/nvmeroot         $prefix/share/initramfs-tools/conf.d/nvmeroot
0644 packaging/nvmeroot-complete.service     $prefix/lib/systemd/system/nvmeroot-complete.service
0644 packaging/nvmeroot-shutdown.service     $prefix/lib/systemd/system/nvmeroot-shutdown.service
0644 packaging/nvmeroot-watch.service        $prefix/lib/systemd/system/nvmeroot-watch.service
0755 packaging/nvmeroot.shutdown             $prefix/lib/systemd/system-shutdown/nvmeroot.shutdown
0644 packaging/nvmeroot-target.service       $prefix/lib/systemd/system/nvmeroot-target.service
0644 packaging/nvmeroot-target.sysusers      $prefix/lib/sysusers.d/nvmeroot-target.conf
0644 packaging/nvmeroot-target.conf          $prefix/share/doc/nvmeroot/nvmeroot-target.conf
0644 packaging/nvmeroot-nvmet.service        $prefix/lib/systemd/system/nvmeroot-nvmet.service
0644 packaging/nvmeroot-nvmet-late.service   $prefix/lib/systemd/system/nvmeroot-nvmet-late.service
0644 packaging/nvmeroot-nvmet-late.timer     $prefix/lib/systemd/system/nvmeroot-nvmet-late.timer
0644 packaging/nvmeroot-nvmet.conf           $prefix/share/doc/nvmeroot/nvmeroot-nvmet.conf
0644 packaging/nvmeroot-nvmet.bash           $prefix/share/bash-completion/completions/nvmeroot-nvmet
0644 README.md                               $prefix/share/doc/nvmeroot/README.md
0644 NEWS.md                                 $prefix/share/doc/nvmeroot/NEWS.md
TABLE
)
for program in ${PROGRAMS-nvmeroot nvmeroot-target nvmeroot-nvmet}; do
    rows+=$'\n'"0755 build/$program $prefix/bin/$program"
done
for file in dracut/50nvmeroot/*.sh; do
    rows+=$'\n'"0755 $file $prefix/lib/dracut/modules.d/50nvmeroot/${file##*/}"
done
for page in docs/*.md; do
    rows+=$'\n'"0644 $page $prefix/share/doc/nvmeroot/$page"
done
for page in src/man/*.[578]; do
    rows+=$'\n'"0644 $page $prefix/share/man/man${page##*.}/${page##*/}"
done

while read -r mode source destination; do
    install -D -m "$mode" "$source" "$root$destination"
done <<<"$rows"

# These do nothing on a machine whose root is elsewhere, so that nobody has to enable them.
units=$root$prefix/lib/systemd/system
install -d "$units/multi-user.target.wants" "$units/shutdown.target.wants"
ln -sfn ../nvmeroot-complete.service "$units/multi-user.target.wants/nvmeroot-complete.service"
ln -sfn ../nvmeroot-watch.service "$units/multi-user.target.wants/nvmeroot-watch.service"
ln -sfn ../nvmeroot-shutdown.service "$units/shutdown.target.wants/nvmeroot-shutdown.service"
