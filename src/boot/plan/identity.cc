// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/plan/identity.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "base/default_file.h"
#include "base/fd.h"
#include "base/text.h"

namespace boot {
namespace {

constexpr std::string_view kDmi = "DMI product UUID";

/// UUIDs that firmware ships with and that therefore name no machine.
constexpr std::array<std::string_view, 5> kSharedUuids = {
    "ffffffff-ffff-ffff-ffff-ffffffffffff", "03000200-0400-0500-0006-000700080009",
    "00020003-0004-0005-0006-000700080009", "fefefefe-fefe-fefe-fefe-fefefefefefe",
    "12345678-1234-5678-90ab-cddeefaabbcc",
};

/// The first line of a file that may be missing: its text is empty then.
base::Result<Given> read_name(const std::string& path) {
    auto text = base::read_text(path, 4096);
    if (!text && text.error().code == ENOENT) {
        TRY_VOID(base::has_default_file(path));
        return Given{"", path};
    }
    if (!text) {
        return std::move(text).error();
    }
    return Given{std::string(base::trim(base::split(*text, '\n').front())), path};
}

base::Result<FoundIdentity> from_machine(const base::SysPaths& sys) {
    TRY(const nvme::Uuid uuid, machine_uuid(sys));
    return FoundIdentity{{nvme::uuid_nqn(uuid), uuid}, std::string(kDmi), std::string(kDmi), {}};
}

base::Result<FoundIdentity> from_id(const Given& id) {
    const auto uuid = nvme::parse_uuid(id.text);
    if (!uuid) {
        return uuid.error().in(id.origin);
    }
    return FoundIdentity{{nvme::uuid_nqn(*uuid), *uuid}, "made from hostid", id.origin, {}};
}

/// Of an NQN of the UUID form.
std::optional<nvme::Uuid> uuid_in(std::string_view nqn) {
    if (!nqn.starts_with(nvme::kUuidNqnPrefix)) {
        return std::nullopt;
    }
    const auto uuid = nvme::parse_uuid(nqn.substr(nvme::kUuidNqnPrefix.size()));
    return uuid ? std::optional(*uuid) : std::nullopt;
}

base::Result<FoundIdentity> from_nqn(const Given& nqn, const base::SysPaths& sys) {
    if (const auto uuid = uuid_in(nqn.text)) {
        return FoundIdentity{{nqn.text, *uuid}, nqn.origin, "the UUID in hostnqn", {}};
    }
    const auto uuid = machine_uuid(sys);
    if (!uuid) {
        return uuid.error().in(nqn.origin +
                               ": this hostnqn does not have the UUID form; set hostid too");
    }
    return FoundIdentity{{nqn.text, *uuid}, nqn.origin, std::string(kDmi), {}};
}

base::Result<FoundIdentity> from_pair(const Given& nqn, const Given& id) {
    TRY(FoundIdentity found, from_id(id));
    found.host.nqn = nqn.text;
    found.nqn_origin = nqn.origin;
    return found;
}

/// Two keys that disagree are likely a mistake. In files they are not: some packages of nvme-cli
/// make the two independently.
void warn_of_disagreement(FoundIdentity& found) {
    const auto named = uuid_in(found.host.nqn);
    if (named && *named != found.host.id) {
        found.warnings.push_back("hostid (" + found.id_origin + ") is not the UUID in hostnqn (" +
                                 found.nqn_origin + "), continuing with the pair as given");
    }
}

/// REQUIRES: at least one of the two has a text.
base::Result<FoundIdentity> from_source(const Given& nqn, const Given& id,
                                        const base::SysPaths& sys) {
    if (nqn.text.empty()) {
        return from_id(id);
    }
    if (auto valid = nvme::check_name(nqn.text); !valid) {
        return std::move(valid).error().in(nqn.origin);
    }
    if (auto usable = check_kernel_name(nqn.text); !usable) {
        return std::move(usable).error().in(nqn.origin);
    }
    return id.text.empty() ? from_nqn(nqn, sys) : from_pair(nqn, id);
}

}  // namespace

base::Result<FoundIdentity> find_identity(const Given& nqn, const Given& id,
                                          const base::SysPaths& sys) {
    if (!nqn.text.empty() || !id.text.empty()) {
        TRY(FoundIdentity found, from_source(nqn, id, sys));
        warn_of_disagreement(found);
        return found;
    }
    TRY(const Given file_nqn, read_name(sys.etc + "/nvme/hostnqn"));
    TRY(const Given file_id, read_name(sys.etc + "/nvme/hostid"));
    if (!file_nqn.text.empty() || !file_id.text.empty()) {
        return from_source(file_nqn, file_id, sys);
    }
    auto found = from_machine(sys);
    if (!found) {
        return std::move(found).error().in(
            "no host identity: neither hostnqn nor hostid is given, there is no /etc/nvme/hostnqn");
    }
    return found;
}

base::Status check_kernel_name(std::string_view nqn) {
    constexpr size_t kMost = 222;  // below NVMF_NQN_SIZE, which the specification's 223 is
    if (nqn.size() > kMost) {
        return base::error(
            base::format("a name of %zu bytes: Linux accepts at most 222 bytes", nqn.size()));
    }
    if (nqn.find(',') != std::string_view::npos) {
        return base::error(base::quoted(nqn) +
                           " contains a comma, which would end the name in the kernel's connect "
                           "options; use an NQN without a comma");
    }
    return base::done();
}

base::Result<nvme::Uuid> machine_uuid(const base::SysPaths& sys) {
    TRY(const std::string text, base::read_text(sys.sys + "/class/dmi/id/product_uuid", 4096));
    TRY(const nvme::Uuid uuid, nvme::parse_uuid(base::trim(text)));
    const std::string name = nvme::to_text(uuid);
    if (std::find(kSharedUuids.begin(), kSharedUuids.end(), name) != kSharedUuids.end()) {
        return base::error("the DMI product UUID " + name +
                           " is a placeholder that many boards share");
    }
    return uuid;
}

}  // namespace boot
