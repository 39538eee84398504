// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvmet/attributes.h"

#include <algorithm>

#include "base/text.h"
#include "nvme/dhchap.h"
#include "nvme/nqn.h"

namespace nvmet {
namespace {

using base::error;
using Text = base::Result<std::string>;

constexpr std::array kKinds = {
    KindInfo{Kind::kRoot, "the target", Kind::kRoot, "", "", Kind::kRoot},
    KindInfo{Kind::kHost, "host", Kind::kRoot, "hosts", "", Kind::kRoot},
    KindInfo{Kind::kSubsystem, "subsystem", Kind::kRoot, "subsystems", "allowed_hosts",
             Kind::kHost},
    KindInfo{Kind::kNamespace, "namespace", Kind::kSubsystem, "namespaces", "", Kind::kRoot},
    KindInfo{Kind::kPassthru, "passthru", Kind::kSubsystem, "passthru", "", Kind::kRoot},
    KindInfo{Kind::kPort, "port", Kind::kRoot, "ports", "subsystems", Kind::kSubsystem},
    KindInfo{Kind::kAnaGroup, "ANA group", Kind::kPort, "ana_groups", "", Kind::kRoot},
    KindInfo{Kind::kReferral, "referral", Kind::kPort, "referrals", "", Kind::kRoot},
};

Text yes_or_no(const Attribute& /*row*/, std::string_view text) {
    TRY(const bool value, base::parse_bool(text));
    return std::string(value ? "1" : "0");
}

Text one_of_form(const Attribute& row, std::string_view text) {
    const auto words = base::split(row.form, '|');
    if (std::ranges::find(words, text) == words.end()) {
        return error(base::quoted(text) + " is not one of " + std::string(row.form));
    }
    return std::string(text);
}

template <int64_t min, int64_t max>
Text number(const Attribute& /*row*/, std::string_view text) {
    TRY(const int64_t value, base::parse_i64(text, min, max));
    return std::to_string(value);
}

template <uint64_t max, int digits>
Text hexadecimal(const Attribute& /*row*/, std::string_view text) {
    TRY(const uint64_t value, base::parse_u64(text, max));
    return base::format("0x%0*llx", digits, static_cast<unsigned long long>(value));
}

/// Printable ASCII without white space at its ends, which the kernel's own reading drops.
template <size_t limit>
Text label(const Attribute& /*row*/, std::string_view text) {
    const std::string_view value = base::trim(text);
    if (value.empty() || value.size() > limit ||
        !std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; })) {
        return error(base::format("not 1 to %zu printable ASCII characters", limit));
    }
    return std::string(value);
}

/// One word: the kernel reads addresses up to the first white space.
template <size_t limit>
Text word(const Attribute& row, std::string_view text) {
    TRY(std::string value, label<limit>(row, text));
    if (value.find(' ') != std::string::npos) {
        return error(base::quoted(text) + " contains white space");
    }
    return value;
}

/// The kernel shows `reserved` for transports that have nothing of the kind.
Text security(const Attribute& row, std::string_view text) {
    return text == "reserved" ? Text(std::string()) : one_of_form(row, text);
}

Text nqn(const Attribute& /*row*/, std::string_view text) {
    TRY_VOID(nvme::check_name(text));
    return std::string(text);
}

/// The kernel shows a path that was never set as `(null)`.
Text path(const Attribute& /*row*/, std::string_view text) {
    constexpr size_t kMaxPath = 4095;
    if (text == "(null)") {
        return std::string();
    }
    if (text.size() > kMaxPath || text.find('\n') != std::string_view::npos) {
        return error("not a file name");
    }
    return std::string(text);
}

Text uuid(const Attribute& /*row*/, std::string_view text) {
    TRY(const nvme::Uuid value, nvme::parse_uuid(text));
    return nvme::to_text(value);
}

/// `none` and all zeros mean that there is none. Written as the kernel shows it, like a UUID.
Text nguid(const Attribute& row, std::string_view text) {
    if (text == "none" || text == row.fresh || text == std::string(32, '0')) {
        return std::string(row.fresh);
    }
    TRY(const nvme::Nguid value, nvme::parse_nguid(text));
    return nvme::to_text(nvme::Uuid{value.bytes});
}

