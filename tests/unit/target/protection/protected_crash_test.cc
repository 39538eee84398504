// SPDX-License-Identifier: GPL-2.0-or-later
//
// A protected image is written at random while the machine is stopped at every one of its writes
// and syncs, ten thousand times, as by kill -9 and as by a power cut. After recovery
//   - every block matches its tuple: no crash is taken for corruption,
//   - every block holds what was last flushed or something written later: nothing flushed is lost,
//   - a block that was flushed and then damaged is noticed, next door to blocks being written too.
#include <algorithm>
#include <cstring>
#include <functional>
#include <list>
#include <optional>
#include <utility>

#include "support/crash_disk.h"
#include "support/test.h"
#include "target/protection/protected_backend.h"
#include "target/protection/tuple_cache.h"

using support::CrashBackend;
using support::CrashDisk;
using support::CrashReplay;
using support::MemoryStore;
using target::Io;

namespace {

constexpr uint64_t kTouched = 64;       // blocks in use
constexpr uint64_t kCacheBytes = 8192;  // of tuples of 512-byte blocks there are more
constexpr target::Id16 kThisBoot = {1};
constexpr target::Id16 kNextBoot = {2};

/// The differences between stories.
struct Shape {
    unsigned seed = 0;
    size_t commands = 0;
    size_t step = 1;  ///< moments from one stop to the next
    uint32_t block = 512;
    bool far = false;  ///< half of the blocks in use lie where two regions meet

    [[nodiscard]] uint64_t region() const { return target::kRegionBytes / block; }
    [[nodiscard]] uint64_t blocks() const { return far ? region() + kTouched : kTouched; }
    /// The blocks in use.
    [[nodiscard]] uint64_t place(uint64_t index) const {
        return far && index >= kTouched / 2 ? region() - 8 + index - kTouched / 2 : index;
    }
};

/// One sector of a block.
base::Bytes content_of(uint64_t version, uint64_t block) {
    base::Bytes bytes(CrashDisk::kSector);
    if (version != 0) {
        std::memset(bytes.data(), static_cast<int>(version * 31 + block * 7), bytes.size());
        std::memcpy(bytes.data(), &version, sizeof version);
        std::memcpy(&bytes[sizeof version], &block, sizeof block);
    }
    return bytes;
}

constexpr size_t kNever = SIZE_MAX;

struct Written {
    uint64_t version = 0;  ///< 0: zeros
    size_t command = 0;    ///< its number
    size_t begun = 0;      ///< moments of the disk
    size_t ended = kNever;
    bool forced = false;
    size_t kept = kNever;  ///< from this moment on it must survive
};

struct Flushed {
    size_t begun = 0;
    size_t ended = kNever;
};

struct Story {
    explicit Story(const Shape& which) : shape(which), blocks(which.blocks()) {}

    const Shape shape;
    CrashDisk disk;
    size_t image = 0;
    size_t sidecar = 0;
    std::vector<std::vector<Written>> blocks;
    std::vector<Flushed> flushes;

    /// To be called when all has ended.
    void decide_what_is_kept() {
        for (auto& writes : blocks) {
            for (Written& written : writes) {
                written.kept = written.forced ? written.ended : kNever;
                for (const Flushed& flush : flushes) {
                    if (written.ended <= flush.begun) {
                        written.kept = std::min(written.kept, flush.ended);
                    }
                }
            }
        }
    }
    /// The last write of the block that must have survived a stop at `moment`; -1: what was there.
    [[nodiscard]] int floor(uint64_t block, size_t moment) const {
        const auto& writes = blocks[block];
        int last = static_cast<int>(writes.size()) - 1;
        while (last >= 0 && writes[static_cast<size_t>(last)].kept > moment) {
            --last;
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
        for (uint64_t i = 0; kind != Kind::kRead && i < length / story->shape.block; ++i) {
            for (Written& written : story->blocks[offset / story->shape.block + i]) {
                written.ended = written.command == number ? now : written.ended;
            }
        }
    }
    Story* story = nullptr;
    base::Bytes bytes;
    size_t number = 0;
    uint64_t version = 0;
    size_t begun = 0;
    size_t flush = 0;
    bool finished = false;
};

class Writer {
  public:
    explicit Writer(Story& story) : story_(story), shape_(story.shape), random_(story.shape.seed) {
        nvme::PiFormat format;
        format.block_bytes = shape_.block;
        format.type = 1;
        header_ = target::new_header(format, shape_.blocks(), {7, 7, 7, 7}, target::kMinLogEntries);
        format = format_of(header_);
        story_.image = story_.disk.add_file(shape_.blocks() * shape_.block);
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
            std::make_unique<target::TupleCache>(
                std::make_unique<CrashBackend>(story_.disk, story_.sidecar, held_),
                header_.tuple_offset, kCacheBytes),
            header_,
            [](const target::IntegrityFault& fault) {
                BOOST_ERROR("a false alarm: " + target::describe(fault));
            },
            [this](std::function<void()> action) { deferred_.push_back(std::move(action)); });
    }

