// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvmet/config_keys.h"

#include <algorithm>

#include "base/cli/suggestion.h"
#include "base/text.h"
#include "export/export_config.h"

namespace nvmet {
namespace {

struct SharedKey {
    std::string_view section;
    std::string_view key;
    std::string_view help = {};  ///< where the kernel makes something else of it
};

constexpr SharedKey kShared[] = {
    {"target", "listen",
     "addresses that hosts connect to; each becomes a tcp port that exports every subsystem"},
    {"target", "referrals"},
    {"target", "strict",
     "treat an image that the kernel cannot export as an error, and change nothing"},
    {"host", "nqn"},
    {"host", "dhchap_secret_file"},
    {"host", "dhchap_ctrl_secret_file"},
    {"host", "dhchap_hash", "hash that the kernel prefers: the strongest of the list"},
    {"host", "dhchap_dhgroup",
     "Diffie-Hellman group that the kernel prefers: the strongest of the list"},
    {"subsystem", "nqn"},
    {"subsystem", "hosts"},
    {"subsystem", "allow_any_host"},
    {"subsystem", "serial"},
    {"subsystem", "model"},
    {"subsystem", "require_auth"},
    {"namespace", "subsystem"},
    {"namespace", "nsid"},
    {"namespace", "uuid"},
    {"namespace", "nguid"},
};

constexpr exports::KeyHelp kStructure[] = {
    {"port", "portid", "0…65535", "", "number of the port; required"},
    {"port", "subsystems", "NAME,…|none", "all",
     "subsystems that the port exports, by the names of their sections"},
    {"ana", "group", "1…127", "", "ANA group; required"},
    {"ana", "listen", "ADDRESS[:PORT],…", "all", "ports that have this state, by their addresses"},
    {"ana", "port", "NAME,…", "all", "ports that have this state, by the names of their sections"},
    {"referral", "port", "NAME", "",
     "port that reports the referral, by the name of its section; required"},
    {"referral", "name", "TEXT", "the section's", "directory of the referral in configfs"},
};

struct RefusedKey {
    std::string_view section;
    std::string_view key;
    Refusal refusal;
};

/// For a key of nvmeroot-target that has no row below.
constexpr Refusal kCannot = {"the kernel's target has no such setting; remove this key", ""};
constexpr RefusedKey kRefused[] = {
    {"target",
     "discovery",
     {"every port of the kernel's target provides discovery; use a [port.NAME] with trsvcid = "
      "8009, which also exports its subsystems",
      ""}},
    {"target", "io_queues", {"use qid_max of [subsystem.NAME]", ""}},
    {"target", "queue_size", {"use max_queue_size of [port.NAME]", ""}},
    {"target", "mdts", {"use mdts of [port.NAME]", ""}},
    {"target", "in_capsule_data", {"use inline_data_size of [port.NAME]", ""}},
    {"target", "discovery_auth", {"the kernel's target sends the discovery log to anyone", "no"}},
    {"target",
     "dhchap_hash",
     {"the kernel has no policy for all hosts; set it in [host.NAME]", ""}},
    {"target",
     "dhchap_dhgroup",
     {"the kernel has no policy for all hosts; set it in [host.NAME]", ""}},
    {"host",
     "dhchap_secret_file_next",
     {"the kernel has one key per host; change dhchap_secret_file, and change the key of the host "
      "before it authenticates next",
      ""}},
    {"host",
     "dhchap_ctrl_secret_file_next",
     {"the kernel has one key per host; change dhchap_ctrl_secret_file", ""}},
    {"namespace",
     "hosts",
     {"the kernel admits hosts to subsystems, and an admitted host sees all namespaces; use a "
      "separate subsystem",
      ""}},
    {"namespace",
     "read_only",
     {"the kernel allows writes from every host; set the device itself read-only (blockdev "
      "--setro)",
      "no"}},
    {"namespace", "shared", {"the kernel reports every disk as shared; remove this key", "yes"}},
    {"namespace",
     "block_size",
     {"the kernel uses the block size of the device, or of the file system of a file", ""}},
    {"namespace", "eui64", {"the kernel's target has no EUI-64; use nguid", ""}},
    {"namespace",
     "protection",
     {"the kernel keeps no checksums next to an image; for a device with checksums, use pi_enable "
      "of the subsystem and of an rdma port",
      "none"}},
    {"subsystem", "audit", {"the kernel does not export an image a second time", "no"}},
    {"namespace", "scrub", {"the kernel keeps no checksums next to an image", "no"}},
    {"namespace",
     "pi",
     {"the kernel uses the format of the device; use pi_enable of the subsystem and of an rdma "
      "port",
      "none"}},
};

constexpr std::string_view kSections[] = {"target", "host", "subsystem", "namespace",
                                          "port",   "ana",  "referral"};

template <class Rows>
auto* find_name(Rows& rows, std::string_view section, std::string_view key) {
    auto* row = std::ranges::find_if(
        rows, [&](const auto& each) { return each.section == section && each.key == key; });
    return row == std::end(rows) ? nullptr : row;
}

/// `subsystem` of `subsystem.NAME`, as src/export calls its sections.
std::string_view kind_of(const exports::KeyHelp& key) {
    return key.section.substr(0, key.section.find('.'));
}

std::string fallback_of(const Attribute& row) {
    if (row.file == "enable") {
        return row.kind == Kind::kPassthru ? "yes with passthru" : "yes";
    }
    if (row.kind == Kind::kAnaGroup) {
        return "optimized";
    }
    if (row.secret() || row.form == "FILE") {
        return "none";
    }
    return row.fresh.empty() ? "the kernel's choice" : ini_value(row, std::string(row.fresh));
}

KeyDoc shared_doc(std::string_view section, const exports::KeyHelp& key, const SharedKey& shared) {
    const Attribute* row = find_own_key(section, key.name);
    // The default of a host's key is the kernel's choice, not that of [target].
    const bool kernels = section == "host" && row != nullptr;
    return {section,
            key.name,
            key.form,
            kernels ? fallback_of(*row) : std::string(key.fallback),
            shared.help.empty() ? key.help : shared.help,
            row};
}

}  // namespace

bool is_section(std::string_view kind) {
    return std::ranges::find(kSections, kind) != std::end(kSections);
}

std::string no_such_section(std::string_view kind) {
    return "no such section; there are [target], [subsystem.NAME], [namespace.NAME], [host.NAME], "
           "[port.NAME], [ana.NAME] and [referral.NAME]" +
           base::did_you_mean(kind, {std::begin(kSections), std::end(kSections)});
}

std::string no_such_key(std::string_view section, std::string_view key) {
    const auto docs = key_docs();
    std::vector<std::string_view> names;
    for (const KeyDoc& each : docs) {
        if (each.section == section) {
            names.push_back(each.name);
        }
    }
    return "no such key" + base::did_you_mean(key, names);
}

bool is_shared_key(std::string_view section, std::string_view key) {
    return find_name(kShared, section, key) != nullptr;
}

bool is_structure_key(std::string_view section, std::string_view key) {
    return std::ranges::any_of(kStructure, [&](const exports::KeyHelp& each) {
        return each.section == section && each.name == key;
    });
}

const Attribute* find_own_key(std::string_view section, std::string_view key) {
    for (const KindInfo& kind : kinds()) {
        const Attribute* row =
            section_of(kind.kind) == section ? find_key(kind.kind, key) : nullptr;
        if (row != nullptr) {
            return row;
        }
    }
    return nullptr;
}

std::optional<Refusal> find_refusal(std::string_view section, std::string_view key) {
    const auto known = exports::key_help();
    const bool theirs = std::ranges::any_of(known, [&](const exports::KeyHelp& each) {
        return kind_of(each) == section && each.name == key;
    });
    if (!theirs || is_shared_key(section, key) || is_structure_key(section, key) ||
        find_own_key(section, key) != nullptr) {
        return std::nullopt;
    }
    const RefusedKey* row = find_name(kRefused, section, key);
    return row == nullptr ? kCannot : row->refusal;
}

std::vector<KeyDoc> key_docs() {
    std::vector<KeyDoc> docs;
    const auto known = exports::key_help();
    for (const std::string_view section : kSections) {
        for (const exports::KeyHelp& key : known) {
            const SharedKey* shared = find_name(kShared, section, key.name);
            if (kind_of(key) == section && shared != nullptr) {
                docs.push_back(shared_doc(section, key, *shared));
            }
        }
        for (const exports::KeyHelp& key : kStructure) {
            if (key.section == section) {
                docs.push_back(
                    {section, key.name, key.form, std::string(key.fallback), key.help, nullptr});
            }
        }
        for (const Attribute& row : attributes()) {
            const bool told = std::ranges::any_of(docs, [&](const KeyDoc& doc) {
                return doc.section == section && doc.name == row.key;
            });
            if (section_of(row.kind) == section && !row.key.empty() && !told) {
                docs.push_back({section, row.key, row.form, fallback_of(row), row.help, &row});
            }
        }
    }
    return docs;
}

}  // namespace nvmet
