// SPDX-License-Identifier: GPL-2.0-or-later
//
// Set Features and Get Features: a table of features. Most are a number that is kept and given
// back; the others have functions of their own, those of one namespace in feature_namespace.cc.
// Values hold until the controller is reset: none is saved, so the saved value is the default.
//
// Base Specification 2.0: 5.15 "Get Features command", 5.27 "Set Features command".
#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstring>

#include "nvme/identify.h"
#include "target/commands/admin_cmd.h"
#include "target/commands/feature_namespace.h"
#include "target/queue/request_steps.h"

namespace target {

namespace status = nvme::status;
using nvme::Feature;

namespace {

/// SEL of Get Features.
enum class Select : uint8_t { kCurrent = 0, kDefault = 1, kSaved = 2, kCapabilities = 3 };

struct FeatureRow {
    Feature feature;
    bool in_discovery = false;
    bool of_namespace = false;
    bool changeable = true;
    uint32_t writable = 0;                     ///< bits of CDW11 that may be set
    uint32_t FeatureValues::*value = nullptr;  ///< where the number is kept
    uint32_t data_bytes = 0;                   ///< of the structure that moves, both ways
    /// Whether the host may set this, beyond what the other members say. May be null.
    nvme::Status (*judge)(const Request& request) = nullptr;
    /// Instead of keeping the number. Completes the request, now or later.
    void (*set)(Request& request) = nullptr;
    /// Instead of the number. REQUIRES: default is not asked for where the row has `value`.
    uint64_t (*get)(const Request& request, bool of_default) = nullptr;
};

void set_temperature_threshold(Request& request);
uint64_t get_temperature_threshold(const Request& request, bool of_default);
void set_queue_count(Request& request);
uint64_t get_queue_count(const Request& request, bool of_default);
void set_keep_alive(Request& request);
uint64_t get_keep_alive(const Request& request, bool of_default);
void set_timestamp(Request& request);
uint64_t get_timestamp(const Request& request, bool of_default);
void set_host_behavior(Request& request);
uint64_t get_host_behavior(const Request& request, bool of_default);
void set_host_identifier(Request& request);
uint64_t get_host_identifier(const Request& request, bool of_default);

constexpr uint32_t kAll = 0xFFFFFFFF;
constexpr uint32_t kSmartWarnings = 0xFF;
constexpr uint32_t kNotices = nvme::IdentifyController::kOaesNamespaceChange |
                              nvme::IdentifyController::kOaesAnaChange |
                              nvme::IdentifyController::kOaesDiscoveryChange;
constexpr uint32_t kReservationNotices = 0xE;  ///< bit n masks ReservationNotice n
constexpr size_t kTimestampBytes = 8;

constexpr std::array kFeatureRows = {
    FeatureRow{
        .feature = Feature::kArbitration, .writable = kAll, .value = &FeatureValues::arbitration},
    FeatureRow{.feature = Feature::kPowerManagement,
               .writable = 0,  // power state 0 is the only one
               .value = &FeatureValues::power_state},
    FeatureRow{.feature = Feature::kTemperatureThreshold,
               .writable = kAll,
               .set = set_temperature_threshold,
               .get = get_temperature_threshold},
    FeatureRow{.feature = Feature::kErrorRecovery,
               .of_namespace = true,
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
    FeatureRow{.feature = Feature::kTimestamp,
               .data_bytes = kTimestampBytes,
               .set = set_timestamp,
               .get = get_timestamp},
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
               .in_discovery = true,
               .changeable = false,
               .writable = kAll,
               .data_bytes = sizeof(nvme::HostId),
               .set = set_host_identifier,
               .get = get_host_identifier},
    FeatureRow{.feature = Feature::kReservationMask,
               .of_namespace = true,
               .writable = kReservationNotices,
               .set = set_reservation_mask,
               .get = get_reservation_mask},
    FeatureRow{.feature = Feature::kReservationPersistence,
               .of_namespace = true,
               .writable = 1,
               .judge = judge_reservation_persistence,
               .set = set_reservation_persistence,
               .get = get_reservation_persistence},
    FeatureRow{.feature = Feature::kWriteProtect,
               .of_namespace = true,
               .writable = kWriteProtectionStates,
               .judge = judge_write_protection,
               .set = set_write_protection,
               .get = get_write_protection},
};

constexpr auto kScopes = [] {
    std::array<FeatureScope, kFeatureRows.size()> scopes{};
    std::ranges::transform(kFeatureRows, scopes.begin(), [](const FeatureRow& row) {
        return FeatureScope{row.feature, row.of_namespace, row.in_discovery};
    });
    return scopes;
}();

Controller& controller_of(const Request& request) {
    return *request.queue->controller();
}

// --- temperature threshold -----------------------------------------------------------------------

/// Which of the two; the lower one is kept in the upper half.
struct ThresholdSelect {
    explicit ThresholdSelect(uint32_t cdw11) : sensor(cdw11 >> 16U & 0xFU), type(cdw11 >> 20U) {}
    /// @param sets  all sensors may be meant
    [[nodiscard]] nvme::Status check(bool sets) const {
        constexpr unsigned kAllSensors = 0xF;
        if (sensor != 0 && !(sets && sensor == kAllSensors)) {
            return status::kInvalidField.dnr().at(11, 16);
        }
        return type > 1 ? status::kInvalidField.dnr().at(11, 20) : status::kSuccess;
    }
    [[nodiscard]] unsigned shift() const { return 16 * type; }

