// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/operate/reservation_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/fd.h"
#include "base/text.h"

namespace target {
namespace {

/// 32 digits: a Host Identifier need not be a UUID, and may be all zeros.
base::Result<nvme::HostId> parse_host(std::string_view text) {
    TRY(const base::Bytes bytes, base::from_hex(text));
    nvme::HostId host;
    if (bytes.size() != host.bytes.size()) {
        return base::error(base::quoted(text) + " is not a Host Identifier");
    }
    std::ranges::copy(bytes, host.bytes.begin());
    return host;
}

/// The text after the first `count` words; an NQN may contain blanks.
std::string rest_behind(std::string_view line, size_t count) {
    const std::string_view last = base::split_words(line)[count - 1];
    const auto end = static_cast<size_t>(last.data() + last.size() - line.data());
    return std::string(line.substr(std::min(end + 1, line.size())));
}

base::Status read_line(std::string_view line, ReservationState& state) {
    const std::vector<std::string_view> words = base::split_words(line);
    const std::string_view name = words[0];
    if (name == "registrant" && words.size() >= 3) {
        TRY(const nvme::HostId host, parse_host(words[1]));
        TRY(const uint64_t key, base::parse_u64(words[2]));
        state.registrants.push_back({{host, rest_behind(line, 3)}, key});
        return base::done();
    }
    if (name == "holder" && words.size() >= 2) {
        TRY(state.holder.id, parse_host(words[1]));
        state.holder.nqn = rest_behind(line, 2);
        return base::done();
    }
    if (name == "generation" && words.size() == 2) {
        TRY(const uint64_t number, base::parse_u64(words[1], UINT32_MAX));
        state.generation = static_cast<uint32_t>(number);
        return base::done();
    }
    if (name == "type" && words.size() == 2) {
        constexpr auto kLast = static_cast<uint64_t>(ReservationType::kExclusiveAccessAll);
        TRY(const uint64_t number, base::parse_u64(words[1], kLast));
        state.type = static_cast<ReservationType>(number);
        return base::done();
    }
    return base::error(base::quoted(name) + " with " + std::to_string(words.size() - 1) +
                       " words after it is not an entry of this file");
}

std::string behind(const std::string& nqn) {
    return nqn.empty() ? nqn : " " + nqn;
}

/// A removed file must stay removed.
base::Status forget(const std::string& path) {
    if (unlink(path.c_str()) != 0) {
        return errno == ENOENT ? base::done() : base::Status(base::errno_error(errno, path));
    }
    const std::string folder = path.substr(0, path.rfind('/') + 1);
    TRY(const base::UniqueFd fd,
        base::open_file(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY));
    if (fsync(fd.get()) != 0) {
        return base::errno_error(errno, "sync " + folder);
    }
    return base::done();
}

}  // namespace

base::Result<ReservationState> load_reservations(const std::string& path) {
    ReservationState state;
    const auto text = base::read_text(path);
    if (!text) {
        return text.error().code == ENOENT ? base::Result<ReservationState>(state) : text.error();
    }
    for (const std::string_view line : base::split(*text, '\n')) {
        if (base::split_words(line).empty()) {
            continue;
        }
        if (const auto read = read_line(line, state); !read) {
            return read.error().in(path);
        }
    }
    state.persists = true;
    return state;
}

base::Status save_reservations(const std::string& path, const ReservationState& state) {
    if (!state.persists) {
        return forget(path);
    }
    std::string text = base::format("generation %u\ntype %u\n", state.generation,
                                    static_cast<unsigned>(state.type));
    text += "holder " + base::to_hex(state.holder.id.bytes) + behind(state.holder.nqn) + "\n";
    for (const ReservationState::Registrant& registrant : state.registrants) {
        text += "registrant " + base::to_hex(registrant.host.id.bytes) +
                base::format(" 0x%llx", static_cast<unsigned long long>(registrant.key)) +
                behind(registrant.host.nqn) + "\n";
    }
    return base::write_text_atomically(path, text, 0600);
}

}  // namespace target
