// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/dhchap_host.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <memory>
#include <stdexcept>
#include <utility>

namespace support {
namespace {

using base::Bytes;
using base::ByteView;

constexpr uint32_t kSequence = 0x5EC0;

template <auto release>
struct Release {
    template <class T>
    void operator()(T* object) const {
        release(object);
    }
};
using BigNumber = std::unique_ptr<BIGNUM, Release<BN_clear_free>>;
using BigContext = std::unique_ptr<BN_CTX, Release<BN_CTX_free>>;
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Release<EVP_PKEY_CTX_free>>;

void require(bool ok, const char* what) {
    if (!ok) {
        throw std::runtime_error(what);
    }
}

unsigned char* raw(std::byte* bytes) {
    return reinterpret_cast<unsigned char*>(bytes);
}
const unsigned char* raw(ByteView bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

const EVP_MD* algorithm(nvme::HashId hash) {
    switch (hash) {
        case nvme::HashId::kSha256:
            return EVP_sha256();
        case nvme::HashId::kSha384:
            return EVP_sha384();
        case nvme::HashId::kSha512:
            return EVP_sha512();
    }
    return nullptr;
}

Bytes hmac(nvme::HashId hash, ByteView key, ByteView text) {
    Bytes out(nvme::hash_bytes(hash));
    unsigned size = 0;
    require(HMAC(algorithm(hash), key.data(), static_cast<int>(key.size()), raw(text), text.size(),
                 raw(out.data()), &size) != nullptr &&
                size == out.size(),
            "HMAC");
    return out;
}

Bytes digest(nvme::HashId hash, ByteView text) {
    Bytes out(nvme::hash_bytes(hash));
    require(EVP_Digest(text.data(), text.size(), raw(out.data()), nullptr, algorithm(hash),
                       nullptr) == 1,
            "digest");
    return out;
}

Bytes random_bytes(size_t size) {
    Bytes out(size);
    require(RAND_bytes(raw(out.data()), static_cast<int>(size)) == 1, "random");
    return out;
}

nvme::DhchapSecret parse_secret(const std::string& text) {
    auto secret = nvme::DhchapSecret::parse(text);
    require(secret.ok(), "a secret of the test is malformed");
    return std::move(secret).value();
}

BigNumber parameter(const Key& key, const char* name) {
    BIGNUM* number = nullptr;
    require(EVP_PKEY_get_bn_param(key.get(), name, &number) == 1, name);
    return BigNumber(number);
}

Bytes padded(const BigNumber& number, size_t size) {
    Bytes out(size);
    require(BN_bn2binpad(number.get(), raw(out.data()), static_cast<int>(size)) >= 0, "size");
    return out;
}

/// A key pair of a group of RFC 7919. The arithmetic is done by hand, since the library would
/// refuse the public values that misbehaviour is made of.
struct KeyPair {
    explicit KeyPair(nvme::DhGroup group) : size(nvme::dh_bytes(group)) {
        const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr));
        require(context && EVP_PKEY_keygen_init(context.get()) == 1 &&
                    EVP_PKEY_CTX_set_group_name(context.get(),
                                                std::string(nvme::name(group)).c_str()) == 1,
                "group");
        EVP_PKEY* generated = nullptr;
        require(EVP_PKEY_generate(context.get(), &generated) == 1, "key pair");
        const Key key(generated);
        prime = parameter(key, OSSL_PKEY_PARAM_FFC_P);
        secret = parameter(key, OSSL_PKEY_PARAM_PRIV_KEY);
        public_value = padded(parameter(key, OSSL_PKEY_PARAM_PUB_KEY), size);
    }

    [[nodiscard]] Bytes shared(ByteView peer) const {
        const BigNumber base(BN_bin2bn(raw(peer), static_cast<int>(peer.size()), nullptr));
        const BigNumber result(BN_new());
        const BigContext context(BN_CTX_new());
        require(BN_mod_exp(result.get(), base.get(), secret.get(), prime.get(), context.get()) == 1,
                "shared key");
        return padded(result, size);
    }

    size_t size;
    BigNumber prime;
    BigNumber secret;
    Bytes public_value;
};

Bytes prime_of(nvme::DhGroup group) {
    return padded(KeyPair(group).prime, nvme::dh_bytes(group));
}

}  // namespace

DhchapHost::DhchapHost(const DhchapHostOptions& options, Misbehaviour misbehaviour)
    : options_(options), misbehaviour_(misbehaviour), secret_(parse_secret(options.secret)) {
    if (!options.controller_secret.empty()) {
        controller_secret_ = parse_secret(options.controller_secret);
    }
}

Bytes DhchapHost::negotiate() const {
    nvme::AuthNegotiate message;
    message.transaction = options_.transaction;
    for (const nvme::HashId hash : options_.hashes) {
        message.hashes.push_back(static_cast<uint8_t>(hash));
    }
    for (const nvme::DhGroup group : options_.groups) {
        message.groups.push_back(static_cast<uint8_t>(group));
    }
    return message.serialize();
}

Bytes DhchapHost::answer(ByteView message) {
    const auto kind = nvme::auth_message(message);
    if (kind == nvme::AuthMessage::kFailure1) {
        if (const auto failure = nvme::AuthFailureMessage::parse(message)) {
            failure_ = *failure;
        }
        state_ = State::kFailed;
        problem_ = "the controller gave up";
        return {};
    }
    if (kind == nvme::AuthMessage::kChallenge && state_ == State::kStarted) {
        return answer_challenge(message);
    }
    if (kind == nvme::AuthMessage::kSuccess1 && state_ == State::kReplied) {
        return answer_success(message);
    }
    return give_up(nvme::AuthFailure::kIncorrectMessage, "unexpected message");
}

