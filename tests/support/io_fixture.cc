// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/io_fixture.h"

#include <algorithm>

namespace support {
namespace {

host::Command block_command(nvme::IoOpcode opcode, uint32_t nsid, const host::BlockRange& range) {
    host::Command command = host::write_zeroes(nsid, range);
    command.sqe.opcode = static_cast<uint8_t>(opcode);
    return command;
}

nvme::Sqe with_sgl(nvme::Sqe sqe, uint16_t cid, size_t data, uint8_t type) {
    sqe.flags = static_cast<uint8_t>(sqe.flags | nvme::Sqe::kPsdtSgl);
    sqe.cid = cid;
    sqe.sgl.length = static_cast<uint32_t>(data);
    sqe.sgl.type = type;
    return sqe;
}

std::string word(base::ByteView pdu) {
    const auto header = *base::Reader(pdu).take<nvme::PduHeader>();
    const auto number = [](uint16_t cid) { return std::to_string(cid); };
    if (header.type == nvme::PduType::kR2t) {
        return "r2t " + number(base::Reader(pdu).take<nvme::R2t>()->cccid);
    }
    if (header.type == nvme::PduType::kC2hData) {
        return "data " + number(base::Reader(pdu).take<nvme::C2hData>()->cccid);
    }
    if (header.type != nvme::PduType::kCapsuleResp) {
        return std::string(nvme::name(header.type));
    }
    const nvme::Cqe cqe = base::Reader(pdu).take<nvme::CapsuleResp>()->cqe;
    return number(cqe.cid) + ": " + nvme::describe(nvme::Status::from_wire(cqe.status));
}

}  // namespace

IoFixture::IoFixture(const target::Limits& limits, const host::QueueOptions& options)
    : TargetFixture(limits), admin(open_admin()), io(open_io(1, options)) {}

uint16_t IoFixture::run(host::Command command) {
    const auto answer = io->host.run(std::move(command));
    return answer ? answer->status.number() : uint16_t{0xFFFF};
}

base::Bytes IoFixture::send(nvme::Sqe sqe, base::ByteView data) {
    return io->peer.exchange(nvme::whole_pdu(nvme::CapsuleCmd{{}, sqe}, {}, data));
}

void IoFixture::fill(uint64_t block, base::ByteView bytes) {
    std::ranges::copy(bytes, std::span(backend->content).subspan(block * kBlock).begin());
}

base::Bytes IoFixture::blocks(uint64_t block, size_t count) const {
    const auto part = std::span(backend->content).subspan(block * kBlock, count * kBlock);
    return {part.begin(), part.end()};
}

host::Command compare(uint32_t nsid, const host::BlockRange& range, base::Bytes data) {
    host::Command command = block_command(nvme::IoOpcode::kCompare, nsid, range);
    command.data_out = std::move(data);
    return command;
}

host::Command verify(uint32_t nsid, const host::BlockRange& range) {
    return block_command(nvme::IoOpcode::kVerify, nsid, range);
}

host::Command deallocate(uint32_t nsid, const std::vector<Range>& ranges) {
    host::Command command = block_command(nvme::IoOpcode::kDatasetManagement, nsid, {});
    command.sqe.cdw10 = static_cast<uint32_t>(ranges.size() - 1);
    command.sqe.cdw11 = nvme::DsmRange::kDeallocate;
    base::Writer writer(command.data_out);
    for (const Range& range : ranges) {
        nvme::DsmRange entry;
        entry.slba = range.start;
        entry.nlb = range.count;
        writer.put(entry);
    }
    return command;
}

host::Command copy(uint32_t nsid, uint64_t to, const std::vector<Range>& ranges) {
    host::Command command = block_command(nvme::IoOpcode::kCopy, nsid, {.start = to});
    command.sqe.cdw12 = static_cast<uint32_t>(ranges.size() - 1);
    base::Writer writer(command.data_out);
    for (const Range& range : ranges) {
        nvme::CopyRange entry;
        entry.slba = range.start;
        entry.nlb = static_cast<uint16_t>(range.count - 1);
        writer.put(entry);
    }
    return command;
}

host::Command abort(uint16_t sqid, uint16_t cid) {
    host::Command command = host::keep_alive();
    command.sqe.opcode = static_cast<uint8_t>(nvme::AdminOpcode::kAbort);
    command.sqe.cdw10 = uint32_t{cid} << 16U | sqid;
    return command;
}

nvme::Sqe in_capsule(nvme::Sqe sqe, uint16_t cid, size_t data) {
    return with_sgl(sqe, cid, data,
                    data == 0 ? nvme::SglDescriptor::kTransport : nvme::SglDescriptor::kInCapsule);
}

nvme::Sqe by_r2t(nvme::Sqe sqe, uint16_t cid, size_t data) {
    return with_sgl(sqe, cid, data, nvme::SglDescriptor::kTransport);
}

std::vector<std::string> words(base::ByteView bytes) {
    std::vector<std::string> out;
    while (!bytes.empty()) {
        const auto header = base::Reader(bytes).take<nvme::PduHeader>();
        out.push_back(word(bytes));
        bytes = bytes.subspan(header->plen);
    }
    return out;
}

}  // namespace support
