// SPDX-License-Identifier: GPL-2.0-or-later
// Configurations that say everything there is to say, and the key files that they name.
#pragma once

#include <string>

#include "nvmet/config.h"
#include "support/temp_dir.h"
#include "support/test.h"

namespace sample {

// The bytes 00h to 1Fh, and 20h down to 01h, with their checksums.
inline constexpr const char* kHostKey =
    "DHHC-1:00:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+KfiaR:";
inline constexpr const char* kCtrlKey =
    "DHHC-1:00:IB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgFokIdK:";

inline const std::string kFull = R"([target]
discovery_nqn = nqn.2024-08.com.example.discovery:one

[host.web1]
nqn = nqn.2024-08.com.example:web1
dhchap_secret_file = host.key
dhchap_ctrl_secret_file = ctrl.key
dhchap_hash = sha512
dhchap_dhgroup = ffdhe4096
[host.web2]
nqn = nqn.2024-08.com.example:web2
dhchap_secret_file = ctrl.key

[subsystem.disks]
nqn = nqn.2024-08.com.example:disks
hosts = web1, web2
serial = S1
model = disk of x
version = 2.0
firmware = 1.0
ieee_oui = 0x00abcd
vendor_id = 0x1af4
subsys_vendor_id = 0x1af5
cntlid_min = 100
cntlid_max = 199
pi_enable = yes
qid_max = 8
[namespace.one]
subsystem = disks
image = one.img
uuid = 11111111-2222-3333-4444-555555555555
nguid = 00112233445566778899aabbccddeeff
ana_group = 2
buffered_io = yes
p2pmem = 0000:01:00.0
resv_enable = yes
[namespace.two]
subsystem = disks
nsid = 2
image = two.img
uuid = 11111111-2222-3333-4444-666666666666
nguid = none
enable = no

[subsystem.open]
nqn = nqn.2024-08.com.example:open
allow_any_host = yes
serial = S2
[namespace.open]
subsystem = open
image = one.img
uuid = 11111111-2222-3333-4444-777777777777

[subsystem.whole]
nqn = nqn.2024-08.com.example:whole
hosts = web2
serial = S3
passthru = /dev/nvme7
passthru_admin_timeout = 1000
passthru_io_timeout = 2000
passthru_clear_ids = 1

[port.tcp]
portid = 1
trtype = tcp
adrfam = ipv4
traddr = 192.0.2.1
trsvcid = 4420
tsas = tls1.3
treq = not required
inline_data_size = 8192
max_queue_size = 64
mdts = 5
[port.rdma]
portid = 2
subsystems = disks
trtype = rdma
adrfam = ipv6
traddr = fd00::1
trsvcid = 4420
treq = required
pi_enable = yes
[port.fc]
portid = 7
subsystems = open
trtype = fc
adrfam = fc
traddr = nn-0x1000000044001123:pn-0x2000000055001123
trsvcid = none

[ana.tcp2]
port = tcp
group = 2
state = non-optimized
[ana.rdma1]
port = rdma
group = 1
state = inaccessible
[ana.rdma2]
port = rdma
group = 2
state = optimized

[referral.other]
port = tcp
name = Other
trtype = tcp
adrfam = ipv4
traddr = 192.0.2.2
trsvcid = 8009
treq = required
portid = 9
[referral.quiet]
port = tcp
trtype = tcp
adrfam = ipv4
traddr = 192.0.2.3
trsvcid = 8009
enable = no
)";

struct Files {
    Files() {
        dir.file("host.key", std::string(kHostKey) + "\n", 0600);
        dir.file("ctrl.key", std::string(kCtrlKey) + "\n", 0600);
        dir.file("one.img", std::string(4096, '\0'));
        dir.file("two.img", std::string(4096, '\0'));
    }
    /// The state that an ini file requests. Fails the test if there is none.
    [[nodiscard]] nvmet::Object wanted(const std::string& text) const {
        const auto config = nvmet::parse_config(text, dir.at("t.conf"));
        BOOST_REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error()[0]));
        return config->state;
    }
    support::TempDir dir;
};

/// The text with its first `from` replaced.
inline std::string with(std::string text, const std::string& from, const std::string& to) {
    const size_t at = text.find(from);
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, from);
    return text.replace(at, from.size(), to);
}

/// The text without a section.
inline std::string without(std::string text, const std::string& section) {
    const size_t at = text.find("[" + section + "]\n");
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, section);
    return text.erase(at, text.find("\n[", at) + 1 - at);
}

}  // namespace sample