    void run(size_t commands) {
        for (size_t i = 0; i < commands || !held_.empty() || !deferred_.empty(); ++i) {
            std::erase_if(commands_, [](const Command& command) { return command.finished; });
            if (i < commands && commands_.size() < 12) {
                submit();
            }
            if (random_() % 3 == 0) {
                for (const auto& action : std::exchange(deferred_, {})) {
                    action();
                }
            }
            for (size_t n = random_() % 3; n > 0 && !held_.empty(); --n) {
                const size_t pick = random_() % held_.size();
                const CrashBackend::Held held = held_[pick];
                held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(pick));
                CrashBackend::settle(held);
            }
        }
        BOOST_TEST(backend_->idle());
        story_.decide_what_is_kept();
    }

  private:
    void submit() {
        Command& command = commands_.emplace_back();
        command.story = &story_;
        command.number = ++submitted_;
        command.begun = story_.disk.moments();
        const unsigned dice = random_() % 16;
        if (dice == 0) {
            command.kind = Io::Kind::kFlush;
            command.flush = story_.flushes.size();
            story_.flushes.push_back({.begun = command.begun});
            backend_->submit(command);
            return;
        }
        const uint64_t first =
            shape_.place(random_() % (kTouched / 2 - 8) + (random_() % 2) * kTouched / 2);
        command.offset = first * shape_.block;
        command.length = (1 + random_() % 8) * shape_.block;
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
        for (uint64_t i = 0; i < command.length / shape_.block; ++i) {
            story_.blocks[first + i].push_back({.version = command.version,
                                                .command = command.number,
                                                .begun = command.begun,
                                                .forced = command.force_unit_access});
            for (size_t at = 0; command.kind == Io::Kind::kWrite && at < shape_.block;
                 at += CrashDisk::kSector) {
                std::ranges::copy(content_of(command.version, first + i),
                                  &command.bytes[i * shape_.block + at]);
            }
        }
    }

    Story& story_;
    const Shape& shape_;
    std::mt19937 random_;
    target::SidecarHeader header_;
    std::vector<CrashBackend::Held> held_;
    std::vector<std::function<void()>> deferred_;
    std::list<Command> commands_;
    std::unique_ptr<target::ProtectedBackend> backend_;
    uint64_t versions_ = 0;
    size_t submitted_ = 0;
};

/// The state after a stop, and its recovery.
struct Wreck {
    void recover(const target::Id16& boot) {
        const auto read = target::read_header(sidecar, sidecar.content.size());
        BOOST_REQUIRE(read.ok());
        header = *read;
        auto done = target::recover(image, sidecar, header, boot);
        BOOST_REQUIRE(done.ok());
        recovery = std::move(done).value();
    }
    [[nodiscard]] base::ByteView block(uint64_t number) const {
        return base::ByteView(image.content)
            .subspan(number * header.block_bytes, header.block_bytes);
    }
    [[nodiscard]] bool matches(uint64_t number) const {
        const nvme::PiFormat format = format_of(header);
        const size_t size = format.metadata_bytes;
        const auto tuple =
            base::ByteView(sidecar.content).subspan(header.tuple_offset + number * size, size);
        return !nvme::verify(format, nvme::BlocksView::separate(format, block(number), tuple),
                             target::tags_at_rest(number), target::checks_at_rest(header));
    }

    MemoryStore image{{}};
    MemoryStore sidecar{{}};
    target::SidecarHeader header;
    target::Recovery recovery;
};

/// Whether each sector of the block is as it was at first, which is as a write of zeros left it, or
/// as one of the writes did that may have had the last word. Only a block that was being written
/// when the power went may be torn.
bool is_known(const Story& story, const Wreck& wreck, uint64_t block, size_t moment) {
    const base::ByteView found = wreck.block(block);
    const int floor = story.floor(block, moment);
    for (size_t at = 0; at < found.size(); at += CrashDisk::kSector) {
        uint64_t version = 0;
        std::memcpy(&version, &found[at], sizeof version);
        bool allowed = floor < 0 && version == 0;
        for (int n = std::max(floor, 0); n < story.begun(block, moment); ++n) {
            allowed = allowed || story.blocks[block][static_cast<size_t>(n)].version == version;
        }
        const base::Bytes expected = content_of(version, block);
        if (!allowed || std::memcmp(expected.data(), &found[at], expected.size()) != 0) {
            return false;
        }
    }
    return true;
}

