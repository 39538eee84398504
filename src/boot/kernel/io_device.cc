// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/kernel/io_device.h"

#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "boot/kernel/device_node.h"

namespace boot {

using base::Result;

std::string passthrough_node(const base::SysPaths& sys, const std::string& disk) {
    const bool has_generic = ::access((sys.sys + "/class/nvme-generic").c_str(), F_OK) == 0;
    return sys.dev + "/" + (has_generic ? "ng" + disk.substr(sizeof "nvme" - 1) : disk);
}

Result<PassthroughDevice> PassthroughDevice::open(const std::string& path, uint32_t nsid,
                                                  base::Clock& clock,
                                                  const base::Deadline& deadline) {
    TRY(base::UniqueFd fd, open_device(path, O_RDONLY, clock, deadline));
    return PassthroughDevice(std::move(fd), nsid);
}

Result<nvme::Status> PassthroughDevice::run(nvme::IoOpcode opcode, const BlockCommand& command,
                                            base::MutableBytes data, base::MutableBytes metadata) {
    constexpr uint32_t kTimeoutMs = 10'000;
    constexpr uint32_t kWholeAppTag = 0xFFFF0000;
    nvme_passthru_cmd io{};
    io.opcode = static_cast<uint8_t>(opcode);
    io.nsid = nsid_;
    io.addr = reinterpret_cast<uintptr_t>(data.data());
    io.data_len = static_cast<uint32_t>(data.size());
    io.metadata = reinterpret_cast<uintptr_t>(metadata.data());
    io.metadata_len = static_cast<uint32_t>(metadata.size());
    io.cdw10 = static_cast<uint32_t>(command.first);
    io.cdw11 = static_cast<uint32_t>(command.first >> 32U);
    io.cdw12 = command.checks | (command.count - 1);
    io.cdw14 = static_cast<uint32_t>(command.first);
    io.cdw3 = static_cast<uint32_t>(command.first >> 32U) & 0xFFFFU;  // of a 64-bit guard's format
    io.cdw15 = kWholeAppTag;
    io.timeout_ms = kTimeoutMs;
    const int status = ::ioctl(fd_.get(), NVME_IOCTL_IO_CMD, &io);
    if (status < 0) {
        return base::errno_error(errno, "passthrough");
    }
    // The completion's status without its phase bit.
    return nvme::Status::from_wire(static_cast<uint16_t>(static_cast<unsigned>(status) << 1U));
}

Result<nvme::Status> PassthroughDevice::read(const BlockCommand& command, base::MutableBytes data,
                                             base::MutableBytes metadata) {
    return run(nvme::IoOpcode::kRead, command, data, metadata);
}

Result<nvme::Status> PassthroughDevice::verify(const BlockCommand& command) {
    return run(nvme::IoOpcode::kVerify, command, {}, {});
}

}  // namespace boot
