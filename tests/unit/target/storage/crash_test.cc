// SPDX-License-Identifier: GPL-2.0-or-later
//
// Power fails after every single thing the target does to its disk, ten thousand times: what the
// host was told is safe must be there. The host writes, zeroes, copies and flushes through the
// whole target; the disk under the real file backend ends operations in any order and cuts writes
// short.
#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <numeric>

#include "support/io_fixture.h"
#include "support/recording_disk.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "target/storage/backend_file.h"

using support::RecordingDisk;
namespace status = nvme::status;

namespace {

constexpr uint32_t kNsid = 2;
constexpr uint32_t kBlock = RecordingDisk::kSector;
constexpr size_t kBlocks = 48;
constexpr size_t kInFlight = 12;

/// The host's knowledge of one block: its contents, by version, and which is safe.
struct Block {
    std::vector<base::Bytes> versions{base::Bytes(kBlock)};
    size_t acknowledged = 0;
    size_t safe = 0;
    bool busy = false;  ///< a command under way touches it
};

/// A command under way.
struct Work {
    uint64_t first = 0;
    uint32_t count = 0;
    std::vector<size_t> sources;  ///< of a copy
    bool forced = false;          ///< safe when acknowledged
    std::vector<size_t> flushed;  ///< of a flush: versions acknowledged before, by block
    [[nodiscard]] bool is_flush() const { return !flushed.empty(); }
};

class Crash {
  public:
    Crash(unsigned seed, bool can_allocate, bool cache)
        : random_(seed), disk_(kBlocks * kBlock), cache_(cache) {
        disk_.can_allocate = can_allocate;
        const std::string path = dir_.at("image");
        const int fd = open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
        BOOST_REQUIRE((fd >= 0 && ftruncate(fd, kBlocks * kBlock) == 0 && close(fd) == 0));
        auto backend = target::FileBackend::open(
            disk_, {.path = path, .block_size = kBlock, .on_trouble = {}});
        BOOST_REQUIRE(backend.ok());
        target::NamespaceConfig config;
        config.nsid = kNsid;
        fixture_.subsystem->add_namespace(config, std::move(backend).value());
        admin_ = fixture_.open_admin();
        io_ = fixture_.open_io();
        BOOST_REQUIRE((admin_ && io_));
        BOOST_REQUIRE(
            admin_->host.run(host::set_features(nvme::Feature::kVolatileWriteCache, cache))
                ->status.ok());
        disk_.on_moment = [this] { judge(); };
    }

    void run(size_t moments) {
        while (moments_ < moments) {
            step();
        }
        while (!work_.empty()) {
            step(false);
        }
    }
    /// From now on no sync succeeds. @return how many flushes and forced writes did
    size_t run_with_broken_sync(size_t moments) {
        disk_.sync_fails = true;
        kept_ = 0;
        run(moments_ + moments);
        return kept_;
    }
    size_t moments() const { return moments_; }
    size_t promises() const { return kept_; }

  private:
    void step(bool more = true) {
        if (more && work_.size() < kInFlight && random_() % 2 == 0) {
            submit();
        } else if (disk_.pending() > 0) {
            disk_.finish(random_() % disk_.pending());
        }
        io_->host.pump();
        while (const auto completion = io_->host.queue().take_completion()) {
            acknowledge(*completion);
        }
    }

    void submit() {
        Work work;
        work.count = 1 + static_cast<uint32_t>(random_() % 6);
        work.first = random_() % (kBlocks - work.count);
        const unsigned kind = random_() % 8;
        const uint32_t flags = random_() % 3 == 0 ? nvme::IoFlags::kForceUnitAccess : uint32_t{0};
        work.forced = flags != 0 || !cache_;
        if (kind == 0) {
            for (const Block& block : blocks_) {
                work.flushed.push_back(block.acknowledged);
            }
            start(host::flush(kNsid), std::move(work));
            return;
        }
        const size_t from = random_() % (kBlocks - work.count);
        if (kind == 1) {
            work.sources.resize(work.count);
            std::iota(work.sources.begin(), work.sources.end(), from);
        }
        if (touches_busy(work)) {
            return;
        }
        const host::BlockRange range{work.first, work.count, kBlock};
        host::Command command;
        if (kind == 1) {
            command = support::copy(kNsid, work.first, {{from, work.count}});
            command.sqe.cdw12 = command.sqe.cdw12 | flags;
            base::Bytes copied;
            for (const size_t source : work.sources) {
                const auto content = disk_.cached(source);
                copied.insert(copied.end(), content.begin(), content.end());
            }
            add_versions(work, copied);
        } else if (kind <= 4) {
            const uint32_t deallocate = kind == 2 ? nvme::IoFlags::kDeallocate : uint32_t{0};
            command = host::write_zeroes(kNsid, range, flags | deallocate);
            add_versions(work, base::Bytes(size_t{work.count} * kBlock));
        } else {
            const auto data = support::pattern(size_t{work.count} * kBlock, ++seed_);
            command = host::write(kNsid, range, data, flags);
            add_versions(work, data);
        }
        start(std::move(command), std::move(work));
    }

