// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/cli/image_command.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/text.h"
#include "export/image_look.h"
#include "target/protection/image_file.h"

namespace target {
namespace {

using base::Result;
using base::Status;

Status store_block_size(std::string_view text, ImageOptions& into) {
    if (text != "512" && text != "4096") {
        return base::error(base::quoted(text) + " is neither 512 nor 4096");
    }
    into.block_bytes = text == "512" ? 512 : 4096;
    return base::done();
}

Status store_guard(std::string_view text, ImageOptions& into) {
    if (text != "16" && text != "64") {
        return base::error(base::quoted(text) + " is neither 16 nor 64");
    }
    into.guard_bits = text == "16" ? 16 : 64;
    return base::done();
}

Status store_rate(std::string_view text, ImageOptions& into) {
    TRY(into.rate, base::parse_size(text));
    return base::done();
}

// clang-format off
constexpr base::Option<ImageOptions> kOptions[] = {
    {"--sidecar", "FILE", "sidecar of the image (default: IMAGE.pi)",
     [](std::string_view value, ImageOptions& into) { into.sidecar = value; return Status(base::done()); }},
    {"--block-size", "512|4096", "protect: block size of the namespace in bytes (default: 512, or the block device's own)", store_block_size},
    {"--guard", "16|64", "protect: size of the checksum in bits (default: 16)", store_guard},
    {"--force", "", "protect: recompute the checksums from the current contents, or replace another file",
     [](std::string_view, ImageOptions& into) { into.force = true; return Status(base::done()); }},
    {"--rate", "SIZE", "verify: limit the read rate (bytes per second)", store_rate},
    {"--json", "", "print JSON",
     [](std::string_view, ImageOptions& into) { into.json = true; return Status(base::done()); }},
};
// clang-format on

/// Draws a bar on a terminal once the work has taken two seconds.
class ProgressBar {
  public:
    explicit ProgressBar(std::string_view what) : what_(what), next_(clock_.now() + kPatience) {}
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    ~ProgressBar() {
        if (drawn_) {
            (void)base::write_all(STDERR_FILENO, "\n");
        }
    }

    void show(uint64_t done, uint64_t total) {
        if (clock_.now() < next_ || isatty(STDERR_FILENO) == 0) {
            return;
        }
        constexpr size_t kWidth = 40;
        const size_t full = static_cast<size_t>(done * kWidth / total);
        const std::string bar = std::string(full, '#') + std::string(kWidth - full, '.');
        const std::string line = base::format("\r%s [%s] %3u %%", what_.c_str(), bar.c_str(),
                                              static_cast<unsigned>(done * 100 / total));
        (void)base::write_all(STDERR_FILENO, line);  // an ornament
        next_ = clock_.now() + kStep;
        drawn_ = true;
    }

