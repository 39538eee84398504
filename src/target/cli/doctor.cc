// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/cli/doctor.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <optional>

#include "base/fd.h"
#include "base/text.h"
#include "target/cli/doctor_images.h"
#include "target/operate/core_config.h"
#include "target/reactor/reactor.h"
#include "target/wire/server.h"
#include "target/wire/text_server.h"

namespace target {
namespace {

using Verdict = Finding::Verdict;

struct Patient {
    const exports::ExportConfig& config;
    const base::SysPaths& paths;
    bool serving;
};

using Findings = std::vector<Finding>;

Finding good(std::string text) {
    return {Verdict::kGood, "", std::move(text)};
}
Finding warning(std::string text) {
    return {Verdict::kWarning, "", std::move(text)};
}
Finding bad(std::string text) {
    return {Verdict::kBad, "", std::move(text)};
}

Findings check_open_files(const Patient& patient) {
    constexpr rlim_t kOthers = 64;  // sockets of the operator, the engine
    rlimit limit{};
    (void)getrlimit(RLIMIT_NOFILE, &limit);  // cannot fail
    const rlim_t needed =
        patient.config.limits.max_connections + files_of_images(patient.config) + kOthers;
    const std::string text = "this process may open " + std::to_string(limit.rlim_max) +
                             " files, max_connections and the images need " +
                             std::to_string(needed);
    Findings findings{limit.rlim_max >= needed ? good(text)
                                               : bad(text + "; raise LimitNOFILE (or ulimit -Hn)")};
    if (needed > kFilesOfUnit) {
        findings.push_back(warning("the unit by default may open " + std::to_string(kFilesOfUnit) +
                                   " files: raise LimitNOFILE in a drop-in (systemctl edit "
                                   "nvmeroot-target)"));
    }
    return findings;
}

Findings check_backlog(const Patient& patient) {
    constexpr uint64_t kEnough = 1024;
    const auto text = base::read_text(patient.paths.proc + "/sys/net/core/somaxconn");
    const auto value =
        text ? base::parse_u64(base::trim(*text)) : base::Result<uint64_t>(text.error());
    if (!value) {
        return {warning("net.core.somaxconn: " + value.error().text)};
    }
    const std::string found = "net.core.somaxconn is " + std::to_string(*value);
    return {*value >= kEnough
                ? good(found)
                : warning(found + ": many hosts that boot at once wait longer; set it to 1024")};
}

Finding check_address(const exports::Address& address, bool serving) {
    const SocketAddress where{address.host, address.port};
    const auto reactor = Reactor::open(Reactor::Engine::kEpoll);
    if (!reactor) {
        return bad(reactor.error().text);
    }
    class Nobody final : public SessionFactory {
        std::unique_ptr<Session> make(SessionOwner&, Endpoints, base::TimePoint) override {
            return nullptr;  // never asked: the loop does not run
        }
    } nobody;
    Server server(**reactor, nobody, {});
    const auto bound = server.listen(where);
    if (bound) {
        return serving ? warning(to_text(where) + " is free although a server is running")
                       : good(to_text(where) + " is available");
    }
    if (bound.error().code == EADDRINUSE) {
        return serving ? good(to_text(where) + " is in use, as it should be")
                       : bad(to_text(where) + " is in use by another program");
    }
    return bad(bound.error().text);
}

/// None: it is a path, or nothing.
std::optional<exports::Address> metrics_address(const exports::ExportConfig& config) {
    const std::string& text = config.metrics;
    const size_t colon = text.rfind(':');
    if (text.empty() || text.starts_with('/') || colon == std::string::npos) {
        return std::nullopt;
    }
    const bool brackets = text.starts_with('[');
    const auto port = base::parse_u64(text.substr(colon + 1), UINT16_MAX);
    return exports::Address{
        text.substr(brackets ? 1 : 0, colon - (brackets ? 2 : 0)),
        static_cast<uint16_t>(port ? *port : 0)};  // it was checked with the configuration
}

Findings check_addresses(const Patient& patient) {
    Findings findings;
    for (const auto* list : {&patient.config.listen, &patient.config.discovery}) {
        for (const exports::Address& address : *list) {
            findings.push_back(check_address(address, patient.serving));
        }
    }
    if (const auto metrics = metrics_address(patient.config)) {
        findings.push_back(check_address(*metrics, patient.serving));
    }
    return findings;
}

Findings check_kernel(const Patient& /*patient*/) {
    const auto uring = Reactor::open(Reactor::Engine::kIoUring);
    return {uring ? good("io_uring works")
                  : warning(uring.error().text + ": the server uses epoll, which is slower (see "
                                                 "kernel.io_uring_disabled and seccomp)")};
}

Findings check_clock(const Patient& /*patient*/) {
    constexpr std::time_t kBeforeThis = 1704067200;  // 2024
    if (std::time(nullptr) < kBeforeThis) {
        return {bad("the clock is before 2024: times in logs are wrong")};
    }
    timex state{};
    return {adjtimex(&state) == TIME_ERROR
                ? warning("the clock is not synchronised: times in logs may be wrong")
                : good("the clock is synchronised")};
}

/// Secrets themselves were read, and their modes judged, with the configuration.
Findings check_secrets(const Patient& patient) {
    size_t count = 0;
    for (const exports::Host& host : patient.config.hosts) {
        count += host.secret ? 1 : 0;
    }
    return {count == 0 ? warning("no host has a secret: the target admits anyone who claims an NQN")
                       : good("hosts with secrets, all private: " + std::to_string(count))};
}

Findings check_images(const Patient& patient) {
    return examine_images(patient.config, patient.serving);
}

/// The directory itself where the server does not make it.
Finding check_folder(std::string folder, std::string_view key, bool is_made) {
    folder = folder.empty() ? "." : folder;
    while (is_made && access(folder.c_str(), F_OK) != 0 && folder.find('/') != std::string::npos) {
        folder.resize(folder.rfind('/'));
        folder = folder.empty() ? "/" : folder;
    }
    const std::string text = std::string(key) + ": " + folder;
    return access(folder.c_str(), W_OK | X_OK) == 0 ? good(text)
                                                    : bad(text + ": " + std::strerror(errno));
}

/// Of a file that the server opens if it is there, and makes if not.
Finding check_file(const std::string& file, std::string_view key) {
    const size_t slash = file.rfind('/');
    struct stat status {};
    if (lstat(file.c_str(), &status) != 0 || S_ISSOCK(status.st_mode)) {
        return check_folder(slash == std::string::npos ? "" : file.substr(0, slash + 1), key,
                            false);
    }
    const std::string text = std::string(key) + ": " + file;
    if (!S_ISREG(status.st_mode)) {
        return bad(text + " is not a regular file");
    }
    return access(file.c_str(), R_OK | W_OK) == 0 ? good(text)
                                                  : bad(text + ": " + std::strerror(errno));
}

Finding check_socket(const std::string& path, std::string_view key) {
    const base::Status fit = check_unix_path(path);
    return fit ? check_file(path, key)
               : bad(std::string(key) + ": " + path + ": " + fit.error().text);
}

Findings check_folders(const Patient& patient) {
    const exports::ExportConfig& config = patient.config;
    Findings findings;
    if (!config.state_dir.empty()) {
        findings.push_back(check_folder(config.state_dir, "state_dir", true));
    }
    if (!config.audit_log.empty()) {
        findings.push_back(check_file(config.audit_log, "audit_log"));
    }
    if (!config.control.empty()) {
        findings.push_back(check_socket(config.control, "control"));
    }
    if (config.metrics.starts_with('/')) {
        findings.push_back(check_socket(config.metrics, "metrics"));
    }
    return findings;
}

Findings check_user(const Patient& /*patient*/) {
    return {geteuid() == 0
                ? warning("root may open everything, but the unit runs as nvmeroot-target: repeat "
                          "with `runuser -u nvmeroot-target -- nvmeroot-target doctor FILE`")
                : good("no more rights than needed")};
}

struct Check {
    std::string_view subject;
    Findings (*look)(const Patient& patient);
};

constexpr std::array kChecks = {
    Check{"open files", check_open_files},
    Check{"backlog", check_backlog},
    Check{"address", check_addresses},
    Check{"kernel", check_kernel},
    Check{"clock", check_clock},
    Check{"secrets", check_secrets},
    Check{"image", check_images},
    Check{"directory", check_folders},
    Check{"user", check_user},
};

}  // namespace

std::vector<Finding> examine(const exports::ExportConfig& config, const base::SysPaths& paths,
                             bool serving) {
    Findings all;
    for (const Check& check : kChecks) {
        for (Finding& finding : check.look({config, paths, serving})) {
            finding.subject = check.subject;
            all.push_back(std::move(finding));
        }
    }
    return all;
}

}  // namespace target
