// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/shown.h"

#include "base/join.h"

namespace exports {
namespace {

template <class Id>
std::string names_of(const std::vector<Id>& ids) {
    return base::join(ids, ", ", [](Id id) { return nvme::name(id); });
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
    return shown(base::join(addresses, ", ", [](const Address& address) {
        const bool v6 = address.host.find(':') != std::string::npos;
        return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
    }));
}
std::string shown(const std::vector<nvme::HashId>& hashes) {
    return names_of(hashes);
}
std::string shown(const std::vector<nvme::DhGroup>& groups) {
    return names_of(groups);
}

}  // namespace exports
