// SPDX-License-Identifier: GPL-2.0-or-later
//
// Commands as a host builds them: a submission entry together with the data that goes out and the
// amount of data that comes back. Command identifier and SGL descriptor are the queue's business
// (queue.h).
#pragma once

#include <string>

#include "base/bytes.h"
#include "nvme/fabrics.h"
#include "nvme/types.h"

namespace host {

struct Command {
    nvme::Sqe sqe;
    base::Bytes data_out;      ///< to the controller
    uint32_t data_in_len = 0;  ///< from the controller, bytes
    base::Bytes memory{};      ///< for that data; what is large enough is used as it is
};

struct ConnectOptions {
    std::string hostnqn;
    std::string subsysnqn;
    nvme::HostId hostid;
    uint16_t qid = 0;
    uint16_t cntlid = nvme::kCntlidDynamic;  ///< of an I/O queue: what the admin queue was given
    uint16_t queue_size = 32;                ///< entries, at least 2
    uint32_t kato_ms = 0;
    bool flow_control = true;
};

Command connect(const ConnectOptions& options);
Command property_get(nvme::Property property);
Command property_set(nvme::Property property, uint64_t value);
Command auth_send(base::ByteView message);
Command auth_receive(uint32_t length);

Command identify(nvme::Cns cns, uint32_t nsid = 0, uint8_t command_set = 0);
/// @param length  bytes, a multiple of 4. @param offset  likewise.
Command get_log_page(nvme::LogPage page, uint32_t length, uint64_t offset = 0);
Command set_features(nvme::Feature feature, uint32_t value, base::Bytes data = {});
Command get_features(nvme::Feature feature, uint32_t data_in_len = 0);
Command keep_alive();

/// The range of Read, Write and Write Zeroes: `count` blocks of `block_len` bytes from `start` on.
struct BlockRange {
    uint64_t start = 0;
    uint32_t count = 1;  ///< 1 to 65536
    uint32_t block_len = 512;
};
Command read(uint32_t nsid, const BlockRange& range);
/// @param data  count * block_len bytes. @param flags  IoFlags, such as force unit access.
Command write(uint32_t nsid, const BlockRange& range, base::Bytes data, uint32_t flags = 0);
Command write_zeroes(uint32_t nsid, const BlockRange& range, uint32_t flags = 0);
Command flush(uint32_t nsid);

}  // namespace host
