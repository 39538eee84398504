#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The root disk over NVMe/TCP: the nvmeroot program, its kernel modules, the network drivers, and what the machine says
# about itself in /etc/nvmeroot. README next to this file describes the command line and dracut.conf.

# These come from dracut (lower case) and from dracut.conf (nvmeroot_*).
# shellcheck disable=SC2154
: "${dracutbasedir}" "${moddir}"

# Whether a device, MAJOR:MINOR, is the root that this machine was booted from, or a part of it.
nvmeroot_is_root() {
    local device
    device=$(sed -n 's/^DEVICE=//p' /run/nvmeroot/root 2> /dev/null)
    [[ $device && $(readlink -f "/dev/block/$1") =~ ^"$device"(p[0-9]+)?$ ]]
}

# called by dracut
check() {
    require_binaries "${NVMEROOT_BINARY:-nvmeroot}" || return 1
    # A host-only image gets the module when this machine is set up for it; "--add nvmeroot" always works.
    # A link that leads nowhere stands for a configuration too: the build stops at it.
    local conf=${dracutsysrootdir-}/etc/nvmeroot/nvmeroot.conf
    [[ $hostonly && ! -e $conf && ! -L $conf ]] && return 255
    # The image of kdump is for the disks it names, and its kernel has little memory.
    if [[ $hostonly && ${hostonly_default_device-} == no ]]; then
        for_each_host_dev_and_slaves nvmeroot_is_root || return 255
    fi
    return 0
}

# called by dracut
depends() {
    echo rootfs-block
    # dracut-ng made the initqueue a module of its own.
    compgen -G "$dracutbasedir/modules.d/*initqueue" > /dev/null && echo initqueue
    return 0
}

# $1: a kernel module. The build stops if this image is meant to boot over NVMe/TCP; a generic image that has the
# nvmeroot module only because the program is installed is built nevertheless.
nvmeroot_lacks_module() {
    local why="kernel $kernel has no module \"$1\", or omit_drivers left it out"
    [[ ! $nvmeroot_wanted ]] || nvmeroot_stop "$why."
    dwarn "nvmeroot: $why: this image cannot boot over NVMe/TCP."
}

# Looks for kernel modules in the finished image: instmods is silent about those that it does not find.
# $1...: names or aliases; the kernel may have them built in
nvmeroot_check_modules() {
    local name
    for name; do
        modprobe -C /dev/null -d "$initdir" -S "$kernel" --show-depends "$name" &> /dev/null || nvmeroot_lacks_module "$name"
    done
}

# Unpacks modules of the image that lie there compressed, with what they depend on: a compressed one takes the kernel
# half as long again to load, and the image is compressed as a whole.
# $1...: names; names that the image does not contain are ignored
nvmeroot_unpack_modules() {
    local name file unpack

    # kernel comes from dracut, and so does compress, the program for the image.
    # shellcheck disable=SC2154
    [[ ${compress-} != cat ]] || return 0
    for name; do
        modprobe -C /dev/null -d "$initdir" -S "$kernel" --show-depends "$name" 2> /dev/null
    done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u | while read -r file; do
        case $file in
            *.xz) unpack=xz ;;
            *.zst) unpack=zstd ;;
            *.gz) unpack=gzip ;;
            *) continue ;;
        esac
        if "$unpack" -q -d -c "$file" > "${file%.*}"; then
            rm "$file"
        else
            rm "${file%.*}"
        fi
    done
}

# $1: a kind of module in the list of the program
nvmeroot_modules_of() {
    sed -n "s/^$1\t//p" <<< "$nvmeroot_list"
}

# called by dracut
# shellcheck disable=SC2046  # names, one word each
installkernel() {
    nvmeroot_wanted=
    if [[ $hostonly || ${nvmeroot_config-} ]] ||
        [[ " ${dracutmodules-} ${add_dracutmodules-} ${force_add_dracutmodules-} " == *\ nvmeroot\ * ]]; then
        nvmeroot_wanted=yes
    fi
    # The machine that builds the image need not be the one that boots from it: nothing here looks at loaded modules.
    local hostonly=''

    local nvmeroot_binary
    nvmeroot_binary=$(find_binary "${NVMEROOT_BINARY:-nvmeroot}") || nvmeroot_stop "${NVMEROOT_BINARY:-nvmeroot} is not here."
    nvmeroot_list=$("$nvmeroot_binary" needs --modules 2>&1) || nvmeroot_stop "${nvmeroot_list#nvmeroot: }"
    instmods $(nvmeroot_modules_of module)
    instmods -s $(nvmeroot_modules_of optional)

    # The usual file systems of a root: a host-only image would have only that of the build machine.
    instmods -s ext4 xfs btrfs

    if [[ ${nvmeroot_nics-} ]]; then
        # A list of names: one word each.
        # shellcheck disable=SC2086
        instmods $nvmeroot_nics
    else
        instmods -s $(nvmeroot_modules_of driver) $(nvmeroot_modules_of drivers | sed 's/^/=/')
    fi

    # Those that the configuration names. A list of names: one word each.
    # shellcheck disable=SC2086
    [[ ! ${nvmeroot_modules-} ]] || instmods $nvmeroot_modules
    # depmod, which looks for modules below, is not called for an image without any.
    [[ -d $initdir/lib/modules/$kernel ]] || nvmeroot_lacks_module nvme-tcp

    # Dracut has no hook after its last module (the file systems come late); depmod is what it ends with.
    # shellcheck disable=SC2317  # called by dracut
    depmod() {
        command depmod "$@" || return
        nvmeroot_check_listed
        # A list of names: one word each.
        # shellcheck disable=SC2086
        nvmeroot_check_modules $(nvmeroot_modules_of module) ${nvmeroot_nics-} ${nvmeroot_modules-}
        # The modules that nearly every boot from this image loads. A list of names: one word each.
        # shellcheck disable=SC2086
        nvmeroot_unpack_modules nvme-tcp crypto-crc32c virtio_pci qemu_fw_cfg autofs4 ext4 xfs btrfs \
            ${nvmeroot_nics:-$(nvmeroot_modules_of driver)}
        command depmod "$@"
    }
}