/// MAJOR.MINOR[.TERTIARY]; the kernel shows no tertiary that is 0.
Text version(const Attribute& /*row*/, std::string_view text) {
    const auto parts = base::split(text, '.');
    if (parts.size() != 2 && parts.size() != 3) {
        return error(base::quoted(text) + " is not MAJOR.MINOR[.TERTIARY]");
    }
    std::string out;
    for (size_t i = 0; i < parts.size(); ++i) {
        TRY(const uint64_t value, base::parse_u64(parts[i], i == 0 ? UINT16_MAX : UINT8_MAX));
        if (i < 2 || value != 0) {
            out += (i == 0 ? "" : ".") + std::to_string(value);
        }
    }
    return out;
}

/// An empty text means that there is none.
Text dhchap_secret(const Attribute& /*row*/, std::string_view text) {
    if (!text.empty()) {
        TRY(const auto checked, nvme::DhchapSecret::parse(text));
        (void)checked.key();
    }
    return std::string(text);
}

constexpr std::string_view kHmac = "hmac(";

Text hash(const Attribute& /*row*/, std::string_view text) {
    const bool wrapped = text.starts_with(kHmac) && text.ends_with(')');
    const auto name = wrapped ? text.substr(kHmac.size(), text.size() - kHmac.size() - 1) : text;
    if (!nvme::find_hash(name)) {
        return error(base::quoted(text) + " is not a hash (sha256, sha384, sha512)");
    }
    return std::string(kHmac) + std::string(name) + ")";
}

Text group(const Attribute& row, std::string_view text) {
    if (!nvme::find_dh_group(text)) {
        return error(base::quoted(text) + " is not a group (" + std::string(row.form) + ")");
    }
    return std::string(text);
}

constexpr std::string_view kNoNguid = "00000000-0000-0000-0000-000000000000";
constexpr std::string_view kFamilies = "ipv4|ipv6|ib|fc|pci|pcie|loop";
constexpr std::string_view kTransports = "tcp|rdma|fc|loop|pci";
constexpr std::string_view kTreq = "not specified|required|not required";