  private:
    static constexpr base::seconds kPatience{2};
    static constexpr base::milliseconds kStep{200};
    base::SystemClock clock_;
    std::string what_;
    base::TimePoint next_;
    bool drawn_ = false;
};

std::string_view state_name(const SidecarHeader& header) {
    switch (header.state) {
        case SidecarHeader::kBuilding:
            return "unfinished";
        case SidecarHeader::kClean:
            return "closed cleanly";
        default:
            return "in use, or not closed cleanly";
    }
}

void add_header(base::JsonWriter& json, const SidecarHeader& header) {
    json.key("blocks").number(uint64_t{header.blocks});
    json.key("block_bytes").number(uint64_t{header.block_bytes});
    json.key("type").number(uint64_t{header.type});
    json.key("guard_bits").number(uint64_t{header.guard_bits});
    json.key("state").string(state_name(header));
    json.key("generation").number(uint64_t{header.generation});
    json.key("unproven").number(uint64_t{header.unproven});
}

uint32_t block_bytes_of(const std::string& image, const ImageOptions& options) {
    return options.block_bytes == 0 ? exports::default_block_bytes(image) : options.block_bytes;
}

Result<ImageAnswer> info(const std::string& image, const ImageOptions& options) {
    TRY(const ImageInfo found, image_info(image, options.sidecar));
    base::JsonWriter json;
    json.begin_object().key("image").string(image).key("bytes").number(found.bytes);
    const uint32_t block_bytes =
        found.header ? uint32_t{found.header->block_bytes} : block_bytes_of(image, options);
    const auto verdict = exports::judge_image(image, block_bytes);
    const std::string problem = !verdict                   ? ""
                                : verdict->refusal.empty() ? verdict->warning
                                                           : verdict->refusal;
    json.key("problem").string(problem);
    json.key("sidecar").string(found.sidecar).key("protected").boolean(found.header.ok());
    std::string text = base::format("%s: %llu bytes\n", image.c_str(),
                                    static_cast<unsigned long long>(found.bytes));
    text += problem.empty() ? "" : image + ": " + problem + "\n";
    if (found.header) {
        const SidecarHeader& header = *found.header;
        add_header(json, header);
        text += base::format("%s: %llu of %s, %s, generation %llu\n", found.sidecar.c_str(),
                             static_cast<unsigned long long>(header.blocks),
                             nvme::describe(format_of(header)).c_str(),
                             std::string(state_name(header)).c_str(),
                             static_cast<unsigned long long>(header.generation));
        if (header.unproven != 0) {
            text += base::format("%llu blocks could not be judged after power cuts\n",
                                 static_cast<unsigned long long>(header.unproven));
        }
    } else {
        json.key("error").string(found.header.error().text);
        text += "not protected: " + found.header.error().text + "\n";
    }
    json.end_object();
    return ImageAnswer{options.json ? json.text() + "\n" : text, true};
}

Result<ImageAnswer> protect(const std::string& image, const ImageOptions& options) {
    const uint32_t block_bytes = block_bytes_of(image, options);
    const auto verdict = exports::judge_image(image, block_bytes);
    if (verdict && !verdict->refusal.empty()) {
        return base::error(image + ": " + verdict->refusal);
    }
    ProtectOptions protect;
    protect.image = image;
    protect.sidecar = options.sidecar;
    protect.force = options.force;
    protect.format.block_bytes = block_bytes;
    protect.format.guard_bits = options.guard_bits;
    protect.format.metadata_bytes = protect.format.tuple_bytes();
    ProgressBar bar("protect " + image);
    TRY(const SidecarHeader header,
        protect_image(protect, [&bar](uint64_t done, uint64_t total) { bar.show(done, total); }));
    base::JsonWriter json;
    json.begin_object().key("image").string(image);
    add_header(json, header);
    json.end_object();
    return ImageAnswer{options.json ? json.text() + "\n"
                                    : base::format("%s: %llu blocks protected\n", image.c_str(),
                                                   static_cast<unsigned long long>(header.blocks)),
                       true};
}

std::string report_json(const std::string& image, const VerifyReport& report) {
    base::JsonWriter json;
    json.begin_object().key("image").string(image);
    add_header(json, report.header);
    json.key("intact").boolean(report.wrong == 0).key("wrong").number(report.wrong);
    json.key("repaired").number(report.recovery.repaired);
    json.key("faults").begin_array();
    for (const IntegrityFault& fault : report.faults) {
        json.begin_object().key("lba").number(fault.block);
        json.key("field").string(nvme::name(fault.field));
        json.key("expected").number(fault.expected).key("found").number(fault.found).end_object();
    }
    json.end_array().end_object();
    return json.text() + "\n";
}

std::string report_text(const std::string& image, const VerifyReport& report) {
    std::string text;
    for (const IntegrityFault& fault : report.faults) {
        text += base::format("%s: LBA %llu: %s is %llXh, %llXh expected\n", image.c_str(),
                             static_cast<unsigned long long>(fault.block),
                             std::string(nvme::name(fault.field)).c_str(),
                             static_cast<unsigned long long>(fault.found),
                             static_cast<unsigned long long>(fault.expected));
    }
    if (report.wrong > report.faults.size()) {
        text += "and others\n";
    }
    return text + base::format("%s: %llu blocks, %llu do not match\n", image.c_str(),
                               static_cast<unsigned long long>(report.header.blocks),
                               static_cast<unsigned long long>(report.wrong));
}

Result<ImageAnswer> verify(const std::string& image, const ImageOptions& options) {
    ProgressBar bar("verify " + image);
    TRY(const VerifyReport report,
        verify_image({image, options.sidecar, options.rate},
                     [&bar](uint64_t done, uint64_t total) { bar.show(done, total); }));
    return ImageAnswer{options.json ? report_json(image, report) : report_text(image, report),
                       report.wrong == 0};
}

constexpr std::array kActions = {ImageAction{"info", info}, ImageAction{"protect", protect},
                                 ImageAction{"verify", verify}};

}  // namespace

std::span<const base::Option<ImageOptions>> image_option_table() {
    return kOptions;
}

const ImageAction* find_image_action(std::string_view name) {
    const auto* action = std::ranges::find(kActions, name, &ImageAction::name);
    return action == kActions.end() ? nullptr : action;
}

base::Error unknown_image_action(std::string_view name) {
    return base::error(base::quoted(name) + " is not one of info, protect, verify" +
                       base::did_you_mean(name, kActions, &ImageAction::name));
}

}  // namespace target