# The mode that the image file will have: dracut writes over an existing file, and a FAT partition has one mode for all.
nvmeroot_image_mode() {
    if [[ -e $1 ]]; then
        stat -L -c %a "$1"
    elif [[ $(stat -f -c %T "${1%/*}" 2> /dev/null) == msdos ]]; then
        stat -L -c %a "${1%/*}"
    else
        echo 600
    fi
}

# Stops the build: an image that lacks what it should hold is worse than none.
nvmeroot_stop() {
    dfatal "nvmeroot: $*"
    exit 1
}

# Runs one of dracut's functions, which tell a failure by their return code alone.
nvmeroot_do() {
    "$@" || nvmeroot_stop "\"$*\" failed."
}

# Copies the private file $1 into the image only where others cannot read that.
nvmeroot_check_privacy() {
    local mode
    # outfile is the image that this run of dracut writes.
    # shellcheck disable=SC2154
    mode=$(nvmeroot_image_mode "$outfile")
    [[ $mode == *00 ]] || nvmeroot_stop "$1 is private, but everybody could read it in $outfile (mode $mode): chmod 600" \
        "the image, or mount its file system with umask=0077."
}

# Installs what the program names for a configuration, and the list of it, by which the boot knows an image that has lost
# its configuration from one that never had any. Not inst_simple: its -H is another thing in each version of dracut, it
# takes a file that another module left there for this one, and its links may lead out of the image.
# $1...: arguments of "nvmeroot needs"
nvmeroot_install_needs() {
    local needs kind mode source dest files=() list=$initdir/usr/lib/nvmeroot/image-files

    needs=$("$nvmeroot_binary" needs "$@" 2>&1) || nvmeroot_stop "${needs#nvmeroot: }"
    while IFS=$'\t' read -r kind mode source dest; do
        case $kind in
            module) nvmeroot_modules+=" $mode" ;;
            file)
                [[ $mode != 600 ]] || nvmeroot_check_privacy "$source"
                # install is dracut's name for the function below.
                command install -D -m "$mode" -- "$source" "$initdir$dest"
                cmp -s -- "$source" "$initdir$dest" || nvmeroot_stop "$source did not get into the image as $dest."
                [[ ! -s $source ]] || files+=("$dest")
                ;;
            '') ;;
            *) nvmeroot_stop "\"$nvmeroot_binary needs\" says what this module does not understand: $kind" ;;
        esac
    done <<< "$needs"
    ((${#files[@]} == 0)) && return
    { mkdir -p "${list%/*}" && printf '%s\n' "${files[@]}" > "$list"; } || nvmeroot_stop "cannot write $list."
}

# $1: a unit of the image   $2...: lines that are added to it
nvmeroot_install_drop_in() {
    # initdir and systemdsystemunitdir come from dracut.
    # shellcheck disable=SC2154
    local dir=$initdir$systemdsystemunitdir/$1.d
    shift
    { mkdir -p "$dir" && printf '%s\n' "$@" >> "$dir/nvmeroot.conf"; } || nvmeroot_stop "cannot write to $dir."
}

# The units whose hooks run the program get its credentials, by the word that this systemd knows: encrypted ones are opened
# by systemd. Absent ones are ignored.
nvmeroot_install_credentials() {
    local unit file version words=('ImportCredential=nvmeroot.*')

    version=$("${dracutsysrootdir-}$systemdutildir/systemd" --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
    if ((${version:-0} < 254)); then
        words=(LoadCredentialEncrypted=nvmeroot.dhchap_{,ctrl_}secret)
        for file in "$initdir"/etc/credstore.encrypted/nvmeroot.*; do
            [[ ! -e $file ]] || words+=("LoadCredentialEncrypted=${file##*/}")
        done
    fi
    for unit in dracut-cmdline dracut-pre-trigger dracut-initqueue; do
        nvmeroot_install_drop_in "$unit.service" '[Service]' "${words[@]}"
    done
}

# The configuration. A generic image holds nothing of the machine that built it, unless dracut.conf asks for it.
nvmeroot_install_config() {
    local sealed=()
    dracut_module_included systemd && sealed=(--sealed)
    [[ ! ${dracutsysrootdir-} ]] || set -- --root "$dracutsysrootdir"
    case ${nvmeroot_config:-${hostonly:+implied}} in
        implied) nvmeroot_install_needs "$@" "${sealed[@]}" ;;
        yes | "${dracutsysrootdir-}/etc/nvmeroot")
            nvmeroot_install_needs "$@" "${sealed[@]}" "${dracutsysrootdir-}/etc/nvmeroot"
            ;;
        /*) nvmeroot_install_needs "$@" "$nvmeroot_config" ;;
        no | '') ;;
        *) nvmeroot_stop "nvmeroot_config=\"$nvmeroot_config\" is neither yes nor no nor the full path of a directory." ;;
    esac
}

# As inst_hook, and looks for the hook where this version of dracut keeps them.
nvmeroot_install_hook() {
    local name=lib/dracut/hooks/$1/$2-${3##*/}
    nvmeroot_do inst_hook "$@"
    [[ -x $initdir/$name || -x $initdir/var/$name ]] || nvmeroot_stop "hook $name is not in the image."
}

