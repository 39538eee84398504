// SPDX-License-Identifier: GPL-2.0-or-later
//
// Set Features and Get Features: a table of features. Most are a number that is kept and given
// back; the others have functions of their own. Values hold until the controller is reset: none is
// saved.
//
// Base Specification 2.0: 5.15 "Get Features command", 5.27 "Set Features command".
#include <algorithm>
#include <array>

#include "target/admin_cmd.h"
#include "target/queue.h"

namespace target {

namespace status = nvme::status;
using nvme::Feature;

namespace {

struct FeatureRow {
    Feature feature;
    bool in_discovery = false;
    uint32_t writable = 0;                     ///< bits of CDW11 that may be set
    uint32_t FeatureValues::*value = nullptr;  ///< where the number is kept
    uint32_t data_bytes = 0;                   ///< of the structure that moves, both ways
    nvme::Status (*set)(Request& request, uint64_t& result) = nullptr;  ///< instead of keeping
    uint64_t (*get)(const Request& request) = nullptr;                  ///< instead of the number
};

nvme::Status set_queue_count(Request& request, uint64_t& result);
uint64_t get_queue_count(const Request& request);
nvme::Status set_keep_alive(Request& request, uint64_t& result);
uint64_t get_keep_alive(const Request& request);
nvme::Status set_host_behavior(Request& request, uint64_t& result);
uint64_t get_host_behavior(const Request& request);
nvme::Status set_host_identifier(Request& request, uint64_t& result);
uint64_t get_host_identifier(const Request& request);

constexpr uint32_t kAll = 0xFFFFFFFF;
constexpr uint32_t kSmartWarnings = 0xFF;
constexpr uint32_t kNotices =
    nvme::IdentifyController::kOaesNamespaceChange | nvme::IdentifyController::kOaesDiscoveryChange;

constexpr std::array kFeatureRows = {
    FeatureRow{
        .feature = Feature::kArbitration, .writable = kAll, .value = &FeatureValues::arbitration},
    FeatureRow{.feature = Feature::kPowerManagement,
               .writable = 0,  // power state 0 is the only one
               .value = &FeatureValues::power_state},
    FeatureRow{.feature = Feature::kTemperatureThreshold,
               .writable = kAll,
               .value = &FeatureValues::temperature_threshold},
    FeatureRow{.feature = Feature::kErrorRecovery,
               .writable = 0xFFFF,
               .value = &FeatureValues::error_recovery},
    FeatureRow{.feature = Feature::kVolatileWriteCache,
               .writable = 1,
               .value = &FeatureValues::volatile_write_cache},
    FeatureRow{.feature = Feature::kNumberOfQueues,
               .writable = kAll,
               .set = set_queue_count,
               .get = get_queue_count},
    FeatureRow{.feature = Feature::kWriteAtomicity,
               .writable = 1,
               .value = &FeatureValues::write_atomicity},
    FeatureRow{.feature = Feature::kAsyncEventConfig,
               .in_discovery = true,
               .writable = kSmartWarnings | kNotices,
               .value = &FeatureValues::async_events},
    FeatureRow{.feature = Feature::kKeepAliveTimer,
               .in_discovery = true,
               .writable = kAll,
               .set = set_keep_alive,
               .get = get_keep_alive},
    FeatureRow{.feature = Feature::kHostBehavior,
               .writable = kAll,
               .data_bytes = 512,
               .set = set_host_behavior,
               .get = get_host_behavior},
    FeatureRow{.feature = Feature::kHostIdentifier,
               .writable = kAll,
               .data_bytes = sizeof(nvme::HostId),
               .set = set_host_identifier,
               .get = get_host_identifier},
};

nvme::Status set_queue_count(Request& request, uint64_t& result) {
    Controller& controller = *request.queue->controller();
    const uint32_t submission = request.sqe.cdw11 & 0xFFFFU;  // both 0's based
    const uint32_t completion = request.sqe.cdw11 >> 16U;
    constexpr uint32_t kInvalid = 0xFFFF;
    if (submission == kInvalid || completion == kInvalid) {
        return status::kInvalidField.dnr();
    }
    if (controller.has_io_queues()) {
        return status::kSequenceError.dnr();
    }
    // A submission and its completion queue are one connection here.
    const uint32_t limit = request.queue->target().limits().io_queues;
    controller.grant_queues(
        static_cast<uint16_t>(std::min({submission + 1, completion + 1, limit})));
    result = get_queue_count(request);
    return status::kSuccess;
}

uint64_t get_queue_count(const Request& request) {
    const uint32_t count = request.queue->controller()->granted_queues() - 1U;
    return count | count << 16U;
}

nvme::Status set_keep_alive(Request& request, uint64_t& /*result*/) {
    request.queue->controller()->set_keep_alive_ms(request.sqe.cdw11);
    return status::kSuccess;
}

uint64_t get_keep_alive(const Request& request) {
    return request.queue->controller()->keep_alive_ms();
}

nvme::Status set_host_behavior(Request& request, uint64_t& /*result*/) {
    std::ranges::copy(request.payload(),
                      request.queue->controller()->features.host_behavior.begin());
    return status::kSuccess;
}

uint64_t get_host_behavior(const Request& request) {
    std::ranges::copy(request.queue->controller()->features.host_behavior,
                      request.payload().begin());
    return 0;
}

/// The identifier came with Connect and holds as long as the association.
nvme::Status set_host_identifier(Request& /*request*/, uint64_t& /*result*/) {
    return status::kSequenceError.dnr();
}

uint64_t get_host_identifier(const Request& request) {
    std::ranges::copy(request.queue->controller()->host().hostid.bytes, request.payload().begin());
    return 0;
}

const FeatureRow* find_row(const Request& request) {
    const auto feature = static_cast<Feature>(request.sqe.cdw10 & 0xFFU);
    const auto* row = std::ranges::find(kFeatureRows, feature, &FeatureRow::feature);
    const bool known = row != kFeatureRows.end() &&
                       (row->in_discovery || !request.queue->controller()->is_discovery());
    return known ? row : nullptr;
}

}  // namespace

Checked check_set_features(const Request& request) {
    constexpr uint32_t kSave = 1U << 31U;
    const FeatureRow* row = find_row(request);
    if (row == nullptr) {
        return status::kInvalidField.dnr();
    }
    if ((request.sqe.cdw10 & kSave) != 0) {
        return status::kFeatureNotSaveable.dnr();
    }
    if ((request.sqe.cdw11 & ~row->writable) != 0) {
        return status::kInvalidField.dnr();
    }
    return row->data_bytes;
}

void set_features(Request& request) {
    const FeatureRow& row = *find_row(request);
    uint64_t result = 0;
    nvme::Status status = status::kSuccess;
    if (row.set != nullptr) {
        status = row.set(request, result);
    } else {
        request.queue->controller()->features.*row.value = request.sqe.cdw11;
    }
    request.queue->complete(request, status, result);
}

Checked check_get_features(const Request& request) {
    constexpr uint32_t kSelectMask = 7U
                                     << 8U;  // other than "current": save and select are not here
    constexpr uint32_t kExtendedHostId = 1;
    const FeatureRow* row = find_row(request);
    if (row == nullptr || (request.sqe.cdw10 & kSelectMask) != 0) {
        return status::kInvalidField.dnr();
    }
    if (row->feature == Feature::kHostIdentifier && (request.sqe.cdw11 & kExtendedHostId) == 0) {
        return status::kInvalidField.dnr();
    }
    return row->data_bytes;
}

void get_features(Request& request) {
    const FeatureRow& row = *find_row(request);
    const uint64_t result =
        row.get != nullptr ? row.get(request) : request.queue->controller()->features.*row.value;
    request.queue->complete(request, status::kSuccess, result);
}

}  // namespace target