// Rows of a kind in the order of writing: trtype resets tsas, and tsas resets treq.
// clang-format off
constexpr Attribute kAttributes[] = {
    {Kind::kRoot, "discovery_nqn", "6.9", "discovery_nqn", "NQN", nvme::kDiscoveryNqn, Change::kLive, nqn,
     "unique discovery NQN of this target"},

    {Kind::kHost, "dhchap_hash", "6.0", "dhchap_hash", "sha256|sha384|sha512", "hmac(sha256)", Change::kLive, hash,
     "hash that the kernel prefers"},
    {Kind::kHost, "dhchap_dhgroup", "6.0", "dhchap_dhgroup", "null|ffdhe2048|ffdhe3072|ffdhe4096|ffdhe6144|ffdhe8192", "null", Change::kLive, group,
     "Diffie-Hellman group that the kernel prefers"},
    {Kind::kHost, "dhchap_ctrl_key", "6.0", "dhchap_ctrl_secret_file", "FILE", "", Change::kLive, dhchap_secret,
     "file with the secret by which the target authenticates to the host"},
    {Kind::kHost, "dhchap_key", "6.0", "dhchap_secret_file", "FILE", "", Change::kLive, dhchap_secret,
     "file with the secret by which the host authenticates"},

    {Kind::kSubsystem, "attr_version", "4.13", "version", "MAJOR.MINOR", "", Change::kRemake, version,
     "version of the specification that the subsystem reports"},
    {Kind::kSubsystem, "attr_serial", "4.13", "serial", "TEXT", "", Change::kRemake, label<20>,
     "serial number, at most 20 characters"},
    {Kind::kSubsystem, "attr_model", "5.7", "model", "TEXT", "", Change::kRemake, label<40>,
     "model number, at most 40 characters"},
    {Kind::kSubsystem, "attr_firmware", "6.2", "firmware", "TEXT", "", Change::kRemake, label<8>,
     "firmware revision, at most 8 characters"},
    {Kind::kSubsystem, "attr_ieee_oui", "6.2", "ieee_oui", "0x000000…0xffffff", "0x000000", Change::kRemake, hexadecimal<0xffffff, 6>,
     "IEEE OUI of the vendor"},
    {Kind::kSubsystem, "attr_vendor_id", "6.14", "vendor_id", "0x0…0xffff", "", Change::kLive, hexadecimal<0xffff, 1>,
     "PCI vendor ID, for PCI endpoints"},
    {Kind::kSubsystem, "attr_subsys_vendor_id", "6.14", "subsys_vendor_id", "0x0…0xffff", "", Change::kLive, hexadecimal<0xffff, 1>,
     "PCI subsystem vendor ID, for PCI endpoints"},
    {Kind::kSubsystem, "attr_cntlid_min", "5.7", "cntlid_min", "1…65519", "1", Change::kLive, number<1, 65519>,
     "lowest controller ID that this target assigns; two targets of one NQN must not overlap"},
    {Kind::kSubsystem, "attr_cntlid_max", "5.7", "cntlid_max", "1…65519", "65519", Change::kLive, number<1, 65519>,
     "highest controller ID that this target assigns"},
    {Kind::kSubsystem, "attr_pi_enable", "5.8", "pi_enable", "yes|no", "0", Change::kLive, yes_or_no,
     "report protection information to hosts that connect from now on"},
    {Kind::kSubsystem, "attr_qid_max", "6.1", "qid_max", "1…128", "128", Change::kReconnects, number<1, 128>,
     "maximum number of I/O queues of one host"},
    {Kind::kSubsystem, "attr_allow_any_host", "4.8", "allow_any_host", "yes|no", "0", Change::kLive, yes_or_no,
     "admit every host without authentication"},

    {Kind::kNamespace, "device_path", "4.8", "image", "FILE", "", Change::kRemake, path,
     "block device or file"},
    {Kind::kNamespace, "device_uuid", "4.13", "uuid", "UUID", "", Change::kRemake, uuid,
     "permanent identifier of the disk"},
    {Kind::kNamespace, "device_nguid", "4.8", "nguid", "32 HEX DIGITS|none", kNoNguid, Change::kRemake, nguid,
     "NGUID of the disk"},
    {Kind::kNamespace, "ana_grpid", "4.19", "ana_group", "1…127", "1", Change::kLive, number<1, kMaxAnaGroup>,
     "ANA group of the namespace; [ana.NAME] specifies its state"},
    {Kind::kNamespace, "buffered_io", "4.19", "buffered_io", "yes|no", "0", Change::kRemake, yes_or_no,
     "read and write a file through the page cache"},
    {Kind::kNamespace, "p2pmem", "4.20", "p2pmem", "0|1|PCI DEVICE", "0", Change::kRemake, word<255>,
     "memory of a PCI device for peer-to-peer transfers"},
    {Kind::kNamespace, "resv_enable", "6.13", "resv_enable", "yes|no", "0", Change::kRemake, yes_or_no,
     "support persistent reservations"},
    {Kind::kNamespace, "enable", "4.8", "enable", "yes|no", "0", Change::kLive, yes_or_no,
     "export the namespace to hosts"},
    {Kind::kNamespace, "revalidate_size", "5.8", "", "", "", Change::kTrigger, yes_or_no,
     "apply --resize writes it: the kernel checks the size again and notifies the hosts"},

    {Kind::kPassthru, "device_path", "5.9", "passthru", "FILE", "", Change::kLive, path,
     "NVMe controller, such as /dev/nvme0, whose commands hosts may use"},
    {Kind::kPassthru, "admin_timeout", "5.11", "passthru_admin_timeout", "0…4294967295", "0", Change::kLive, number<0, UINT32_MAX>,
     "timeout of admin commands in jiffies; 0: the kernel's choice"},
    {Kind::kPassthru, "io_timeout", "5.11", "passthru_io_timeout", "0…4294967295", "0", Change::kLive, number<0, UINT32_MAX>,
     "timeout of I/O commands in jiffies; 0: the kernel's choice"},
    {Kind::kPassthru, "clear_ids", "5.19", "passthru_clear_ids", "0…4294967295", "0", Change::kLive, number<0, UINT32_MAX>,
     "hide the identifiers of the namespaces of the device"},
    {Kind::kPassthru, "enable", "5.9", "passthru_enable", "yes|no", "0", Change::kLive, yes_or_no,
     "export the controller to hosts"},

    {Kind::kPort, "addr_trtype", "4.8", "trtype", kTransports, "", Change::kRemake, one_of_form,
     "transport"},
    {Kind::kPort, "addr_adrfam", "4.8", "adrfam", kFamilies, "", Change::kRemake, one_of_form,
     "address family"},
    {Kind::kPort, "addr_traddr", "4.8", "traddr", "ADDRESS", "", Change::kRemake, word<255>,
     "address that hosts connect to"},
    {Kind::kPort, "addr_trsvcid", "4.8", "trsvcid", "PORT", "", Change::kRemake, word<31>,
     "TCP or RDMA port"},
    {Kind::kPort, "addr_tsas", "6.7", "tsas", "none|tls1.3|connected", "", Change::kRemake, security,
     "transport security: none or tls1.3 for tcp, connected for rdma"},
    {Kind::kPort, "addr_treq", "4.8", "treq", kTreq, "not specified", Change::kRemake, one_of_form,
     "whether hosts must use a secure channel"},
    {Kind::kPort, "param_inline_data_size", "4.19", "inline_data_size", "BYTES", "", Change::kRemake, number<-1, INT32_MAX>,
     "maximum size of write data inside of the command"},
    {Kind::kPort, "param_max_queue_size", "6.9", "max_queue_size", "16…1024", "", Change::kRemake, number<-1, 1024>,
     "maximum number of entries of one queue"},
    {Kind::kPort, "param_mdts", "7.1", "mdts", "0…255", "", Change::kRemake, number<-1, 255>,
     "maximum data transfer size of one command: 4 KiB times 2 to this power; 0: no limit"},
    {Kind::kPort, "param_pi_enable", "5.8", "pi_enable", "yes|no", "0", Change::kRemake, yes_or_no,
     "transfer protection information; only rdma supports it"},

    {Kind::kAnaGroup, "ana_state", "4.19", "state", "optimized|non-optimized|inaccessible|persistent-loss|change", "", Change::kLive, one_of_form,
     "state that the port reports for the namespaces of the group"},

    {Kind::kReferral, "addr_trtype", "4.8", "trtype", kTransports, "", Change::kRemake, one_of_form,
     "transport of the other discovery service"},
    {Kind::kReferral, "addr_adrfam", "4.8", "adrfam", kFamilies, "", Change::kRemake, one_of_form,
     "address family of the other discovery service"},
    {Kind::kReferral, "addr_traddr", "4.8", "traddr", "ADDRESS", "", Change::kRemake, word<255>,
     "address of the other discovery service"},
    {Kind::kReferral, "addr_trsvcid", "4.8", "trsvcid", "PORT", "", Change::kRemake, word<31>,
     "port of the other discovery service"},
    {Kind::kReferral, "addr_portid", "4.8", "portid", "0…65535", "0", Change::kRemake, number<0, 65535>,
     "port number in the discovery log"},
    {Kind::kReferral, "addr_treq", "4.8", "treq", kTreq, "not specified", Change::kRemake, one_of_form,
     "whether hosts must use a secure channel to the other discovery service"},
    {Kind::kReferral, "enable", "4.8", "enable", "yes|no", "0", Change::kRemake, yes_or_no,
     "include the referral in the discovery log"},
};
// clang-format on

