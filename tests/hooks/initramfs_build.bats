#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The hook of initramfs-tools, with the real functions of that package.

load helpers

setup() {
    [ -e /usr/share/initramfs-tools/hook-functions ] || skip 'initramfs-tools-core is not installed'
    make_machine
    make_config
    need_program
    export DESTDIR=$machine/image MODULESDIR=$machine/modules version=0 verbose=n
    export __MODULES_TO_ADD=$machine/modules.list # where that of Debian 13 collects them
    export NVMEROOT_BINARY=$machine/bin/nvmeroot NVMEROOT_HOOK_CONF=$machine/hook.conf
    mkdir -p "$MODULESDIR"
    image=$BATS_TEST_TMPDIR/"initrd of 6.1"
    as=(-o "$image")
    as_mkinitramfs > "$machine/bin/mkinitramfs"
    chmod 755 "$machine/bin/mkinitramfs"
}

# The actions of mkinitramfs before it runs the hooks.
as_mkinitramfs() {
    cat << 'EOF'
#!/bin/sh -e
umask "$MASK"
touch "$IMAGE"
mkdir -p "$DESTDIR/scripts"
cp -pr "$SCRIPTS/." "$DESTDIR/scripts"
"$HOOK"
EOF
}

# hook UMASK SETTING…   by mkinitramfs with the arguments "as", a list
hook() {
    local MASK=$1 IMAGE=$image HOOK=$top/initramfs-tools/hooks/nvmeroot SCRIPTS=${scripts:-$top/initramfs-tools/scripts}
    shift
    printf '%s\n' "$@" > "$NVMEROOT_HOOK_CONF"
    export MASK IMAGE HOOK SCRIPTS
    mkinitramfs "${as[@]}" 0
}

@test "program, ini file and secrets are copied into a private image, with the list of them" {
    hook 077 "nvmeroot_config=$config"
    [ -x "$DESTDIR/usr/bin/nvmeroot" ]
    check_config_in "$DESTDIR"
}

@test "a link's target gets into the image, and the configuration replaces another hook's" {
    mv "$config/host.key" "$BATS_TEST_TMPDIR/keys/host.key"
    ln -s ../keys/host.key "$config/host.key"
    mkdir -p "$DESTDIR/etc/nvmeroot"
    echo other > "$DESTDIR/etc/nvmeroot/host.key"
    hook 077 "nvmeroot_config=$config"
    check_config_in "$DESTDIR"
    [ ! -L "$DESTDIR/etc/nvmeroot/host.key" ]
}

@test "a configuration that is not whole stops the build" {
    number=1
    while rm -rf "$config" && make_config && spoil_config "$number"; do
        run ! hook 077 "nvmeroot_config=$config"
        [[ $output == *"E: nvmeroot: "*"$says"* ]]
        [ ! -e "$DESTDIR/usr/lib/nvmeroot/image-files" ]
        rm -r "$DESTDIR"
        number=$((number + 1))
    done
    [ "$number" = 12 ]
}

@test "a disk without space stops the build" {
    printf '%s\n' '#!/bin/sh' 'exec /usr/bin/install -D -m 600 /dev/null "$6"' > "$machine/bin/install"
    chmod 755 "$machine/bin/install"
    run ! hook 077 "nvmeroot_config=$config"
    [[ $output == *"E: nvmeroot: $config/nvmeroot.conf did not get into the image"* ]]
}

@test "a kernel module that the configuration needs and the kernel lacks stops the build" {
    printf '%s\n' '#!/bin/sh' 'case "${*##* }" in nvme-* | igb) ;; *) exit 1 ;; esac' > "$machine/bin/modprobe"
    chmod 755 "$machine/bin/modprobe"
    : > "$MODULESDIR/modules.dep"
    printf '[modules]\nmodules = igb\n' >> "$config/nvmeroot.conf"
    hook 077 "nvmeroot_config=$config"
    run ! hook 077 "nvmeroot_config=$config" 'nvmeroot_nics="igb virtio-nett"'
    [[ $output == *'E: nvmeroot: kernel 0 has no module "virtio-nett"'* ]]
    sed -i 's/= igb/= e1000e/' "$config/nvmeroot.conf"
    run ! hook 077 "nvmeroot_config=$config"
    [[ $output == *'E: nvmeroot: kernel 0 has no module "e1000e"'* ]]
    sed -i 's/nvme-\*/x/; s/igb/e1000e/' "$machine/bin/modprobe"
    run ! hook 077 "nvmeroot_config=$config"
    [[ $output == *'E: nvmeroot: kernel 0 has no module "nvme-core"'* ]]
    rm -r "$DESTDIR"
    run hook 077 nvmeroot_config=no
    [ "$status" = 0 ]
    [[ $output == *'W: nvmeroot: kernel 0 has no module "nvme-tcp": this image cannot boot over NVMe/TCP'* ]]
}

