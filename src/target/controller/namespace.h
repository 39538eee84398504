// SPDX-License-Identifier: GPL-2.0-or-later
//
// A namespace: a backend seen as logical blocks under stable identifiers. It may change, or leave
// its subsystem, while commands are under way: those that run hold it (Request::ns), and each is
// judged again before it continues (target/queue/request.h).
//
// A protected store can be shown in two ways: as plain blocks, which the store checks on its own,
// or exposed, each block with its tuple behind it (io_protected.cc).
//
// With a protection type over a store without one it shows the format "512 or 4096 bytes and 8 of
// protection information behind them"; that is a format only, for tests of hosts.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "nvme/identify.h"
#include "nvme/nqn.h"
#include "nvme/pi_format.h"
#include "nvme/types.h"
#include "target/controller/reservations.h"
#include "target/controller/write_order.h"
#include "target/storage/backend.h"

namespace target {

struct NamespaceConfig {
    uint32_t nsid = 1;
    nvme::NamespaceIds ids;
    uint32_t block_bytes = 512;  ///< 512 or 4096
    bool read_only = false;
    uint8_t protection_type = 0;  ///< of the format only: 0 none, 1 to 3
    bool exposed = false;         ///< the store's tuples are shown
    std::string audit_nqn;        ///< where they are shown too; empty: nowhere
    /// NQNs of the hosts that see it; empty: every host of the subsystem does.
    std::vector<std::string> hosts;
    uint32_t ana_group = 1;  ///< 1 to AnaGroups::kMaxGroup

    bool operator==(const NamespaceConfig&) const = default;
};

/// The state that hosts set by the feature of that name. Lost with the server: its start is the
/// power cycle.
enum class WriteProtection : uint8_t { kNone = 0, kProtected = 1, kUntilPowerCycle = 2 };

class Namespace {
  public:
    /// @param backend  shared by the views of one image, and by a scrub
    /// REQUIRES: a backend of at least one block, a valid configuration; exposed: protected.
    Namespace(NamespaceConfig config, std::shared_ptr<Backend> backend);

    [[nodiscard]] const NamespaceConfig& config() const { return config_; }
    [[nodiscard]] uint32_t nsid() const { return config_.nsid; }
    /// No other namespace of this process has it, under whatever number. Never 0.
    [[nodiscard]] uint64_t serial() const { return serial_; }
    [[nodiscard]] const nvme::NamespaceIds& ids() const { return config_.ids; }
    [[nodiscard]] bool read_only() const { return write_protection() != WriteProtection::kNone; }
    /// A namespace that is configured as read-only counts as protected.
    [[nodiscard]] WriteProtection write_protection() const {
        return config_.read_only ? WriteProtection::kProtected : write_protection_;
    }
    [[nodiscard]] bool format_only() const { return config_.protection_type != 0; }
    [[nodiscard]] bool exposed() const { return config_.exposed; }
    /// How its blocks travel.
    [[nodiscard]] const nvme::PiFormat& format() const { return format_; }
    [[nodiscard]] uint32_t block_bytes() const { return config_.block_bytes; }
    [[nodiscard]] uint64_t block_count() const { return block_count_; }
    [[nodiscard]] Backend& backend() const { return *backend_; }
    [[nodiscard]] const std::shared_ptr<Backend>& share_backend() const { return backend_; }
    [[nodiscard]] WriteOrder& writes() const { return writes_; }
    [[nodiscard]] const Reservations& reservations() const { return reservations_; }
    [[nodiscard]] Reservations& reservations() { return reservations_; }

    static constexpr uint32_t kCopyBytes = 128U << 10U;    ///< what one Copy copies at most
    static constexpr uint32_t kCompareAndWriteBlocks = 8;  ///< of a fused pair: ACWU
    [[nodiscard]] uint32_t copy_limit() const { return kCopyBytes / config_.block_bytes; }

    [[nodiscard]] bool visible_to(std::string_view hostnqn) const;
    [[nodiscard]] nvme::IdentifyNamespace identify() const;
    [[nodiscard]] nvme::IdentifyIndependentNamespace identify_independent() const;
    [[nodiscard]] nvme::IdentifyNvmNamespace identify_nvm() const;

    /// Success, or why `blocks` blocks from `first` on cannot be touched.
    [[nodiscard]] nvme::Status check_range(uint64_t first, uint32_t blocks) const;

    // --- changes; Subsystem makes them and tells the hosts

    /// REQUIRES: the same NSID.
    void change(NamespaceConfig config);
    /// Takes over the size that the backend has now. @return whether it is another one
    bool resize();
    void protect(WriteProtection state) { write_protection_ = state; }

  private:
    [[nodiscard]] uint8_t reservation_capabilities() const;
    void look_at_store();
    [[nodiscard]] nvme::ProtectionNote note_of(const nvme::PiFormat& stored) const;

    const uint64_t serial_;
    NamespaceConfig config_;
    std::shared_ptr<Backend> backend_;
    uint64_t block_count_ = 0;
    nvme::PiFormat format_;
    WriteProtection write_protection_ = WriteProtection::kNone;
    Reservations reservations_;
    mutable WriteOrder writes_;  ///< the current writes, not a property of the namespace
};

/// The status for the host if a backend could not do what it was asked.
/// @param exposed  the namespace shows protection information; only such namespaces have the
///                 statuses of its checks
nvme::Status to_status(IoError error, Io::Kind kind, bool exposed = false);

}  // namespace target
