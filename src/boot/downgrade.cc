// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/downgrade.h"

#include "boot/auth_proof.h"

namespace boot {
namespace {

/// More than a reconnect says; a target that makes the kernel talk cannot fill the memory.
constexpr size_t kMostLines = 128;

bool begins_association(std::string_view text) {
    return text.starts_with("starting error recovery") || text.starts_with("Reconnecting in") ||
           text.starts_with("resetting controller");
}

bool ends_association(std::string_view text) {
    return text.starts_with("Successfully reconnected");
}

bool changes_namespace(std::string_view text) {
    return text.starts_with("identifiers changed for nsid");
}

}  // namespace

std::optional<DowngradeJudge::Downgrade> DowngradeJudge::take(std::string_view line) {
    constexpr std::string_view kDriver = "nvme ";
    const size_t colon = line.find(": ");
    if (!line.starts_with(kDriver) || colon == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string controller(line.substr(kDriver.size(), colon - kDriver.size()));
    const std::string_view text = line.substr(colon + 2);
    if (changes_namespace(text)) {
        return Downgrade{controller,
                         "the target shows another namespace (kernel: " + std::string(text) + ")"};
    }
    std::vector<std::string>& lines = lines_[controller];
    if (begins_association(text)) {
        lines.clear();
    } else if (ends_association(text)) {
        return judge_return(controller);
    } else if (lines.size() < kMostLines) {
        lines.emplace_back(text);
    }
    return std::nullopt;
}

std::optional<DowngradeJudge::Downgrade> DowngradeJudge::judge_return(
    const std::string& controller) {
    const std::vector<std::string> lines = std::move(lines_[controller]);
    lines_.erase(controller);
    if (policy_.mode == Auth::kOff) {
        return std::nullopt;
    }
    const std::vector<std::string_view> views(lines.begin(), lines.end());
    const auto judged = judge(read_evidence(views), policy_);
    if (judged) {
        return std::nullopt;
    }
    return Downgrade{controller, "after a reconnect " + judged.error().error.text};
}

}  // namespace boot