@test "a secret in an image that others can read stops the build" {
    run ! hook 022 "nvmeroot_config=$config"
    [[ $output == *"is private, but everybody could read it in $image (mode 644): chmod 600"* ]]
    [ ! -e "$DESTDIR/etc/nvmeroot/host.key" ]
    chmod 600 "$image"
    hook 022 "nvmeroot_config=$config"
}

@test "an old image that others can read is noticed, however mkinitramfs gets its name" {
    cd "$BATS_TEST_TMPDIR"
    refused() {
        : > "$image"
        chmod 644 "$image"
        run ! hook 077 "nvmeroot_config=$config"
        [[ $output == *"is private, but everybody could read it in "*"initrd of 6.1 (mode 644)"* ]]
        rm "$image"
        hook 077 "nvmeroot_config=$config"
    }
    refused
    as=("-o$image") && refused
    as=(-vo "$image") && refused
    as=(-v -c zstd -d -o -o "initrd of 6.1") && refused
    as=(-o other "-ko./initrd of 6.1") && refused
}

@test "an image that is not known is none for a secret" {
    MASK=077 IMAGE=$image HOOK=: SCRIPTS=$top/initramfs-tools/scripts mkinitramfs
    printf '%s\n' "nvmeroot_config=$config" > "$NVMEROOT_HOOK_CONF"
    run ! sh -c "umask 077; '$top/initramfs-tools/hooks/nvmeroot'; exit \$?"
    [[ $output == *'nothing tells who can read the image'* ]]
    [ ! -e "$DESTDIR/etc/nvmeroot/host.key" ]
}

@test "an image without our script stops the build" {
    local scripts=$BATS_TEST_TMPDIR/scripts
    mkdir -p "$scripts/local-top"
    run ! hook 077 nvmeroot_config=no
    [[ $output == *'E: nvmeroot: /scripts/local-top/nvmeroot is not in the image'* ]]
    : > "$scripts/local-top/nvmeroot"
    run ! hook 077 nvmeroot_config=no
    [[ $output == *'E: nvmeroot: /scripts/local-top/nvmeroot is not in the image'* ]]
    install -m 644 "$top/initramfs-tools/scripts/local-top/nvmeroot" "$scripts/local-top/"
    run ! hook 077 nvmeroot_config=no
    [[ $output == *'cannot be executed'* ]]
}

@test "the real mkinitramfs stops before it writes a secret into a public image" {
    [ -x /usr/sbin/mkinitramfs ] || skip 'no mkinitramfs'
    unshare --mount --map-root-user true || skip 'no mount name spaces'
    conf=$machine/conf
    cp -r "$top/initramfs-tools" "$conf"
    mkdir "$conf/boot"
    echo CONFIG_RD_GZIP=y > "$conf/boot/config-0"
    printf '%s\n' MODULES=list BUSYBOX=n COMPRESS=gzip > "$conf/initramfs.conf"
    : > "$conf/modules"
    printf '%s\n' "nvmeroot_config=$config" > "$NVMEROOT_HOOK_CONF"
    # shellcheck disable=SC2016  # the inner shell expands
    real() {
        unshare --mount --map-root-user sh -c 'mount --bind "$1/boot" /boot && /usr/sbin/mkinitramfs -d "$1" -o "$2" 0' - "$conf" "$image"
    }
    echo old > "$image"
    chmod 644 "$image"
    run ! real
    [[ $output == *"is private, but everybody could read it in $image (mode 644)"* ]]
    [ "$(cat "$image")" = old ]
    rm "$image"
    real
    [ "$(stat -c %a "$image")" = 600 ]
    [ -s "$image" ]
}

@test "nothing of the machine is copied if configured so" {
    hook 022 nvmeroot_config=no
    [ -x "$DESTDIR/usr/bin/nvmeroot" ]
    [ ! -e "$DESTDIR/etc/nvmeroot" ]
    [ ! -e "$DESTDIR/usr/lib/nvmeroot" ]
}

@test "a setting that is none of the three is an error" {
    run ! hook 022 nvmeroot_config=maybe
    [[ $output == *'neither yes nor no'* ]]
}

# vim: set ft=bash ts=4 sw=4 et:
