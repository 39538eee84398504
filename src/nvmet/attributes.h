// SPDX-License-Identifier: GPL-2.0-or-later
//
// THE table of what the kernel's target can be told: every attribute file of its configfs tree, up
// to the newest kernel, in the order in which they must be written. A row serves reading a tree,
// the ini file, nvmetcli's JSON, the plan and the help; tests hold nvmeroot-nvmet(8) against it.
//
//     nvmet/                                  discovery_nqn
//       hosts/NQN/                            dhchap_*
//       subsystems/NQN/                       attr_*       allowed_hosts/NQN -> hosts
//         namespaces/NSID/   passthru/        device_* …
//       ports/ID/                             addr_* param_*   subsystems/NQN -> subsystems
//         ana_groups/ID/     referrals/NAME/
//
// Linux: Documentation/ABI/stable/configfs-nvmet and drivers/nvme/target/configfs.c. Which rows a
// kernel has depends on its version and on how it was built, so it is looked up in the tree
// (presence.h); `since` is for messages alone.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nvmet {

enum class Kind : uint8_t {
    kRoot,
    kHost,
    kSubsystem,
    kNamespace,
    kPassthru,
    kPort,
    kAnaGroup,
    kReferral,
};

/// Not 128: the kernel accepts that number and makes 0 of it.
inline constexpr int64_t kMaxAnaGroup = 127;

struct KindInfo {
    Kind kind;
    std::string_view name;    ///< as messages call it
    Kind parent;              ///< of the root: the root
    std::string_view folder;  ///< in the parent's; of passthru: the object itself
    std::string_view links;   ///< the directory of its symbolic links; empty: has none
    Kind linked;              ///< what the links lead to
};
/// In the order of the enumeration.
std::span<const KindInfo> kinds();
const KindInfo& info(Kind kind);

/// The effect of a new value of an attribute.
enum class Change : uint8_t {
    kLive,        ///< a write
    kReconnects,  ///< a write, at which the kernel disconnects every host of the subsystem
    kRemake,      ///< the object is removed and made again: the kernel refuses a write, or cannot
                  ///< take it back
    kTrigger,     ///< no state: a write makes the kernel do something
};

struct Attribute {
    Kind kind;
    std::string_view file;
    std::string_view since;  ///< the kernel that first had it
    std::string_view key;    ///< in the ini file
    std::string_view form;   ///< what may be written there: `yes|no`, `1…128`
    /// What a new object has, canonical. Empty: the kernel chooses; what is not asked for is left
    /// alone then.
    std::string_view fresh;
    Change change;
    /// The value as the kernel shows it. Takes what the ini file, nvmetcli and the kernel write.
    /// The error quotes no secret.
    base::Result<std::string> (*canonical)(const Attribute& row, std::string_view text);
    std::string_view help;  ///< one sentence

    [[nodiscard]] bool secret() const;
};

std::span<const Attribute> attributes();
/// @return null when there is none
const Attribute* find_file(Kind kind, std::string_view file);
const Attribute* find_key(Kind kind, std::string_view key);

/// The value of a new object of this name; as Attribute::fresh.
std::string_view fresh_value(const Attribute& row, std::string_view object);

/// The ini section of an object: `target`, `host`, `subsystem`, `namespace`, `port`, `ana`,
/// `referral`; of passthru: `subsystem`.
std::string_view section_of(Kind kind);

/// A canonical value as the ini file has it: `yes` for `1`, `sha256` for `hmac(sha256)`.
std::string ini_value(const Attribute& row, const std::string& canonical);

/// Whether the kernel takes this canonical value: no file of the tree can be written empty; -1 as a
/// transfer size and `connected` come with a port alone, when it is made and with its transport.
bool writable(const Attribute& row, std::string_view canonical);

}  // namespace nvmet
