// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/protection/image_walk.h"

#include "support/crash_disk.h"
#include "support/test.h"

using support::MemoryStore;

namespace {

constexpr uint64_t kBlocks = 16000;  // many pieces, the last one shorter

struct Fixture {
    Fixture() {
        nvme::PiFormat format;
        format.type = 1;
        header = target::new_header(format, kBlocks, {1}, target::kMinLogEntries);
        format = format_of(header);
        image.content.resize(kBlocks * format.block_bytes);
        sidecar.content.resize(target::sidecar_bytes(header));
        nvme::generate_for_zeros(format, std::span(sidecar.content).subspan(header.tuple_offset),
                                 {});
    }
    void damage(uint64_t block) { image.content[block * 512 + block % 512] ^= std::byte{1}; }

    target::SidecarHeader header;
    MemoryStore image{{}};
    MemoryStore sidecar{{}};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(image_walk)

BOOST_AUTO_TEST_CASE(every_block_is_looked_at_and_progress_only_grows) {
    Fixture f;
    target::ImageWalk walk(f.image, f.sidecar, f.header);
    uint64_t last = 0;
    const auto hears = [&](uint64_t done, uint64_t total) {
        BOOST_TEST(done > last);
        BOOST_TEST(total == kBlocks);
        last = done;
    };
    BOOST_REQUIRE(walk.run(0, hears).ok());
    BOOST_TEST(last == kBlocks);
    BOOST_TEST(walk.wrong() == 0U);
}

BOOST_AUTO_TEST_CASE(mismatches_are_reported_in_order_by_any_finder) {
    Fixture f;
    const std::vector<uint64_t> blocks = {0, 1, 511, 512, 700, 5000, 9999, kBlocks - 1};
    for (const uint64_t block : blocks) {
        f.damage(block);
    }
    target::ImageWalk walk(f.image, f.sidecar, f.header);
    BOOST_REQUIRE(walk.run(0, [](uint64_t, uint64_t) {}).ok());
    BOOST_TEST(walk.wrong() == blocks.size());
    const auto faults = walk.faults(100);
    BOOST_REQUIRE(faults.size() == blocks.size());
    for (size_t i = 0; i < blocks.size(); ++i) {
        BOOST_TEST(faults[i].block == blocks[i]);
        BOOST_TEST(faults[i].field == nvme::PiField::kGuard);
    }
    BOOST_TEST(walk.faults(3).back().block == 511U);
}

BOOST_AUTO_TEST_CASE(the_first_faults_are_kept_where_all_is_damaged) {
    Fixture f;
    for (uint64_t block = 0; block < kBlocks; ++block) {
        f.damage(block);
    }
    target::ImageWalk walk(f.image, f.sidecar, f.header);
    BOOST_REQUIRE(walk.run(0, [](uint64_t, uint64_t) {}).ok());
    BOOST_TEST(walk.wrong() == kBlocks);
    const auto faults = walk.faults(100);
    BOOST_REQUIRE(faults.size() == 100U);
    for (uint64_t i = 0; i < faults.size(); ++i) {
        BOOST_TEST(faults[i].block == i);
    }
}

BOOST_AUTO_TEST_CASE(a_store_that_cannot_be_read_ends_it) {
    Fixture f;
    f.image.content.resize(f.image.content.size() / 2);
    target::ImageWalk walk(f.image, f.sidecar, f.header);
    BOOST_TEST(!walk.run(0, [](uint64_t, uint64_t) {}).ok());
}

BOOST_AUTO_TEST_SUITE_END()
