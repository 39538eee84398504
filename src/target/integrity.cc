// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/integrity.h"

#include "base/text.h"

namespace target {

std::string describe(const IntegrityFault& fault) {
    return base::format(
        "LBA %llu: %s is %llXh, %llXh expected; %s", static_cast<unsigned long long>(fault.block),
        std::string(nvme::name(fault.field)).c_str(), static_cast<unsigned long long>(fault.found),
        static_cast<unsigned long long>(fault.expected),
        fault.transient ? "read again it is right, and was served"
                        : "read again it is wrong too, and was not served");
}

}  // namespace target
