// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/protection/integrity.h"

#include <array>
#include <string_view>

#include "base/text.h"

namespace target {
namespace {

struct LayerRow {
    std::string_view text;
    uint64_t IntegrityCounters::*counter;
};
/// By IntegrityFault::Layer.
constexpr std::array kLayers = {
    LayerRow{"the host sent it, and the target stored nothing", &IntegrityCounters::receipt_errors},
    LayerRow{"the second read does not match either, and the target did not serve it",
             &IntegrityCounters::at_rest_errors},
    LayerRow{"the second read matches, and the target served it", &IntegrityCounters::reread_saved},
};

}  // namespace

std::string describe(const IntegrityFault& fault) {
    return base::format(
        "LBA %llu: %s is %llXh, %llXh expected; %s", static_cast<unsigned long long>(fault.block),
        std::string(nvme::name(fault.field)).c_str(), static_cast<unsigned long long>(fault.found),
        static_cast<unsigned long long>(fault.expected),
        kLayers[static_cast<size_t>(fault.layer)].text.data());
}

void Integrity::report(const IntegrityFault& fault) {
    ++(counters_.*kLayers[static_cast<size_t>(fault.layer)].counter);
    told_(fault);
}

}  // namespace target
