// SPDX-License-Identifier: GPL-2.0-or-later
//
// A kernel command line as words, split in the same way as next_arg() of the kernel
// (lib/cmdline.c):
//
//     ro root=UUID=1-2 nvmeroot.modules="a b" "quiet=very loud" -- words for init
//        ^key ^value   ^quotes around a value or around the whole word are removed, white space
//                       inside them is kept; words after `--` belong to init
//
// A quote elsewhere in a word keeps white space together too, and is not removed. There is no
// escape character.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace boot {

struct CmdlineWord {
    std::string key;
    std::string value;
    bool has_value = false;  ///< distinguishes `key=` from `key`

    friend bool operator==(const CmdlineWord&, const CmdlineWord&) = default;
};

/// A longer text is cut off by the boot loader or the kernel anyway (COMMAND_LINE_SIZE is 2048 on
/// x86); the merged text of several sources may be a few times that.
inline constexpr size_t kMaxCmdline = 64U * 1024;

/// The words in their order, equal keys kept. Newlines count as white space, so they can join
/// the texts of several files.
std::vector<CmdlineWord> parse_cmdline(std::string_view text);

}  // namespace boot
