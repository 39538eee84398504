// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/admin_timeout.h"

#include <cstdint>
#include <limits>

#include "base/fd.h"
#include "base/text.h"
#include "boot/sysfs.h"

namespace boot {
namespace {

std::string parameter(const base::SysPaths& sys) {
    return sys.sys + "/module/nvme_core/parameters/admin_timeout";
}

}  // namespace

std::optional<std::string> shorten_admin_timeout(const base::SysPaths& sys, base::seconds time) {
    const std::string before = attribute(parameter(sys));
    const auto seconds = base::parse_u64(before, std::numeric_limits<uint32_t>::max());
    if (!seconds || *seconds <= static_cast<uint64_t>(time.count()) ||
        !base::write_text(parameter(sys), std::to_string(time.count()))) {
        return std::nullopt;
    }
    return before;
}

ShortAdminTimeout::ShortAdminTimeout(const base::SysPaths& sys, base::seconds time)
    : sys_(sys), before_(shorten_admin_timeout(sys, time)) {}

ShortAdminTimeout::~ShortAdminTimeout() {
    if (before_) {
        (void)base::write_text(parameter(sys_), *before_);  // it could be written before
    }
}

}  // namespace boot