void check_blocks(const Story& story, const Wreck& wreck, size_t moment) {
    for (uint64_t i = 0; i < kTouched; ++i) {
        const uint64_t block = story.shape.place(i);
        BOOST_REQUIRE_MESSAGE(wreck.matches(block), "block " << block << " of stop " << moment);
        BOOST_REQUIRE_MESSAGE(is_known(story, wreck, block, moment),
                              "block " << block << " of stop " << moment << " was lost");
    }
}

/// A block that nothing was written to since it was flushed.
std::optional<uint64_t> victim(const Story& story, size_t moment, std::mt19937& random) {
    for (int tries = 0; tries < 20; ++tries) {
        const uint64_t block = story.shape.place(random() % kTouched);
        const int begun = story.begun(block, moment);
        if (begun == 0 || story.floor(block, moment) == begun - 1) {
            return block;
        }
    }
    return std::nullopt;
}

/// Stops the machine at moment after moment of one story.
class Judge {
  public:
    explicit Judge(const Story& story)
        : story_(story), replay_(story.disk), random_(story.shape.seed) {}

    void run() {
        for (;; replay_.advance()) {
            if (replay_.moment() % story_.shape.step == 0) {
                stop(kThisBoot);
                stop(kNextBoot);
                stop(kNextBoot);
            }
            if (replay_.moment() == story_.disk.moments()) {
                break;
            }
        }
    }
    [[nodiscard]] size_t stops() const { return stops_; }
    [[nodiscard]] size_t damaged() const { return damaged_; }

  private:
    void stop(const target::Id16& boot) {
        ++stops_;
        const bool power = boot == kNextBoot;
        const auto left = [&](size_t file, base::Bytes& content) {
            if (power) {
                replay_.power_cut(file, random_, content);
            } else {
                content = replay_.killed(file);
            }
        };
        left(story_.image, wreck_.image.content);
        left(story_.sidecar, wreck_.sidecar.content);
        const base::Bytes sidecar = wreck_.sidecar.content;
        wreck_.recover(boot);
        check_blocks(story_, wreck_, replay_.moment());
        BOOST_TEST((power || wreck_.recovery.unproven_count == 0));
        const auto block = victim(story_, replay_.moment(), random_);
        if (block && stops_ % 2 == 0) {
            wreck_.sidecar.content = sidecar;
            damage(*block, boot);
        }
    }
    /// Flushed data is damaged while the machine is off.
    void damage(uint64_t block, const target::Id16& boot) {
        ++damaged_;
        const uint32_t size = story_.shape.block;
        wreck_.image.content[block * size + random_() % size] ^= std::byte{0x40};
        wreck_.recover(boot);
        const auto& unproven = wreck_.recovery.unproven;
        const bool named = std::ranges::find(unproven, block) != unproven.end();
        BOOST_REQUIRE_MESSAGE(
            !wreck_.matches(block) || (boot == kNextBoot && named),
            "damage of block " << block << " at stop " << replay_.moment() << " was hidden");
    }

    const Story& story_;
    CrashReplay replay_;
    std::mt19937 random_;
    Wreck wreck_;  ///< one for all stops, for the sake of its memory
    size_t stops_ = 0;
    size_t damaged_ = 0;
};

/// @return how often the machine was stopped
size_t stop_everywhere(const Shape& shape) {
    Story story(shape);
    Writer(story).run(shape.commands);
    Judge judge(story);
    judge.run();
    BOOST_TEST(judge.damaged() > judge.stops() / 4);
    return judge.stops();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(protected_crash)

BOOST_AUTO_TEST_CASE(ten_thousand_stops_neither_alarm_nor_hide_nor_lose) {
    size_t stops = 0;
    for (unsigned seed = 1; seed <= 8; ++seed) {
        stops += stop_everywhere({.seed = seed, .commands = 480});
    }
    BOOST_TEST(stops >= 10000U);
}

BOOST_AUTO_TEST_CASE(the_same_in_two_regions_while_the_log_goes_round_many_times) {
    for (unsigned seed = 11; seed < 14; ++seed) {
        stop_everywhere({.seed = seed, .commands = 2500, .step = 131, .far = true});
    }
    stop_everywhere({.seed = 14, .commands = 400, .step = 13, .block = 4096, .far = true});
}

BOOST_AUTO_TEST_SUITE_END()
