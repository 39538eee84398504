// SPDX-License-Identifier: GPL-2.0-or-later
//
// Blocks in and out: every way data may travel, every bound, and what becomes of commands whose
// connection goes away.

#include "support/target_fixture.h"
#include "support/test.h"

using support::pattern;
using support::TargetFixture;
namespace status = nvme::status;

namespace {

constexpr uint32_t kBlock = TargetFixture::kBlock;

struct IoFixture : TargetFixture {
    explicit IoFixture(const target::Limits& limits = {}, const host::QueueOptions& options = {})
        : TargetFixture(limits), admin(open_admin(options)), io(open_io(1, options)) {
        BOOST_REQUIRE((admin && io));
    }
    uint16_t run(host::Command command) {
        const auto answer = io->host.run(std::move(command));
        BOOST_REQUIRE(answer.has_value());
        return answer->status.number();
    }

    std::unique_ptr<support::Line> admin;
    std::unique_ptr<support::Line> io;
};

/// The PDU types of what a target sent, in order.
std::vector<nvme::PduType> types_of(base::ByteView bytes) {
    std::vector<nvme::PduType> out;
    while (!bytes.empty()) {
        const auto header = base::Reader(bytes).take<nvme::PduHeader>();
        out.push_back(header->type);
        bytes = bytes.subspan(header->plen);
    }
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(io)

BOOST_AUTO_TEST_CASE(writes_and_reads_with_all_digests_and_sizes) {
    for (const bool header_digest : {false, true}) {
        for (const bool data_digest : {false, true}) {
            for (const uint32_t blocks : {1U, 16U, 17U, 256U, 2048U}) {
                BOOST_TEST_CONTEXT(header_digest << data_digest << " " << blocks) {
                    IoFixture f({}, {.header_digest = header_digest, .data_digest = data_digest});
                    const base::Bytes data = pattern(size_t{blocks} * kBlock, blocks);
                    BOOST_TEST(f.run(host::write(1, {100, blocks, kBlock}, data)) == 0);
                    const auto read = f.io->host.run(host::read(1, {100, blocks, kBlock}));
                    BOOST_TEST(read->status.ok());
                    BOOST_TEST(read->data == data);
                    BOOST_TEST(std::ranges::equal(
                        data, std::span(f.backend->content).subspan(100 * kBlock, data.size())));
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(takes_small_writes_from_the_capsule_and_asks_for_large_ones) {
    IoFixture f({.io_capsule_bytes = 4096}, {.in_capsule_len = 4096});
    const size_t before = f.io->host.received().size();
    BOOST_TEST(f.run(host::write(1, {0, 8, kBlock}, pattern(4096))) == 0);
    const size_t middle = f.io->host.received().size();
    BOOST_TEST(f.run(host::write(1, {0, 9, kBlock}, pattern(4608))) == 0);
    const base::ByteView all = f.io->host.received();
    BOOST_TEST(types_of(all.subspan(before, middle - before)) ==
               std::vector{nvme::PduType::kCapsuleResp});
    BOOST_TEST((types_of(all.subspan(middle)) ==
                std::vector{nvme::PduType::kR2t, nvme::PduType::kCapsuleResp}));
}

BOOST_AUTO_TEST_CASE(refuses_in_capsule_data_beyond_the_limit_of_io_queues) {
    IoFixture f({.io_capsule_bytes = 4096}, {.in_capsule_len = 8192});
    BOOST_TEST(f.run(host::write(1, {0, 9, kBlock}, pattern(4608))) ==
               status::kDataSglLengthInvalid.dnr().number());
    BOOST_TEST(!f.io->over());
}

BOOST_AUTO_TEST_CASE(says_success_in_the_data_when_flow_control_is_off) {
    IoFixture f;
    auto options = f.connect_options(2, f.cntlid);
    options.flow_control = false;
    auto line = f.open();
    const auto connected = line->host.connect(options);
    BOOST_TEST(connected->sqhd == 0xFFFF);
    const size_t before = line->host.received().size();
    BOOST_TEST(line->host.run(host::read(1, {0, 8, kBlock}))->status.ok());
    BOOST_TEST(types_of(base::ByteView(line->host.received()).subspan(before)) ==
               std::vector{nvme::PduType::kC2hData});
    BOOST_TEST(line->host.run(host::flush(1))->sqhd == 0xFFFF);
}

BOOST_AUTO_TEST_CASE(counts_the_queue_head_where_flow_control_is_on) {
    IoFixture f;
    const uint16_t first = f.io->host.run(host::flush(1))->sqhd;
    BOOST_TEST(first == 2);  // Connect was the first entry
    for (int i = 0; i < f.target.limits().queue_entries; ++i) {
        (void)f.io->host.run(host::flush(1));
    }
    BOOST_TEST(f.io->host.run(host::flush(1))->sqhd == 3);  // all entries and round
}

BOOST_AUTO_TEST_CASE(aligns_data_as_the_host_asks) {
    TargetFixture f;
    auto admin = f.open_admin();
    support::Line line(f.sessions, f.clock, {});
    nvme::IcReq request;
    request.hpda = 31;
    (void)line.peer.exchange(nvme::whole_pdu(request, {}));
    auto connect = host::connect(f.connect_options(1, f.cntlid));
    connect.sqe.sgl = {
        .address = uint64_t{0}, .length = 1024U, .type = nvme::SglDescriptor::kInCapsule};
    (void)line.peer.exchange(
        nvme::whole_pdu(nvme::CapsuleCmd{{}, connect.sqe}, {}, connect.data_out));
    auto read = host::read(1, {0, 1, kBlock}).sqe;
    read.flags = nvme::Sqe::kPsdtSgl;
    read.sgl = {.address = uint64_t{0}, .length = kBlock, .type = nvme::SglDescriptor::kTransport};
    const base::Bytes answer = line.peer.exchange(nvme::whole_pdu(nvme::CapsuleCmd{{}, read}, {}));
    const auto data = base::Reader(answer).take<nvme::C2hData>();
    BOOST_REQUIRE(data.has_value());
    BOOST_TEST(int{data->header.pdo} == 128);
    BOOST_TEST(uint32_t{data->header.plen} == 128 + kBlock);
    BOOST_TEST(answer.size() == 128 + kBlock + 24U);
}

BOOST_AUTO_TEST_CASE(bounds_every_range) {
    IoFixture f({.max_transfer_bytes = 65536});
    const uint64_t end = TargetFixture::kImageBytes / kBlock;
    const auto range = status::kLbaOutOfRange.dnr().number();
    BOOST_TEST(f.run(host::read(1, {end - 1, 1, kBlock})) == 0);
    BOOST_TEST(f.run(host::read(1, {end, 1, kBlock})) == range);
    BOOST_TEST(f.run(host::read(1, {end - 1, 2, kBlock})) == range);
    BOOST_TEST(f.run(host::read(1, {UINT64_MAX, 1, kBlock})) == range);
    BOOST_TEST(f.run(host::read(1, {UINT64_MAX / kBlock, 2, kBlock})) == range);
    BOOST_TEST(f.run(host::write(1, {end, 1, kBlock}, pattern(kBlock))) == range);
    BOOST_TEST(f.run(host::write_zeroes(1, {end - 1, 2, kBlock})) == range);
    BOOST_TEST(f.run(host::read(1, {0, 128, kBlock})) == 0);
    BOOST_TEST(f.run(host::read(1, {0, 129, kBlock})) == status::kInvalidField.dnr().number());
    BOOST_TEST(f.run(host::read(2, {0, 1, kBlock})) == status::kInvalidNamespace.dnr().number());
    BOOST_TEST(f.run(host::read(1, {0, 2, 256})) == status::kDataSglLengthInvalid.dnr().number());
    auto unknown = host::flush(1);
    unknown.sqe.opcode = 0x7E;
    BOOST_TEST(f.run(unknown) == status::kInvalidOpcode.dnr().number());
    auto fused = host::flush(1);
    fused.sqe.flags = 1;
    BOOST_TEST(f.run(fused) == status::kInvalidField.dnr().number());
}

BOOST_AUTO_TEST_CASE(passes_on_flush_fua_and_zeroes) {
    IoFixture f;
    f.backend->asked.clear();
    (void)f.run(host::write(1, {2, 1, kBlock}, pattern(kBlock), nvme::IoFlags::kForceUnitAccess));
    (void)f.run(host::write(1, {2, 1, kBlock}, pattern(kBlock)));
    (void)f.run(host::flush(1));
    (void)f.run(host::write_zeroes(1, {4, 1024, kBlock}, nvme::IoFlags::kForceUnitAccess));
    const std::vector<std::string> expected = {"write 1024+512 fua", "write 1024+512", "flush 0+0",
                                               "write zeroes 2048+524288 fua"};
    BOOST_TEST(f.backend->asked == expected, boost::test_tools::per_element());
    // Without the volatile cache every write goes through.
    BOOST_TEST(
        f.admin->host.run(host::set_features(nvme::Feature::kVolatileWriteCache, 0))->status.ok());
    (void)f.run(host::write(1, {2, 1, kBlock}, pattern(kBlock)));
    BOOST_TEST(f.backend->asked.back() == "write 1024+512 fua");
}

BOOST_AUTO_TEST_CASE(tells_how_the_store_failed) {
    struct Case {
        target::IoError error;
        nvme::Status read;
        nvme::Status write;
    };
    const Case cases[] = {
        {target::IoError::kMedium, status::kUnrecoveredRead, status::kWriteFault},
        {target::IoError::kNoSpace, status::kCapacityExceeded.dnr(),
         status::kCapacityExceeded.dnr()},
        {target::IoError::kReadOnly, status::kNamespaceWriteProtected.dnr(),
         status::kNamespaceWriteProtected.dnr()},
    };
    IoFixture f;
    f.backend->hold = true;
    for (const Case& test : cases) {
        for (const bool write : {false, true}) {
            const size_t before = f.io->host.received().size();
            BOOST_TEST(!f.io->host.run(write ? host::write(1, {0, 1, kBlock}, pattern(kBlock))
                                             : host::read(1, {0, 1, kBlock})));
            f.backend->settle(test.error);
            f.io->host.pump();
            const auto answer = f.io->host.queue().take_completion();
            BOOST_REQUIRE(answer.has_value());
            BOOST_TEST(answer->status.number() == (write ? test.write : test.read).number());
            BOOST_TEST(answer->data.empty());
            BOOST_TEST(types_of(base::ByteView(f.io->host.received()).subspan(before)) ==
                       std::vector{nvme::PduType::kCapsuleResp});
        }
    }
}

BOOST_AUTO_TEST_CASE(protects_read_only_namespaces) {
    TargetFixture f;
    target::NamespaceConfig config;
    config.nsid = 2;
    config.read_only = true;
    f.subsystem->add_namespace(config, std::make_unique<support::HeldBackend>(1U << 20U));
    auto admin = f.open_admin();
    auto io = f.open_io();
    const auto id = admin->host.run(host::identify(nvme::Cns::kNamespace, 2));
    BOOST_TEST(std::to_integer<int>(id->data[99]) == 1);
    const auto refused = status::kNamespaceWriteProtected.dnr().number();
    BOOST_TEST(io->host.run(host::read(2, {0, 1, kBlock}))->status.ok());
    BOOST_TEST(io->host.run(host::flush(2))->status.ok());
    BOOST_TEST(io->host.run(host::write(2, {0, 1, kBlock}, pattern(kBlock)))->status.number() ==
               refused);
    BOOST_TEST(
        io->host.run(host::write(2, {0, 64, kBlock}, pattern(64 * kBlock)))->status.number() ==
        refused);
    BOOST_TEST(io->host.run(host::write_zeroes(2, {0, 1, kBlock}))->status.number() == refused);
}

BOOST_AUTO_TEST_CASE(shows_a_protection_format_and_serves_no_block_of_it) {
    for (const uint8_t type : {uint8_t{1}, uint8_t{2}, uint8_t{3}}) {
        TargetFixture f;
        target::NamespaceConfig config;
        config.nsid = 2;
        config.protection_type = type;
        f.subsystem->add_namespace(config, std::make_unique<support::HeldBackend>(1U << 20U));
        auto admin = f.open_admin();
        auto io = f.open_io();
        const auto page = admin->host.run(host::identify(nvme::Cns::kNamespace, 2));
        nvme::IdentifyNamespace id;
        BOOST_REQUIRE_EQUAL(page->data.size(), sizeof id);
        std::memcpy(&id, page->data.data(), sizeof id);
        BOOST_TEST(uint64_t{id.nsze} == 2048U);
        BOOST_TEST(uint16_t{id.lbaf[0].ms} == 8);
        BOOST_TEST(int{id.lbaf[0].lbads} == 9);
        BOOST_TEST(int{id.flbas} == 0x10);
        BOOST_TEST(int{id.mc} == 1);
        BOOST_TEST(int{id.dpc} == (0x10 | 1 << (type - 1)));
        BOOST_TEST(int{id.dps} == int{type});
        BOOST_TEST(io->host.run(host::read(2, {0, 1, 520}))->status.number() ==
                   status::kInvalidField.dnr().number());
    }
}

BOOST_AUTO_TEST_CASE(fails_one_command_for_a_wrong_data_digest) {
    IoFixture f({}, {.data_digest = true});
    auto sqe = host::write(1, {0, 1, kBlock}, {}).sqe;
    sqe.flags = nvme::Sqe::kPsdtSgl;
    sqe.cid = uint16_t{77};
    sqe.sgl = {.address = uint64_t{0}, .length = kBlock, .type = nvme::SglDescriptor::kInCapsule};
    const nvme::Framing framing{.data_digest = true};
    base::Bytes pdu = nvme::whole_pdu(nvme::CapsuleCmd{{}, sqe}, framing, pattern(kBlock));
    pdu.back() ^= std::byte{1};
    f.backend->asked.clear();
    auto answer = base::Reader(f.io->peer.exchange(pdu)).take<nvme::CapsuleResp>();
    BOOST_REQUIRE(answer.has_value());
    BOOST_TEST(nvme::Status::from_wire(answer->cqe.status).number() ==
               status::kTransientTransportError.number());
    BOOST_TEST(uint16_t{answer->cqe.cid} == 77);

    // The same through R2T: the first of two H2CData is bad, the second good.
    sqe.cdw12 = 15U;
    sqe.sgl = {.address = uint64_t{0}, .length = 8192U, .type = nvme::SglDescriptor::kTransport};
    const auto r2t =
        base::Reader(f.io->peer.exchange(nvme::whole_pdu(nvme::CapsuleCmd{{}, sqe}, framing)))
            .take<nvme::R2t>();
    BOOST_REQUIRE(r2t.has_value());
    BOOST_TEST(uint32_t{r2t->r2tl} == 8192U);
    nvme::H2cData data;
    data.cccid = uint16_t{77};
    data.ttag = uint16_t{r2t->ttag};
    data.datal = 4096U;
    base::Bytes first = nvme::whole_pdu(data, framing, pattern(4096));
    first.back() ^= std::byte{1};
    BOOST_TEST(f.io->peer.exchange(first).empty());
    data.datao = 4096U;
    data.header.flags = nvme::PduHeader::kLastPdu;
    answer = base::Reader(f.io->peer.exchange(nvme::whole_pdu(data, framing, pattern(4096))))
                 .take<nvme::CapsuleResp>();
    BOOST_REQUIRE(answer.has_value());
    BOOST_TEST(nvme::Status::from_wire(answer->cqe.status).number() ==
               status::kTransientTransportError.number());
    BOOST_TEST(f.backend->asked.empty());
    BOOST_TEST(f.target.subsystems().back()->counters().digest_errors == 2U);
    BOOST_TEST(f.run(host::flush(1)) == 0);
}

BOOST_AUTO_TEST_CASE(bounds_the_memory_of_a_queue_and_serves_everything) {
    IoFixture f;
    f.backend->hold = true;
    constexpr uint32_t kBlocks = 2048;  // 1 MiB each
    for (int i = 0; i < 16; ++i) {
        BOOST_REQUIRE(f.io->host.queue().submit(host::read(1, {0, kBlocks, kBlock})).has_value());
    }
    f.io->host.pump();
    BOOST_TEST(f.backend->held.size() == 4U);
    int answered = 0;
    while (!f.backend->held.empty()) {
        f.backend->settle();
        f.io->host.pump();
        while (const auto answer = f.io->host.queue().take_completion()) {
            BOOST_TEST(answer->status.ok());
            BOOST_TEST(answer->data.size() == kBlocks * kBlock);
            ++answered;
        }
    }
    BOOST_TEST(answered == 16);
}

BOOST_AUTO_TEST_CASE(reads_no_more_while_it_has_much_to_send) {
    IoFixture f;
    constexpr uint32_t kBlocks = 256;  // 128 KiB each
    for (int i = 0; i < 32; ++i) {
        BOOST_REQUIRE(f.io->host.queue().submit(host::read(1, {0, kBlocks, kBlock})).has_value());
    }
    f.io->session->receive(f.io->host.queue().take_output(), f.clock.now());
    BOOST_TEST(f.backend->asked.size() == 8U);
    f.io->host.pump();
    BOOST_TEST(f.backend->asked.size() == 32U);
    for (int i = 0; i < 32; ++i) {
        const auto answer = f.io->host.queue().take_completion();
        BOOST_REQUIRE(answer.has_value());
        BOOST_TEST(answer->data.size() == kBlocks * kBlock);
    }
}

BOOST_AUTO_TEST_CASE(stops_reading_from_a_host_that_does_not_take_its_answers) {
    IoFixture f;
    auto sqe = host::flush(1).sqe;
    sqe.flags = nvme::Sqe::kPsdtSgl;
    sqe.sgl.type = nvme::SglDescriptor::kTransport;
    const base::Bytes pdu = nvme::whole_pdu(nvme::CapsuleCmd{{}, sqe}, {});
    size_t taken = 0;
    for (; f.io->session->wants_input() && taken < 10000; ++taken) {
        f.io->session->receive(pdu, f.clock.now());
    }
    BOOST_TEST(taken == 2 * 136U);
    const int ready = f.io->ready_calls;
    BOOST_TEST(!f.io->peer.exchange({}).empty());
    BOOST_TEST(f.io->session->wants_input());
    BOOST_TEST(f.io->ready_calls > ready);
}

BOOST_AUTO_TEST_CASE(lets_go_of_requests_that_a_backend_still_has) {
    IoFixture f;
    f.backend->hold = true;
    BOOST_TEST(!f.io->host.run(host::write(1, {0, 64, kBlock}, pattern(64 * kBlock))));
    BOOST_TEST(!f.io->host.run(host::read(1, {0, 64, kBlock})));
    BOOST_TEST(f.backend->held.size() == 2U);
    f.io.reset();
    f.admin.reset();
    f.backend->settle();
    BOOST_TEST(f.backend->content[5] == pattern(64 * kBlock)[5]);
}

BOOST_AUTO_TEST_CASE(says_nothing_for_requests_that_end_after_a_reset) {
    IoFixture f;
    f.backend->hold = true;
    BOOST_TEST(!f.io->host.run(host::read(1, {0, 8, kBlock})));
    BOOST_TEST(f.admin->host.run(host::property_set(nvme::Property::kCc, 0))->status.ok());
    BOOST_TEST(f.io->over());
    f.backend->settle();
    BOOST_TEST(f.io->peer.exchange({}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