# Each of these files must be in the image, and not be empty.
nvmeroot_check_files() {
    local file
    for file; do
        [[ -s $initdir$file ]] || nvmeroot_stop "$file is not in the image."
    done
}

# Another module may have taken out or emptied what nvmeroot_install_needs has put there.
nvmeroot_check_listed() {
    local files=() list=$initdir/usr/lib/nvmeroot/image-files
    [[ ! -e $list ]] || mapfile -t files < "$list"
    nvmeroot_check_files "${files[@]}"
}

# called by dracut
install() {
    local nvmeroot_binary unit
    nvmeroot_binary=$(find_binary "${NVMEROOT_BINARY:-nvmeroot}") || nvmeroot_stop "${NVMEROOT_BINARY:-nvmeroot} is not here."
    nvmeroot_modules=
    nvmeroot_do inst "$nvmeroot_binary" /usr/bin/nvmeroot

    nvmeroot_install_hook cmdline 90 "$moddir/parse-nvmeroot.sh"
    nvmeroot_install_hook pre-trigger 50 "$moddir/nvmeroot-start.sh"
    nvmeroot_install_hook initqueue 50 "$moddir/nvmeroot.sh"
    nvmeroot_install_hook initqueue/finished 50 "$moddir/nvmeroot-finished.sh"
    nvmeroot_install_hook emergency 10 "$moddir/nvmeroot-coldplug.sh"
    nvmeroot_install_hook shutdown 10 "$moddir/nvmeroot-shutdown.sh"
    nvmeroot_do inst_script "$moddir/nvmeroot-boot.sh" /sbin/nvmeroot-boot
    nvmeroot_do inst_script "$moddir/nvmeroot-coldplug.sh" /sbin/nvmeroot-coldplug
    nvmeroot_do inst_script "$moddir/netroot-handler.sh" /sbin/nvme+tcproot
    inst_rules "$moddir/61-nvmeroot.rules"
    nvmeroot_check_files /usr/bin/nvmeroot /sbin/nvmeroot-boot /sbin/nvmeroot-coldplug /sbin/nvme+tcproot \
        /etc/udev/rules.d/61-nvmeroot.rules
    nvmeroot_install_config
    if dracut_module_included systemd; then
        # shellcheck disable=SC2154  # a dracut variable
        nvmeroot_do inst_script "$moddir/nvmeroot-generator.sh" "$systemdutildir/system-generators/nvmeroot-generator"
        nvmeroot_do inst_script "$moddir/nvmeroot-fstab.sh" /sbin/nvmeroot-fstab
        nvmeroot_check_files "$systemdutildir/system-generators/nvmeroot-generator" /sbin/nvmeroot-fstab
        # nvmeroot-start.sh has found what the initqueue would wait for.
        for unit in systemd-udev-trigger dracut-initqueue; do
            nvmeroot_install_drop_in "$unit.service" '[Unit]' 'ConditionPathExists=!/run/nvmeroot/coldplug-later'
        done
        # parse-nvmeroot.sh has found that the network is ours (README).
        for unit in systemd-networkd.service systemd-networkd{,-varlink,-varlink-metrics,-resolve-hook}.socket \
            systemd-networkd-wait-online.service {nm,NetworkManager,cm}-initrd.service \
            {nm,NetworkManager,cm}-wait-online-initrd.service NetworkManager-config-initrd.service; do
            # shellcheck disable=SC2154  # dracut variables
            [[ ! -e $initdir$systemdsystemunitdir/$unit ]] || nvmeroot_install_drop_in "$unit" '[Unit]' \
                After=dracut-cmdline.service 'ConditionPathExists=!/run/nvmeroot/network-is-ours'
        done
        nvmeroot_install_credentials
    else
        nvmeroot_install_hook pre-pivot 10 "$moddir/nvmeroot-fstab.sh"
    fi
    dracut_need_initqueue
}
