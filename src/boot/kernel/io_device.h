// SPDX-License-Identifier: GPL-2.0-or-later
//
// Blocks with their metadata through the kernel's passthrough. Passthrough carries both over TCP
// too, although the kernel itself does no I/O to such a namespace and its disk has 0 bytes. The
// device is an interface, so that tests can replace the namespace.
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

/// The blocks of a command, and the checks that the controller performs: IoFlags::kCheck….
struct BlockCommand {
    uint64_t first = 0;
    uint32_t count = 1;  ///< 1 to 65536
    uint32_t checks = 0;
};

class IoDevice {
  public:
    virtual ~IoDevice() = default;
    /// PRACT=0: fills `data`, and `metadata` if the format has separate metadata.
    /// @return the status of the controller. Errors: the kernel's
    virtual base::Result<nvme::Status> read(const BlockCommand& command, base::MutableBytes data,
                                            base::MutableBytes metadata) = 0;
    /// The controller reads and checks the blocks itself.
    virtual base::Result<nvme::Status> verify(const BlockCommand& command) = 0;
};

/// The node for passthrough to a disk: its generic device, which exists for any size of the disk
/// and appears shortly after the disk. Kernels before 5.13 have no such device; there it is the
/// disk.
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
