// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/dhchap.h"

#include "base/text.h"
#include "support/golden.h"
#include "support/test.h"

namespace {

using base::Bytes;
using nvme::AuthMessage;

constexpr uint16_t kTransaction = 0x1234;

Bytes filled(size_t size, unsigned value) {
    return Bytes(size, static_cast<std::byte>(value));
}

Bytes sample(const std::string& name) {
    return support::golden("dhchap/" + name + ".hex");
}

/// The message serialises to its sample, and its sample parses to the message.
template <class Message>
void check_both_ways(const Message& message, const std::string& name, AuthMessage kind) {
    BOOST_TEST_CONTEXT(name) {
        const Bytes wire = sample(name);
        BOOST_TEST(base::to_hex(message.serialize()) == base::to_hex(wire));
        const auto parsed = Message::parse(wire);
        BOOST_REQUIRE(parsed.ok());
        BOOST_TEST(*parsed == message);
        BOOST_TEST(nvme::auth_message(wire) == kind);
        BOOST_TEST(nvme::auth_transaction(wire) == kTransaction);
        for (size_t size = 0; size < wire.size(); ++size) {
            BOOST_TEST(!Message::parse(base::ByteView(wire).first(size)).ok());
        }
    }
}

/// Why a message is refused.
std::string reason(const std::string& message, base::ByteView bytes) {
    const auto text = [](const auto& result) {
        return result ? std::string("accepted") : std::string(nvme::name(result.error()));
    };
    if (message == "negotiate") {
        return text(nvme::AuthNegotiate::parse(bytes));
    }
    if (message == "challenge") {
        return text(nvme::AuthChallenge::parse(bytes));
    }
    if (message == "reply") {
        return text(nvme::AuthReply::parse(bytes));
    }
    if (message == "success1") {
        return text(nvme::AuthSuccess1::parse(bytes));
    }
    if (message == "success2") {
        return text(nvme::AuthSuccess2::parse(bytes));
    }
    return text(nvme::AuthFailureMessage::parse(bytes));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dhchap)

BOOST_AUTO_TEST_CASE(negotiate_matches_its_sample) {
    check_both_ways(nvme::AuthNegotiate{kTransaction, 0, {1, 2, 3}, {0, 1, 2, 3, 4, 5}},
                    "negotiate", AuthMessage::kNegotiate);
}

BOOST_AUTO_TEST_CASE(challenge_matches_its_samples) {
    check_both_ways(
        nvme::AuthChallenge{
            kTransaction, nvme::HashId::kSha256, nvme::DhGroup::kNull, 1, filled(32, 0xC1), {}},
        "challenge_null", AuthMessage::kChallenge);
    check_both_ways(
        nvme::AuthChallenge{kTransaction, nvme::HashId::kSha512, nvme::DhGroup::kFfdhe2048,
                            0xDEADBEEF, filled(64, 0xC1), filled(256, 0xD1)},
        "challenge_ffdhe2048", AuthMessage::kChallenge);
}

BOOST_AUTO_TEST_CASE(reply_matches_its_samples) {
    check_both_ways(nvme::AuthReply{kTransaction, filled(32, 0xA1), std::nullopt, 0, {}}, "reply",
                    AuthMessage::kReply);
    check_both_ways(
        nvme::AuthReply{kTransaction, filled(48, 0xA1), filled(48, 0xC2), 2, filled(256, 0xD2)},
        "reply_mutual", AuthMessage::kReply);
}

BOOST_AUTO_TEST_CASE(success_and_failure_match_their_samples) {
    check_both_ways(nvme::AuthSuccess1{kTransaction, 32, {}}, "success1", AuthMessage::kSuccess1);
    check_both_ways(nvme::AuthSuccess1{kTransaction, 48, filled(48, 0xA2)}, "success1_mutual",
                    AuthMessage::kSuccess1);
    check_both_ways(nvme::AuthSuccess2{kTransaction}, "success2", AuthMessage::kSuccess2);
    check_both_ways(nvme::AuthFailureMessage{AuthMessage::kFailure1, kTransaction, 1, 1},
                    "failure1", AuthMessage::kFailure1);
    check_both_ways(nvme::AuthFailureMessage{AuthMessage::kFailure2, kTransaction, 1, 5},
                    "failure2", AuthMessage::kFailure2);
}

BOOST_AUTO_TEST_CASE(messages_to_the_host_may_be_followed_by_filler) {
    for (const std::string name :
         {"challenge_ffdhe2048", "success1_mutual", "success1", "failure1"}) {
        Bytes wire = sample(name);
        wire.resize(4096);
        const std::string message = name.substr(0, name.find('_'));
        BOOST_TEST(reason(message == "failure1" ? "failure" : message, wire) == "accepted");
    }
}

BOOST_AUTO_TEST_CASE(refuses_every_bad_message_with_its_reason) {
    for (const auto& bad : support::load_goldens("dhchap_bad")) {
        BOOST_TEST_CONTEXT(bad.name) {
            BOOST_TEST(reason(bad.says.at("message"), bad.bytes) == bad.says.at("error"));
        }
    }
}

BOOST_AUTO_TEST_CASE(negotiate_takes_the_first_offer_of_our_protocol) {
    Bytes wire = sample("negotiate");
    const Bytes ours(wire.begin() + 8, wire.end());
    wire[7] = std::byte{2};
    wire[8] = std::byte{9};
    wire.insert(wire.end(), ours.begin(), ours.end());
    const auto parsed = nvme::AuthNegotiate::parse(wire);
    BOOST_REQUIRE(parsed.ok());
    BOOST_TEST(parsed->groups.size() == 6U);
}

BOOST_AUTO_TEST_CASE(no_message_begins_with_something_else) {
    BOOST_TEST(!nvme::auth_message({}).has_value());
    BOOST_TEST(!nvme::auth_message(filled(16, 0x77)).has_value());
}

BOOST_AUTO_TEST_CASE(hashes_and_groups_have_names_numbers_and_sizes) {
    for (const nvme::HashId hash : nvme::kHashes) {
        BOOST_TEST(nvme::find_hash(nvme::name(hash)) == hash);
        BOOST_TEST(nvme::find_hash(static_cast<uint8_t>(hash)) == hash);
    }
    for (const nvme::DhGroup group : nvme::kDhGroups) {
        BOOST_TEST(nvme::find_dh_group(nvme::name(group)) == group);
        BOOST_TEST(nvme::find_dh_group(static_cast<uint8_t>(group)) == group);
    }
    BOOST_TEST(!nvme::find_hash(uint8_t{0}).has_value());
    BOOST_TEST(!nvme::find_hash("sha1").has_value());
    BOOST_TEST(!nvme::find_dh_group(uint8_t{6}).has_value());
    BOOST_TEST(nvme::hash_bytes(nvme::HashId::kSha384) == 48U);
    BOOST_TEST(nvme::dh_bytes(nvme::DhGroup::kFfdhe6144) == 768U);
    BOOST_TEST(nvme::name(AuthMessage::kReply) == "Reply");
    BOOST_TEST(nvme::name(nvme::AuthFailure{99}) == "unknown reason");
}

BOOST_AUTO_TEST_SUITE_END()
