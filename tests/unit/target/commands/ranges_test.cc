// SPDX-License-Identifier: GPL-2.0-or-later
//
// Commands with a list of ranges, and Flush of all namespaces.

#include "support/io_fixture.h"
#include "support/test.h"

using support::in_capsule;
using support::IoFixture;
using support::pattern;
using support::Range;
using support::words;
namespace status = nvme::status;

namespace {

constexpr uint32_t kBlock = IoFixture::kBlock;
constexpr uint64_t kEnd = IoFixture::kImageBytes / kBlock;
using Words = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(ranges)

BOOST_AUTO_TEST_CASE(deallocates_each_range_and_nothing_else) {
    IoFixture f;
    f.backend->asked.clear();
    BOOST_TEST(f.run(support::deallocate(1, {{0, 8}, {100, 0}, {kEnd - 1, 1}, {kEnd, 0}})) == 0);
    const Words asked = {"discard 0+4096", "discard 2096640+512"};
    BOOST_TEST(f.backend->asked == asked, boost::test_tools::per_element());
    std::vector<Range> many;
    for (uint64_t i = 0; i < 256; ++i) {
        many.push_back({i * 2, 1});
    }
    f.backend->asked.clear();
    BOOST_TEST(f.run(support::deallocate(1, many)) == 0);
    BOOST_TEST(f.backend->asked.size() == 256U);
}

BOOST_AUTO_TEST_CASE(judges_all_ranges_before_the_first) {
    IoFixture f;
    const auto outside = status::kLbaOutOfRange.dnr().number();
    f.backend->asked.clear();
    BOOST_TEST(f.run(support::deallocate(1, {{0, 1}, {kEnd, 1}})) == outside);
    BOOST_TEST(f.run(support::deallocate(1, {{0, 1}, {kEnd + 1, 0}})) == outside);
    BOOST_TEST(f.run(support::deallocate(1, {{1, 0xFFFFFFFF}})) == outside);
    BOOST_TEST(f.run(support::deallocate(1, {{UINT64_MAX, 2}})) == outside);
    BOOST_TEST(f.backend->asked.empty());
}

BOOST_AUTO_TEST_CASE(takes_a_page_with_one_range_as_linux_sends_it) {
    IoFixture f;
    host::Command command = support::deallocate(1, {{8, 8}});
    command.data_out.resize(4096);
    f.backend->asked.clear();
    BOOST_TEST(f.run(command) == 0);
    BOOST_TEST(f.backend->asked == Words{"discard 4096+4096"}, boost::test_tools::per_element());
    const auto length = status::kDataSglLengthInvalid.dnr().number();
    command.data_out.resize(15);
    BOOST_TEST(f.run(command) == length);
    command.data_out.resize(4097);
    BOOST_TEST(f.run(command) == length);
}

BOOST_AUTO_TEST_CASE(an_attribute_that_only_advises_touches_nothing) {
    IoFixture f;
    host::Command command = support::deallocate(1, {{8, 8}});
    command.sqe.cdw11 = 3U;
    f.backend->asked.clear();
    BOOST_TEST(f.run(command) == 0);
    BOOST_TEST(f.backend->asked.empty());
}

BOOST_AUTO_TEST_CASE(copies_ranges_one_behind_the_other) {
    IoFixture f;
    const base::Bytes one = pattern(4 * kBlock, 1);
    const base::Bytes two = pattern(8 * kBlock, 2);
    f.fill(10, one);
    f.fill(50, two);
    host::Command command = support::copy(1, 100, {{50, 8}, {10, 4}});
    f.backend->asked.clear();
    BOOST_TEST(f.run(command) == 0);
    BOOST_TEST(f.blocks(100, 8) == two);
    BOOST_TEST(f.blocks(108, 4) == one);
    command.sqe.cdw12 = command.sqe.cdw12 | nvme::IoFlags::kForceUnitAccess;
    BOOST_TEST(f.run(command) == 0);
    BOOST_TEST(f.backend->asked.back() == "write 51200+6144 fua");
}

BOOST_AUTO_TEST_CASE(copies_what_overlaps_as_it_was) {
    IoFixture f;
    const base::Bytes data = pattern(32 * kBlock, 3);
    for (const uint64_t to : {uint64_t{16}, uint64_t{24}}) {
        f.fill(20, data);
        BOOST_TEST(f.run(support::copy(1, to, {{20, 32}})) == 0);
        BOOST_TEST(f.blocks(to, 32) == data);
    }
}

BOOST_AUTO_TEST_CASE(bounds_what_one_copy_may_do) {
    IoFixture f;
    const auto limit = status::kCommandSizeLimit.dnr().number();
    const auto outside = status::kLbaOutOfRange.dnr().number();
    BOOST_TEST(f.run(support::copy(1, 1000, {{0, 256}})) == 0);
    f.backend->asked.clear();
    BOOST_TEST(f.run(support::copy(1, 1000, {{0, 257}})) == limit);
    BOOST_TEST(f.run(support::copy(1, 1000, {{0, 256}, {0, 1}})) == limit);
    BOOST_TEST(f.run(support::copy(1, 1000, {{kEnd, 1}})) == outside);
    BOOST_TEST(f.run(support::copy(1, 1000, {{0, 1}, {kEnd - 1, 2}})) == outside);
    BOOST_TEST(f.run(support::copy(1, kEnd - 1, {{0, 2}})) == outside);
    BOOST_TEST(f.run(support::copy(1, UINT64_MAX, {{0, 2}})) == outside);
    BOOST_TEST(f.run(support::copy(9, 0, {{0, 2}})) == status::kInvalidNamespace.dnr().number());
    host::Command format1 = support::copy(1, 0, {{0, 2}});
    format1.sqe.cdw12 = format1.sqe.cdw12 | 1U << 8U;
    BOOST_TEST(f.run(format1) == status::kInvalidField.dnr().number());
    BOOST_TEST(f.backend->asked.empty());
}

BOOST_AUTO_TEST_CASE(a_copy_that_fails_writes_nothing) {
    IoFixture f;
    f.backend->hold = true;
    const host::Command command = support::copy(1, 100, {{0, 1}, {8, 1}});
    BOOST_TEST(
        f.send(in_capsule(command.sqe, 4, command.data_out.size()), command.data_out).empty());
    f.backend->settle(target::IoError::kMedium);
    BOOST_TEST(words(f.answers()) == Words{"4: Unrecovered Read Error (281h)"},
               boost::test_tools::per_element());
    BOOST_TEST(f.backend->held.empty());
}

BOOST_AUTO_TEST_CASE(leaves_read_only_namespaces_alone) {
    IoFixture f;
    target::NamespaceConfig config;
    config.nsid = 2;
    config.read_only = true;
    f.subsystem->add_namespace(config, std::make_unique<support::HeldBackend>(1U << 20U));
    const auto refused = status::kNamespaceWriteProtected.dnr().number();
    BOOST_TEST(f.run(support::deallocate(2, {{0, 1}})) == refused);
    BOOST_TEST(f.run(support::copy(2, 8, {{0, 1}})) == refused);
    BOOST_TEST(f.run(support::verify(2, {0, 1, kBlock})) == 0);
    BOOST_TEST(f.run(support::compare(2, {0, 1, kBlock}, base::Bytes(kBlock))) == 0);
}

BOOST_AUTO_TEST_CASE(flushes_every_namespace_at_once) {
    IoFixture f;
    target::NamespaceConfig config;
    config.nsid = 7;
    auto store = std::make_unique<support::HeldBackend>(1U << 20U);
    support::HeldBackend& second = *store;
    f.subsystem->add_namespace(config, std::move(store));
    f.backend->asked.clear();
    BOOST_TEST(f.run(host::flush(nvme::kNsidAll)) == 0);
    BOOST_TEST(f.backend->asked == Words{"flush 0+0"}, boost::test_tools::per_element());
    BOOST_TEST(second.asked == Words{"flush 0+0"}, boost::test_tools::per_element());
    second.hold = true;
    BOOST_TEST(f.send(in_capsule(host::flush(nvme::kNsidAll).sqe, 4, 0)).empty());
    second.settle(target::IoError::kMedium);
    BOOST_TEST(words(f.answers()) == Words{"4: Write Fault (280h)"},
               boost::test_tools::per_element());
    BOOST_TEST(f.run(host::flush(5)) == status::kInvalidNamespace.dnr().number());
}

BOOST_AUTO_TEST_CASE(tells_of_all_this_in_identify) {
    IoFixture f;
    const auto controller = f.admin->host.run(host::identify(nvme::Cns::kController));
    nvme::IdentifyController id;
    std::memcpy(&id, controller->data.data(), sizeof id);
    BOOST_TEST((uint16_t{id.oncs} & 0x018DU) == 0x018DU);
    BOOST_TEST(uint16_t{id.fuses} == 1);
    BOOST_TEST(uint16_t{id.acwu} == 7);
    BOOST_TEST(uint16_t{id.ocfs} == 1);
    BOOST_TEST(int{id.vwc} == 7);
    const auto limits = f.admin->host.run(host::identify(nvme::Cns::kCommandSetController));
    BOOST_TEST(std::to_integer<int>(limits->data[0]) == 8);  // VSL: 2^8 pages
    const auto page = f.admin->host.run(host::identify(nvme::Cns::kNamespace, 1));
    nvme::IdentifyNamespace ns;
    std::memcpy(&ns, page->data.data(), sizeof ns);
    BOOST_TEST(int{ns.dlfeat} == 9);
    BOOST_TEST(uint16_t{ns.mssrl} == 256);
    BOOST_TEST(uint32_t{ns.mcl} == 256U);
    BOOST_TEST(int{ns.msrc} == 255);
}

BOOST_AUTO_TEST_SUITE_END()
