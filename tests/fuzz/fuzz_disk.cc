// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as the beginning of a disk: its superblock, its partition table.
#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/fd.h"
#include "boot/check/disk_contents.h"

namespace {

bool is_printable(const std::string& text) {
    return text.find_first_not_of(
               " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
               "abcdefghijklmnopqrstuvwxyz{|}~") == std::string::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const base::UniqueFd fd(memfd_create("disk", MFD_CLOEXEC));
    if (!base::write_all(fd.get(), {reinterpret_cast<const char*>(data), size})) {
        return 0;
    }
    const std::string path = "/proc/self/fd/" + std::to_string(fd.get());
    const boot::Contents contents = boot::contents_of(path);
    const boot::PartitionTable table = boot::partition_table(path);
    if (!is_printable(contents.uuid) || !is_printable(contents.label) || table.gpt.size() > 128) {
        abort();
    }
    for (const boot::PartitionNames& names : table.gpt) {
        if (!is_printable(names.label) || (!names.uuid.empty() && names.uuid.size() != 36)) {
            abort();
        }
    }
    return 0;
}
