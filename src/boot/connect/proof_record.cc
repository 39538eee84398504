// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/connect/proof_record.h"

#include <sys/stat.h>

#include "base/fd.h"
#include "base/text.h"

namespace boot {
namespace {

using base::SysPaths;

std::string proof_file(const std::string& controller, const SysPaths& sys) {
    return sys.run + "/nvmeroot/proofs/" + controller;
}

/// The kernel gives no two directories of sysfs the same number.
std::optional<uint64_t> inode_of(const std::string& controller, const SysPaths& sys) {
    struct stat status {};
    if (::stat((sys.sys + "/class/nvme/" + controller).c_str(), &status) != 0) {
        return std::nullopt;
    }
    return status.st_ino;
}

}  // namespace

base::Status note_proof(const std::string& controller, const KernelLog& log, const SysPaths& sys) {
    const auto inode = inode_of(controller, sys);
    const auto sequence = log.position();
    if (!inode || !sequence) {
        return base::done();
    }
    return base::write_text_atomically(
        proof_file(controller, sys),
        std::to_string(*sequence) + " " + std::to_string(*inode) + "\n", 0644);
}

std::optional<uint64_t> proven_at(const std::string& controller, const SysPaths& sys) {
    const auto text = base::read_text(proof_file(controller, sys));
    const auto inode = inode_of(controller, sys);
    if (!text || !inode) {
        return std::nullopt;
    }
    const auto words = base::split_words(*text);
    if (words.size() != 2 || words[1] != std::to_string(*inode)) {
        return std::nullopt;
    }
    const auto sequence = base::parse_u64(words[0]);
    return sequence ? std::optional(*sequence) : std::nullopt;
}

}  // namespace boot
