// SPDX-License-Identifier: GPL-2.0-or-later
//
// The load generator against our target, over loopback: with authentication in both directions,
// digests, several connections, and every read checked against what was written.
#include "load/run.h"

#include <boost/test/data/test_case.hpp>

#include "load/floor.h"
#include "load/report.h"
#include "load/storm.h"
#include "support/running_target.h"
#include "support/test.h"

namespace {

using support::RunningTarget;

nvme::DhchapSecret secret(const std::string& text) {
    return nvme::DhchapSecret::parse(text).value();
}

load::HostSecrets secrets_of(const RunningTarget& target) {
    return {secret(target.host_secret),
            secret(target.ctrl_secret),
            {nvme::HashId::kSha256},
            {nvme::DhGroup::kFfdhe2048}};
}

load::AssociationOptions association(const RunningTarget& target,
                                     const load::HostSecrets* secrets) {
    load::AssociationOptions options;
    options.line.address = target.address;
    options.line.secrets = secrets;
    options.line.connect.hostnqn = RunningTarget::kHostNqn;
    options.line.connect.subsysnqn = RunningTarget::kSubNqn;
    options.line.connect.hostid.bytes.fill(std::byte{7});
    options.line.connect.flow_control = false;
    return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(run)

BOOST_DATA_TEST_CASE(everything_written_is_read_back, support::engines(), engine) {
    RunningTarget target(engine);
    const load::HostSecrets secrets = secrets_of(target);
    for (const uint32_t bytes : {4096U, 65536U}) {
        load::RunOptions options;
        options.association = association(target, &secrets);
        options.association.io_queues = 3;
        options.association.depth = 8;
        options.association.line.queue.header_digest = true;
        options.association.line.queue.data_digest = true;
        options.workload = {load::Access::kRandomMixed, bytes, true, 0};
        options.time = base::milliseconds(500);
        options.engine = engine;
        const auto measured = load::run(options);
        BOOST_REQUIRE_MESSAGE(measured.ok(), (measured.ok() ? "" : measured.error().text));
        BOOST_TEST(measured->commands > 24U);
        BOOST_TEST(measured->latency.count() == measured->commands);
    }
}

BOOST_AUTO_TEST_CASE(a_changed_block_is_noticed) {
    const load::Disk disk{64, 512, 1U << 20U};
    load::Workload workload({load::Access::kRandomMixed, 4096, true, 0}, disk, 1, 0, 1);
    std::map<uint64_t, base::Bytes> content;
    for (int i = 0; i < 200; ++i) {
        host::Command command = workload.next();
        const uint64_t block = workload.last_block();
        host::Completion completion;
        if (!command.data_out.empty()) {
            content[block] = command.data_out;
            completion.data_out = std::move(command.data_out);
        } else if (content.contains(block)) {
            completion.data = content[block];
            if (i > 100) {
                completion.data[4000] ^= std::byte{1};
                BOOST_TEST(workload.judge(block, completion) ==
                           "block " + std::to_string(block) +
                               ": the data is not what was written last");
                return;
            }
        }
        BOOST_TEST(workload.judge(block, completion) == "");
    }
    BOOST_FAIL("no read of a known block");
}

BOOST_DATA_TEST_CASE(what_fails_is_told, support::engines(), engine) {
    RunningTarget target(engine);
    load::RunOptions options;
    options.engine = engine;
    options.association = association(target, nullptr);
    BOOST_TEST(load::run(options).error().text ==
               "admin queue: the target requires authentication; use --key");
    load::HostSecrets wrong = secrets_of(target);
    wrong.host = secret(target.ctrl_secret);
    options.association = association(target, &wrong);
    BOOST_TEST(load::run(options).error().text ==
               "admin queue: authentication: authentication failed");
    wrong = secrets_of(target);
    wrong.controller = secret(target.host_secret);
    BOOST_TEST(load::run(options).error().text ==
               "admin queue: authentication: the controller did not authenticate");
    target.stop();
    BOOST_TEST(load::run(options).error().text == "admin queue: connect: Connection refused");
}

BOOST_DATA_TEST_CASE(a_small_storm_ends_well, support::engines(), engine) {
    RunningTarget target(engine);
    const load::HostSecrets secrets = secrets_of(target);
    load::StormOptions options;
    options.engine = engine;
    options.association = association(target, &secrets);
    options.association.depth = 4;
    options.hosts = 10;
    options.read_bytes = 8U << 20U;  // twice the image: it is read over and over
    const auto result = load::storm(options);
    BOOST_REQUIRE(result.ok());
    BOOST_TEST(result->failed == 0U, result->first_failure);
    BOOST_TEST(result->bytes == 10 * options.read_bytes);
    BOOST_TEST(result->connected.count() == 10U);
    BOOST_TEST(result->finished.count() == 10U);
}

BOOST_AUTO_TEST_CASE(a_storm_may_read_less_than_a_command) {
    RunningTarget target(target::Reactor::Engine::kAny);
    const load::HostSecrets secrets = secrets_of(target);
    for (const uint64_t bytes : {1U, 512U, 4096U, 5000U, 131072U, 200000U}) {
        load::StormOptions options;
        options.association = association(target, &secrets);
        options.hosts = 2;
        options.read_bytes = bytes;
        const auto result = load::storm(options);
        BOOST_REQUIRE(result.ok());
        BOOST_TEST(result->failed == 0U, result->first_failure);
        BOOST_TEST(result->bytes >= 2 * bytes);
        BOOST_TEST(load::storm_json(options, *result).find("\"first_failure\":\"\"") !=
                   std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_storm_that_fails_says_why_in_json_too) {
    load::StormOptions options;
    load::StormResult result;
    result.failed = 1;
    result.first_failure = "read: Invalid Field";
    BOOST_TEST(load::storm_json(options, result)
                   .find("\"failed\":1,\"first_failure\":\"read: Invalid Field\"") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(hosts_of_a_storm_have_names_of_their_own) {
    BOOST_TEST(load::host_nqn("nqn.2024-08.com.example:host%", 7) ==
               "nqn.2024-08.com.example:host7");
    BOOST_TEST(load::host_nqn("nqn.2024-08.com.example:host", 7) == "nqn.2024-08.com.example:host");
}

BOOST_AUTO_TEST_SUITE_END()
