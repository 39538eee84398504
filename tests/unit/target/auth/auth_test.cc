// SPDX-License-Identifier: GPL-2.0-or-later
//
// DH-HMAC-CHAP against a host written from the specification alone: every hash with every group in
// both directions, every way to do it wrong, and again on queues that carry commands.
#include "target/auth/auth.h"

#include "base/text.h"
#include "support/target_fixture.h"
#include "support/test.h"

using nvme::AuthFailure;
using support::DhchapHost;
using support::Misbehaviour;
using support::TargetFixture;
namespace status = nvme::status;

namespace {

base::Bytes sample_key(uint8_t fill, size_t size) {
    return base::Bytes(size, std::byte{fill});
}

nvme::DhchapSecret secret(uint8_t fill, std::optional<nvme::HashId> hash = {}) {
    const size_t size = hash ? nvme::hash_bytes(*hash) : 32;
    return nvme::DhchapSecret::from_key(hash, sample_key(fill, size)).value();
}

std::string text(const nvme::DhchapSecret& of) {
    return of.text().reveal();
}

struct AuthFixture : TargetFixture {
    explicit AuthFixture(std::optional<nvme::HashId> bound = {}, bool with_controller_key = true)
        : host_secret(secret(0x11, bound)), controller_secret(secret(0x22, bound)) {
        auto keys = std::make_shared<target::HostKeys>(
            target::HostKeys{.host = host_secret.copy(),
                             .controller = {},
                             .hashes = {nvme::kHashes.begin(), nvme::kHashes.end()},
                             .groups = {nvme::kDhGroups.begin(), nvme::kDhGroups.end()}});
        if (with_controller_key) {
            keys->controller = controller_secret.copy();
        }
        hosts.add(support::kHostNqn, keys);
    }

    support::DhchapHostOptions options(bool mutual) {
        support::DhchapHostOptions out;
        out.hostnqn = support::kHostNqn;
        out.subsysnqn = support::kSubsysNqn;
        out.secret = text(host_secret);
        if (mutual) {
            out.controller_secret = text(controller_secret);
        }
        return out;
    }

    /// An admin queue that has to authenticate.
    std::unique_ptr<support::Line> open_connected(const host::QueueOptions& queue = {}) {
        auto line = open(queue);
        const auto answer = line->host.connect(connect_options());
        BOOST_REQUIRE((answer && answer->status.ok()));
        const auto result = nvme::ConnectResult::from_dw0(answer->dw0);
        BOOST_TEST(result.authentication_required);
        cntlid = result.cntlid;
        return line;
    }

    /// Authenticates and enables.
    std::unique_ptr<support::Line> open_proved() {
        auto line = open_connected();
        DhchapHost host(options(true));
        (void)line->host.authenticate(host);
        BOOST_REQUIRE(host.state() == DhchapHost::State::kAuthenticated);
        BOOST_REQUIRE(line->host.enable());
        return line;
    }

