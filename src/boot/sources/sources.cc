// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/sources/sources.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "boot/dhcp/ip_address.h"
#include "boot/net/device_options.h"
#include "boot/net/ip_options.h"
#include "boot/net/network_options.h"
#include "boot/sources/cmdline.h"
#include "boot/sources/word_hints.h"

namespace boot {
namespace {

constexpr std::string_view kKeyPrefix = "nvmeroot.";
constexpr std::string_view kScheme = "nvme+tcp://";

void add_word(KeyId key, const CmdlineWord& word, Sources& sources) {
    add_value(key_of(key), Source::kCommandLine, {word.value, "command line: " + word.key},
              sources);
}

/// As a key's value where it is one. Others may have written the word for somebody else: a value
/// that is none is left out.
void add_others_word(KeyId key, const CmdlineWord& word, Sources& sources) {
    Given given{word.value, "command line: " + word.key};
    Draft scratch;
    if (const auto fits = key_of(key).apply(given, scratch); !fits) {
        sources.warnings.push_back(given.origin + ": " + fits.error().text +
                                   ", continuing without it");
        return;
    }
    add_value(key_of(key), Source::kOthersWord, std::move(given), sources);
}

base::Error not_of_form(std::string_view text, std::string_view form) {
    return base::error(base::quoted(text) + " is not " + std::string(form));
}

/// The address to connect from.
base::Status check_source(std::string_view text) {
    const auto address = IpAddress::parse(text);
    if (!address || !address->is_host_address()) {
        return base::error("source: " + base::quoted(text) + " is not an address of a host");
    }
    return base::done();
}

bool starts_with_scheme(std::string_view text) {
    return base::equal_ignoring_case(text.substr(0, kScheme.size()), kScheme);
}

void take_uri(const CmdlineWord& word, Sources& sources) {
    add_word(KeyId::kUri, word, sources);
}

/// dracut's word for a root whose place the DHCP server knows, whatever the protocol.
bool take_dhcp_root(const CmdlineWord& word, Sources& sources) {
    if (word.value != "dhcp" && word.value != "dhcp6") {
        return false;
    }
    ++sources.dhcp_roots;
    add_value(key_of(KeyId::kUri), Source::kCommandLine, {"dhcp", "command line: " + word.key},
              sources);
    return true;
}

void take_netroot(const CmdlineWord& word, Sources& sources) {
    if (!take_dhcp_root(word, sources) && starts_with_scheme(word.value)) {
        add_word(KeyId::kUri, word, sources);
    }
}

void take_root(const CmdlineWord& word, Sources& sources) {
    if (!take_dhcp_root(word, sources) && starts_with_scheme(word.value)) {
        sources.errors.push_back(
            "command line: root: put a URI into nvmeroot=; root= names the file system on the "
            "disk");
    } else {
        sources.root = word.value;
    }
}

/// The fields of rd.nvmf.connect= and rd.nvmf.discover=, each in its own order.
struct NvmfFields {
    std::string_view address;
    std::string_view nqn;
    std::string_view port;
    std::string_view source;
};

/// The URI that they mean, and its source address.
base::Result<Given> uri_of(const NvmfFields& fields) {
    const bool given = !fields.source.empty() && fields.source != "none";
    if (given) {
        TRY_VOID(check_source(fields.source));
    }
    const bool v6 = fields.address.find(':') != std::string_view::npos && fields.address[0] != '[';
    std::string uri =
        std::string(kScheme) + (v6 ? "[" : "") + std::string(fields.address) + (v6 ? "]" : "");
    if (!fields.port.empty()) {
        uri += ":" + std::string(fields.port);
    }
    uri += '/';
    for (const char c : fields.nqn) {
        const bool reserved =
            c <= ' ' || c > '~' || std::string_view("/?#%").find(c) != std::string_view::npos;
        uri += reserved
                   ? base::format("%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)))
                   : std::string(1, c);
    }
    return Given{std::move(uri), "", given ? std::string(fields.source) : std::string(), ""};
}

void add_uri(const CmdlineWord& word, base::Result<Given> uri, Sources& sources) {
    const std::string where = "command line: " + word.key;
    if (!uri) {
        sources.vain_words.push_back({where + ": " + uri.error().text});
        return;
    }
    uri->origin = where;
    add_value(key_of(KeyId::kUri), Source::kCommandLine, std::move(uri).value(), sources);
}

/// Whether the first field is tcp. Other transports are other programs' matter.
bool is_tcp(const CmdlineWord& word, std::string_view transport, Sources& sources) {
    constexpr std::array<std::string_view, 4> kOthers = {"rdma", "fc", "loop", "pcie"};
    if (std::ranges::find(kOthers, transport) == kOthers.end()) {
        return true;
    }
    sources.vain_words.push_back({"command line: " + word.key + ": transport " +
                                      base::quoted(transport) + " is not supported",
                                  false});
    return false;
}

/// make-initrd's
void take_connect(const CmdlineWord& word, Sources& sources) {
    constexpr std::string_view kForm = "tcp,TRADDR,SUBNQN[,TRSVCID[,HOST-TRADDR]]";
    auto fields = base::split(word.value, ',');
    if (!is_tcp(word, fields[0], sources)) {
        return;
    }
    if (fields[0] != "tcp" || fields.size() < 3 || fields.size() > 5) {
        return add_uri(word, not_of_form(word.value, kForm), sources);
    }
    fields.resize(5);
    add_uri(word, uri_of({fields[1], fields[2], fields[3], fields[4]}), sources);
}

/// dracut's, with the port that it takes where none is given
void take_discover(const CmdlineWord& word, Sources& sources) {
    constexpr std::string_view kForm = "tcp,TRADDR[,HOST-TRADDR[,TRSVCID]]";
    auto fields = base::split(word.value, ',');
    if (!is_tcp(word, fields[0], sources)) {
        return;
    }
    if (fields[0] != "tcp" || fields.size() < 2 || fields.size() > 4) {
        return add_uri(word, not_of_form(word.value, kForm), sources);
    }
    fields.resize(4);
    const std::string_view port = fields[3].empty() ? "4420" : fields[3];
    add_uri(word, uri_of({fields[1], nvme::kDiscoveryNqn, port, fields[2]}), sources);
}

/// As kernel switches do: alone it means yes.
bool is_yes(const CmdlineWord& word) {
    const auto yes = base::parse_bool(word.value);
    return !word.has_value || !yes || *yes;
}

/// Whether the method of ip=, in each of its forms, leaves the interface to the firmware's table.
bool is_firmwares(std::string_view ip) {
    constexpr std::array<std::string_view, 3> kMethods = {"ibft", "nbft", "fw"};
    constexpr size_t kOfInterface = 1;
    constexpr size_t kOfAddress = 6;
    const auto fields = split_fields(ip);
    const auto has_method = [&](size_t place) {
        return place < fields->size() &&
               std::ranges::find(kMethods, (*fields)[place]) != kMethods.end();
    };
    return fields.ok() &&
           (fields->size() == 1 ? has_method(0)
                                : has_method(kOfInterface) || has_method(kOfAddress));
}

void take_ip(const CmdlineWord& word, Sources& sources) {
    if (!is_firmwares(word.value)) {
        add_others_word(KeyId::kIp, word, sources);
    }
}

void take_off(const CmdlineWord& word, Sources& sources) {
    if (is_yes(word)) {
        sources.off_word = word.key;
    }
}

/// dracut has two waits, for the interface to appear and for its carrier; the key bounds each.
void take_carrier(const CmdlineWord& word, Sources& sources) {
    add_others_word(KeyId::kCarrierTimeout, word, sources);
}

void take_no_nbft(const CmdlineWord& word, Sources& sources) {
    sources.ignore_nbft = is_yes(word);
}

struct Word {
    std::string_view name;
    void (*take)(const CmdlineWord& word, Sources& sources);
    bool others = false;  ///< others read it too, and an empty value says nothing
};
constexpr std::array kWords = {
    Word{"nvmeroot", take_uri},
    Word{"netroot", take_netroot},
    Word{"root", take_root},
    Word{"rd.nvmf.hostnqn",
         [](const CmdlineWord& w, Sources& s) { add_others_word(KeyId::kHostnqn, w, s); }, true},
    Word{"rd.nvmf.hostid",
         [](const CmdlineWord& w, Sources& s) { add_others_word(KeyId::kHostid, w, s); }, true},
    Word{"rd.nvmf.connect", take_connect, true},
    Word{"rd.nvmf.discover", take_discover, true},
    Word{"rd.nonvmf", take_off},
    Word{"rd.nvmf.nonbft", take_no_nbft},
    Word{"ip", take_ip, true},
    Word{"rd.net.timeout.carrier", take_carrier, true},
    Word{"rd.net.timeout.iflink", take_carrier, true},
    Word{"rd.net.timeout.dhcp",
         [](const CmdlineWord& w, Sources& s) { add_others_word(KeyId::kDhcpTimeout, w, s); },
         true},
};

void take_key(const CmdlineWord& word, Sources& sources) {
    const std::string_view name = std::string_view(word.key).substr(kKeyPrefix.size());
    const std::string where = "command line: " + word.key;
    const Key* key = find_key(name);
    if (key == nullptr) {
        sources.errors.push_back(where + ": no such key" + suggest_key(name));
    } else if (!word.has_value) {
        sources.errors.push_back(where + ": needs a value: " + std::string(key->form));
    } else {
        add_value(*key, Source::kCommandLine, {word.value, where}, sources);
    }
}

bool is_path_section(std::string_view section) {
    return section.starts_with("path.") && section.size() > 5;
}

bool is_section(std::string_view section) {
    return is_path_section(section) ||
           std::any_of(keys().begin(), keys().end(),
                       [&](const Key& key) { return key.section == section; });
}

/// The keys of one [path.NAME] section together.
void add_path(const base::Ini& ini, const std::string& section, Sources& sources) {
    Given path;
    const size_t errors_before = sources.errors.size();
    for (const base::Ini::Entry& entry : ini.entries()) {
        if (entry.section != section) {
            continue;
        }
        const std::string where = ini.where(entry);
        base::Status checked = base::done();
        if (entry.key == "uri") {
            path.text = entry.value;
            path.origin = where;
        } else if (entry.key == "source") {
            path.source = entry.value;
            checked = check_source(entry.value);
        } else if (entry.key == "interface") {
            path.interface = entry.value;
            if (auto name = parse_interface_name(entry.value); !name) {
                checked = std::move(name).error();
            }
        } else {
            checked =
                base::error("no such key; a [path.NAME] section has uri, source and interface");
        }
        if (!checked) {
            sources.errors.push_back(std::move(checked).error().in(where).text);
        }
    }
    if (sources.errors.size() != errors_before) {
        return;
    }
    if (path.origin.empty()) {
        sources.errors.push_back("[" + section + "]: a path needs a uri");
        return;
    }
    add_value(key_of(KeyId::kUri), Source::kFile, std::move(path), sources);
}

void add_entry(const base::Ini::Entry& entry, const std::string& where, Sources& sources) {
    const Key* key = find_key(entry.key);
    if (key == nullptr) {
        sources.errors.push_back(where + ": no such key" + suggest_key(entry.key));
    } else if (key->section != entry.section) {
        sources.errors.push_back(where + ": this key belongs to [" + std::string(key->section) +
                                 "]");
    } else {
        sources.has_secret_in_file |= key->secret;
        add_value(*key, Source::kFile, {key->secret ? entry.secret.reveal() : entry.value, where},
                  sources);
    }
}

}  // namespace

KeyValues& Sources::of(const Key& key) {
    return by_key[static_cast<size_t>(&key - keys().data())];
}

void add_value(const Key& key, Source source, Given given, Sources& sources) {
    KeyValues& values = sources.of(key);
    if (values.source > source) {
        base::wipe(given.text.data(), given.text.size());  // it may be a secret
        return;
    }
    if (values.source != source || !key.list) {
        for (Given& weaker : values.given) {
            base::wipe(weaker.text.data(), weaker.text.size());
        }
        values.given.clear();
    }
    values.source = source;
    values.given.push_back(std::move(given));
}

void add_file(const base::Ini& ini, const std::string& path, Sources& sources) {
    for (const std::string& section : ini.sections()) {
        if (!is_section(section)) {
            sources.errors.push_back(path + ": [" + section + "]: no such section" +
                                     suggest_section(section));
        } else if (is_path_section(section)) {
            add_path(ini, section, sources);
        }
    }
    for (const base::Ini::Entry& entry : ini.entries()) {
        if (!is_path_section(entry.section) && is_section(entry.section)) {
            add_entry(entry, ini.where(entry), sources);
        }
    }
}

namespace {

void take_word(const CmdlineWord& word, Sources& sources) {
    if (word.key.starts_with(kKeyPrefix)) {
        return take_key(word, sources);
    }
    const auto* known = std::ranges::find(kWords, word.key, &Word::name);
    const bool is_ours = known != kWords.end();
    const bool is_network = !is_ours && is_network_option(word.key);
    const bool wants_value =
        is_ours ? known->others : is_network && (word.has_value || !may_stand_alone(word.key));
    const std::string where = "command line: " + word.key + "=";
    if (wants_value && base::trim(word.value).empty()) {
        sources.warnings.push_back(where + ": empty, continuing without it");
    } else if (is_ours) {
        known->take(word, sources);
    } else if (is_network) {
        sources.network_words.push_back({word.key, word.value, "command line"});
    } else if (const std::string hint = network_hint(word.key); !hint.empty() && word.has_value) {
        sources.warnings.push_back(where + ": has no effect, continuing without it; write " + hint);
    }
}

}  // namespace

void add_cmdline(std::string_view text, Sources& sources) {
    for (CmdlineWord& word : parse_cmdline(text)) {
        take_word(word, sources);
        // It may have been a secret.
        base::wipe(word.value.data(), word.value.size());
    }
}

Sources default_sources() {
    Sources sources;
    for (const Key& key : keys()) {
        KeyValues values;
        if (!key.fallback.empty()) {
            values.given.push_back({std::string(key.fallback), "default"});
        }
        sources.by_key.push_back(std::move(values));
    }
    return sources;
}

}  // namespace boot
