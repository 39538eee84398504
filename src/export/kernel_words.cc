// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/kernel_words.h"

#include <algorithm>

namespace exports {
namespace {

struct Word {
    std::string_view section;
    std::string_view key;
    std::string_view instead;
};

constexpr std::string_view kIdentity =
    "only the kernel's target (nvmeroot-nvmet) supports this key; remove it";
constexpr std::string_view kPassthru =
    "only the kernel's target (nvmeroot-nvmet) passes a controller through; to serve the disk, use "
    "a [namespace.NAME] with its block device as image";

constexpr Word kWords[] = {
    {"port", "",
     "only the kernel's target (nvmeroot-nvmet) has ports; use [target] listen = ADDRESS:PORT"},
    {"referral", "",
     "only the kernel's target (nvmeroot-nvmet) has such a section; use [target] referrals = "
     "ADDRESS:PORT"},
    {"ana", "port", "use listen = ADDRESS:PORT"},
    {"target", "discovery_nqn",
     "only the kernel's target (nvmeroot-nvmet) has its own discovery NQN; remove this key"},
    {"subsystem", "version", kIdentity},
    {"subsystem", "firmware", kIdentity},
    {"subsystem", "ieee_oui", kIdentity},
    {"subsystem", "vendor_id", kIdentity},
    {"subsystem", "subsys_vendor_id", kIdentity},
    {"subsystem", "pi_enable", "no host can use protection information over TCP; remove this key"},
    {"subsystem", "qid_max", "use io_queues of [target], which applies to all subsystems"},
    {"subsystem", "passthru", kPassthru},
    {"subsystem", "passthru_admin_timeout", kPassthru},
    {"subsystem", "passthru_io_timeout", kPassthru},
    {"subsystem", "passthru_clear_ids", kPassthru},
    {"subsystem", "passthru_enable", kPassthru},
    {"namespace", "buffered_io",
     "only the kernel's target (nvmeroot-nvmet) has this choice; remove this key"},
    {"namespace", "p2pmem",
     "only the kernel's target (nvmeroot-nvmet) supports such memory; remove this key"},
    {"namespace", "resv_enable", "hosts can always reserve a namespace; remove this key"},
    {"namespace", "enable", "remove the section of a disk that no host should see"},
};

}  // namespace

std::string_view kernel_word(std::string_view section, std::string_view key) {
    const auto* word = std::ranges::find_if(
        kWords, [&](const Word& each) { return each.section == section && each.key == key; });
    return word == std::end(kWords) ? "" : word->instead;
}

}  // namespace exports
