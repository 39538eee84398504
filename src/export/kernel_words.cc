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
    "the kernel's target alone (nvmeroot-nvmet) can be told this; leave it out here";
constexpr std::string_view kPassthru =
    "the kernel's target alone (nvmeroot-nvmet) passes a controller through; a [namespace.NAME] "
    "with its block device as image serves the disk";

constexpr Word kWords[] = {
    {"port", "",
     "ports are the kernel's (nvmeroot-nvmet); [target] listen = ADDRESS:PORT says where this "
     "target answers"},
    {"referral", "",
     "nvmeroot-nvmet alone has such a section; [target] referrals = ADDRESS:PORT says so here"},
    {"ana", "port", "listen = ADDRESS:PORT says so here"},
    {"target", "discovery_nqn",
     "the kernel's target alone (nvmeroot-nvmet) has a discovery NQN of its own; leave it out "
     "here"},
    {"subsystem", "version", kIdentity},
    {"subsystem", "firmware", kIdentity},
    {"subsystem", "ieee_oui", kIdentity},
    {"subsystem", "vendor_id", kIdentity},
    {"subsystem", "subsys_vendor_id", kIdentity},
    {"subsystem", "pi_enable", "no host can use protection information over TCP; leave it out"},
    {"subsystem", "qid_max", "io_queues of [target] says so here, for all subsystems"},
    {"subsystem", "passthru", kPassthru},
    {"subsystem", "passthru_admin_timeout", kPassthru},
    {"subsystem", "passthru_io_timeout", kPassthru},
    {"subsystem", "passthru_clear_ids", kPassthru},
    {"subsystem", "passthru_enable", kPassthru},
    {"namespace", "buffered_io",
     "the kernel's target alone (nvmeroot-nvmet) has this choice; leave it out here"},
    {"namespace", "p2pmem", "the kernel's target alone (nvmeroot-nvmet) uses such memory"},
    {"namespace", "resv_enable", "hosts can always reserve here; leave it out"},
    {"namespace", "enable", "leave out the section of a disk that no host shall see"},
};

}  // namespace

std::string_view kernel_word(std::string_view section, std::string_view key) {
    const auto* word = std::ranges::find_if(
        kWords, [&](const Word& each) { return each.section == section && each.key == key; });
    return word == std::end(kWords) ? "" : word->instead;
}

}  // namespace exports
