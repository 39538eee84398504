// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/admin_device.h"

#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "base/text.h"

namespace boot {

using base::Bytes;
using base::Result;

Result<CharDevice> CharDevice::open(const std::string& path) {
    TRY(base::UniqueFd fd, base::open_file(path, O_RDONLY));
    return CharDevice(std::move(fd));
}

Result<Bytes> CharDevice::identify(nvme::Cns cns, uint32_t nsid, uint8_t csi) {
    // The kernel's own patience is 60 s a command; a controller that answered its Connect answers
    // this at once.
    constexpr uint32_t kTimeoutMs = 5000;
    constexpr unsigned kCsiShift = 24;
    Bytes bytes(nvme::kIdentifyBytes);
    nvme_passthru_cmd command{};
    command.opcode = static_cast<uint8_t>(nvme::AdminOpcode::kIdentify);
    command.nsid = nsid;
    command.addr = reinterpret_cast<uintptr_t>(bytes.data());
    command.data_len = nvme::kIdentifyBytes;
    command.cdw10 = static_cast<uint8_t>(cns);
    command.cdw11 = uint32_t{csi} << kCsiShift;
    command.timeout_ms = kTimeoutMs;
    const int status = ::ioctl(fd_.get(), NVME_IOCTL_ADMIN_CMD, &command);
    const std::string what = "Identify " + std::string(nvme::name(cns));
    if (status < 0) {
        return base::errno_error(errno, what);
    }
    if (status > 0) {  // the completion's status without its phase bit
        const auto wire = static_cast<uint16_t>(static_cast<unsigned>(status) << 1U);
        return base::error(what + ": " + nvme::describe(nvme::Status::from_wire(wire)));
    }
    return bytes;
}

}  // namespace boot
