// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/kernel/admin_device.h"

#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "base/text.h"
#include "boot/kernel/device_node.h"
#include "host/command.h"

namespace boot {

using base::Bytes;
using base::Result;

base::Error error_of(nvme::Status status, const std::string& what) {
    const bool of_path = status.type == nvme::status::kHostPathError.type;
    return {of_path ? EAGAIN : 0, what + ": " + nvme::describe(status)};
}

Result<CharDevice> CharDevice::open(const std::string& path, base::Clock& clock,
                                    const base::Deadline& deadline) {
    TRY(base::UniqueFd fd, open_device(path, O_RDONLY, clock, deadline));
    return CharDevice(std::move(fd));
}

Result<Bytes> CharDevice::identify(nvme::Cns cns, uint32_t nsid, uint8_t csi) {
    constexpr unsigned kCsiShift = 24;
    nvme_passthru_cmd command{};
    command.opcode = static_cast<uint8_t>(nvme::AdminOpcode::kIdentify);
    command.nsid = nsid;
    command.cdw10 = static_cast<uint8_t>(cns);
    command.cdw11 = uint32_t{csi} << kCsiShift;
    return run(command, nvme::kIdentifyBytes, "Identify " + std::string(nvme::name(cns)));
}

Result<Bytes> CharDevice::log_page(nvme::LogPage page, uint32_t length, uint64_t offset) {
    const nvme::Sqe sqe = host::get_log_page(page, length, offset).sqe;
    nvme_passthru_cmd command{};
    command.opcode = sqe.opcode;
    command.cdw10 = sqe.cdw10;
    command.cdw11 = sqe.cdw11;
    command.cdw12 = sqe.cdw12;
    command.cdw13 = sqe.cdw13;
    return run(command, length, "Get Log Page");
}

Result<Bytes> CharDevice::run(nvme_passthru_cmd& command, uint32_t length,
                              const std::string& what) {
    // The kernel's own patience is 60 s a command; a controller that answered its Connect answers
    // this at once.
    constexpr uint32_t kTimeoutMs = 5000;
    Bytes bytes(length);
    command.addr = reinterpret_cast<uintptr_t>(bytes.data());
    command.data_len = length;
    command.timeout_ms = kTimeoutMs;
    const int status = ::ioctl(fd_.get(), NVME_IOCTL_ADMIN_CMD, &command);
    if (status < 0) {
        return base::errno_error(errno, what);
    }
    if (status > 0) {  // the completion's status without its phase bit
        const auto wire = static_cast<uint16_t>(static_cast<unsigned>(status) << 1U);
        return error_of(nvme::Status::from_wire(wire), what);
    }
    return bytes;
}

}  // namespace boot