    bool touches_busy(const Work& work) const {
        const auto touched = std::span(blocks_).subspan(work.first, work.count);
        return std::ranges::any_of(touched, &Block::busy) ||
               std::ranges::any_of(work.sources,
                                   [&](size_t source) { return blocks_[source].busy; });
    }
    void mark(const Work& work, bool busy) {
        for (Block& block : std::span(blocks_).subspan(work.first, work.count)) {
            block.busy = busy;
        }
        for (const size_t source : work.sources) {
            blocks_[source].busy = busy;
        }
    }
    void add_versions(const Work& work, base::ByteView data) {
        for (uint32_t i = 0; i < work.count; ++i) {
            const auto content = data.subspan(size_t{i} * kBlock, kBlock);
            blocks_[work.first + i].versions.emplace_back(content.begin(), content.end());
        }
    }
    void start(host::Command command, Work work) {
        if (!work.is_flush()) {
            mark(work, true);
        }
        const auto cid = io_->host.queue().submit(std::move(command));
        BOOST_REQUIRE(cid.has_value());
        work_.emplace(*cid, std::move(work));
    }

    void acknowledge(const host::Completion& completion) {
        const Work work = std::move(work_.extract(completion.cid).mapped());
        const bool done = completion.status.ok();
        if (!done) {
            BOOST_REQUIRE(disk_.sync_fails);
        }
        kept_ += done && (work.is_flush() || work.forced) ? 1 : 0;
        if (work.is_flush()) {
            for (size_t i = 0; done && i < kBlocks; ++i) {
                blocks_[i].safe = std::max(blocks_[i].safe, work.flushed[i]);
            }
        } else {
            mark(work, false);
            for (Block& block : std::span(blocks_).subspan(work.first, work.count)) {
                block.acknowledged = done ? block.versions.size() - 1 : block.acknowledged;
                block.safe = done && work.forced ? block.acknowledged : block.safe;
            }
        }
        judge();
    }

    /// The power fails now, in two ways at once: nothing is there that need not be, or some of it.
    void judge() {
        ++moments_;
        for (size_t i = 0; i < kBlocks; ++i) {
            for (const base::ByteView found : {disk_.oldest(i), disk_.any(i, random_)}) {
                if (!is_allowed(blocks_[i], found)) {
                    BOOST_FAIL("block " << i << " lost what was promised, at moment " << moments_);
                }
            }
        }
    }
    static bool is_allowed(const Block& block, base::ByteView found) {
        return std::any_of(block.versions.begin() + static_cast<std::ptrdiff_t>(block.safe),
                           block.versions.end(), [&](const base::Bytes& version) {
                               return std::memcmp(version.data(), found.data(), kBlock) == 0;
                           });
    }

    std::minstd_rand random_;
    support::TempDir dir_;
    RecordingDisk disk_;
    const bool cache_;
    support::TargetFixture fixture_;
    std::unique_ptr<support::Line> admin_;
    std::unique_ptr<support::Line> io_;
    std::vector<Block> blocks_{kBlocks};
    std::map<uint16_t, Work> work_;
    size_t moments_ = 0;
    size_t kept_ = 0;
    unsigned seed_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(crash)

BOOST_AUTO_TEST_CASE(what_was_promised_is_there_wherever_the_power_fails) {
    unsigned seed = 1;
    size_t moments = 0;
    for (const bool can_allocate : {true, false}) {
        for (const bool cache : {true, false}) {
            Crash crash(seed++, can_allocate, cache);
            crash.run(2500);
            BOOST_TEST(crash.promises() > 50U);
            moments += crash.moments();
        }
    }
    BOOST_TEST(moments >= 10000U);
}

BOOST_AUTO_TEST_CASE(nothing_is_promised_after_a_sync_that_failed) {
    Crash crash(9, true, true);
    crash.run(500);
    (void)crash.run_with_broken_sync(200);  // until the first flush has failed
    BOOST_TEST(crash.run_with_broken_sync(500) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
