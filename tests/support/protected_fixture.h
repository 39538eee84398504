// SPDX-License-Identifier: GPL-2.0-or-later
//
// A protected store in memory behind a target: namespace 2 shows plain blocks of it, namespace 3
// the same blocks with their tuples. Faults come as a plan says.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/target_fixture.h"
#include "target/protection/fault_backend.h"
#include "target/protection/protected_backend.h"

namespace support {

struct ProtectedFixture {
    static constexpr uint64_t kBlocks = 4096;
    static constexpr uint32_t kPlain = 2;
    static constexpr uint32_t kExposed = 3;

    /// @param stored  type, guard and block size of the store
    /// @param host_tags  hosts may choose application tags, and the escape value
    explicit ProtectedFixture(const nvme::PiFormat& stored, bool host_tags,
                              const host::QueueOptions& options = {});

    /// @return the status
    uint16_t write(uint64_t block, const base::Bytes& data, uint32_t flags = 0) const;
    /// @return the status; what came is in `read_back`
    uint16_t read(uint64_t block, uint32_t count);
    /// Any command. @return the status; what came is in `read_back`
    uint16_t run(host::Command command);

    /// Blocks from `block` on with right tuples behind them, as they travel of an exposed
    /// namespace.
    [[nodiscard]] base::Bytes with_tuples(uint64_t block, base::ByteView data) const;

    void inject(std::vector<target::Fault> faults) const { plan->set(std::move(faults)); }

    nvme::PiFormat format;  ///< as the exposed namespace has it
    std::shared_ptr<target::FaultPlan> plan;
    std::shared_ptr<target::ProtectedBackend> store;
    target::IntegrityCounters* counters = nullptr;
    std::vector<std::string> told;
    TargetFixture fixture;
    std::unique_ptr<Line> admin;
    std::unique_ptr<Line> io;
    base::Bytes read_back;
};

}  // namespace support
