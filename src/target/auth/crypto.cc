// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/auth/crypto.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/dh.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>

#include <cassert>
#include <string>
#include <utility>

namespace target::crypto {

using base::Bytes;
using base::ByteView;
using base::Result;

namespace {

template <auto release>
struct Releaser {
    template <class T>
    void operator()(T* object) const {
        release(object);
    }
};
template <class T, auto release>
using Handle = std::unique_ptr<T, Releaser<release>>;

using Number = Handle<BIGNUM, BN_clear_free>;
using Key = Handle<EVP_PKEY, EVP_PKEY_free>;
using KeyContext = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using HashContext = Handle<EVP_MD_CTX, EVP_MD_CTX_free>;
using Mac = Handle<EVP_MAC, EVP_MAC_free>;
using MacContext = Handle<EVP_MAC_CTX, EVP_MAC_CTX_free>;
using ParamBuilder = Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Params = Handle<OSSL_PARAM, OSSL_PARAM_free>;

const unsigned char* raw(ByteView bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* raw(base::MutableBytes bytes) {
    return reinterpret_cast<unsigned char*>(bytes.data());
}

const char* openssl_name(nvme::HashId function) {
    switch (function) {
        case nvme::HashId::kSha256:
            return "SHA256";
        case nvme::HashId::kSha384:
            return "SHA384";
        case nvme::HashId::kSha512:
            return "SHA512";
    }
    return nullptr;
}

base::Error failure(const char* what) {
    const char* reason = ERR_reason_error_string(ERR_get_error());
    ERR_clear_error();
    return base::error(std::string(what) + ": " + (reason == nullptr ? "no reason given" : reason));
}

/// The prime of the group that `key` belongs to.
Number prime_of(const EVP_PKEY* key) {
    BIGNUM* prime = nullptr;
    (void)EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_FFC_P, &prime);  // null on failure
    return Number(prime);
}

/// 1 < value < p - 1
bool in_range(const BIGNUM* value, const BIGNUM* prime) {
    const Number top(BN_dup(prime));
    return top && BN_sub_word(top.get(), 1) == 1 && BN_cmp(value, BN_value_one()) > 0 &&
           BN_cmp(value, top.get()) < 0;
}

/// A key of the same group that holds nothing but a public value.
Key public_key(const std::string& group, const BIGNUM* value) {
    const ParamBuilder builder(OSSL_PARAM_BLD_new());
    if (!builder ||
        OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, group.c_str(),
                                        0) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, value) != 1) {
        return nullptr;
    }
    const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr));
    EVP_PKEY* key = nullptr;
    if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
        return nullptr;
    }
    return Key(key);
}

}  // namespace

Result<Bytes> hash(nvme::HashId function, std::initializer_list<ByteView> parts) {
    const HashContext context(EVP_MD_CTX_new());
    const EVP_MD* algorithm = EVP_get_digestbyname(openssl_name(function));
    bool good = context && algorithm && EVP_DigestInit_ex(context.get(), algorithm, nullptr) == 1;
    for (const ByteView part : parts) {
        good = good && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
    }
    Bytes out(nvme::hash_bytes(function));
    good = good && EVP_DigestFinal_ex(context.get(), raw(base::MutableBytes(out)), nullptr) == 1;
    return good ? Result<Bytes>(std::move(out)) : failure("hash");
}

Result<Bytes> hmac(nvme::HashId function, ByteView key, std::initializer_list<ByteView> parts) {
    const Mac mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    const MacContext context(mac ? EVP_MAC_CTX_new(mac.get()) : nullptr);
    std::string name = openssl_name(function);
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), name.size()),
        OSSL_PARAM_construct_end()};
    bool good = context && EVP_MAC_init(context.get(), raw(key), key.size(), params) == 1;
    for (const ByteView part : parts) {
        good = good && EVP_MAC_update(context.get(), raw(part), part.size()) == 1;
    }
    Bytes out(nvme::hash_bytes(function));
    size_t size = 0;
    good =
        good && EVP_MAC_final(context.get(), raw(base::MutableBytes(out)), &size, out.size()) == 1;
    return good ? Result<Bytes>(std::move(out)) : failure("HMAC");
}

base::Status random_bytes(base::MutableBytes out) {
    if (RAND_bytes(raw(out), static_cast<int>(out.size())) != 1) {
        return failure("random numbers");
    }
    return base::done();
}

bool equal(ByteView a, ByteView b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

struct DhKey::Pair {
    Key key;
    std::string group;
};

DhKey::DhKey(std::unique_ptr<Pair> pair, Bytes public_value)
    : pair_(std::move(pair)), public_value_(std::move(public_value)) {}
DhKey::DhKey(DhKey&&) noexcept = default;
DhKey& DhKey::operator=(DhKey&&) noexcept = default;
DhKey::~DhKey() = default;

Result<DhKey> DhKey::generate(nvme::DhGroup group) {
    assert(group != nvme::DhGroup::kNull);
    std::string name(nvme::name(group));  // OpenSSL spells the groups as we do
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size()),
        OSSL_PARAM_construct_end()};
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr));
    EVP_PKEY* generated = nullptr;
    if (!context || EVP_PKEY_keygen_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_params(context.get(), params) != 1 ||
        EVP_PKEY_generate(context.get(), &generated) != 1) {
        return failure("make a Diffie-Hellman key");
    }
    auto pair = std::make_unique<Pair>(Pair{Key(generated), std::move(name)});
    BIGNUM* value = nullptr;
    if (EVP_PKEY_get_bn_param(generated, OSSL_PKEY_PARAM_PUB_KEY, &value) != 1) {
        return failure("read a Diffie-Hellman key");
    }
    const Number owned(value);
    Bytes public_value(nvme::dh_bytes(group));
    if (BN_bn2binpad(value, raw(base::MutableBytes(public_value)),
                     static_cast<int>(public_value.size())) < 0) {
        return failure("read a Diffie-Hellman key");
    }
    return DhKey(std::move(pair), std::move(public_value));
}

Result<Bytes> DhKey::shared_secret(ByteView peer_value) const {
    if (peer_value.size() != public_value_.size()) {
        return base::error("a public value of the wrong length");
    }
    const Number prime = prime_of(pair_->key.get());
    const Number value(BN_bin2bn(raw(peer_value), static_cast<int>(peer_value.size()), nullptr));
    if (!prime || !value || !in_range(value.get(), prime.get())) {
        return base::error("a public value out of range");
    }
    const Key peer = public_key(pair_->group, value.get());
    const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, pair_->key.get(), nullptr));
    // OpenSSL's own validation of the peer costs a second exponentiation to prove membership of the
    // subgroup of prime order. A value outside it would tell one bit of an exponent used once.
    constexpr int kNoValidation = 0;
    Bytes secret(public_value_.size());
    size_t size = secret.size();
    if (!peer || !context || EVP_PKEY_derive_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_dh_pad(context.get(), 1) != 1 ||
        EVP_PKEY_derive_set_peer_ex(context.get(), peer.get(), kNoValidation) != 1 ||
        EVP_PKEY_derive(context.get(), raw(base::MutableBytes(secret)), &size) != 1) {
        return failure("Diffie-Hellman");
    }
    return secret;
}

}  // namespace target::crypto
