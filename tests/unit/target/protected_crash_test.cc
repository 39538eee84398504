// SPDX-License-Identifier: GPL-2.0-or-later
//
// A protected image is written at random while the machine is stopped at every one of its writes
// and syncs, as by kill -9 and as by a power cut. After recovery
//   - every block matches its tuple: no crash is taken for corruption,
//   - every block holds what was last flushed or something written later: nothing flushed is lost,
//   - a block that was flushed and then damaged is noticed, next door to blocks being written too.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <list>
#include <optional>

#include "support/crash_disk.h"
#include "target/protected_backend.h"

using support::CrashBackend;
using support::CrashDisk;
using support::MemoryStore;
using target::Io;

namespace {

constexpr uint32_t kBlock = 512;
constexpr uint64_t kBlocks = 2600;  // a region and a part of the next
constexpr uint64_t kTouched = 96;   // blocks in use, in both regions
constexpr target::Id16 kThisBoot = {1};
constexpr target::Id16 kNextBoot = {2};

/// The blocks in use: neighbours, and some far away.
uint64_t place(uint64_t index) {
    return index < kTouched / 2 ? index : 2040 + index - kTouched / 2;
}

base::Bytes content_of(uint64_t version, uint64_t block) {
    base::Bytes bytes(kBlock);
    if (version != 0) {
        for (size_t i = 0; i < bytes.size(); ++i) {
            bytes[i] = static_cast<std::byte>(version * 31 + block * 7 + i * version);
        }
        bytes[0] = static_cast<std::byte>(version);
        bytes[1] = static_cast<std::byte>(version >> 8U);
        bytes[2] = std::byte{0xA5};
    }
    return bytes;
}

struct Written {
    uint64_t version = 0;  ///< 0: zeros
    size_t begun = 0;      ///< moments of the disk
    std::optional<size_t> ended;
    bool forced = false;
};

struct Flushed {
    size_t begun = 0;
    std::optional<size_t> ended;
};

struct Story {
    CrashDisk disk;
    size_t image = 0;
    size_t sidecar = 0;
    std::vector<std::vector<Written>> blocks{kBlocks};
    std::vector<Flushed> flushes;

    /// The last write of the block that must have survived a stop at `moment`; -1: what was there.
    [[nodiscard]] int floor(uint64_t block, size_t moment) const {
        int last = -1;
        for (size_t i = 0; i < blocks[block].size(); ++i) {
            const Written& written = blocks[block][i];
            const bool kept =
                written.ended && ((written.forced && *written.ended <= moment) ||
                                  std::ranges::any_of(flushes, [&](const Flushed& flush) {
                                      return flush.ended && *flush.ended <= moment &&
                                             *written.ended <= flush.begun;
                                  }));
            last = kept ? static_cast<int>(i) : last;
        }
        return last;
    }
    /// Writes of the block that had begun by then.
    [[nodiscard]] int begun(uint64_t block, size_t moment) const {
        return static_cast<int>(std::ranges::count_if(
            blocks[block], [&](const Written& written) { return written.begun <= moment; }));
    }
};

/// A request of the host's.
struct Command final : Io {
    void done(target::IoError error) override {
        BOOST_REQUIRE((error == target::IoError::kNone));
        finished = true;
        const size_t now = story->disk.moments();
        if (kind == Kind::kFlush) {
            story->flushes[flush].ended = now;
        }
        for (uint64_t i = 0; kind != Kind::kRead && i < length / kBlock; ++i) {
            for (Written& written : story->blocks[offset / kBlock + i]) {
                if (written.begun == begun && written.version == version && !written.ended) {
                    written.ended = now;
                }
            }
        }
    }
    Story* story = nullptr;
    base::Bytes bytes;
    uint64_t version = 0;
    size_t begun = 0;
    size_t flush = 0;
    bool finished = false;
};

class Writer {
  public:
    Writer(Story& story, unsigned seed) : story_(story), random_(seed) {
        nvme::PiFormat format;
        format.type = 1;
        format.metadata_bytes = 8;
        header_ = target::new_header(format, kBlocks, {7, 7, 7, 7}, target::kMinLogEntries);
        story_.image = story_.disk.add_file(kBlocks * kBlock);
        story_.sidecar = story_.disk.add_file(target::sidecar_bytes(header_));
        nvme::generate_for_zeros(
            format, std::span(story_.disk.now(story_.sidecar)).subspan(header_.tuple_offset), {});
        header_.state = target::SidecarHeader::kClean;
        MemoryStore image(story_.disk.now(story_.image));
        MemoryStore sidecar(story_.disk.now(story_.sidecar));
        BOOST_REQUIRE(target::recover(image, sidecar, header_, kThisBoot).ok());
        story_.disk.now(story_.sidecar) = sidecar.content;
        story_.disk.begin();
        backend_ = std::make_unique<target::ProtectedBackend>(
            std::make_unique<CrashBackend>(story_.disk, story_.image, held_),
            std::make_unique<CrashBackend>(story_.disk, story_.sidecar, held_), header_,
            [](const target::IntegrityFault& fault) {
                BOOST_ERROR("a false alarm: " + target::describe(fault));
            });
    }

