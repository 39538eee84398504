// SPDX-License-Identifier: GPL-2.0-or-later
//
// Connect and the properties: who is let in, with which status and which field the others are
// refused.
#include <functional>

#include "support/event_request.h"
#include "support/target_fixture.h"
#include "support/test.h"

using support::TargetFixture;
namespace status = nvme::status;

namespace {

struct Refused {
    const char* name;
    std::function<void(host::Command&, nvme::ConnectSqe&, nvme::ConnectData&)> change;
    bool io = false;  ///< on an I/O queue of a ready controller
    nvme::Status status;
    bool retry = false;
    uint16_t offset = 0;
    bool in_data = false;
};

const std::vector<Refused>& refusals() {
    static const std::vector<Refused> kCases = {
        {"format", [](auto&, auto& s, auto&) { s.recfmt = uint16_t{1}; }, false,
         status::kConnectIncompatibleFormat},
        {"data length", [](auto& c, auto&, auto&) { c.data_out.resize(1020); }, false,
         status::kDataSglLengthInvalid},
        {"queue size 0", [](auto&, auto& s, auto&) { s.sqsize = uint16_t{0}; }, false,
         status::kConnectInvalidParameters, false, 44},
        {"queue too large", [](auto&, auto& s, auto&) { s.sqsize = uint16_t{128}; }, false,
         status::kConnectInvalidParameters, false, 44},
        {"chosen controller id", [](auto&, auto&, auto& d) { d.cntlid = uint16_t{1}; }, false,
         status::kConnectInvalidParameters, false, 16, true},
        {"unknown subsystem",
         [](auto&, auto&, auto& d) { d.subnqn = nvme::nqn_field("nqn.2024-08.com.example:other"); },
         false, status::kConnectInvalidParameters, false, 256, true},
        {"subsystem NQN without end", [](auto&, auto&, auto& d) { d.subnqn.fill('n'); }, false,
         status::kConnectInvalidParameters, false, 256, true},
        {"host NQN that is none",
         [](auto&, auto&, auto& d) { d.hostnqn = nvme::nqn_field("hel\nlo"); }, false,
         status::kConnectInvalidParameters, false, 512, true},
        {"host not allowed",
         [](auto&, auto&, auto& d) { d.hostnqn = nvme::nqn_field(support::kStrangerNqn); }, false,
         status::kConnectInvalidHost},
        {"no such controller", [](auto&, auto&, auto& d) { d.cntlid = uint16_t{0x1234}; }, true,
         status::kConnectInvalidParameters, false, 16, true},
        {"controller of another host",
         [](auto&, auto&, auto& d) { d.hostnqn = nvme::nqn_field(support::kStrangerNqn); }, true,
         status::kConnectInvalidParameters, false, 512, true},
        {"another host id", [](auto&, auto&, auto& d) { d.hostid.bytes[3] = std::byte{1}; }, true,
         status::kConnectInvalidParameters, false, 0, true},
        {"queue beyond the grant", [](auto&, auto& s, auto&) { s.qid = uint16_t{129}; }, true,
         status::kConnectInvalidParameters, false, 42},
        {"queue id in use", [](auto&, auto& s, auto&) { s.qid = uint16_t{2}; }, true,
         status::kSequenceError},
    };
    return kCases;
}

/// A Connect whose entry and data `change` spoils.
host::Command spoiled(const host::ConnectOptions& options, const Refused& test) {
    host::Command command = host::connect(options);
    auto sqe = nvme::command_as<nvme::ConnectSqe>(command.sqe);
    nvme::ConnectData data;
    std::memcpy(&data, command.data_out.data(), sizeof data);
    test.change(command, sqe, data);
    command.sqe = nvme::to_sqe(sqe);
    std::memcpy(command.data_out.data(), &data, command.data_out.size());
    return command;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(connect)

BOOST_AUTO_TEST_CASE(refuses_with_the_status_and_field_that_say_why) {
    for (const Refused& test : refusals()) {
        BOOST_TEST_CONTEXT(test.name) {
            TargetFixture f;
            auto admin = f.open_admin();
            BOOST_REQUIRE(admin);
            auto second = f.open_io(2);
            BOOST_REQUIRE(second);
            auto line = f.open();
            const auto options = test.io ? f.connect_options(1, f.cntlid) : f.connect_options();
            const auto answer = line->host.run(spoiled(options, test));
            BOOST_REQUIRE(answer);
            BOOST_TEST(answer->status.number() ==
                       (test.retry ? test.status : test.status.dnr()).number());
            BOOST_TEST(answer->dw0 == (nvme::ConnectInvalidField{test.offset, test.in_data}.dw0()));
            BOOST_TEST(!line->over());
            // The connection is as new: a good Connect on it succeeds.
            const auto good = test.io ? f.connect_options(1, f.cntlid) : f.connect_options();
            BOOST_TEST(line->host.connect(good)->status.ok());
        }
    }
}

BOOST_AUTO_TEST_CASE(says_busy_when_no_controller_is_left) {
    TargetFixture f({.controllers = 1});
    auto first = f.open_admin();
    BOOST_REQUIRE(first);
    auto second = f.open();
    const auto answer = second->host.connect(f.connect_options());
    BOOST_TEST(answer->status.number() == status::kConnectControllerBusy.number());
    first.reset();
    BOOST_TEST(second->host.connect(f.connect_options())->status.ok());
}

BOOST_AUTO_TEST_CASE(requires_connect_first_and_once) {
    TargetFixture f;
    auto line = f.open();
    BOOST_TEST(line->host.run(host::property_get(nvme::Property::kCap))->status.number() ==
               status::kSequenceError.dnr().number());
    BOOST_TEST(line->host.run(host::keep_alive())->status.number() ==
               status::kSequenceError.dnr().number());
    BOOST_TEST(line->host.connect(f.connect_options())->status.ok());
    BOOST_TEST(line->host.connect(f.connect_options())->status.number() ==
               status::kSequenceError.dnr().number());
}

BOOST_AUTO_TEST_CASE(refuses_io_queues_before_enable_and_beyond_the_grant) {
    TargetFixture f;
    auto admin = f.open();
    const auto connected = admin->host.connect(f.connect_options());
    f.cntlid = nvme::ConnectResult::from_dw0(connected->dw0).cntlid;
    auto line = f.open();
    BOOST_TEST(line->host.connect(f.connect_options(1, f.cntlid))->status.number() ==
               status::kSequenceError.dnr().number());
    BOOST_REQUIRE(admin->host.enable());
    const auto granted =
        admin->host.run(host::set_features(nvme::Feature::kNumberOfQueues, 0x00010001));
    BOOST_TEST(granted->dw0 == 0x00010001U);
    BOOST_TEST(line->host.connect(f.connect_options(3, f.cntlid))->status.number() ==
               status::kConnectInvalidParameters.dnr().number());
    BOOST_TEST(line->host.connect(f.connect_options(2, f.cntlid))->status.ok());
    BOOST_TEST(
        admin->host.run(host::set_features(nvme::Feature::kNumberOfQueues, 0))->status.number() ==
        status::kSequenceError.dnr().number());
}

BOOST_AUTO_TEST_CASE(gives_no_controller_id_twice_in_a_row) {
    TargetFixture f;
    auto first = f.open_admin();
    const uint16_t id = f.cntlid;
    first.reset();
    auto second = f.open_admin();
    BOOST_REQUIRE(second);
    BOOST_TEST(f.cntlid != id);
}

BOOST_AUTO_TEST_CASE(shows_the_properties) {
    TargetFixture f;
    auto line = f.open();
    BOOST_REQUIRE(line->host.connect(f.connect_options())->status.ok());
    const auto cap = line->host.run(host::property_get(nvme::Property::kCap));
    const auto capabilities = nvme::Capabilities::from_wire(uint64_t{cap->dw1} << 32U | cap->dw0);
    BOOST_TEST(capabilities.mqes == 127);
    BOOST_TEST(capabilities.contiguous);
    BOOST_TEST(capabilities.nvm_commands);
    BOOST_TEST(line->host.run(host::property_get(nvme::Property::kVs))->dw0 == nvme::kVersion20);
    BOOST_TEST(line->host.run(host::property_get(nvme::Property::kCsts))->dw0 == 0U);
    BOOST_TEST(line->host.run(host::property_get(nvme::Property::kNssr))->status.number() ==
               status::kInvalidField.number());
    BOOST_TEST(line->host.run(host::property_set(nvme::Property::kCap, 1))->status.number() ==
               status::kInvalidField.dnr().number());
}

BOOST_AUTO_TEST_CASE(reports_a_fatal_status_for_an_impossible_configuration) {
    TargetFixture f;
    auto line = f.open();
    BOOST_REQUIRE(line->host.connect(f.connect_options())->status.ok());
    const nvme::Configuration wrong{.enable = true, .submission_entry = 5, .completion_entry = 4};
    BOOST_TEST(line->host.run(host::property_set(nvme::Property::kCc, wrong.wire()))->status.ok());
    BOOST_TEST(line->host.run(host::property_get(nvme::Property::kCsts))->dw0 ==
               nvme::ControllerStatus::kFatal);
    BOOST_TEST(line->host.run(host::identify(nvme::Cns::kController))->status.number() ==
               status::kSequenceError.dnr().number());
}

BOOST_AUTO_TEST_CASE(flushes_before_a_shutdown_is_complete) {
    TargetFixture f;
    auto line = f.open_admin();
    BOOST_REQUIRE(line);
    f.backend->hold = true;
    nvme::Configuration cc{
        .enable = true, .shutdown = 1, .submission_entry = 6, .completion_entry = 4};
    BOOST_TEST(!line->host.run(host::property_set(nvme::Property::kCc, cc.wire())));
    auto csts = line->host.run(host::property_get(nvme::Property::kCsts));
    BOOST_TEST((csts->dw0 & nvme::ControllerStatus::kShutdownMask) ==
               nvme::ControllerStatus::kShutdownBusy);
    BOOST_TEST(f.backend->asked.back() == "flush 0+0");
    f.backend->settle();
    line->host.pump();
    BOOST_TEST(line->host.queue().take_completion()->status.ok());
    csts = line->host.run(host::property_get(nvme::Property::kCsts));
    BOOST_TEST((csts->dw0 & nvme::ControllerStatus::kShutdownMask) ==
               nvme::ControllerStatus::kShutdownDone);
}

BOOST_AUTO_TEST_CASE(a_reset_closes_the_io_queues_and_keeps_the_admin_queue) {
    TargetFixture f;
    auto admin = f.open_admin();
    auto first = f.open_io(1);
    auto second = f.open_io(2);
    BOOST_REQUIRE((admin && first && second));
    BOOST_TEST(!admin->host.run(support::async_event_request()));
    BOOST_TEST(admin->host.run(host::property_set(nvme::Property::kCc, 0))->status.ok());
    BOOST_TEST(first->over());
    BOOST_TEST(second->over());
    BOOST_TEST(!admin->over());
    BOOST_TEST(admin->host.run(host::property_get(nvme::Property::kCsts))->dw0 == 0U);
    BOOST_TEST(admin->host.enable());
    first = f.open_io(1);
    BOOST_TEST(static_cast<bool>(first));
}

BOOST_AUTO_TEST_CASE(the_end_of_the_admin_queue_ends_the_io_queues) {
    TargetFixture f;
    auto admin = f.open_admin();
    auto io = f.open_io();
    BOOST_REQUIRE((admin && io));
    admin.reset();
    BOOST_TEST(io->over());
    BOOST_TEST(io->ready_calls > 0);
    BOOST_TEST(f.events.has("disconnected: association ended"));
}

BOOST_AUTO_TEST_CASE(loses_one_io_queue_without_losing_the_others) {
    TargetFixture f;
    auto admin = f.open_admin();
    auto first = f.open_io(1);
    auto second = f.open_io(2);
    BOOST_REQUIRE((admin && first && second));
    first.reset();
    BOOST_TEST(!admin->over());
    BOOST_TEST(second->host.run(host::flush(1))->status.ok());
    first = f.open_io(1);
    BOOST_TEST(static_cast<bool>(first));
}

BOOST_AUTO_TEST_CASE(does_not_wait_forever) {
    TargetFixture f;
    support::Line silent(f.sessions, f.clock, {});
    BOOST_REQUIRE(silent.session->next_deadline().has_value());
    f.clock.sleep(base::seconds(9));
    silent.on_timer();
    BOOST_TEST(!silent.over());
    f.clock.sleep(base::seconds(1));
    silent.on_timer();
    BOOST_TEST(silent.over());
    BOOST_TEST(f.events.has("failed: no Connect within the time limit"));
}

BOOST_AUTO_TEST_CASE(ends_the_association_when_the_host_falls_silent) {
    TargetFixture f;
    auto admin = f.open_admin();
    auto io = f.open_io();
    BOOST_REQUIRE((admin && io));
    for (int i = 0; i < 5; ++i) {  // traffic on any queue keeps it alive
        f.clock.sleep(base::seconds(4));
        BOOST_TEST(io->host.run(host::flush(1))->status.ok());
        admin->on_timer();
    }
    BOOST_TEST(!admin->over());
    BOOST_TEST(admin->session->next_deadline() == f.clock.now() + base::seconds(10));
    f.clock.sleep(base::seconds(10));
    admin->on_timer();
    BOOST_TEST(admin->over());
    BOOST_TEST(io->over());
    BOOST_TEST(f.events.has("failed: keep-alive expired"));
}

BOOST_AUTO_TEST_CASE(a_peer_that_sends_a_byte_a_second_has_the_same_time_as_others) {
    TargetFixture f;
    support::Line line(f.sessions, f.clock, {});
    const base::Bytes bytes = nvme::whole_pdu(nvme::IcReq{}, {});
    for (size_t i = 0; i < 9; ++i) {
        f.clock.sleep(base::seconds(1));
        BOOST_TEST(line.peer.exchange(base::ByteView(bytes).subspan(i, 1)).empty());
        line.on_timer();
        BOOST_TEST(!line.over());
    }
    BOOST_TEST(!line.session->standing().spoke);
    f.clock.sleep(base::seconds(1));
    line.on_timer();
    BOOST_TEST(line.over());
    BOOST_TEST(f.events.has("failed: no Connect within the time limit"));
}

BOOST_AUTO_TEST_SUITE_END()
