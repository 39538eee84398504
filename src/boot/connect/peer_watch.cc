// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/connect/peer_watch.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/fd.h"
#include "base/text.h"

namespace boot {

std::string table_address(const Portal& portal) {
    const std::string address = portal.address.substr(0, portal.address.find('%'));
    in6_addr v6{};
    in_addr v4{};
    std::string text;
    if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) {
        text = base::format("%08X", v4.s_addr);  // each 32 bits as this machine reads them
    } else if (::inet_pton(AF_INET6, address.c_str(), &v6) == 1) {
        for (const uint32_t word : v6.s6_addr32) {
            text += base::format("%08X", word);
        }
    }
    return text.empty() ? text : text + base::format(":%04X", unsigned{portal.port});
}

bool has_connection(std::string_view table, std::string_view remote) {
    constexpr size_t kRemote = 2;
    constexpr size_t kState = 3;
    for (const std::string_view line : base::split(table, '\n')) {
        const auto words = base::split_words(line);
        if (words.size() > kState && words[kRemote] == remote &&
            (words[kState] == "01" || words[kState] == "02")) {
            return true;
        }
    }
    return false;
}

PeerWatch::PeerWatch(const Portal& portal, const base::SysPaths& sys)
    : remote_(table_address(portal)), folder_(sys.proc + "/net/") {}

bool PeerWatch::hung_up() {
    bool up = false;
    for (const char* name : {"tcp", "tcp6"}) {
        const auto table = base::read_text(folder_ + name);
        up = up || (table && has_connection(*table, remote_));
    }
    seen_ = seen_ || up;
    missed_ = up ? 0 : missed_ + 1;
    return seen_ && missed_ >= kLooks;
}

}  // namespace boot
