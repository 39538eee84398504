// SPDX-License-Identifier: GPL-2.0-or-later
//
// The exit codes of `nvmeroot boot`: one for each stage that can fail, in the order of the boot.
// The hooks, the man page nvmeroot(8) and the booted tests quote this table.
#pragma once

#include <array>
#include <string_view>

namespace boot {

enum class ExitCode {
    kDone = 0,
    kInternal = 1,
    kUsage = 2,
    kNotAsked = 3,
    kFirmware = 4,
    kConfig = 10,
    kModules = 11,
    kNetwork = 12,
    kUnreachable = 13,
    kRefused = 14,
    kAuthentication = 15,
    kConnect = 16,
    kNamespace = 17,
    kFormat = 18,
    kHandOver = 19,
};

struct ExitCodeRow {
    ExitCode code;
    std::string_view stage;    ///< one word, also written to the state file
    std::string_view meaning;  ///< for help and man page
    bool retried;              ///< such a failure may pass: retried until `timeout`
};

inline constexpr std::array kExitCodes = {
    ExitCodeRow{ExitCode::kDone, "done", "the root was handed over", false},
    ExitCodeRow{ExitCode::kInternal, "internal", "an error inside nvmeroot or the system under it",
                false},
    ExitCodeRow{ExitCode::kUsage, "usage", "wrong usage of the command", false},
    ExitCodeRow{ExitCode::kNotAsked, "not-asked",
                "neither the command line nor the configuration names a target", false},
    ExitCodeRow{ExitCode::kFirmware, "firmware",
                "the boot firmware table names no usable disk, and no other source names one",
                false},
    ExitCodeRow{ExitCode::kConfig, "config",
                "the command line, the configuration file or a secret is wrong", false},
    ExitCodeRow{ExitCode::kModules, "modules", "a kernel module is missing or did not load", false},
    ExitCodeRow{ExitCode::kNetwork, "network", "no network interface came up with an address",
                true},
    ExitCodeRow{ExitCode::kUnreachable, "unreachable", "no portal of the target answers", true},
    ExitCodeRow{ExitCode::kRefused, "refused",
                "the target refuses this host or lacks the subsystem (retried if it is busy)",
                false},
    ExitCodeRow{ExitCode::kAuthentication, "authentication",
                "authentication failed or is missing (retried once if the connection was lost)",
                false},
    ExitCodeRow{ExitCode::kConnect, "connect", "the kernel could not connect", true},
    ExitCodeRow{ExitCode::kNamespace, "namespace",
                "the namespace is missing, ambiguous or not the requested one", false},
    ExitCodeRow{ExitCode::kFormat, "format",
                "the namespace has a format that policy or this kernel refuses", false},
    ExitCodeRow{ExitCode::kHandOver, "hand-over",
                "the disk, its partitions or the files for the hook could not be prepared", false},
};

/// The table's row of a code; each enumerator has one.
constexpr const ExitCodeRow& row_of(ExitCode code) {
    for (const ExitCodeRow& row : kExitCodes) {
        if (row.code == code) {
            return row;
        }
    }
    return kExitCodes[1];
}

}  // namespace boot
