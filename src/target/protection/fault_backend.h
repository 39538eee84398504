// SPDX-License-Identifier: GPL-2.0-or-later
//
// Damages what passes, on purpose: a decorator below the protection, with which tests and
// drills can check that each layer finds its fault. A trigger file specifies the faults; it is read
// again whenever it changes, and without the file the decorator does nothing. One fault a line,
// with the block:
//
//     flip-data 2000          a bit of the data, as it is read, every time
//     flip-data 2000 once     … the first time: a transient fault
//     flip-guard 2000         a bit of the tuple's guard; likewise flip-ref
//     set-escape 2000         the tuple's application tag reads FFFFh
//     tear-write 2000         only the first half of the block reaches the store; then once
//     flip-before-digest 2000 a bit of the block as it leaves, before its data digest is made
//     flip-behind-digest 2000 … and behind it
//
// The image itself is only ever harmed by tear-write.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "target/protection/integrity.h"
#include "target/storage/backend.h"

namespace target {

struct Fault {
    enum class Kind : uint8_t {
        kFlipData,
        kFlipGuard,
        kFlipRef,
        kSetEscape,
        kTearWrite,
        kFlipBeforeDigest,
        kFlipBehindDigest,
    };
    Kind kind = Kind::kFlipData;
    uint64_t block = 0;
    bool once = false;

    bool operator==(const Fault&) const = default;
};

/// Errors name the line.
base::Result<std::vector<Fault>> parse_faults(std::string_view text);

/// The planned damage, shared by the stores of one image (which the decorators of both own).
class FaultPlan {
  public:
    /// @param trigger  empty: set() says it
    explicit FaultPlan(std::string trigger) : trigger_(std::move(trigger)) {}
    /// In place of all others. REQUIRES: there is no trigger file
    void set(std::vector<Fault> faults);

    /// Reads the trigger file if it is another one than before. A file that cannot be understood
    /// means no faults.
    void refresh();
    /// The faults of a kind among `count` blocks from `first` on; those of `once` are used up.
    std::vector<Fault> take(Fault::Kind kind, uint64_t first, uint64_t count);

  private:
    std::mutex mutex_;  ///< guards all of it: blocks leave from several lanes
    std::string trigger_;
    std::string text_;
    std::vector<Fault> faults_;
};

/// The action of Integrity::on_the_wire if `plan` specifies one.
std::function<void(Integrity::WireStage, const Integrity::Leaving&)> faults_on_the_wire(
    std::shared_ptr<FaultPlan> plan);

class FaultBackend final : public Backend {
  public:
    /// The places in the store below that it may damage.
    struct Layout {
        uint64_t start = 0;        ///< of block 0
        uint32_t unit_bytes = 0;   ///< of a block, or of a tuple
        uint32_t guard_bytes = 0;  ///< of a tuple; 0: these are blocks of data
    };

    FaultBackend(std::unique_ptr<Backend> below, std::shared_ptr<FaultPlan> plan, Layout layout)
        : below_(std::move(below)), plan_(std::move(plan)), layout_(layout) {}

    [[nodiscard]] uint64_t size_bytes() const override { return below_->size_bytes(); }
    void refresh() override { below_->refresh(); }
    void submit(Io& io) override;

  private:
    struct Passing final : Io {
        FaultBackend* owner = nullptr;
        Io* io = nullptr;
        void done(IoError error) override { owner->passed(*this, error); }
    };

    Passing& new_passing(Io& io);
    void passed(Passing& passing, IoError error);
    void damage(Io& io);
    void damage_unit(Io& io, Fault::Kind kind);
    void tear(Passing& passing);

    std::unique_ptr<Backend> below_;
    std::shared_ptr<FaultPlan> plan_;
    Layout layout_;
    std::vector<std::unique_ptr<Passing>> passing_;
    std::vector<Passing*> free_;
};

}  // namespace target