    unsigned sensor;
    unsigned type;  ///< 0: the upper threshold, 1: the lower one
};

void set_temperature_threshold(Request& request) {
    const ThresholdSelect select(request.sqe.cdw11);
    const nvme::Status verdict = select.check(true);
    if (verdict.ok()) {
        uint32_t& thresholds = controller_of(request).features.temperature_threshold;
        thresholds = (thresholds & ~(0xFFFFU << select.shift())) | (request.sqe.cdw11 & 0xFFFFU)
                                                                       << select.shift();
    }
    complete(request, verdict);
}

uint64_t get_temperature_threshold(const Request& request, bool of_default) {
    const FeatureValues defaults;
    const FeatureValues& values = of_default ? defaults : controller_of(request).features;
    return values.temperature_threshold >> ThresholdSelect(request.sqe.cdw11).shift() & 0xFFFFU;
}

// --- number of queues ---------------------------------------------------------------------------

uint64_t queue_count(uint32_t count) {
    return (count - 1U) | (count - 1U) << 16U;
}

void set_queue_count(Request& request) {
    Controller& controller = controller_of(request);
    const uint32_t submission = request.sqe.cdw11 & 0xFFFFU;  // both 0's based
    const uint32_t completion = request.sqe.cdw11 >> 16U;
    constexpr uint32_t kInvalid = 0xFFFF;
    if (submission == kInvalid || completion == kInvalid) {
        complete(request, status::kInvalidField.dnr().at(11, submission == kInvalid ? 0 : 16));
        return;
    }
    if (controller.queues().has_io()) {
        complete(request, status::kSequenceError.dnr());
        return;
    }
    // A submission and its completion queue are one connection here.
    const uint32_t limit = request.queue->target().limits().io_queues;
    controller.grant_queues(
        static_cast<uint16_t>(std::min({submission + 1, completion + 1, limit})));
    complete(request, status::kSuccess, queue_count(controller.granted_queues()));
}

uint64_t get_queue_count(const Request& request, bool of_default) {
    return queue_count(of_default ? request.queue->target().limits().io_queues
                                  : controller_of(request).granted_queues());
}

// --- keep-alive timer ---------------------------------------------------------------------------

void set_keep_alive(Request& request) {
    controller_of(request).set_keep_alive_ms(whole_keep_alive_units(request.sqe.cdw11));
    complete(request, status::kSuccess);
}

uint64_t get_keep_alive(const Request& request, bool of_default) {
    constexpr uint32_t kDefault = 120'000;  // of a transport that requires the feature
    return of_default ? kDefault : controller_of(request).keep_alive_ms();
}

// --- timestamp: milliseconds since 1970, as a host says, else since the reset --------------------

struct TimestampData {
    nvme::le32 low;
    nvme::le16 high;
    uint8_t attributes = 0;
    uint8_t reserved7 = 0;