    void run(size_t commands) {
        for (size_t i = 0; i < commands || !held_.empty(); ++i) {
            std::erase_if(commands_, [](const Command& command) { return command.finished; });
            if (i < commands && commands_.size() < 12) {
                submit();
            }
            for (size_t n = random_() % 3; n > 0 && !held_.empty(); --n) {
                const size_t pick = random_() % held_.size();
                const CrashBackend::Held held = held_[pick];
                held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(pick));
                CrashBackend::settle(held);
            }
        }
        BOOST_TEST(backend_->idle());
    }

  private:
    void submit() {
        Command& command = commands_.emplace_back();
        command.story = &story_;
        command.begun = story_.disk.moments();
        const unsigned dice = random_() % 16;
        if (dice == 0) {
            command.kind = Io::Kind::kFlush;
            command.flush = story_.flushes.size();
            story_.flushes.push_back({command.begun, {}});
            backend_->submit(command);
            return;
        }
        const uint64_t first =
            place(random_() % (kTouched / 2 - 8) + (random_() % 2) * kTouched / 2);
        command.offset = first * kBlock;
        command.length = (1 + random_() % 8) * kBlock;
        command.bytes.resize(command.length);
        command.kind = dice == 1   ? Io::Kind::kWriteZeroes
                       : dice == 2 ? Io::Kind::kDiscard
                       : dice < 6  ? Io::Kind::kRead
                                   : Io::Kind::kWrite;
        if (command.kind != Io::Kind::kRead) {
            command.force_unit_access = command.kind != Io::Kind::kDiscard && random_() % 8 == 0;
            command.version = command.kind == Io::Kind::kWrite ? ++versions_ : 0;
            note(command, first);
        }
        if (command.kind == Io::Kind::kWrite || command.kind == Io::Kind::kRead) {
            command.data = command.bytes;
        }
        backend_->submit(command);
    }

    void note(Command& command, uint64_t first) {
        for (uint64_t i = 0; i < command.length / kBlock; ++i) {
            story_.blocks[first + i].push_back(
                {command.version, command.begun, {}, command.force_unit_access});
            if (command.kind == Io::Kind::kWrite) {
                std::ranges::copy(content_of(command.version, first + i),
                                  command.bytes.begin() + static_cast<std::ptrdiff_t>(i * kBlock));
            }
        }
    }

    Story& story_;
    std::mt19937 random_;
    target::SidecarHeader header_;
    std::vector<CrashBackend::Held> held_;
    std::list<Command> commands_;
    std::unique_ptr<target::ProtectedBackend> backend_;
    uint64_t versions_ = 0;
};

/// What is left after a stop, and recovery of it.
struct Wreck {
    Wreck(base::Bytes image_bytes, base::Bytes sidecar_bytes)
        : image(std::move(image_bytes)), sidecar(std::move(sidecar_bytes)) {}