    nvme::DhchapSecret host_secret;
    nvme::DhchapSecret controller_secret;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(auth)

BOOST_AUTO_TEST_CASE(every_hash_with_every_group_in_one_and_both_directions) {
    for (const nvme::HashId hash : nvme::kHashes) {
        for (const nvme::DhGroup group : nvme::kDhGroups) {
            for (const bool mutual : {false, true}) {
                BOOST_TEST_CONTEXT(nvme::name(hash) << " " << nvme::name(group) << " " << mutual) {
                    AuthFixture f(hash);
                    auto line = f.open_connected();
                    auto options = f.options(mutual);
                    options.hashes = {hash};
                    options.groups = {group};
                    DhchapHost host(options);
                    const auto last = line->host.authenticate(host);
                    BOOST_REQUIRE(last.has_value());
                    BOOST_TEST(last->status.ok());
                    BOOST_TEST(host.state() == DhchapHost::State::kAuthenticated);
                    BOOST_TEST(host.problem() == "");
                    BOOST_TEST(line->host.enable());
                    BOOST_TEST(f.events.has(std::string("authenticated: ") +
                                            std::string(nvme::name(hash)) + ", " +
                                            std::string(nvme::name(group)) +
                                            (mutual ? ", in both directions" : ", the host only")));
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(takes_the_strongest_in_common) {
    AuthFixture f;
    auto line = f.open_connected();
    auto options = f.options(true);
    options.hashes = {nvme::HashId::kSha384, nvme::HashId::kSha256};
    options.groups = {nvme::DhGroup::kNull, nvme::DhGroup::kFfdhe3072, nvme::DhGroup::kFfdhe2048};
    DhchapHost host(options);
    (void)line->host.authenticate(host);
    BOOST_TEST(host.challenge().hash == nvme::HashId::kSha384);
    BOOST_TEST(host.challenge().group == nvme::DhGroup::kFfdhe3072);
    BOOST_TEST(host.challenge().sequence != 0U);
}

BOOST_AUTO_TEST_CASE(lets_nothing_else_through_before_it) {
    AuthFixture f;
    auto line = f.open_connected();
    for (host::Command command :
         {host::property_get(nvme::Property::kCap),
          host::property_set(nvme::Property::kCc, 0x460001), host::identify(nvme::Cns::kController),
          host::keep_alive(), host::connect(f.connect_options())}) {
        const auto answer = line->host.run(std::move(command));
        BOOST_REQUIRE(answer.has_value());
        BOOST_TEST(answer->status.number() == status::kAuthRequired.dnr().number());
    }
    auto io = f.open();
    BOOST_TEST(io->host.connect(f.connect_options(1, f.cntlid))->status.number() ==
               status::kSequenceError.dnr().number());
}

BOOST_AUTO_TEST_CASE(every_queue_authenticates) {
    AuthFixture f;
    auto admin = f.open_proved();
    auto io = f.open();
    const auto connected = io->host.connect(f.connect_options(1, f.cntlid));
    BOOST_TEST(nvme::ConnectResult::from_dw0(connected->dw0).authentication_required);
    BOOST_TEST(io->host.run(host::flush(1))->status.number() ==
               status::kAuthRequired.dnr().number());
    DhchapHost host(f.options(true));
    (void)io->host.authenticate(host);
    BOOST_TEST(host.state() == DhchapHost::State::kAuthenticated);
    BOOST_TEST(io->host.run(host::flush(1))->status.ok());
}

BOOST_AUTO_TEST_CASE(authenticates_again_on_living_queues) {
    AuthFixture f;
    auto admin = f.open_proved();
    auto io = f.open_io();
    BOOST_REQUIRE(io);
    DhchapHost first(f.options(true));
    (void)io->host.authenticate(first);
    f.backend->hold = true;
    BOOST_TEST(!io->host.run(host::read(1, {0, 8, 512})));  // stays in flight meanwhile
    for (int round = 0; round < 3; ++round) {
        for (support::Line* line : {admin.get(), io.get()}) {
            DhchapHost host(f.options(true));
            const auto last = line->host.authenticate(host);
            BOOST_TEST((last && last->status.ok()));
            BOOST_TEST(host.state() == DhchapHost::State::kAuthenticated);
        }
    }
    f.backend->settle();
    io->host.pump();
    BOOST_TEST(io->host.queue().take_completion()->status.ok());
    BOOST_TEST(admin->host.run(host::keep_alive())->status.ok());
}

BOOST_AUTO_TEST_CASE(commands_continue_while_a_queue_authenticates_again) {
    AuthFixture f;
    auto admin = f.open_proved();
    DhchapHost host(f.options(true));
    BOOST_TEST(admin->host.run(host::auth_send(host.negotiate()))->status.ok());
    BOOST_TEST(admin->host.run(host::keep_alive())->status.ok());
    BOOST_TEST(admin->host.run(host::identify(nvme::Cns::kController))->status.ok());
}

BOOST_AUTO_TEST_CASE(a_failed_repetition_ends_the_queue) {
    AuthFixture f;
    auto admin = f.open_proved();
    DhchapHost host(f.options(true), Misbehaviour::kWrongResponse);
    (void)admin->host.authenticate(host);
    BOOST_TEST(host.state() == DhchapHost::State::kFailed);
    BOOST_TEST(admin->over());
}

BOOST_AUTO_TEST_CASE(fails_with_the_reason_and_ends_the_connection) {
    struct Case {
        const char* name;
        Misbehaviour misbehaviour;
        AuthFailure expected;
    };
    const Case cases[] = {
        {"wrong key", Misbehaviour::kWrongResponse, AuthFailure::kFailed},
        {"truncated", Misbehaviour::kTruncatedReply, AuthFailure::kIncorrectPayload},
        {"transaction", Misbehaviour::kOtherTransaction, AuthFailure::kIncorrectPayload},
        {"hash length", Misbehaviour::kOtherHashLength, AuthFailure::kIncorrectPayload},
        {"0", Misbehaviour::kPublicZero, AuthFailure::kIncorrectPayload},
        {"1", Misbehaviour::kPublicOne, AuthFailure::kIncorrectPayload},
        {"p-1", Misbehaviour::kPublicPrimeLessOne, AuthFailure::kIncorrectPayload},
        {"p", Misbehaviour::kPublicPrime, AuthFailure::kIncorrectPayload},
        {"short", Misbehaviour::kPublicTooShort, AuthFailure::kIncorrectPayload},
        {"no reply", Misbehaviour::kSkipReply, AuthFailure::kIncorrectMessage},
    };
    for (const Case& test : cases) {
        BOOST_TEST_CONTEXT(test.name) {
            AuthFixture f;
            auto line = f.open_connected();
            auto options = f.options(true);
            options.groups = {nvme::DhGroup::kFfdhe2048};
            DhchapHost host(options, test.misbehaviour);
            (void)line->host.authenticate(host);
            BOOST_REQUIRE(host.failure().has_value());
            BOOST_TEST(int{host.failure()->reason} == 1);
            BOOST_TEST(int{host.failure()->explanation} == static_cast<int>(test.expected));
            BOOST_TEST(line->over());
            BOOST_TEST(f.events.has("refused: authentication: "));
        }
    }
}

BOOST_AUTO_TEST_CASE(refuses_a_negotiation_that_cannot_succeed) {
    struct Case {
        const char* name;
        void (*change)(nvme::AuthNegotiate&);
        AuthFailure expected;
    };
    const Case cases[] = {
        {"secure channel", [](auto& n) { n.secure_channel = 1; },
         AuthFailure::kSecureChannelMismatch},
        {"hash", [](auto& n) { n.hashes = {9}; }, AuthFailure::kHashUnusable},
        {"group", [](auto& n) { n.groups = {0}; }, AuthFailure::kGroupUnusable},
    };
    for (const Case& test : cases) {
        BOOST_TEST_CONTEXT(test.name) {
            AuthFixture f;
            auto keys = std::make_shared<target::HostKeys>(
                target::HostKeys{.host = f.host_secret.copy(),
                                 .controller = {},
                                 .hashes = {nvme::HashId::kSha256},
                                 .groups = {nvme::DhGroup::kFfdhe2048}});
            f.hosts.add(support::kHostNqn, keys);
            auto line = f.open_connected();
            nvme::AuthNegotiate negotiate{
                .transaction = 5, .secure_channel = 0, .hashes = {1, 2, 3}, .groups = {0, 1}};
            test.change(negotiate);
            BOOST_TEST(line->host.run(host::auth_send(negotiate.serialize()))->status.ok());
            const auto answer = line->host.run(host::auth_receive(4096));
            const auto failure = nvme::AuthFailureMessage::parse(answer->data);
            BOOST_REQUIRE(failure.ok());
            BOOST_TEST(failure->transaction == 5);
            BOOST_TEST(int{failure->explanation} == static_cast<int>(test.expected));
            BOOST_TEST(line->over());
        }
    }
}

BOOST_AUTO_TEST_CASE(refuses_to_authenticate_without_a_key) {
    AuthFixture f({}, false);
    auto line = f.open_connected();
    DhchapHost host(f.options(true));
    (void)line->host.authenticate(host);
    BOOST_REQUIRE(host.failure().has_value());
    BOOST_TEST(int{host.failure()->explanation} == static_cast<int>(AuthFailure::kFailed));
    BOOST_TEST(f.events.has("no controller key"));
}

BOOST_AUTO_TEST_CASE(a_reply_is_worth_nothing_in_another_session) {
    AuthFixture f;
    auto options = f.options(false);
    options.groups = {nvme::DhGroup::kNull};
    auto first = f.open_connected();
    DhchapHost honest(options);
    (void)first->host.authenticate(honest);
    auto second = f.open_connected();
    DhchapHost replaying(options);
    replaying.replay(honest.reply());
    (void)second->host.authenticate(replaying);
    BOOST_REQUIRE(replaying.failure().has_value());
    BOOST_TEST(second->over());
}

BOOST_AUTO_TEST_CASE(ends_when_the_host_gives_up) {
    AuthFixture f;
    auto line = f.open_connected();
    auto options = f.options(true);
    options.controller_secret = text(secret(0x33));  // so our proof is wrong for this host
    DhchapHost host(options);
    (void)line->host.authenticate(host);
    BOOST_TEST(host.state() == DhchapHost::State::kFailed);
    BOOST_TEST(line->over());
    BOOST_TEST(f.events.has("refused: authentication: the host gave up"));
}

BOOST_AUTO_TEST_CASE(answers_a_message_out_of_order) {
    AuthFixture f;
    auto line = f.open_connected();
    const auto answer = line->host.run(host::auth_receive(4096));
    const auto failure = nvme::AuthFailureMessage::parse(answer->data);
    BOOST_REQUIRE(failure.ok());
    BOOST_TEST(int{failure->explanation} == static_cast<int>(AuthFailure::kIncorrectMessage));
    BOOST_TEST(line->over());
}

BOOST_AUTO_TEST_CASE(judges_the_fields_of_the_commands) {
    AuthFixture f;
    auto line = f.open_connected();
    host::Command send = host::auth_send(base::Bytes(16));
    auto sqe = nvme::command_as<nvme::AuthSqe>(send.sqe);
    sqe.secp = 0xE8;
    send.sqe = nvme::to_sqe(sqe);
    BOOST_TEST(line->host.run(send)->status.number() == status::kInvalidField.dnr().number());
    BOOST_TEST(line->host.run(host::auth_receive(1U << 20U))->status.number() ==
               status::kInvalidField.dnr().number());
    DhchapHost host(f.options(true));
    BOOST_TEST(line->host.run(host::auth_send(host.negotiate()))->status.ok());
    BOOST_TEST(line->host.run(host::auth_receive(64))->status.number() ==
               status::kInvalidField.dnr().number());
    BOOST_TEST(!line->host.run(host::auth_receive(4096))->data.empty());
}

BOOST_AUTO_TEST_CASE(has_nothing_to_authenticate_a_host_without_keys_with) {
    TargetFixture f;
    auto line = f.open_admin();
    BOOST_REQUIRE(line);
    const nvme::AuthNegotiate negotiate{.hashes = {1}, .groups = {0}};
    BOOST_TEST(line->host.run(host::auth_send(negotiate.serialize()))->status.number() ==
               status::kInvalidOpcode.dnr().number());
    BOOST_TEST(!line->over());
}

BOOST_AUTO_TEST_CASE(does_not_wait_forever_however_often_the_host_speaks) {
    AuthFixture f;
    auto line = f.open_connected();
    DhchapHost host(f.options(true));
    f.clock.sleep(base::seconds(50));
    (void)line->host.run(host::auth_send(host.negotiate()));
    f.clock.sleep(base::seconds(9));
    (void)line->host.run(host::auth_receive(4096));
    line->on_timer();
    BOOST_TEST(!line->over());
    f.clock.sleep(base::seconds(1));
    line->on_timer();
    BOOST_TEST(line->over());
    BOOST_TEST(f.events.has("failed: authentication not completed within the time limit"));
}

BOOST_AUTO_TEST_CASE(works_with_digests_and_uses_new_keys_at_the_next_authentication) {
    AuthFixture f;
    auto line = f.open_connected({.header_digest = true, .data_digest = true});
    DhchapHost host(f.options(true));
    (void)line->host.authenticate(host);
    BOOST_TEST(host.state() == DhchapHost::State::kAuthenticated);

    f.host_secret = secret(0x77);
    f.hosts.add(support::kHostNqn, std::make_shared<target::HostKeys>(
                                       target::HostKeys{.host = f.host_secret.copy(),
                                                        .controller = f.controller_secret.copy(),
                                                        .hashes = {nvme::HashId::kSha512},
                                                        .groups = {nvme::DhGroup::kNull}}));
    BOOST_TEST(line->host.enable());
    DhchapHost again(f.options(true));
    (void)line->host.authenticate(again);
    BOOST_TEST(again.state() == DhchapHost::State::kAuthenticated);
}

BOOST_AUTO_TEST_CASE(refuses_a_host_without_keys_where_keys_are_required) {
    TargetFixture f;
    target::SubsystemConfig config;
    config.nqn = "nqn.2024-08.com.example:locked";
    config.hosts = {support::kHostNqn};
    config.require_keys = true;
    f.target.add_subsystem(config);
    auto line = f.open();
    auto options = f.connect_options();
    options.subsysnqn = config.nqn;
    BOOST_TEST(line->host.connect(options)->status.number() ==
               status::kConnectInvalidHost.dnr().number());
}

BOOST_AUTO_TEST_SUITE_END()
