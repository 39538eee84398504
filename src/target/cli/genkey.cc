// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/cli/genkey.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/fd.h"
#include "base/text.h"
#include "nvme/nqn.h"
#include "target/auth/crypto.h"

namespace target {
namespace {

using base::done;
using base::Status;

Status set_hash(std::string_view text, GenkeyOptions& into) {
    const auto id = base::parse_u64(text, 3);
    into.hash = id ? nvme::find_hash(static_cast<uint8_t>(*id)) : nvme::find_hash(text);
    if (!into.hash && !(id && *id == 0)) {
        return base::error(base::quoted(text) +
                           " is not one of 0 (none), 1 (sha256), 2 (sha384), 3 (sha512)");
    }
    return done();
}

Status set_length(std::string_view text, GenkeyOptions& into) {
    if (text != "32" && text != "48" && text != "64") {
        return base::error(base::quoted(text) + " is not one of 32, 48, 64");
    }
    into.key_bytes = static_cast<uint32_t>(*base::parse_u64(text));
    return done();
}

Status set_nqn(std::string_view text, GenkeyOptions& into) {
    TRY_VOID(nvme::check_nqn(text));
    into.nqn = text;
    return done();
}

// clang-format off
constexpr base::Option<GenkeyOptions> kOptions[] = {
    {"--hash", "0|1|2|3", "transformation of the key: none (default), SHA-256, SHA-384, SHA-512",
     [](std::string_view v, GenkeyOptions& o) { return set_hash(v, o); }},
    {"--length", "32|48|64", "length of the key in bytes (default: the length of the hash, or 32)",
     [](std::string_view v, GenkeyOptions& o) { return set_length(v, o); }},
    {"--nqn", "NQN", "transform the key with the NQN of its owner; requires --hash 1, 2 or 3",
     [](std::string_view v, GenkeyOptions& o) { return set_nqn(v, o); }},
    {"-o", "FILE", "write the secret to a new file of mode 0600",
     [](std::string_view v, GenkeyOptions& o) { o.output = v; return Status(done()); }},
};
// clang-format on

/// Key bytes that wipe themselves.
struct Key {
    explicit Key(size_t size) : bytes(size) {}
    ~Key() { base::wipe(bytes.data(), bytes.size()); }
    Key(const Key&) = delete;
    Key& operator=(const Key&) = delete;
    base::Bytes bytes;
};

base::Status write_line(int fd, const base::Secret& secret) {
    TRY_VOID(base::write_all(fd, secret.reveal()));
    return base::write_all(fd, "\n");
}

}  // namespace

std::span<const base::Option<GenkeyOptions>> genkey_option_table() {
    return kOptions;
}

base::Result<base::Secret> generate_key(const GenkeyOptions& options) {
    const uint32_t natural = options.hash ? nvme::hash_bytes(*options.hash) : 32;
    Key key(options.key_bytes == 0 ? natural : options.key_bytes);
    if (getrandom(key.bytes.data(), key.bytes.size(), 0) !=
        static_cast<ssize_t>(key.bytes.size())) {
        return base::errno_error(errno, "getrandom");
    }
    if (!options.nqn.empty()) {
        if (!options.hash) {
            return base::error("--nqn requires --hash 1, 2 or 3");
        }
        constexpr std::string_view kLabel = "NVMe-over-Fabrics";
        TRY(base::Bytes mixed,
            crypto::hmac(*options.hash, key.bytes,
                         {base::bytes_of(std::string_view(options.nqn)), base::bytes_of(kLabel)}));
        key.bytes.swap(mixed);
        base::wipe(mixed.data(), mixed.size());
    }
    TRY(const nvme::DhchapSecret secret, nvme::DhchapSecret::from_key(options.hash, key.bytes));
    return secret.text();
}

base::Status write_key(const base::Secret& secret, const std::string& output) {
    if (output.empty()) {
        return write_line(STDOUT_FILENO, secret);
    }
    TRY(const base::UniqueFd fd, base::open_file(output, O_WRONLY | O_CREAT | O_EXCL, 0600));
    base::Status written = write_line(fd.get(), secret);
    if (!written) {
        (void)unlink(output.c_str());  // a part of a secret is none
        return std::move(written).error().in(output);
    }
    return written;
}

}  // namespace target
