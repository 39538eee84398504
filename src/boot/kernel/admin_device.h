// SPDX-License-Identifier: GPL-2.0-or-later
//
// Identify and log pages through the controller's character device. This works even if the disk
// does not: a namespace whose format the kernel refuses is a disk of 0 bytes, and only Identify
// shows the reason. The device is an interface, so that tests can replace the controller.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"
#include "nvme/identify.h"
#include "nvme/types.h"

struct nvme_passthru_cmd;

namespace boot {

/// A failure status as an error: code 0 for a refusal by the controller, EAGAIN for an error of the
/// path. The kernel completes a command with a path error (Host Path Error) while it reconnects;
/// the controller then never received the command.
base::Error error_of(nvme::Status status, const std::string& what);

class AdminDevice {
  public:
    virtual ~AdminDevice() = default;
    /// The 4096 bytes of one Identify structure. Errors: the kernel's errno, or code 0 and the
    /// status if the controller refused (error_of()).
    virtual base::Result<base::Bytes> identify(nvme::Cns cns, uint32_t nsid, uint8_t csi) = 0;

    /// identify() as the structure T.
    template <base::WireType T>
    base::Result<T> identify_as(nvme::Cns cns, uint32_t nsid, uint8_t csi = 0) {
        static_assert(sizeof(T) == nvme::kIdentifyBytes);
        TRY(const base::Bytes bytes, identify(cns, nsid, csi));
        const auto value = base::Reader(bytes).take<T>();
        if (!value) {
            return base::error("Identify returned too few bytes");
        }
        return *value;
    }
};

/// /dev/nvmeN, through the kernel's passthrough.
class CharDevice final : public AdminDevice {
  public:
    /// Waits for the kernel's controller to be live (device_node.h), until `deadline`.
    static base::Result<CharDevice> open(const std::string& path, base::Clock& clock,
                                         const base::Deadline& deadline);
    base::Result<base::Bytes> identify(nvme::Cns cns, uint32_t nsid, uint8_t csi) override;
    /// @param length, offset  in bytes, multiples of 4
    base::Result<base::Bytes> log_page(nvme::LogPage page, uint32_t length, uint64_t offset);

  private:
    base::Result<base::Bytes> run(nvme_passthru_cmd& command, uint32_t length,
                                  const std::string& what);
    explicit CharDevice(base::UniqueFd fd) : fd_(std::move(fd)) {}

    base::UniqueFd fd_;
};

}  // namespace boot
