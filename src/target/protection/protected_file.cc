// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/protection/protected_file.h"

#include <fcntl.h>

#include <utility>

#include "base/text.h"
#include "target/protection/fault_backend.h"
#include "target/protection/image_file.h"
#include "target/protection/tuple_room.h"
#include "target/storage/backend_file.h"

namespace target {
namespace {

std::string in_words(const Recovery& recovery) {
    std::string text = base::format(
        "not closed cleanly: %llu blocks had writes that were not flushed, %llu tuples recomputed",
        static_cast<unsigned long long>(recovery.unsettled),
        static_cast<unsigned long long>(recovery.repaired));
    if (recovery.unproven_count != 0) {
        text += base::format("; after the power failure, %llu more blocks cannot be judged, LBA",
                             static_cast<unsigned long long>(recovery.unproven_count));
        for (const uint64_t block : recovery.unproven) {
            text += " " + std::to_string(block);
        }
    }
    return text;
}

base::Status check_format(const SidecarHeader& header, uint32_t block_bytes) {
    if (header.block_bytes != block_bytes) {
        return base::error(base::format("tuples of %u-byte blocks, but block_size is %u",
                                        uint32_t{header.block_bytes}, block_bytes));
    }
    return base::done();
}

/// Puts what damages them on purpose before both stores. @param plan  of both, and of the wire
void add_faults(const std::shared_ptr<FaultPlan>& plan, const SidecarHeader& header,
                std::unique_ptr<Backend>& data, std::unique_ptr<Backend>& sidecar) {
    const nvme::PiFormat format = format_of(header);
    data = std::make_unique<FaultBackend>(std::move(data), plan,
                                          FaultBackend::Layout{0, format.block_bytes, 0});
    sidecar = std::make_unique<FaultBackend>(
        std::move(sidecar), plan,
        FaultBackend::Layout{header.tuple_offset, format.metadata_bytes, format.guard_bits / 8U});
}

}  // namespace

/// Everything that is done once, before the first host: header, recovery, a look at the pair.
base::Status ProtectedFile::prepare(const Options& options, SidecarHeader& header) {
    FileStore image(image_.get());
    FileStore sidecar(sidecar_.get());
    TRY(const uint64_t image_bytes, size_of_image(image_.get()));
    TRY(const uint64_t sidecar_size, size_of_image(sidecar_.get()));
    TRY(header, read_header(sidecar, sidecar_size));
    TRY_VOID(check_pair(header, image_bytes));
    TRY_VOID(check_format(header, options.block_bytes));
    if (!read_only_ && !allocate(sidecar_.get(), {0, header.tuple_offset})) {
        findings_.emplace_back(
            "the disk is full, and the log of the sidecar has no allocated space: writes, Flush "
            "and Dataset Management may fail until there is space and the image is reopened");
    }
    const bool in_order = header.state == SidecarHeader::kClean;
    const bool untouched = in_order && is_untouched(header, image_.get());
    header.flags = static_cast<uint8_t>(
        header.flags | (options.host_tags ? SidecarHeader::kHostTags : uint8_t{0}));
    if (!in_order || !read_only_) {
        TRY(const Recovery recovery, recover(image, sidecar, header, boot_of_machine()));
        if (recovery.replayed) {
            findings_.push_back(in_words(recovery));
        }
    }
    TRY(const Sample sample, sample_pair(image, sidecar, header));
    // Tuples from hosts, which are unchecked if a host requested no check, prove nothing about the
    // pair.
    const bool all_ours = (header.flags & SidecarHeader::kHostTags) == 0;
    if (sample.strangers() && all_ours) {
        return base::error(
            base::format("not the sidecar of this image: %llu of %llu sampled blocks do not match",
                         static_cast<unsigned long long>(sample.wrong),
                         static_cast<unsigned long long>(sample.looked_at)));
    }
    if (in_order && !untouched) {
        findings_.emplace_back(
            "the image was replaced or modified since it was last served or protected; run "
            "`nvmeroot-target image verify`");
    }
    if (sample.wrong != 0) {
        findings_.push_back(base::format("%llu of %llu sampled blocks do not match",
                                         static_cast<unsigned long long>(sample.wrong),
                                         static_cast<unsigned long long>(sample.looked_at)));
    }
    return base::done();
}

base::Result<std::unique_ptr<ProtectedFile>> ProtectedFile::open(Reactor& reactor,
                                                                 Options options) {
    const std::string path =
        options.sidecar.empty() ? sidecar_path(options.image) : options.sidecar;
    std::unique_ptr<ProtectedFile> file(new ProtectedFile);
    file->read_only_ = options.read_only;
    TRY(std::unique_ptr<Backend> data,
        FileBackend::open(reactor, {options.image, options.read_only, options.block_bytes,
                                    options.on_trouble, false, options.failed_syncs}));
    auto tuples = FileBackend::open(
        reactor, {path, options.read_only, 8, options.on_trouble, false, options.failed_syncs});
    if (!tuples) {
        return std::move(tuples).error().in(
            "no protection information (create it with `nvmeroot-target image protect`)");
    }
    TRY(file->image_, base::open_file(options.image, O_RDONLY));
    TRY(file->sidecar_, base::open_file(path, O_RDWR));
    SidecarHeader header;
    if (auto prepared = file->prepare(options, header); !prepared) {
        return std::move(prepared).error().in(path);
    }
    auto cache = std::make_unique<TupleCache>(std::move(tuples).value(), header.tuple_offset);
    file->tuples_ = cache.get();
    std::unique_ptr<Backend> sidecar = std::move(cache);
    std::shared_ptr<FaultPlan> plan;
    if (!options.fault_file.empty()) {
        plan = std::make_shared<FaultPlan>(options.fault_file);
        add_faults(plan, header, data, sidecar);
    }
    file->backend_ = std::make_unique<ProtectedBackend>(
        std::move(data), std::move(sidecar), header, std::move(options.on_fault),
        [&reactor](std::function<void()> action) { reactor.defer(std::move(action)); },
        TupleRoom::of_file(file->sidecar_.get(), header.tuple_offset, sidecar_bytes(header)));
    if (plan != nullptr) {
        file->backend_->integrity()->on_the_wire = faults_on_the_wire(std::move(plan));
    }
    return file;
}

ProtectedFile::~ProtectedFile() {
    if (backend_ != nullptr && backend_->idle() &&
        (!read_only_ || backend_->header().state == SidecarHeader::kInUse)) {
        FileStore image(image_.get());
        FileStore sidecar(sidecar_.get());
        // A failure leaves it as a crash would: the next opening recovers.
        if (tuples_->write_back(sidecar)) {
            (void)backend_->close(image, sidecar, [this] { return stamp_of(image_.get()); });
        }
    }
}

}  // namespace target
