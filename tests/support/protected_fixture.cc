// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/protected_fixture.h"

#include <algorithm>

#include "support/memory_backend.h"
#include "support/test.h"
#include "target/protection/tuple_cache.h"

namespace support {
namespace {

nvme::PiFormat with_metadata(nvme::PiFormat format) {
    format.metadata_bytes = format.tuple_bytes();
    format.extended = true;
    return format;
}

}  // namespace

ProtectedFixture::ProtectedFixture(const nvme::PiFormat& stored, bool host_tags,
                                   const host::QueueOptions& options)
    : format(with_metadata(stored)), plan(std::make_shared<target::FaultPlan>(std::string())) {
    auto header = target::new_header(format, kBlocks, {1}, target::kMinLogEntries);
    header.state = target::SidecarHeader::kInUse;
    header.flags = host_tags ? target::SidecarHeader::kHostTags : uint8_t{0};
    base::Bytes sidecar(target::sidecar_bytes(header));
    nvme::generate_for_zeros(target::format_of(header),
                             std::span(sidecar).subspan(header.tuple_offset), {});
    store = std::make_shared<target::ProtectedBackend>(
        std::make_unique<target::FaultBackend>(
            std::make_unique<support::MemoryBackend>(base::Bytes(kBlocks * format.block_bytes)),
            plan, target::FaultBackend::Layout{0, format.block_bytes, 0}),
        std::make_unique<target::FaultBackend>(
            std::make_unique<target::TupleCache>(
                std::make_unique<support::MemoryBackend>(std::move(sidecar)), header.tuple_offset),
            plan,
            target::FaultBackend::Layout{header.tuple_offset, format.metadata_bytes,
                                         format.guard_bits / 8U}),
        header, [this](const target::IntegrityFault& fault) { told.push_back(describe(fault)); },
        [](const std::function<void()>& action) { action(); });
    store->integrity()->on_the_wire = target::faults_on_the_wire(plan);
    counters = &store->integrity()->counters();
    target::NamespaceConfig config;
    config.block_bytes = format.block_bytes;
    config.nsid = kPlain;
    config.audit_nqn = "nqn.2024-08.com.example:disk:audit";
    fixture.subsystem->add_namespace(config, store);
    config.nsid = kExposed;
    config.audit_nqn.clear();
    config.exposed = true;
    fixture.subsystem->add_namespace(config, store);
    admin = fixture.open_admin();
    io = fixture.open_io(1, options);
    BOOST_REQUIRE((admin && io));
}

uint16_t ProtectedFixture::run(host::Command command) {
    auto answer = io->host.run(std::move(command));
    BOOST_REQUIRE(answer.has_value());
    read_back = std::move(answer->data);
    return answer->status.number();
}

uint16_t ProtectedFixture::write(uint64_t block, const base::Bytes& data, uint32_t flags) const {
    const auto count = static_cast<uint32_t>(data.size() / format.block_bytes);
    return io->host.run(host::write(kPlain, {block, count, format.block_bytes}, data, flags))
        ->status.number();
}

uint16_t ProtectedFixture::read(uint64_t block, uint32_t count) {
    return run(host::read(kPlain, {block, count, format.block_bytes}));
}

base::Bytes ProtectedFixture::with_tuples(uint64_t block, base::ByteView data) const {
    const size_t stride = size_t{format.block_bytes} + format.metadata_bytes;
    base::Bytes out(data.size() / format.block_bytes * stride);
    for (size_t i = 0; i * format.block_bytes < data.size(); ++i) {
        std::ranges::copy(data.subspan(i * format.block_bytes, format.block_bytes),
                          out.begin() + static_cast<std::ptrdiff_t>(i * stride));
    }
    nvme::generate(format, nvme::Blocks::extended(format, out), {.ref_tag = block});
    return out;
}

}  // namespace support
