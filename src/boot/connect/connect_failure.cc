// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/connect/connect_failure.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include "base/text.h"
#include "boot/reach/probe_portals.h"
#include "nvme/types.h"

namespace boot {
namespace {

using base::Error;

struct Symptom {
    std::string_view line;  ///< part of a line of the kernel
    ExitCode code;
    bool retry;
    std::string_view meaning;
};

constexpr std::string_view kWrongDigests =
    "data from the target does not match its digests; the target or the network changes the data: "
    "check the target, network cards and their offloads";

constexpr std::string_view kOwnTrouble =
    "the kernel of this machine could not do its part of the authentication this time; the target "
    "is not the cause";
constexpr std::string_view kWrongSecret =
    "authentication failed: the target refused this host's secret; compare dhchap_secret for this "
    "host NQN on both sides";
constexpr std::string_view kNoHash =
    "the kernel lacks a hash for DH-HMAC-CHAP; add its module (hmac, sha256_generic or "
    "sha512_generic) to the initramfs";
constexpr std::string_view kUnusable =
    "the target violated the authentication protocol: the kernel of this machine cannot use a "
    "length or a Diffie-Hellman value that the target sent; the secrets are not the cause, check "
    "the target's software";

/// The first row that matches any line wins: causes stand before their consequences.
constexpr Symptom kSymptoms[] = {
    {"failed to allocate queue 0 crypto", ExitCode::kModules, false,
     "the kernel has no crc32c for the digests; add the modules crc32c_generic and crc32c-intel to "
     "the initramfs"},
    {"failed to allocate hash hmac(sha256), error -2", ExitCode::kModules, false, kNoHash},
    {"failed to allocate hash hmac(sha384), error -2", ExitCode::kModules, false, kNoHash},
    {"failed to allocate hash hmac(sha512), error -2", ExitCode::kModules, false, kNoHash},
    {"error -2 initializing DH group", ExitCode::kModules, false,
     "the kernel lacks a Diffie-Hellman group; add the module dh_generic to the initramfs"},
    // Before its first use the kernel tests an algorithm, and gives up (-110, -80) when that takes
    // long.
    {"failed to allocate hash", ExitCode::kConnect, true, kOwnTrouble},
    {"initializing DH group", ExitCode::kConnect, true, kOwnTrouble},
    // With such answers authentication fails too, and no secret is to blame.
    {"digest error", ExitCode::kConnect, true, kWrongDigests},
    {"digest flag is cleared", ExitCode::kConnect, true, kWrongDigests},
    {"is not allowed, hostnqn", ExitCode::kRefused, false,
     "the target does not allow this host; add its NQN to the subsystem's allowed hosts"},
    {"Invalid Data Parameter, subsysnqn", ExitCode::kRefused, false,
     "the target has no such subsystem; check the subsystem NQN in the URI"},
    {"controller is busy", ExitCode::kRefused, true, "the target is busy"},
    {"controller authentication failed", ExitCode::kAuthentication, false,
     "authentication failed: the target did not prove that it knows the controller secret; compare "
     "dhchap_ctrl_secret on both sides"},
    // Linux 7.3, which takes no target that leaves its proof out.
    {"controller did not authenticate", ExitCode::kAuthentication, false,
     "authentication failed: the target never proved that it knows the controller secret; set "
     "dhchap_ctrl_key for this host on the target"},
    {"no key", ExitCode::kAuthentication, false,
     "the target demands authentication and no host secret is configured; set dhchap_secret_file"},
    {"invalid HASH ID", ExitCode::kAuthentication, false,
     "the target chose a hash that the kernel does not know"},
    {"invalid DH group id", ExitCode::kAuthentication, false,
     "the target chose a Diffie-Hellman group that the kernel does not know"},
    {"invalid transaction ID", ExitCode::kAuthentication, false,
     "the target violated the authentication protocol: its message has a transaction id that is "
     "not this host's; the secrets are not the cause, check the target's software"},
    {"invalid hash length", ExitCode::kAuthentication, false,
     "the target violated the authentication protocol: the length of its hash does not fit the "
     "hash that it chose; the secrets are not the cause, check the target's software"},
    {"invalid DH value", ExitCode::kAuthentication, false,
     "the target violated the authentication protocol: it sent a Diffie-Hellman value without a "
     "group; the secrets are not the cause, check the target's software"},
    {"empty DH value", ExitCode::kAuthentication, false,
     "the target violated the authentication protocol: it chose a Diffie-Hellman group and sent no "
     "value; the secrets are not the cause, check the target's software"},
    {"invalid message", ExitCode::kAuthentication, false,
     "the target violated the authentication protocol: it sent an unexpected message; the secrets "
     "are not the cause, check the target's software"},
    // The kernel reports the answer of the target as a status or in words; an errno of a command
    // belongs to this host.
    {"auth_send failed with error -", ExitCode::kConnect, true, kOwnTrouble},
    {"failed to receive challenge, error -", ExitCode::kConnect, true, kOwnTrouble},
    {"failed to receive success1, error -", ExitCode::kConnect, true, kOwnTrouble},
    // EINVAL, EPROTO and EMSGSIZE come of what the target sent, before any secret was compared.
    {"authentication failed, error -22", ExitCode::kAuthentication, false, kUnusable},
    {"authentication failed, error -71", ExitCode::kAuthentication, false, kUnusable},
    {"authentication failed, error -90", ExitCode::kAuthentication, false, kUnusable},
    // These come of the target's refusal: EKEYREJECTED, before Linux 6.9 ECONNREFUSED.
    {"authentication failed, error -129", ExitCode::kAuthentication, false, kWrongSecret},
    {"authentication failed, error -111", ExitCode::kAuthentication, false, kWrongSecret},
    // EAGAIN and ETIMEDOUT, ENOMEM, ELIBBAD are this host's.
    {"authentication failed, error -11", ExitCode::kConnect, true, kOwnTrouble},
    {"authentication failed, error -12", ExitCode::kConnect, true, kOwnTrouble},
    {"authentication failed, error -80", ExitCode::kConnect, true, kOwnTrouble},
    {"authentication failed", ExitCode::kAuthentication, false, kWrongSecret},
    {"authentication setup failed", ExitCode::kAuthentication, false,
     "the target demands authentication and this kernel cannot do it (CONFIG_NVME_HOST_AUTH)"},
    {"authentication required", ExitCode::kAuthentication, false,
     "the target demands authentication; set dhchap_secret_file"},
    {"found same hostid", ExitCode::kConnect, false,
     "another connection of this machine uses the host id with another host NQN"},
    {"found same hostnqn", ExitCode::kConnect, false,
     "another connection of this machine uses the host NQN with another host id"},
};

struct Answer {
    nvme::Status status;
    ExitCode code;
    bool retry;
    std::string_view meaning;
};
constexpr Answer kAnswers[] = {
    {nvme::status::kConnectControllerBusy, ExitCode::kRefused, true, "the target is busy"},
    {nvme::status::kConnectInvalidParameters, ExitCode::kRefused, false,
     "the target has no such subsystem, or refuses a parameter; check the subsystem NQN in the "
     "URI"},
    {nvme::status::kConnectInvalidHost, ExitCode::kRefused, false,
     "the target does not allow this host; add its NQN to the subsystem's allowed hosts"},
    {nvme::status::kAuthRequired, ExitCode::kAuthentication, false,
     "authentication is required and did not happen, or failed (this kernel does not report "
     "which); compare dhchap_secret for this host NQN on both sides"},
    {nvme::status::kHostPathError, ExitCode::kConnect, true,
     "the connection was lost; check the target's log and the network"},
    {nvme::status::kAbortedByHost, ExitCode::kConnect, true,
     "the target stopped answering and the kernel gave up; check the target"},
};

struct Errno {
    int code;
    ExitCode exit;
    bool retry;
    std::string_view meaning;
};
constexpr Errno kErrnos[] = {
    {ECONNREFUSED, ExitCode::kUnreachable, true,
     "nothing listens on that port; start the target or correct the port"},
    {ETIMEDOUT, ExitCode::kUnreachable, true,
     "no answer; check the address, firewalls and that the target runs"},
    {EHOSTUNREACH, ExitCode::kUnreachable, true,
     "no machine answers for that address; check the address and the cables"},
    {ENETUNREACH, ExitCode::kUnreachable, true,
     "there is no route to the target; check ip=, its gateway, and rd.route="},
    {ECONNRESET, ExitCode::kUnreachable, true,
     "the target closed the connection at once; check its log"},
    {EADDRNOTAVAIL, ExitCode::kConnect, true,
     "this machine has no usable source address yet; check ip= and duplicate addresses"},
    {EALREADY, ExitCode::kConnect, true,  // given up and come up late: taken away by the next try
     "this machine has that connection already; disconnect it or reboot"},
    {EADDRINUSE, ExitCode::kConnect, false,
     "another connection of this machine uses the host NQN with another host id; set both"},
    {EINVAL, ExitCode::kConnect, true,
     "the kernel rejects a parameter, the pair of host NQN and host id, or the answer of the "
     "target; the kernel log names which"},
    {ENODEV, ExitCode::kConnect, true,
     "the interface of the path does not exist, or not yet; check its name"},
    {ENOENT, ExitCode::kModules, false,
     "the kernel lacks an algorithm; add the modules of crc32c, hmac and the hash to the "
     "initramfs"},
    {ENOMEM, ExitCode::kConnect, true,
     "the kernel has too little memory; reduce nr_io_queues and queue_size"},
    {ENOKEY, ExitCode::kAuthentication, false,
     "the target demands authentication and no host secret is configured; set dhchap_secret_file"},
    {EKEYREJECTED, ExitCode::kAuthentication, false,
     "authentication failed; compare dhchap_secret, dhchap_ctrl_secret, hashes and groups on both "
     "sides"},
    {EPROTONOSUPPORT, ExitCode::kAuthentication, false,
     "this kernel cannot authenticate; boot one with CONFIG_NVME_HOST_AUTH"},
    {EOPNOTSUPP, ExitCode::kConnect, false,
     "the target and this kernel are not compatible; see the kernel log"},
};

/// The last line of any controller: the one nearest to the cause that no row knows.
std::string last_words(const KernelLog& log) {
    return log.lines().empty() ? std::string() : " (kernel: " + log.lines().back().text + ")";
}

/// In authentication the end of a connection looks like a refusal: such lines do not count.
bool has_line(const KernelLog& log, std::string_view part) {
    return std::any_of(log.lines().begin(), log.lines().end(), [&](const KernelLine& line) {
        return line.text.find(part) != std::string::npos && !tells_of_lost_connection(line.text);
    });
}

/// The kernel's own target does this to a wrong secret, before its answer is out; one that is
/// restarted does it too, but not twice.
Failure explain_hang_up(const ConnectRequest& request, const KernelLog& log,
                        const std::string& where) {
    if (request.auth.mode == Auth::kOff || has_line(log, ": authenticated")) {
        return Failure::passing(
            ExitCode::kConnect,
            base::error(where + "the target closed the connection; check its log"));
    }
    return Failure::doubt(
        ExitCode::kAuthentication,
        base::error(where +
                    "the target closed the connection during authentication, most likely because "
                    "the secret is wrong; compare dhchap_secret for this host NQN on both sides"));
}

/// REQUIRES: result is not 0
std::optional<Failure> explain_result(int result, const std::string& where) {
    if (result < 0) {
        const auto row = std::find_if(std::begin(kErrnos), std::end(kErrnos),
                                      [&](const Errno& each) { return each.code == -result; });
        if (row == std::end(kErrnos)) {
            return std::nullopt;
        }
        return Failure{row->exit, row->retry, base::error(where + std::string(row->meaning))};
    }
    const nvme::Status status{static_cast<uint8_t>(result >> 8 & 7),
                              static_cast<uint8_t>(result & 0xFF)};
    for (const Answer& answer : kAnswers) {
        if (answer.status.number() == status.number()) {
            return Failure{answer.code, answer.retry,
                           base::error(where + std::string(answer.meaning))};
        }
    }
    return Failure::of(ExitCode::kConnect,
                       base::error(where + "the target answered " + nvme::describe(status, true)));
}

}  // namespace

std::optional<int> kernel_result(const std::vector<KernelLine>& lines) {
    constexpr std::array<std::string_view, 5> kMarks = {
        "failed to connect socket: ", " socket ",
        " ret=", "Connect command failed, errno: ", "Connect command failed, error wo/DNR bit: "};
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
        for (const std::string_view mark : kMarks) {
            const size_t at = line->text.find(mark);
            if (at == std::string::npos) {
                continue;
            }
            constexpr int64_t kMost = 0xFFFF;
            const auto number = base::parse_i64(
                base::trim(std::string_view(line->text).substr(at + mark.size())), -kMost, kMost);
            if (number && *number != 0) {
                return static_cast<int>(*number);
            }
        }
    }
    return std::nullopt;
}

Failure explain_connect_failure(const ConnectRequest& request, const Portal& portal,
                                const KernelLog& log, const Error& error) {
    const std::string where = "connect " + portal.text() + ": ";
    const auto symptom = std::find_if(std::begin(kSymptoms), std::end(kSymptoms),
                                      [&](const Symptom& row) { return has_line(log, row.line); });
    if (symptom != std::end(kSymptoms)) {
        return {symptom->code, symptom->retry, base::error(where + std::string(symptom->meaning))};
    }
    if (error.code == ECONNABORTED) {
        return explain_hang_up(request, log, where);
    }
    if (error.code == ETIMEDOUT) {
        return Failure::passing(
            ExitCode::kConnect,
            base::error(where + "the target stopped answering and the kernel is still waiting for "
                                "it; check the target, or raise nvmeroot.connect_timeout"));
    }
    if (const auto result = kernel_result(log.lines())) {
        if (auto explained = explain_result(*result, where)) {
            return std::move(*explained);
        }
    }
    return Failure::of(ExitCode::kConnect, base::error(where + error.text + last_words(log)));
}

}  // namespace boot