    static constexpr uint8_t kOriginHost = 1U << 1U;
};
static_assert(sizeof(TimestampData) == kTimestampBytes);

void set_timestamp(Request& request) {
    TimestampData data;
    std::memcpy(&data, request.payload().data(), sizeof data);
    const uint64_t ms = uint64_t{data.high} << 32U | data.low;
    controller_of(request).timestamp = {ms, request.queue->now(), true};
    complete(request, status::kSuccess);
}

uint64_t get_timestamp(const Request& request, bool of_default) {
    const Timestamp& stamp = controller_of(request).timestamp;
    const auto passed =
        std::chrono::duration_cast<base::milliseconds>(request.queue->now() - stamp.since);
    const uint64_t ms = of_default ? 0 : stamp.ms + static_cast<uint64_t>(passed.count());
    TimestampData data;
    data.low = static_cast<uint32_t>(ms);
    data.high = static_cast<uint16_t>(ms >> 32U);
    data.attributes = stamp.by_host && !of_default ? TimestampData::kOriginHost : uint8_t{0};
    std::ranges::copy(base::bytes_of(data), request.payload().begin());
    return 0;
}

// --- host behavior support ----------------------------------------------------------------------

/// The first three bytes are switches; behind them are formats of Copy that nobody here knows.
bool is_known_behavior(base::ByteView data) {
    constexpr size_t kSwitches = 3;
    const auto switches = data.first(kSwitches);
    const auto rest = data.subspan(kSwitches);
    return std::ranges::all_of(switches, [](std::byte b) { return b <= std::byte{1}; }) &&
           std::ranges::all_of(rest, [](std::byte b) { return b == std::byte{0}; });
}

void set_host_behavior(Request& request) {
    if (!is_known_behavior(request.payload())) {
        complete(request, status::kInvalidField.dnr());
        return;
    }
    std::ranges::copy(request.payload(), controller_of(request).features.host_behavior.begin());
    complete(request, status::kSuccess);
}

uint64_t get_host_behavior(const Request& request, bool of_default) {
    const FeatureValues defaults;
    const FeatureValues& values = of_default ? defaults : controller_of(request).features;
    std::ranges::copy(values.host_behavior, request.payload().begin());
    return 0;
}

// --- host identifier: came with Connect and holds as long as the association ---------------------

void set_host_identifier(Request& request) {
    complete(request, status::kSequenceError.dnr());
}

uint64_t get_host_identifier(const Request& request, bool /*of_default*/) {
    std::ranges::copy(controller_of(request).host().hostid.bytes, request.payload().begin());
    return 0;
}

// --- the commands -------------------------------------------------------------------------------

const FeatureRow* find_row(const Request& request) {
    const auto feature = static_cast<Feature>(request.sqe.cdw10 & 0xFFU);
    const auto* row = std::ranges::find(kFeatureRows, feature, &FeatureRow::feature);
    const bool known =
        row != kFeatureRows.end() && (row->in_discovery || !controller_of(request).is_discovery());
    return known ? row : nullptr;
}

Select select_of(const Request& request) {
    return static_cast<Select>(request.sqe.cdw10 >> 8U & 7U);
}

/// Whether the NSID fits a feature of namespaces. Error recovery is one value for all of them,
/// reservations may be set for all at once, and write protection is of one alone.
nvme::Status check_namespace(const Request& request, const FeatureRow& row, bool sets) {
    const uint32_t nsid = request.sqe.nsid;
    const bool all = nsid == nvme::kNsidAll;
    const bool one_value = row.feature == Feature::kErrorRecovery && (all || nsid == 0);
    if (one_value || controller_of(request).find_namespace(nsid) != nullptr) {
        return status::kSuccess;
    }
    if (!all || row.feature == Feature::kWriteProtect) {
        return status::kInvalidNamespace.dnr().at(1);
    }
    return sets ? status::kSuccess : status::kInvalidField.dnr().at(1);
}

/// Bit 0 saveable, 1 of one namespace, 2 changeable.
uint64_t capabilities(const FeatureRow& row) {
    return (row.of_namespace ? 1U << 1U : 0U) | (row.changeable ? 1U << 2U : 0U);
}

}  // namespace

uint32_t whole_keep_alive_units(uint32_t ms) {
    constexpr uint32_t kMost = UINT32_MAX / kKeepAliveUnitMs;
    const uint32_t units = ms / kKeepAliveUnitMs + (ms % kKeepAliveUnitMs == 0 ? 0 : 1);
    return std::min(units, kMost) * kKeepAliveUnitMs;
}

std::span<const FeatureScope> feature_scopes() {
    return kScopes;
}

Checked check_set_features(const Request& request) {
    constexpr uint32_t kSave = 1U << 31U;
    const FeatureRow* row = find_row(request);
    if (row == nullptr) {
        return status::kInvalidField.dnr().at(10);
    }
    if ((request.sqe.cdw10 & kSave) != 0) {
        return status::kFeatureNotSaveable.dnr().at(10, 31);
    }
    if (const nvme::Status verdict = check_namespace(request, *row, true);
        row->of_namespace && !verdict.ok()) {
        return verdict;
    }
    if (!row->of_namespace && request.sqe.nsid != 0 && request.sqe.nsid != nvme::kNsidAll) {
        return status::kFeatureNotNamespaceSpecific.dnr().at(1);
    }
    if (const uint32_t wrong = request.sqe.cdw11 & ~row->writable; wrong != 0) {
        return status::kInvalidField.dnr().at(11, static_cast<unsigned>(std::countr_zero(wrong)));
    }
    if (const nvme::Status verdict = row->judge == nullptr ? status::kSuccess : row->judge(request);
        !verdict.ok()) {
        return verdict;
    }
    return row->data_bytes;
}

void set_features(Request& request) {
    const FeatureRow& row = *find_row(request);
    if (row.set != nullptr) {
        row.set(request);
        return;
    }
    controller_of(request).features.*row.value = request.sqe.cdw11;
    complete(request, status::kSuccess);
}

Checked check_get_features(const Request& request) {
    constexpr uint32_t kExtendedHostId = 1;
    const FeatureRow* row = find_row(request);
    if (row == nullptr) {
        return status::kInvalidField.dnr().at(10);
    }
    if (select_of(request) > Select::kCapabilities) {
        return status::kInvalidField.dnr().at(10, 8);
    }
    if (select_of(request) == Select::kCapabilities) {
        return uint32_t{0};
    }
    if (const nvme::Status verdict = check_namespace(request, *row, false);
        row->of_namespace && !verdict.ok()) {
        return verdict;
    }
    if (row->feature == Feature::kHostIdentifier && (request.sqe.cdw11 & kExtendedHostId) == 0) {
        return status::kInvalidField.dnr().at(11);
    }
    if (row->feature == Feature::kTemperatureThreshold) {
        const nvme::Status verdict = ThresholdSelect(request.sqe.cdw11).check(false);
        return verdict.ok() ? Checked(uint32_t{0}) : Checked(verdict);
    }
    return row->data_bytes;
}

void get_features(Request& request) {
    const FeatureRow& row = *find_row(request);
    const Select select = select_of(request);
    const bool of_default = select == Select::kDefault || select == Select::kSaved;
    const FeatureValues defaults;
    uint64_t result = 0;
    if (select == Select::kCapabilities) {
        result = capabilities(row);
    } else if (row.get != nullptr) {
        result = row.get(request, of_default);
    } else {
        const FeatureValues& values = of_default ? defaults : controller_of(request).features;
        result = values.*row.value;
    }
    complete(request, status::kSuccess, result);
}

}  // namespace target
