// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/connect/reauthentication.h"

#include <cerrno>
#include <string>

#include "base/fd.h"
#include "base/sysfs.h"
#include "base/text.h"
#include "boot/side_task.h"

namespace boot {
namespace {

using base::Result;
using base::SysPaths;

base::Status name_queues(const SysPaths& sys) {
    return base::write_text(sys.proc + "/dynamic_debug/control",
                            "func nvme_queue_auth_work format negotiate =p");
}

Outcome<int> write_secret(const std::string& path, std::string_view text,
                          const base::Deadline& deadline) {
    TRY(SideTask task, staged(ExitCode::kAuthentication,
                              SideTask::start("authenticate again", [&]() -> Result<std::string> {
                                  TRY_VOID(base::write_text(path, text));
                                  return std::string();
                              })));
    const auto written = task.wait(deadline);
    if (!written && written.error().code == ETIMEDOUT) {
        return fell_silent();
    }
    return written ? 0 : written.error().code;
}

Outcome<uint32_t> io_queues(const std::string& folder) {
    const auto count = number_attribute(folder + "/queue_count");
    if (!count || *count == 0) {
        return Failure::passing(ExitCode::kConnect,
                                base::error("the kernel shows no " + folder + "/queue_count"));
    }
    return static_cast<uint32_t>(*count - 1);  // the admin queue is none of them
}

}  // namespace

Failure fell_silent() {
    return Failure::doubt(ExitCode::kAuthentication,
                          base::error("the target stopped answering during authentication; check "
                                      "the target and the network"));
}

Reauthentication reauthentication(const AuthPlan& plan, const Controller& controller,
                                  const SysPaths& sys) {
    const std::string folder = sys.sys + "/class/nvme/" + controller.name;
    const std::string file =
        folder + (plan.mode == Auth::kMutual ? "/dhchap_ctrl_secret" : "/dhchap_secret");
    return {[sys] { return name_queues(sys); },
            [file](std::string_view text, const base::Deadline& deadline) {
                return write_secret(file, text, deadline);
            },
            [folder] { return attribute(folder + "/state") == "live"; },
            [folder] { return io_queues(folder); }};
}

std::optional<uint32_t> named_queue(std::string_view line) {
    constexpr std::string_view kBefore = "nvme_queue_auth_work: qid ";
    if (!line.starts_with(kBefore)) {
        return std::nullopt;
    }
    line.remove_prefix(kBefore.size());
    const auto number = base::parse_u64(line.substr(0, line.find(' ')), UINT16_MAX);
    return number ? std::optional(static_cast<uint32_t>(*number)) : std::nullopt;
}

}  // namespace boot
