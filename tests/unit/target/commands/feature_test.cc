// SPDX-License-Identifier: GPL-2.0-or-later
//
// Features beyond the plain numbers of admin_test.cc: SEL, timestamp, write protection, behavior.
#include "support/admin_fixture.h"

using nvme::Feature;
using support::AdminFixture;
namespace status = nvme::status;

namespace {

constexpr uint32_t kDefault = 1U << 8U;
constexpr uint32_t kSaved = 2U << 8U;
constexpr uint32_t kCapabilities = 3U << 8U;

host::Command get(Feature feature, uint32_t select, uint32_t data = 0, uint32_t nsid = 0) {
    auto command = host::get_features(feature, data);
    command.sqe.cdw10 = command.sqe.cdw10 | select;
    command.sqe.nsid = nsid;
    return command;
}

host::Command protect(uint32_t nsid, uint32_t state) {
    auto command = host::set_features(Feature::kWriteProtect, state);
    command.sqe.nsid = nsid;
    return command;
}

uint64_t milliseconds(const base::Bytes& data) {
    base::Reader reader(data);
    const uint64_t low = *reader.take<nvme::le32>();
    return low | uint64_t{*reader.take<nvme::le16>()} << 32U;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(features)

BOOST_AUTO_TEST_CASE(gives_default_saved_and_capabilities) {
    AdminFixture f;
    const auto value = [&](host::Command command) {
        return uint32_t{f.admin->host.run(std::move(command))->dw0};
    };
    BOOST_TEST(f.run(host::set_features(Feature::kVolatileWriteCache, 0)) == 0);
    BOOST_TEST(value(get(Feature::kVolatileWriteCache, 0)) == 0U);
    BOOST_TEST(value(get(Feature::kVolatileWriteCache, kDefault)) == 1U);
    BOOST_TEST(value(get(Feature::kVolatileWriteCache, kSaved)) == 1U);
    BOOST_TEST(value(get(Feature::kVolatileWriteCache, kCapabilities)) == 4U);
    BOOST_TEST(value(get(Feature::kWriteProtect, kCapabilities)) == 6U);
    BOOST_TEST(value(get(Feature::kHostIdentifier, kCapabilities)) == 0U);
    BOOST_TEST(f.run(get(Feature::kVolatileWriteCache, 4U << 8U)) ==
               status::kInvalidField.dnr().number());
    BOOST_TEST(f.run(host::set_features(Feature::kNumberOfQueues, 0)) == 0);
    BOOST_TEST(value(get(Feature::kNumberOfQueues, kDefault)) == 0x007F007FU);
}

BOOST_AUTO_TEST_CASE(features_of_the_controller_take_no_namespace) {
    AdminFixture f;
    auto command = host::set_features(Feature::kVolatileWriteCache, 0);
    command.sqe.nsid = 1U;
    BOOST_TEST(f.run(command) == status::kFeatureNotNamespaceSpecific.dnr().number());
    command.sqe.nsid = nvme::kNsidAll;
    BOOST_TEST(f.run(command) == 0);
}

BOOST_AUTO_TEST_CASE(there_are_two_thresholds_of_one_temperature) {
    AdminFixture f;
    constexpr uint32_t kLower = 1U << 20U;
    constexpr uint32_t kAllSensors = 0xFU << 16U;
    const auto value = [&](uint32_t which) {
        auto command = get(Feature::kTemperatureThreshold, 0);
        command.sqe.cdw11 = which;
        return uint32_t{f.admin->host.run(std::move(command))->dw0};
    };
    BOOST_TEST(value(0) == 0xFFFFU);
    BOOST_TEST(value(kLower) == 0U);
    BOOST_TEST(f.run(host::set_features(Feature::kTemperatureThreshold, kAllSensors | 300U)) == 0);
    BOOST_TEST(f.run(host::set_features(Feature::kTemperatureThreshold, kLower | 200U)) == 0);
    BOOST_TEST(value(0) == 300U);
    BOOST_TEST(value(kLower) == 200U);
    const auto invalid = status::kInvalidField.dnr().number();
    for (const uint32_t wrong : {1U << 16U, 2U << 20U, 1U << 22U}) {
        BOOST_TEST(f.run(host::set_features(Feature::kTemperatureThreshold, wrong)) == invalid);
        auto command = get(Feature::kTemperatureThreshold, 0);
        command.sqe.cdw11 = wrong;
        BOOST_TEST(f.run(command) == invalid);
    }
}

BOOST_AUTO_TEST_CASE(the_time_advances) {
    AdminFixture f;
    f.clock.sleep(base::milliseconds(250));
    auto stamp = f.admin->host.run(get(Feature::kTimestamp, 0, 8))->data;
    BOOST_TEST(milliseconds(stamp) == 250U);
    BOOST_TEST(stamp[6] == std::byte{0});  // since the reset
    base::Bytes data(8);
    base::Bytes when;
    base::Writer(when).put(nvme::le64(0x018F'1234'5678));
    std::ranges::copy(std::span(when).first(6), data.begin());
    BOOST_TEST(f.run(host::set_features(Feature::kTimestamp, 0, data)) == 0);
    f.clock.sleep(base::milliseconds(1000));
    stamp = f.admin->host.run(get(Feature::kTimestamp, 0, 8))->data;
    BOOST_TEST(milliseconds(stamp) == 0x018F'1234'5678U + 1000);
    BOOST_TEST(stamp[6] == std::byte{2});  // as a host said
    BOOST_TEST(milliseconds(f.admin->host.run(get(Feature::kTimestamp, kDefault, 8))->data) == 0U);
}

BOOST_AUTO_TEST_CASE(write_protection_flushes_holds_and_ends) {
    AdminFixture f;
    auto io = f.open_io();
    const auto write = [&] {
        return io->host.run(host::write(1, {0, 8}, base::Bytes(4096)))->status.number();
    };
    BOOST_TEST(f.run(protect(1, 1)) == 0);
    BOOST_TEST(f.backend->asked.back() == "flush 0+0");
    BOOST_TEST(f.admin->host.run(get(Feature::kWriteProtect, 0, 0, 1))->dw0 == 1U);
    BOOST_TEST(write() == status::kNamespaceWriteProtected.dnr().number());
    const auto id = support::page_of<nvme::IdentifyNamespace>(
        f.admin->host.run(host::identify(nvme::Cns::kNamespace, 1)));
    BOOST_TEST(int{id.nsattr} == 1);
    BOOST_TEST(f.run(protect(1, 0)) == 0);
    BOOST_TEST(write() == 0);
    BOOST_TEST(f.run(protect(1, 3)) == status::kInvalidField.dnr().number());
    BOOST_TEST(f.run(protect(2, 1)) == status::kInvalidNamespace.dnr().number());
    BOOST_TEST(f.run(protect(nvme::kNsidAll, 1)) == status::kInvalidNamespace.dnr().number());
    BOOST_TEST(f.run(protect(1, 2)) == 0);
    BOOST_TEST(f.run(protect(1, 0)) == status::kFeatureNotChangeable.dnr().number());
    BOOST_TEST(f.run(protect(1, 2)) == 0);
    BOOST_TEST(f.admin->host.run(get(Feature::kWriteProtect, kDefault, 0, 1))->dw0 == 0U);
}

BOOST_AUTO_TEST_CASE(a_configured_read_only_namespace_stays_one) {
    AdminFixture f;
    auto config = f.subsystem->find_namespace(1)->config();
    config.read_only = true;
    BOOST_TEST(f.subsystem->change_namespace(config));
    BOOST_TEST(f.admin->host.run(get(Feature::kWriteProtect, 0, 0, 1))->dw0 == 1U);
    BOOST_TEST(f.run(protect(1, 0)) == status::kFeatureNotChangeable.dnr().number());
    BOOST_TEST(f.run(protect(1, 1)) == 0);
}

BOOST_AUTO_TEST_CASE(refuses_behavior_it_does_not_know) {
    AdminFixture f;
    for (const size_t place : {0U, 1U, 2U, 4U, 511U}) {
        base::Bytes behavior(512);
        behavior[place] = std::byte{2};
        BOOST_TEST(f.run(host::set_features(Feature::kHostBehavior, 0, behavior)) ==
                   status::kInvalidField.dnr().number());
    }
}

BOOST_AUTO_TEST_SUITE_END()
