// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/kernel/admin_timeout.h"

#include <cstdint>

#include "base/fd.h"
#include "base/sysfs.h"

namespace boot {
namespace {

std::string parameter(const base::SysPaths& sys) {
    return sys.sys + "/module/nvme_core/parameters/admin_timeout";
}

}  // namespace

std::optional<std::string> shorten_admin_timeout(const base::SysPaths& sys, base::seconds time) {
    const auto before = number_attribute(parameter(sys));
    if (!before || *before <= static_cast<uint64_t>(time.count()) ||
        !base::write_text(parameter(sys), std::to_string(time.count()))) {
        return std::nullopt;
    }
    return std::to_string(*before);
}

ShortAdminTimeout::ShortAdminTimeout(const base::SysPaths& sys, base::seconds time)
    : sys_(sys), before_(shorten_admin_timeout(sys, time)) {}

ShortAdminTimeout::~ShortAdminTimeout() {
    if (before_) {
        (void)base::write_text(parameter(sys_), *before_);  // it could be written before
    }
}

}  // namespace boot
