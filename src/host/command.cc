// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/command.h"

#include <utility>

namespace host {
namespace {

using nvme::AdminOpcode;
using nvme::IoOpcode;
using nvme::Sqe;

template <class Opcode>
Sqe entry(Opcode opcode, uint32_t nsid = 0) {
    Sqe sqe;
    sqe.opcode = static_cast<uint8_t>(opcode);
    sqe.nsid = nsid;
    return sqe;
}

Command block_command(IoOpcode opcode, uint32_t nsid, const BlockRange& range, uint32_t flags) {
    Command command{entry(opcode, nsid), {}, 0};
    command.sqe.cdw10 = static_cast<uint32_t>(range.start);
    command.sqe.cdw11 = static_cast<uint32_t>(range.start >> 32U);
    command.sqe.cdw12 = (range.count - 1) | flags;
    return command;
}

}  // namespace

Command connect(const ConnectOptions& options) {
    nvme::ConnectSqe sqe;
    sqe.qid = options.qid;
    sqe.sqsize = static_cast<uint16_t>(options.queue_size - 1);
    sqe.cattr = options.flow_control ? uint8_t{0} : nvme::ConnectSqe::kNoFlowControl;
    sqe.kato = options.kato_ms;
    nvme::ConnectData data;
    data.hostid = options.hostid;
    data.cntlid = options.cntlid;
    data.subnqn = nvme::nqn_field(options.subsysnqn);
    data.hostnqn = nvme::nqn_field(options.hostnqn);
    Command command{nvme::to_sqe(sqe), {}, 0};
    const base::ByteView bytes = base::bytes_of(data);
    command.data_out.assign(bytes.begin(), bytes.end());
    return command;
}

Command property_get(nvme::Property property) {
    nvme::PropertySqe sqe;
    sqe.attrib = nvme::is_wide(property) ? nvme::PropertySqe::kWide : uint8_t{0};
    sqe.offset = static_cast<uint32_t>(property);
    return {nvme::to_sqe(sqe), {}, 0};
}

Command property_set(nvme::Property property, uint64_t value) {
    nvme::PropertySqe sqe;
    sqe.fctype = nvme::FabricsType::kPropertySet;
    sqe.attrib = nvme::is_wide(property) ? nvme::PropertySqe::kWide : uint8_t{0};
    sqe.offset = static_cast<uint32_t>(property);
    sqe.value = value;
    return {nvme::to_sqe(sqe), {}, 0};
}

Command auth_send(base::ByteView message) {
    nvme::AuthSqe sqe;
    sqe.length = static_cast<uint32_t>(message.size());
    return {nvme::to_sqe(sqe), {message.begin(), message.end()}, 0};
}

Command auth_receive(uint32_t length) {
    nvme::AuthSqe sqe;
    sqe.fctype = nvme::FabricsType::kAuthReceive;
    sqe.length = length;
    return {nvme::to_sqe(sqe), {}, length};
}

Command identify(nvme::Cns cns, uint32_t nsid, uint8_t command_set) {
    Command command{entry(AdminOpcode::kIdentify, nsid), {}, nvme::kIdentifyBytes};
    command.sqe.cdw10 = static_cast<uint32_t>(cns);
    command.sqe.cdw11 = uint32_t{command_set} << 24U;
    return command;
}

Command get_log_page(nvme::LogPage page, uint32_t length, uint64_t offset) {
    const uint32_t dwords = length / 4 - 1;
    Command command{entry(AdminOpcode::kGetLogPage), {}, length};
    command.sqe.cdw10 = static_cast<uint32_t>(page) | dwords << 16U;
    command.sqe.cdw11 = dwords >> 16U;
    command.sqe.cdw12 = static_cast<uint32_t>(offset);
    command.sqe.cdw13 = static_cast<uint32_t>(offset >> 32U);
    return command;
}

Command set_features(nvme::Feature feature, uint32_t value, base::Bytes data) {
    Command command{entry(AdminOpcode::kSetFeatures), std::move(data), 0};
    command.sqe.cdw10 = static_cast<uint32_t>(feature);
    command.sqe.cdw11 = value;
    return command;
}

Command get_features(nvme::Feature feature, uint32_t data_in_len) {
    Command command{entry(AdminOpcode::kGetFeatures), {}, data_in_len};
    command.sqe.cdw10 = static_cast<uint32_t>(feature);
    return command;
}

Command keep_alive() {
    return {entry(AdminOpcode::kKeepAlive), {}, 0};
}

Command read(uint32_t nsid, const BlockRange& range) {
    Command command = block_command(IoOpcode::kRead, nsid, range, 0);
    command.data_in_len = range.count * range.block_len;
    return command;
}

Command write(uint32_t nsid, const BlockRange& range, base::Bytes data, uint32_t flags) {
    Command command = block_command(IoOpcode::kWrite, nsid, range, flags);
    command.data_out = std::move(data);
    return command;
}

Command write_zeroes(uint32_t nsid, const BlockRange& range, uint32_t flags) {
    return block_command(IoOpcode::kWriteZeroes, nsid, range, flags);
}

Command flush(uint32_t nsid) {
    return {entry(IoOpcode::kFlush, nsid), {}, 0};
}

}  // namespace host
