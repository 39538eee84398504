// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/sources/image_files.h"

#include <sys/stat.h>

#include <cerrno>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/join.h"
#include "base/text.h"

namespace boot {
namespace {

/// The listed paths; empty where the image has no list.
base::Result<std::vector<std::string>> listed_files(const base::SysPaths& sys) {
    constexpr size_t kMaxList = 65536;
    const std::string path = sys.usr_lib + "/nvmeroot/image-files";
    std::vector<std::string> files;
    struct stat st {};
    if (::lstat(path.c_str(), &st) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
        return files;
    }
    TRY(const std::string text, base::read_text(path, kMaxList));
    for (const std::string_view line : base::split(text, '\n')) {
        if (line.empty()) {
            continue;
        }
        if (line.front() != '/') {
            return base::error(path + ": " + base::quoted(line) + " is not a full path");
        }
        files.emplace_back(line);
    }
    if (files.empty()) {
        return base::error(path + " names no file");
    }
    return files;
}

bool is_empty(const std::string& path) {
    struct stat st {};
    return ::stat(path.c_str(), &st) == 0 && st.st_size == 0;
}

/// Whether a listed file is not a sealed credential, or its content was passed to this program.
bool is_opened(const std::string& file, Sources& sources) {
    constexpr std::string_view kSealed = "/etc/credstore.encrypted/nvmeroot.";
    const Key* key = file.starts_with(kSealed) ? find_key(file.substr(kSealed.size())) : nullptr;
    return key == nullptr || sources.of(*key).source >= Source::kCredential;
}

}  // namespace

const char* file_fault(const std::string& path) {
    struct stat st {};
    if (::lstat(path.c_str(), &st) != 0) {
        return "is missing";
    }
    if (::stat(path.c_str(), &st) != 0) {
        return "is a dangling link";
    }
    return S_ISREG(st.st_mode) ? nullptr : "is not a regular file";
}

ImageLoss lost_of_image(const base::SysPaths& sys, const std::string& root, Sources& sources,
                        bool dry_run) {
    const auto listed = listed_files(sys);
    if (!listed) {
        return {listed.error().text + "; rebuild the image", true};
    }
    ImageLoss loss;
    std::string sealed;
    for (const std::string& file : *listed) {
        const char* fault = file_fault(root + file);
        if (fault == nullptr && is_empty(root + file)) {
            fault = "is empty";
        }
        if (fault != nullptr) {
            base::append_part(loss.why, ", ", file + " " + fault);
            loss.of_config |= file == "/etc/nvmeroot/nvmeroot.conf";
        } else if (!dry_run && !is_opened(file, sources)) {
            sealed = file;
        }
    }
    if (!loss.why.empty()) {
        loss.why = "this image was built with a configuration and has lost it: " + loss.why +
                   "; rebuild the image";
    } else if (!sealed.empty()) {
        loss.why = "the image has " + sealed +
                   ", and systemd has not decrypted it for this program: only the unit of the boot "
                   "receives it, a shell does not";
    }
    return loss;
}

}  // namespace boot
