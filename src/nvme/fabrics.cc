// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/fabrics.h"

#include <algorithm>

namespace nvme {
namespace {

struct ConnectField {
    ConnectInvalidField field;
    std::string_view name;
};

constexpr std::array kConnectFields = {
    ConnectField{{offsetof(ConnectSqe, recfmt), false}, "RECFMT"},
    ConnectField{{offsetof(ConnectSqe, qid), false}, "QID"},
    ConnectField{{offsetof(ConnectSqe, sqsize), false}, "SQSIZE"},
    ConnectField{{offsetof(ConnectSqe, cattr), false}, "CATTR"},
    ConnectField{{offsetof(ConnectSqe, kato), false}, "KATO"},
    ConnectField{{offsetof(ConnectData, hostid), true}, "HOSTID"},
    ConnectField{{offsetof(ConnectData, cntlid), true}, "CNTLID"},
    ConnectField{{offsetof(ConnectData, subnqn), true}, "SUBNQN"},
    ConnectField{{offsetof(ConnectData, hostnqn), true}, "HOSTNQN"},
};

}  // namespace

std::string_view name(FabricsType type) {
    switch (type) {
        case FabricsType::kPropertySet:
            return "Property Set";
        case FabricsType::kConnect:
            return "Connect";
        case FabricsType::kPropertyGet:
            return "Property Get";
        case FabricsType::kAuthSend:
            return "Authentication Send";
        case FabricsType::kAuthReceive:
            return "Authentication Receive";
        case FabricsType::kDisconnect:
            return "Disconnect";
    }
    return {};
}

std::string_view name(ConnectInvalidField field) {
    const auto row = std::find_if(kConnectFields.begin(), kConnectFields.end(),
                                  [&](const ConnectField& f) { return f.field == field; });
    return row == kConnectFields.end() ? std::string_view() : row->name;
}

std::string_view name(Property property) {
    switch (property) {
        case Property::kCap:
            return "CAP";
        case Property::kVs:
            return "VS";
        case Property::kCc:
            return "CC";
        case Property::kCsts:
            return "CSTS";
        case Property::kNssr:
            return "NSSR";
        case Property::kCrto:
            return "CRTO";
    }
    return {};
}

base::Result<std::string> nqn_of(const std::array<char, 256>& field) {
    const std::string_view text(field.data(), field.size());
    const size_t end = text.find('\0');
    if (end == std::string_view::npos) {
        return base::error("an NQN field that no NUL ends");
    }
    TRY_VOID(check_name(text.substr(0, end)));
    return std::string(text.substr(0, end));
}

std::array<char, 256> nqn_field(std::string_view nqn) {
    std::array<char, 256> field{};
    nqn.copy(field.data(), field.size() - 1);
    return field;
}

}  // namespace nvme