    void recover(const target::Id16& boot) {
        const auto read = target::read_header(sidecar, sidecar.content.size());
        BOOST_REQUIRE(read.ok());
        header = *read;
        auto done = target::recover(image, sidecar, header, boot);
        BOOST_REQUIRE(done.ok());
        recovery = std::move(done).value();
    }
    [[nodiscard]] base::ByteView block(uint64_t number) const {
        return base::ByteView(image.content).subspan(number * kBlock, kBlock);
    }
    [[nodiscard]] bool matches(uint64_t number) const {
        const nvme::PiFormat format = format_of(header);
        const auto tuple =
            base::ByteView(sidecar.content).subspan(header.tuple_offset + number * 8, 8);
        return !nvme::verify(format, nvme::BlocksView::separate(format, block(number), tuple),
                             target::tags_at_rest(number), target::checks_at_rest(header));
    }

    MemoryStore image;
    MemoryStore sidecar;
    target::SidecarHeader header;
    target::Recovery recovery;
};

void check_blocks(const Story& story, const Wreck& wreck, size_t moment) {
    for (uint64_t i = 0; i < kTouched; ++i) {
        const uint64_t block = place(i);
        BOOST_REQUIRE_MESSAGE(wreck.matches(block), "block " << block << " of stop " << moment);
        const int floor = story.floor(block, moment);
        bool known = floor < 0 && std::ranges::equal(wreck.block(block), content_of(0, block));
        for (int n = std::max(floor, 0); n < story.begun(block, moment); ++n) {
            const uint64_t version = story.blocks[block][static_cast<size_t>(n)].version;
            known = known || std::ranges::equal(wreck.block(block), content_of(version, block));
        }
        BOOST_REQUIRE_MESSAGE(known, "block " << block << " of stop " << moment << " was lost");
    }
}

/// A block that nothing was written to since it was flushed.
std::optional<uint64_t> victim(const Story& story, size_t moment, std::mt19937& random) {
    for (int tries = 0; tries < 20; ++tries) {
        const uint64_t block = place(random() % kTouched);
        const int begun = story.begun(block, moment);
        if (begun == 0 || story.floor(block, moment) == begun - 1) {
            return block;
        }
    }
    return std::nullopt;
}

/// @return how often the machine was stopped
size_t stop_everywhere(unsigned seed, size_t commands, size_t step) {
    Story story;
    Writer(story, seed).run(commands);
    std::mt19937 random(seed);
    size_t stops = 0;
    size_t damaged = 0;
    for (size_t moment = seed % step; moment <= story.disk.moments(); moment += step) {
        for (const bool power : {false, true}) {
            const auto file = [&](size_t number) {
                return power ? story.disk.power_cut(number, moment, random)
                             : story.disk.killed(number, moment);
            };
            Wreck wreck(file(story.image), file(story.sidecar));
            Wreck other = wreck;
            const target::Id16 boot = power ? kNextBoot : kThisBoot;
            ++stops;
            wreck.recover(boot);
            check_blocks(story, wreck, moment);
            BOOST_TEST((power || wreck.recovery.unproven_count == 0));
            const auto block = victim(story, moment, random);
            if (!block) {
                continue;
            }
            ++damaged;
            other.image.content[*block * kBlock + random() % kBlock] ^= std::byte{0x40};
            other.recover(boot);
            const auto& unproven = other.recovery.unproven;
            const bool named = std::ranges::find(unproven, *block) != unproven.end();
            BOOST_REQUIRE_MESSAGE(
                !other.matches(*block) || (power && named),
                "damage of block " << *block << " at stop " << moment << " was hidden");
        }
    }
    BOOST_TEST(damaged > 0U);
    return stops;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(protected_crash)

BOOST_AUTO_TEST_CASE(a_stop_at_every_write_neither_alarms_nor_hides_nor_loses) {
    BOOST_TEST(stop_everywhere(1, 220, 1) > 1U);
}

BOOST_AUTO_TEST_CASE(the_same_while_the_log_goes_round_many_times) {
    for (unsigned seed = 2; seed < 5; ++seed) {
        stop_everywhere(seed, 2500, 97);
    }
}

BOOST_AUTO_TEST_SUITE_END()
