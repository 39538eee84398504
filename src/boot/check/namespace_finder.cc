// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/check/namespace_finder.h"

#include <vector>

namespace boot {
namespace {

using base::Result;

Failure no_match(const std::string& text) {
    return Failure::passing(ExitCode::kNamespace, base::error(text));
}

Failure refusal(const std::string& text) {
    return Failure::final(ExitCode::kNamespace, base::error(text));
}

/// A question that failed says nothing of the namespaces: the connection may just be coming back,
/// or the controller be busy with something else.
template <class T>
Outcome<T> answered(Result<T> answer) {
    if (!answer) {
        const bool refused = answer.error().code == 0;
        return Failure::passing(refused ? ExitCode::kNamespace : ExitCode::kConnect,
                                std::move(answer).error());
    }
    return std::move(answer).value();
}

/// The active NSIDs above `after`.
Result<std::vector<uint32_t>> active_nsids(AdminDevice& device, uint32_t after) {
    TRY(const auto list,
        device.identify_as<nvme::NamespaceList>(nvme::Cns::kActiveNamespaces, after));
    std::vector<uint32_t> nsids;
    for (const nvme::le32 entry : list.nsid) {
        const uint32_t nsid = entry;
        if (nsid == 0) {
            break;
        }
        nsids.push_back(nsid);
    }
    return nsids;
}

std::string describe(const NamespaceChoice& choice) {
    std::string text = choice.nsid ? " NSID " + std::to_string(*choice.nsid) : "";
    text += choice.uuid ? " UUID " + nvme::to_text(*choice.uuid) : "";
    text += choice.nguid ? " NGUID " + nvme::to_text(*choice.nguid) : "";
    text += choice.eui64 ? " EUI-64 " + nvme::to_text(*choice.eui64) : "";
    return text.empty() ? "any namespace" : "the namespace with" + text;
}

bool ids_match(const NamespaceChoice& choice, const nvme::NamespaceIds& ids) {
    return (!choice.uuid || *choice.uuid == ids.uuid) &&
           (!choice.nguid || *choice.nguid == ids.nguid) &&
           (!choice.eui64 || *choice.eui64 == ids.eui64);
}

/// An identifier that is asked for is not said: a controller that is busy leaves the list of them
/// out.
bool is_unsaid(const NamespaceChoice& choice, const nvme::NamespaceIds& ids) {
    return (choice.uuid && ids.uuid.is_zero()) || (choice.nguid && ids.nguid.is_zero()) ||
           (choice.eui64 && ids.eui64.is_zero());
}

Outcome<RootNamespace> choose_by_nsid(AdminDevice& device, const NamespaceChoice& choice) {
    TRY(const auto active, answered(active_nsids(device, *choice.nsid - 1)));
    if (active.empty() || active.front() != *choice.nsid) {
        return no_match("the target does not offer this host NSID " + std::to_string(*choice.nsid) +
                        "; check the NSID in the URI and the target's configuration");
    }
    TRY(const RootNamespace found, answered(read_namespace(device, *choice.nsid)));
    if (!ids_match(choice, found.ids)) {
        const std::string text = "NSID " + std::to_string(*choice.nsid) +
                                 " exists, but it is not " + describe(choice) + ": its UUID is " +
                                 nvme::to_text(found.ids.uuid) + ", its NGUID " +
                                 nvme::to_text(found.ids.nguid);
        return is_unsaid(choice, found.ids) ? no_match(text) : refusal(text);
    }
    return found;
}

/// All of them, a list of 1024 after the other: which one is meant is known only of those that were
/// looked at.
Outcome<RootNamespace> choose_by_search(AdminDevice& device, const NamespaceChoice& choice,
                                        const base::Deadline* deadline) {
    std::optional<RootNamespace> match;
    size_t seen = 0;
    for (uint32_t last = 0;;) {
        TRY(const auto active, answered(active_nsids(device, last)));
        for (const uint32_t nsid : active) {
            if (deadline != nullptr && deadline->passed()) {
                return no_match(
                    "the target's list of namespaces did not end in time; select the root with "
                    "nsid=, or raise nvmeroot.namespace_timeout");
            }
            ++seen;
            TRY(const RootNamespace candidate, answered(read_namespace(device, nsid)));
            if (!ids_match(choice, candidate.ids)) {
                continue;
            }
            if (match) {
                return refusal(
                    "NSID " + std::to_string(match->nsid) + " and NSID " + std::to_string(nsid) +
                    " both are " + describe(choice) +
                    "; select one with nsid=, or give each namespace its own UUID on the target");
            }
            match = candidate;
        }
        // A list that does not continue upwards would never end.
        if (active.size() < nvme::NamespaceList{}.nsid.size() || active.back() <= last) {
            break;
        }
        last = active.back();
    }
    if (!match) {
        return no_match("the target offers this host " + std::to_string(seen) +
                        " namespaces, none is " + describe(choice));
    }
    return *match;
}

}  // namespace

Result<RootNamespace> read_namespace(AdminDevice& device, uint32_t nsid) {
    RootNamespace root;
    root.nsid = nsid;
    TRY(root.identify, device.identify_as<nvme::IdentifyNamespace>(nvme::Cns::kNamespace, nsid));
    auto list = device.identify(nvme::Cns::kNamespaceDescriptors, nsid, 0);
    if (list) {
        TRY(root.ids, nvme::parse_namespace_ids(*list));
    } else if (list.error().code != 0) {
        return std::move(list).error();
    }
    // Controllers before 1.3 have no descriptors; later ones may repeat these two there.
    if (root.ids.nguid.is_zero()) {
        root.ids.nguid = root.identify.nguid;
    }
    if (root.ids.eui64.is_zero()) {
        root.ids.eui64 = root.identify.eui64;
    }
    return root;
}

Outcome<RootNamespace> choose_namespace(AdminDevice& device, const NamespaceChoice& choice,
                                        const base::Deadline* deadline) {
    return choice.nsid ? choose_by_nsid(device, choice)
                       : choose_by_search(device, choice, deadline);
}

Outcome<RootNamespace> await_namespace(AdminDevice& device, const NamespaceChoice& choice,
                                       base::Clock& clock, const base::Deadline& deadline) {
    constexpr base::milliseconds kBetweenQuestions{200};
    for (;;) {
        auto found = choose_namespace(device, choice, &deadline);
        if (found || !found.error().retry) {
            return found;
        }
        if (deadline.passed()) {
            const ExitCode code = found.error().code;
            return Failure::of(code, std::move(found).error().error);
        }
        clock.sleep(std::min(kBetweenQuestions, deadline.left()));
    }
}

}  // namespace boot
