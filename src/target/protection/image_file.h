// SPDX-License-Identifier: GPL-2.0-or-later
//
// An image and its sidecar as files that a command has for itself: opened, locked against a server
// that uses them, and walked from the first block to the last.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "target/protection/image_walk.h"
#include "target/protection/integrity.h"
#include "target/protection/sidecar.h"

namespace target {

struct ProtectOptions {
    std::string image;
    std::string sidecar;  ///< empty: next to the image
    nvme::PiFormat format{.type = 1};
    bool force = false;  ///< make tuples again although there are some, or another file
};

/// Makes the sidecar of an image; continues where an earlier run was stopped, if the image is as it
/// was then.
/// Errors: the files; an image that is served or that changed meanwhile; one that is protected
/// already, or another file in the sidecar's place (without `force`); a symbolic link there.
base::Result<SidecarHeader> protect_image(const ProtectOptions& options, const Progress& progress);

struct VerifyOptions {
    std::string image;
    std::string sidecar;
    uint64_t bytes_per_second = 0;  ///< 0: as fast as it goes
};

struct VerifyReport {
    SidecarHeader header;
    Recovery recovery;
    uint64_t wrong = 0;
    std::vector<IntegrityFault> faults;  ///< the first of them
    static constexpr size_t kListed = 100;
};

/// Compares every block with its tuple. A pair that was not closed cleanly is first recovered, as
/// a server would.
/// Errors: the files; no sidecar, or that of another image; an image that is served.
base::Result<VerifyReport> verify_image(const VerifyOptions& options, const Progress& progress);

struct ImageInfo {
    uint64_t bytes = 0;
    std::string sidecar;
    base::Result<SidecarHeader> header;
};
/// Errors: the image.
base::Result<ImageInfo> image_info(const std::string& image, const std::string& sidecar);

/// Whether a file that was closed cleanly is still what it was: the same file, not modified.
bool is_untouched(const SidecarHeader& header, int image);

/// The size of a regular file or block device.
base::Result<uint64_t> size_of_image(int fd);

}  // namespace target
