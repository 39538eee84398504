// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/shown.h"

namespace exports {
namespace {

template <class Id>
std::string names_of(const std::vector<Id>& ids) {
    std::string text;
    for (const Id id : ids) {
        text += (text.empty() ? "" : ", ") + std::string(nvme::name(id));
    }
    return text;
}

}  // namespace

std::string shown(const std::string& text) {
    return text.empty() ? "none" : text;
}
std::string shown(bool value) {
    return value ? "yes" : "no";
}
std::string shown(Protection protection) {
    return std::string(kProtectionNames[static_cast<size_t>(protection)]);
}
std::string shown(uint64_t number) {
    return std::to_string(number);
}
std::string shown(uint32_t number) {
    return std::to_string(number);
}
std::string shown(const std::vector<Address>& addresses) {
    std::string text;
    for (const Address& address : addresses) {
        const bool v6 = address.host.find(':') != std::string::npos;
        text += (text.empty() ? "" : ", ") + (v6 ? "[" + address.host + "]" : address.host) + ":" +
                std::to_string(address.port);
    }
    return text.empty() ? "none" : text;
}
std::string shown(const std::vector<nvme::HashId>& hashes) {
    return names_of(hashes);
}
std::string shown(const std::vector<nvme::DhGroup>& groups) {
    return names_of(groups);
}

}  // namespace exports
