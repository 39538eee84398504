// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/protection/fault_backend.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/fd.h"
#include "base/text.h"

namespace target {
namespace {

/// By Fault::Kind.
constexpr std::array<std::string_view, 7> kNames = {
    "flip-data",  "flip-guard",         "flip-ref",          "set-escape",
    "tear-write", "flip-before-digest", "flip-behind-digest"};

base::Result<Fault> parse_fault(std::string_view line) {
    const auto words = base::split_words(line);
    const auto kind = std::ranges::find(kNames, words[0]);
    const bool once = words.size() == 3 && words[2] == "once";
    if (kind == kNames.end() || words.size() < 2 || (words.size() == 3 && !once) ||
        words.size() > 3) {
        return base::error(base::quoted(line) + " is not a fault");
    }
    TRY(const uint64_t block, base::parse_u64(words[1]));
    return Fault{static_cast<Fault::Kind>(kind - kNames.begin()), block,
                 once || words[0] == "tear-write"};
}

}  // namespace

base::Result<std::vector<Fault>> parse_faults(std::string_view text) {
    std::vector<Fault> faults;
    for (const std::string_view line : base::split(text, '\n')) {
        if (!base::trim(line).empty()) {
            TRY(const Fault fault, parse_fault(line));
            faults.push_back(fault);
        }
    }
    return faults;
}

void FaultPlan::refresh() {
    if (trigger_.empty()) {
        return;
    }
    const auto text = base::read_text(trigger_);
    const std::lock_guard lock(mutex_);
    if ((text ? *text : "") == text_) {
        return;
    }
    text_ = text ? *text : "";
    auto faults = parse_faults(text_);
    faults_ = faults ? std::move(faults).value() : std::vector<Fault>();
}

void FaultPlan::set(std::vector<Fault> faults) {
    const std::lock_guard lock(mutex_);
    faults_ = std::move(faults);
}

std::vector<Fault> FaultPlan::take(Fault::Kind kind, uint64_t first, uint64_t count) {
    std::vector<Fault> taken;
    const std::lock_guard lock(mutex_);
    std::erase_if(faults_, [&](const Fault& fault) {
        const bool hit = fault.kind == kind && fault.block >= first && fault.block - first < count;
        if (hit) {
            taken.push_back(fault);
        }
        return hit && fault.once;
    });
    return taken;
}

std::function<void(Integrity::WireStage, const Integrity::Leaving&)> faults_on_the_wire(
    std::shared_ptr<FaultPlan> plan) {
    return [plan = std::move(plan)](Integrity::WireStage stage, const Integrity::Leaving& blocks) {
        const auto kind = stage == Integrity::WireStage::kBeforeDigest
                              ? Fault::Kind::kFlipBeforeDigest
                              : Fault::Kind::kFlipBehindDigest;
        plan->refresh();
        for (const Fault& fault : plan->take(kind, blocks.first, blocks.count)) {
            const size_t stride = blocks.bytes.size() / blocks.count;
            blocks.bytes[(fault.block - blocks.first) * stride] ^= std::byte{1};
        }
    };
}

void FaultBackend::submit(Io& io) {
    const bool moves_data = io.kind == Io::Kind::kRead || io.kind == Io::Kind::kWrite;
    if (!moves_data || io.offset < layout_.start) {
        below_->submit(io);
        return;
    }
    plan_->refresh();
    Passing& passing = new_passing(io);
    if (io.kind == Io::Kind::kWrite && layout_.guard_bytes == 0) {
        tear(passing);
    }
    below_->submit(passing);
}

FaultBackend::Passing& FaultBackend::new_passing(Io& io) {
    if (free_.empty()) {
        passing_.push_back(std::make_unique<Passing>());
        passing_.back()->owner = this;
        free_.push_back(passing_.back().get());
    }
    Passing& passing = *free_.back();
    free_.pop_back();
    passing.io = &io;
    passing.order(io);
    return passing;
}

/// The write ends in the middle of the block without an error.
void FaultBackend::tear(Passing& passing) {
    const uint64_t first = passing.offset / layout_.unit_bytes;
    const uint64_t count = passing.length / layout_.unit_bytes;
    for (const Fault& fault : plan_->take(Fault::Kind::kTearWrite, first, count)) {
        const uint64_t whole = (fault.block - first) * layout_.unit_bytes;
        passing.length = whole + layout_.unit_bytes / 2;
        passing.data = passing.data.first(passing.length);
    }
}

void FaultBackend::passed(Passing& passing, IoError error) {
    Io& io = *passing.io;
    free_.push_back(&passing);
    if (error == IoError::kNone && io.kind == Io::Kind::kRead) {
        damage(io);
    }
    io.done(error);
}

void FaultBackend::damage(Io& io) {
    if (layout_.guard_bytes == 0) {
        damage_unit(io, Fault::Kind::kFlipData);
        return;
    }
    for (const auto kind :
         {Fault::Kind::kFlipGuard, Fault::Kind::kFlipRef, Fault::Kind::kSetEscape}) {
        damage_unit(io, kind);
    }
}

void FaultBackend::damage_unit(Io& io, Fault::Kind kind) {
    const uint64_t first = (io.offset - layout_.start) / layout_.unit_bytes;
    const uint64_t count = io.length / layout_.unit_bytes;
    for (const Fault& fault : plan_->take(kind, first, count)) {
        const auto unit =
            io.data.subspan((fault.block - first) * layout_.unit_bytes, layout_.unit_bytes);
        if (kind == Fault::Kind::kSetEscape) {
            std::ranges::fill(unit.subspan(layout_.guard_bytes, 2), std::byte{0xFF});
        } else {
            unit[kind == Fault::Kind::kFlipRef ? unit.size() - 1 : 0] ^= std::byte{1};
        }
    }
}

}  // namespace target
