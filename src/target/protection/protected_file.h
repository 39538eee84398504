// SPDX-License-Identifier: GPL-2.0-or-later
//
// An image with its sidecar, opened to be served: locked, recovered if a crash left it, looked at
// here and there, and closed cleanly at the end.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/fd.h"
#include "target/protection/protected_backend.h"
#include "target/protection/tuple_cache.h"
#include "target/reactor/reactor.h"
#include "target/storage/backend_file.h"

namespace target {

class ProtectedFile final : public Backend {
  public:
    struct Options {
        std::string image;
        std::string sidecar;  ///< empty: next to the image
        bool read_only = false;
        uint32_t block_bytes = 512;
        bool host_tags = false;  ///< hosts bring tuples of their own
        std::string fault_file;  ///< what to damage, see fault_backend.h; empty: nothing
        std::function<void(const std::string&)> on_trouble;  ///< of files
        FailedSyncs* failed_syncs = nullptr;                 ///< as FileBackend's
        std::function<void(const IntegrityFault&)> on_fault;
    };

    /// Errors: the files, no sidecar, a sidecar of another image or format.
    static base::Result<std::unique_ptr<ProtectedFile>> open(Reactor& reactor, Options options);
    /// Closes the pair in order if nothing is under way any more.
    ~ProtectedFile() override;

    [[nodiscard]] uint64_t size_bytes() const override { return backend_->size_bytes(); }
    void submit(Io& io) override { backend_->submit(io); }
    [[nodiscard]] Integrity* integrity() override { return backend_->integrity(); }
    /// The findings of opening, a sentence each, for the log.
    [[nodiscard]] const std::vector<std::string>& findings() const { return findings_; }

  private:
    ProtectedFile() = default;
    base::Status prepare(const Options& options, SidecarHeader& header);

    base::UniqueFd image_;
    base::UniqueFd sidecar_;
    bool read_only_ = false;
    std::vector<std::string> findings_;
    TupleCache* tuples_ = nullptr;  ///< below the backend
    std::unique_ptr<ProtectedBackend> backend_;
};

}  // namespace target
