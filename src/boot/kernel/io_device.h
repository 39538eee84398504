// SPDX-License-Identifier: GPL-2.0-or-later
//
// Blocks with their metadata through the kernel's passthrough. It carries both over TCP too, where
// the kernel itself does no I/O to such a namespace and its disk has 0 bytes. The seam is an
// interface, so that tests answer for a namespace.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"
#include "base/sys_paths.h"
#include "nvme/pi.h"
#include "nvme/types.h"

namespace boot {

/// Which blocks a command is about, and what the controller shall check of them: IoFlags::kCheck….
struct BlockCommand {
    uint64_t first = 0;
    uint32_t count = 1;  ///< 1 to 65536
    uint32_t checks = 0;
};

class IoDevice {
  public:
    virtual ~IoDevice() = default;
    /// PRACT=0: fills `data`, and `metadata` where the format has it in a buffer of its own.
    /// @return what the controller said. Errors: the kernel's
    virtual base::Result<nvme::Status> read(const BlockCommand& command, base::MutableBytes data,
                                            base::MutableBytes metadata) = 0;
    /// The controller reads and checks them itself.
    virtual base::Result<nvme::Status> verify(const BlockCommand& command) = 0;
};

/// What takes passthrough of a disk: its generic device, which is there whatever the disk's size,
/// and a moment after the disk; before kernel 5.13, which knows no such device, the disk.
std::string passthrough_node(const base::SysPaths& sys, const std::string& disk);

/// A namespace of this machine.
class PassthroughDevice final : public IoDevice {
  public:
    /// @param path  passthrough_node()
    /// Waits for the node to open (device_node.h), until `deadline`.
    static base::Result<PassthroughDevice> open(const std::string& path, uint32_t nsid,
                                                base::Clock& clock, const base::Deadline& deadline);
    base::Result<nvme::Status> read(const BlockCommand& command, base::MutableBytes data,
                                    base::MutableBytes metadata) override;
    base::Result<nvme::Status> verify(const BlockCommand& command) override;

  private:
    PassthroughDevice(base::UniqueFd fd, uint32_t nsid) : fd_(std::move(fd)), nsid_(nsid) {}
    base::Result<nvme::Status> run(nvme::IoOpcode opcode, const BlockCommand& command,
                                   base::MutableBytes data, base::MutableBytes metadata);

    base::UniqueFd fd_;
    uint32_t nsid_;
};

}  // namespace boot