Bytes DhchapHost::answer_challenge(ByteView message) {
    const auto challenge = nvme::AuthChallenge::parse(message);
    if (!challenge) {
        return give_up(challenge.error(), "a malformed challenge");
    }
    challenge_ = *challenge;
    state_ = State::kReplied;
    if (misbehaviour_ == Misbehaviour::kSkipReply) {
        return nvme::AuthSuccess2{options_.transaction}.serialize();
    }
    nvme::AuthReply reply;
    reply.transaction = options_.transaction;
    if (challenge_.group != nvme::DhGroup::kNull) {
        const KeyPair pair(challenge_.group);
        session_key_ = pair.shared(challenge_.dh_value);
        reply.dh_value = pair.public_value;
    }
    reply.response = response(secret_, challenge_.challenge, challenge_.sequence, true);
    if (controller_secret_) {
        own_challenge_ = random_bytes(nvme::hash_bytes(challenge_.hash));
        reply.challenge = own_challenge_;
        reply.sequence = kSequence;
    }
    reply_ = reply.serialize();
    misbehave(reply, reply_);
    return replayed_ ? *replayed_ : reply_;
}

void DhchapHost::misbehave(nvme::AuthReply& reply, Bytes& wire) const {
    switch (misbehaviour_) {
        case Misbehaviour::kNone:
        case Misbehaviour::kSkipReply:
            return;
        case Misbehaviour::kTruncatedReply:
            wire.pop_back();
            return;
        case Misbehaviour::kWrongResponse:
            reply.response.back() ^= std::byte{1};
            break;
        case Misbehaviour::kOtherTransaction:
            ++reply.transaction;
            break;
        case Misbehaviour::kOtherHashLength:
            reply.response.resize(reply.response.size() == 64 ? 32 : 64);
            if (reply.challenge) {
                reply.challenge->resize(reply.response.size());
            }
            break;
        case Misbehaviour::kPublicZero:
        case Misbehaviour::kPublicOne:
            reply.dh_value.assign(reply.dh_value.size(), std::byte{0});
            reply.dh_value.back() =
                misbehaviour_ == Misbehaviour::kPublicOne ? std::byte{1} : std::byte{0};
            break;
        case Misbehaviour::kPublicPrimeLessOne:
        case Misbehaviour::kPublicPrime:
            reply.dh_value = prime_of(challenge_.group);
            if (misbehaviour_ == Misbehaviour::kPublicPrimeLessOne) {
                reply.dh_value.back() ^= std::byte{1};  // a prime is odd
            }
            break;
        case Misbehaviour::kPublicTooShort:
            reply.dh_value.resize(reply.dh_value.size() - 4);
            break;
    }
    wire = reply.serialize();
}

Bytes DhchapHost::answer_success(ByteView message) {
    const auto success = nvme::AuthSuccess1::parse(message);
    if (!success) {
        return give_up(success.error(), "a malformed success");
    }
    if (!controller_secret_) {
        state_ = State::kAuthenticated;
        return {};
    }
    if (success->response.empty()) {
        return give_up(nvme::AuthFailure::kFailed, "the controller did not authenticate");
    }
    if (success->response != response(*controller_secret_, own_challenge_, kSequence, false)) {
        return give_up(nvme::AuthFailure::kFailed, "the controller's proof is wrong");
    }
    state_ = State::kAuthenticated;
    return nvme::AuthSuccess2{options_.transaction}.serialize();
}

Bytes DhchapHost::give_up(nvme::AuthFailure reason, std::string problem) {
    state_ = State::kFailed;
    problem_ = std::move(problem);
    nvme::AuthFailureMessage message;
    message.kind = nvme::AuthMessage::kFailure2;
    message.transaction = options_.transaction;
    message.explanation = static_cast<uint8_t>(reason);
    return message.serialize();
}

Bytes DhchapHost::response(const nvme::DhchapSecret& secret, ByteView challenge, uint32_t sequence,
                           bool host) const {
    const nvme::HashId hash = challenge_.hash;
    const std::string& owner = host ? options_.hostnqn : options_.subsysnqn;
    const std::string& other = host ? options_.subsysnqn : options_.hostnqn;
    Bytes key(secret.key().begin(), secret.key().end());
    if (secret.hash()) {
        key = hmac(*secret.hash(), key, base::bytes_of(owner + "NVMe-over-Fabrics"));
    }
    Bytes augmented(challenge.begin(), challenge.end());
    if (challenge_.group != nvme::DhGroup::kNull) {
        augmented = hmac(hash, digest(hash, session_key_), challenge);
    }
    Bytes text;
    base::Writer(text)
        .put_bytes(augmented)
        .put(base::le32(sequence))
        .put(base::le16(options_.transaction))
        .put_zeros(1)  // no secure channel
        .put_bytes(base::bytes_of(std::string_view(host ? "HostHost" : "Controller")))
        .put_bytes(base::bytes_of(owner))
        .put_zeros(1)
        .put_bytes(base::bytes_of(other));
    return hmac(hash, key, text);
}

}  // namespace support