constexpr std::array<std::string_view, 8> kSections = {
    "target", "host", "subsystem", "namespace", "subsystem", "port", "ana", "referral",
};

template <class Match>
const Attribute* find_row(Match match) {
    const auto* row = std::ranges::find_if(kAttributes, match);
    return row == std::end(kAttributes) ? nullptr : row;
}

}  // namespace

std::span<const KindInfo> kinds() {
    return kKinds;
}

const KindInfo& info(Kind kind) {
    return kKinds[static_cast<size_t>(kind)];
}

std::span<const Attribute> attributes() {
    return kAttributes;
}

const Attribute* find_file(Kind kind, std::string_view file) {
    return find_row([&](const Attribute& row) { return row.kind == kind && row.file == file; });
}

const Attribute* find_key(Kind kind, std::string_view key) {
    return find_row(
        [&](const Attribute& row) { return row.kind == kind && row.key == key && !key.empty(); });
}

std::string_view fresh_value(const Attribute& row, std::string_view object) {
    if (row.kind == Kind::kAnaGroup) {
        return object == "1" ? "optimized" : "inaccessible";
    }
    return row.fresh;
}

std::string_view section_of(Kind kind) {
    return kSections[static_cast<size_t>(kind)];
}

bool Attribute::secret() const {
    return canonical == dhchap_secret;
}

std::string ini_value(const Attribute& row, const std::string& canonical) {
    if (row.canonical == yes_or_no) {
        return canonical == "1" ? "yes" : "no";
    }
    if (row.canonical == hash && canonical.starts_with(kHmac)) {
        return canonical.substr(kHmac.size(), canonical.size() - kHmac.size() - 1);
    }
    if (row.canonical == nguid) {
        std::string digits = canonical == row.fresh ? "none" : canonical;
        std::erase(digits, '-');
        return digits;
    }
    return canonical;
}

bool writable(const Attribute& row, std::string_view canonical) {
    const bool given = (row.file == "param_mdts" && canonical == "-1") ||
                       (row.file == "addr_tsas" && canonical == "connected");
    return !canonical.empty() && !given;
}

}  // namespace nvmet
