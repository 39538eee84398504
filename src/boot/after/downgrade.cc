// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/after/downgrade.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/text.h"

namespace boot {
namespace {

/// More than a reconnect says; a target that makes the kernel talk cannot fill the memory.
constexpr size_t kMostLines = 128;

bool begins_association(std::string_view text) {
    return text.starts_with("starting error recovery") || text.starts_with("Reconnecting in");
}

bool ends_association(std::string_view text) {
    return text.starts_with("Successfully reconnected");
}

/// With ctrl_loss_tmo=-1 only a target that refuses, or does not authenticate, makes the kernel do
/// so.
bool gives_up(std::string_view text) {
    return text.starts_with("Removing controller");
}

bool changes_namespace(std::string_view text) {
    return text.starts_with("identifiers changed for nsid");
}

/// `creating 4 I/O queues.` as 4; other lines as none.
uint32_t created_queues(std::string_view text) {
    constexpr std::string_view kBefore = "creating ";
    if (!text.starts_with(kBefore)) {
        return 0;
    }
    text.remove_prefix(kBefore.size());
    const auto number = base::parse_u64(text.substr(0, text.find(' ')), UINT16_MAX);
    return number ? static_cast<uint32_t>(*number) : 0;
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
    Association& association = associations_[controller];
    if (begins_association(text)) {
        association = {true, {}};
    } else if (ends_association(text)) {
        return judge_return(controller);
    } else if (gives_up(text)) {
        return judge_end(controller);
    } else if (association.lines.size() < kMostLines) {
        association.lines.emplace_back(text);
    }
    if (!association.begun && created_queues(text) != 0 && policy_.mode != Auth::kOff) {
        return Downgrade{controller, "it was reset, and the kernel does not tell the end of that",
                         false};
    }
    return std::nullopt;
}

bool DowngradeJudge::is_lost(std::string_view controller) const {
    const auto found = associations_.find(controller);
    return found != associations_.end() && found->second.begun;
}

AuthEvidence DowngradeJudge::evidence_of(const Association& association) {
    const auto& lines = association.lines;
    AuthEvidence evidence =
        read_evidence(std::vector<std::string_view>(lines.begin(), lines.end()));
    evidence.own_failures.clear();  // of this host's own kernel, which went on and connected
    return evidence;
}

std::optional<DowngradeJudge::Downgrade> DowngradeJudge::judge_return(
    const std::string& controller) {
    const Association association = std::exchange(associations_[controller], {});
    if (policy_.mode == Auth::kOff) {
        return std::nullopt;
    }
    if (!association.begun) {
        return Downgrade{controller, "it came back, and the lines before are missing", false};
    }
    const AuthEvidence evidence = evidence_of(association);
    const auto judged = judge(evidence, policy_);
    if (judged) {
        return doubt_queues(controller, association, evidence);
    }
    return Downgrade{controller, "after a reconnect " + judged.error().error.text,
                     !judged.error().retry};
}

std::optional<DowngradeJudge::Downgrade> DowngradeJudge::doubt_queues(
    const std::string& controller, const Association& association, const AuthEvidence& evidence) {
    uint32_t count = 0;
    for (const std::string& line : association.lines) {
        count = std::max(count, created_queues(line));
    }
    for (uint32_t queue = 1; queue <= count; ++queue) {
        if (!evidence.queues.contains(queue)) {
            return Downgrade{controller,
                             "after a reconnect the kernel names no authentication of queue " +
                                 std::to_string(queue),
                             false};
        }
    }
    return std::nullopt;
}

std::optional<DowngradeJudge::Downgrade> DowngradeJudge::judge_end(const std::string& controller) {
    const AuthEvidence evidence = evidence_of(std::exchange(associations_[controller], {}));
    if (evidence.failures.empty()) {
        return std::nullopt;
    }
    return Downgrade{controller, "the kernel gave this path to the root up for good (kernel: " +
                                     evidence.failures.front() + ")"};
}

}  // namespace boot
