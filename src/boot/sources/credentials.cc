// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/sources/credentials.h"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/default_file.h"
#include "base/secret.h"
#include "base/secret_file.h"
#include "base/sysfs.h"
#include "base/text.h"
#include "boot/sources/smbios.h"

namespace boot {
namespace {

constexpr std::string_view kPrefix = "nvmeroot.";

/// Collects names that were seen, so that the first of several wins.
class Collector {
  public:
    explicit Collector(Sources& sources) : sources_(sources) {}

    /// @param name  of the credential
    /// @param read  gives its value, and is called when the name is ours and new
    template <class Read>
    void offer(const std::string& name, const char* place, Read read) {
        if (!name.starts_with(kPrefix) ||
            std::find(seen_.begin(), seen_.end(), name) != seen_.end()) {
            return;
        }
        seen_.push_back(name);
        const std::string where = "credential " + base::quoted(name) + " (" + place + ")";
        const std::string key_name = name.substr(kPrefix.size());
        const Key* key = find_key(key_name);
        if (key == nullptr) {
            sources_.errors.push_back(where + ": no such key" + suggest_key(key_name));
            return;
        }
        const base::Result<base::Secret> value = read();
        if (!value) {
            sources_.errors.push_back(where + ": " + value.error().text);
            return;
        }
        add_value(*key, Source::kCredential, {value->reveal(), where}, sources_);
    }

  private:
    Sources& sources_;
    std::vector<std::string> seen_;
};

/// The names in a directory; none where it is absent.
std::vector<std::string> names_in(const std::string& directory, Sources& sources) {
    if (const auto there = base::has_default_directory(directory); !there) {
        sources.errors.push_back("credentials: " + there.error().text);
        return {};
    }
    return list_folder(directory);
}

void take_folder(const std::string& folder, Collector& collector, Sources& sources) {
    for (const std::string& name : names_in(folder, sources)) {
        collector.offer(name, folder.c_str(),
                        [&] { return base::read_secret_file(folder + "/" + name); });
    }
}

base::Result<base::Secret> decoded(std::string_view base64) {
    auto bytes = base::from_base64(base64);
    if (!bytes) {
        return base::error("it is not base64");  // the text may be a secret
    }
    std::string text(base::trim(base::text_of(*bytes)));
    base::wipe(bytes->data(), bytes->size());
    return base::Secret(text);
}

/// `io.systemd.credential:NAME=VALUE`, `io.systemd.credential.binary:NAME=BASE64`.
void take_oem_string(std::string_view text, Collector& collector) {
    constexpr std::string_view kPlain = "io.systemd.credential:";
    constexpr std::string_view kBinary = "io.systemd.credential.binary:";
    const bool binary = text.starts_with(kBinary);
    const size_t equals = text.find('=');
    if ((!binary && !text.starts_with(kPlain)) || equals == std::string_view::npos) {
        return;
    }
    const size_t begin = (binary ? kBinary : kPlain).size();
    const std::string_view value = text.substr(equals + 1);
    collector.offer(std::string(text.substr(begin, equals - begin)), "SMBIOS",
                    [&]() -> base::Result<base::Secret> {
                        if (binary) {
                            return decoded(value);
                        }
                        std::string plain(base::trim(value));
                        return base::Secret(plain);
                    });
}

/// Absent where the machine has no SMBIOS; root alone may read it.
void take_smbios(const base::SysPaths& sys, Collector& collector, Sources& sources) {
    const std::string path = sys.sys + "/firmware/dmi/tables/DMI";
    const auto table = base::read_wiped(path);
    if (table) {
        for (const std::string_view text : oem_strings(base::bytes_of(table->reveal()))) {
            take_oem_string(text, collector);
        }
    } else if (table.error().code == EACCES) {
        sources.warnings.push_back("credentials of SMBIOS: " + table.error().text +
                                   ", continuing without them");
    } else if (table.error().code != ENOENT) {
        sources.errors.push_back("credentials of SMBIOS: " + table.error().text);
    }
}

}  // namespace

void add_credentials(const std::string& folder, const base::SysPaths& sys, Sources& sources) {
    Collector collector(sources);
    if (!folder.empty()) {
        take_folder(folder, collector, sources);
    }
    take_folder(sys.run + "/credentials/@system", collector, sources);
    take_smbios(sys, collector, sources);
    const std::string fw_cfg = sys.sys + "/firmware/qemu_fw_cfg/by_name/opt/io.systemd.credentials";
    for (const std::string& name : names_in(fw_cfg, sources)) {
        collector.offer(name, "fw_cfg",
                        [&] { return base::read_secret_file(fw_cfg + "/" + name + "/raw"); });
    }
}

}  // namespace boot
