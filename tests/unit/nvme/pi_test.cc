// SPDX-License-Identifier: GPL-2.0-or-later
//
// Every format against a second, bitwise implementation that is made of the specification's
// pictures alone: tuples are laid out here by hand and the two must agree byte for byte.
#include "nvme/pi.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "support/test.h"
#include "unit/nvme/pi_sample.h"

namespace {

using base::Bytes;
using nvme::Blocks;
using nvme::BlocksView;
using nvme::PiChecks;
using nvme::PiField;
using nvme::PiFormat;
using nvme::PiTags;
using nvme::PiTuple;

constexpr size_t kCount = 3;

// --- the second implementation

uint64_t bitwise_crc(const Bytes& bytes, unsigned bits, uint64_t polynomial, bool reflected,
                     uint64_t edge) {
    uint64_t sum = edge;
    for (const std::byte b : bytes) {
        const auto byte = std::to_integer<uint64_t>(b);
        sum ^= reflected ? byte : byte << (bits - 8);
        for (int i = 0; i < 8; ++i) {
            const bool out = (sum >> (reflected ? 0U : bits - 1) & 1U) != 0;
            sum = reflected ? sum >> 1U : sum << 1U;
            sum ^= out ? polynomial : 0;
        }
    }
    sum ^= edge;
    return bits == 64 ? sum : sum & ((uint64_t{1} << bits) - 1);
}

uint64_t bitwise_guard(unsigned bits, const Bytes& covered) {
    switch (bits) {
        case 16:
            return bitwise_crc(covered, 16, 0x8BB7, false, 0);
        case 32:
            return bitwise_crc(covered, 32, 0x82F63B78, true, 0xFFFFFFFF);
        default:
            return bitwise_crc(covered, 64, 0x9A6C9329AC4BC9B5, true, UINT64_MAX);
    }
}

/// Appends the `bits` low bits of `value`, the highest first.
void put_bits(std::vector<bool>& out, uint64_t value, unsigned bits) {
    for (unsigned i = bits; i-- > 0;) {
        out.push_back(i < 64 && (value >> i & 1U) != 0);
    }
}

Bytes tuple_by_hand(const PiFormat& format, const PiTuple& tuple) {
    const unsigned space = format.guard_bits == 16 ? 32 : format.guard_bits == 32 ? 80 : 48;
    std::vector<bool> bits;
    put_bits(bits, tuple.guard, format.guard_bits);
    put_bits(bits, tuple.app_tag, 16);
    put_bits(bits, tuple.storage_tag, format.storage_tag_bits);
    put_bits(bits, tuple.ref_tag, space - format.storage_tag_bits);
    Bytes bytes(bits.size() / 8);
    for (size_t i = 0; i < bits.size(); ++i) {
        bytes[i / 8] |= static_cast<std::byte>(bits[i] ? 0x80U >> i % 8 : 0);
    }
    return bytes;
}

// --- the formats

std::vector<PiFormat> all_formats() {
    struct Guard {
        uint8_t bits;
        std::vector<uint8_t> storage_tags;
    };
    const std::vector<Guard> guards = {{16, {0, 8, 32}}, {32, {16, 40, 64}}, {64, {0, 16, 48}}};
    std::vector<PiFormat> formats;
    for (uint8_t type = 1; type <= 3; ++type) {
        for (const Guard& guard : guards) {
            for (const uint8_t storage_tag : guard.storage_tags) {
                for (const bool first : {false, true}) {
                    for (const bool more : {false, true}) {
                        formats.push_back(make_format(type, guard.bits, first, storage_tag, more));
                    }
                }
            }
        }
    }
    return formats;
}

PiTags some_tags(const PiFormat& format) {
    return {.app_tag = 0xA5C3,
            .app_mask = 0xFFFF,
            .storage_tag = 0x1122334455667788 & storage_tag_mask(format),
            .ref_tag = 0x99AABBCCDDEEFF01 & ref_tag_mask(format)};
}

PiChecks all_checks() {
    return {.guard = true, .app_tag = true, .storage_tag = true, .ref_tag = true};
}

/// A run of blocks in one of the two placements.
struct Run {
    Run(const PiFormat& f, bool extended) : format(f), is_extended(extended) {
        const size_t stride = f.block_bytes + (extended ? f.metadata_bytes : 0);
        data.resize(kCount * stride);
        metadata.resize(extended ? 0 : kCount * f.metadata_bytes);
        unsigned seed = f.type * 7U + f.guard_bits;
        for (Bytes* bytes : {&data, &metadata}) {
            for (std::byte& b : *bytes) {
                seed = seed * 1103515245U + 12345U;
                b = static_cast<std::byte>(seed >> 16U);
            }
        }
    }

    Blocks blocks() {
        return is_extended ? Blocks::extended(format, data)
                           : Blocks::separate(format, data, metadata);
    }
    [[nodiscard]] BlocksView view() const {
        return is_extended ? BlocksView::extended(format, data)
                           : BlocksView::separate(format, data, metadata);
    }
    [[nodiscard]] std::optional<nvme::PiMismatch> verify(const PiTags& tags,
                                                         const PiChecks& checks) const {
        return nvme::verify(format, view(), tags, checks);
    }
    void set_tuple(size_t block, const PiTuple& tuple) {
        std::ranges::copy(tuple_by_hand(format, tuple), blocks().tuple(block).begin());
    }
    [[nodiscard]] PiTuple tuple(size_t block) const {
        return nvme::unpack_tuple(format, view().tuple(block));
    }

    PiFormat format;
    bool is_extended;
    Bytes data;
    Bytes metadata;
};

void for_each_run(const std::function<void(Run&)>& test) {
    for (const PiFormat& format : all_formats()) {
        for (const bool extended : {true, false}) {
            BOOST_TEST_CONTEXT(nvme::describe(format) << (extended ? " extended" : " separate")) {
                Run run(format, extended);
                test(run);
            }
        }
    }
}

uint64_t expected_ref(const PiFormat& format, const PiTags& tags, size_t block) {
    return (tags.ref_tag + (format.type == 3 ? 0 : block)) & ref_tag_mask(format);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pi)

BOOST_AUTO_TEST_CASE(a_tuple_lies_as_in_the_specification) {
    for (const PiFormat& format : all_formats()) {
        const PiTags tags = some_tags(format);
        const uint64_t guard = 0x0123456789ABCDEFULL >> (64U - format.guard_bits);
        const PiTuple tuple{guard, tags.app_tag, tags.storage_tag, tags.ref_tag};
        Bytes bytes(format.tuple_bytes());
        nvme::pack_tuple(format, tuple, bytes);
        BOOST_TEST(bytes == tuple_by_hand(format, tuple));
        BOOST_TEST(nvme::unpack_tuple(format, bytes) == tuple);
    }
}

BOOST_AUTO_TEST_CASE(a_tag_wider_than_its_field_does_not_spill) {
    const PiFormat format = make_format(1, 16, false, 8, false);
    Bytes bytes(8);
    nvme::pack_tuple(format, {0, 0, 0xFFFFFF12, 0xFF000034}, bytes);
    BOOST_TEST((nvme::unpack_tuple(format, bytes) == PiTuple{0, 0, 0x12, 0x34}));
}

BOOST_AUTO_TEST_CASE(generated_tuples_are_what_the_second_implementation_makes) {
    for_each_run([](Run& run) {
        const PiTags tags = some_tags(run.format);
        const Run before = run;
        nvme::generate(run.format, run.blocks(), tags);
        for (size_t i = 0; i < kCount; ++i) {
            const auto data = run.view().data(i);
            const auto rest = run.view().guarded_metadata(i);
            BOOST_TEST(
                rest.size() ==
                (run.format.first ? 0 : run.format.metadata_bytes - run.format.tuple_bytes()));
            Bytes covered(data.begin(), data.end());
            covered.insert(covered.end(), rest.begin(), rest.end());
            const PiTuple expected{bitwise_guard(run.format.guard_bits, covered), tags.app_tag,
                                   tags.storage_tag, expected_ref(run.format, tags, i)};
            BOOST_TEST(
                std::ranges::equal(run.view().tuple(i), tuple_by_hand(run.format, expected)));
            BOOST_TEST(std::ranges::equal(data, before.view().data(i)));
            BOOST_TEST(std::ranges::equal(rest, before.view().guarded_metadata(i)));
        }
    });
}

BOOST_AUTO_TEST_CASE(what_was_generated_verifies) {
    for_each_run([](Run& run) {
        const PiTags tags = some_tags(run.format);
        nvme::generate(run.format, run.blocks(), tags);
        BOOST_TEST(!run.verify(tags, all_checks()).has_value());
    });
}

BOOST_AUTO_TEST_CASE(one_flipped_bit_in_any_field_is_found_there) {
    for_each_run([](Run& run) {
        const PiTags tags = some_tags(run.format);
        nvme::generate(run.format, run.blocks(), tags);
        const PiTuple good = run.tuple(1);
        struct Flip {
            PiField field;
            PiTuple tuple;
            bool possible;
        };
        PiTuple guard = good, app = good, storage = good, ref = good;
        guard.guard ^= 4;
        app.app_tag ^= 0x0100;
        storage.storage_tag ^= 1;
        ref.ref_tag ^= 1;
        const std::vector<Flip> flips = {
            {PiField::kGuard, guard, true},
            {PiField::kAppTag, app, true},
            {PiField::kStorageTag, storage, run.format.storage_tag_bits > 0},
            {PiField::kRefTag, ref, ref_tag_mask(run.format) != 0}};
        for (const Flip& flip : flips) {
            if (!flip.possible) {
                continue;
            }
            run.set_tuple(1, flip.tuple);
            const auto bad = run.verify(tags, all_checks());
            BOOST_REQUIRE(bad.has_value());
            BOOST_TEST(bad->field == flip.field);
            BOOST_TEST(bad->block == 1U);
            BOOST_TEST(bad->expected != bad->found);
        }
        run.set_tuple(1, good);
        BOOST_TEST(!run.verify(tags, all_checks()).has_value());
    });
}

BOOST_AUTO_TEST_CASE(one_flipped_bit_in_the_data_is_a_wrong_guard) {
    for_each_run([](Run& run) {
        const PiTags tags = some_tags(run.format);
        nvme::generate(run.format, run.blocks(), tags);
        const auto at = static_cast<size_t>(run.view().data(2).data() - run.data.data());
        for (const size_t byte : {size_t{0}, size_t{255}, size_t{511}}) {
            run.data[at + byte] ^= std::byte{0x10};
            const auto bad = run.verify(tags, all_checks());
            BOOST_REQUIRE(bad.has_value());
            BOOST_TEST(bad->field == PiField::kGuard);
            BOOST_TEST(bad->block == 2U);
            run.data[at + byte] ^= std::byte{0x10};
        }
    });
}

BOOST_AUTO_TEST_CASE(the_guard_covers_metadata_before_the_tuple_and_none_behind_it) {
    for_each_run([](Run& run) {
        if (run.format.metadata_bytes == run.format.tuple_bytes()) {
            return;
        }
        const PiTags tags = some_tags(run.format);
        nvme::generate(run.format, run.blocks(), tags);
        const size_t rest = run.format.first ? run.format.tuple_bytes() : 0;
        run.blocks().metadata(0)[rest + 3] ^= std::byte{1};
        BOOST_TEST(run.verify(tags, all_checks()).has_value() == !run.format.first);
    });
}

BOOST_AUTO_TEST_CASE(a_check_that_is_not_asked_for_is_not_made) {
    struct Row {
        PiField field;
        PiChecks all_but;
    };
    const std::vector<Row> rows = {
        {PiField::kGuard, {.guard = false, .app_tag = true, .storage_tag = true, .ref_tag = true}},
        {PiField::kAppTag, {.guard = true, .app_tag = false, .storage_tag = true, .ref_tag = true}},
        {PiField::kStorageTag,
         {.guard = true, .app_tag = true, .storage_tag = false, .ref_tag = true}},
        {PiField::kRefTag,
         {.guard = true, .app_tag = true, .storage_tag = true, .ref_tag = false}}};
    for_each_run([&](Run& run) {
        const PiTags tags = some_tags(run.format);
        for (const Row& row : rows) {
            nvme::generate(run.format, run.blocks(), tags);
            PiTuple bad = run.tuple(0);
            bad.guard ^= row.field == PiField::kGuard ? 1 : 0;
            bad.app_tag = static_cast<uint16_t>(bad.app_tag ^ (row.field == PiField::kAppTag));
            bad.storage_tag ^= row.field == PiField::kStorageTag ? 1 : 0;
            bad.ref_tag ^= row.field == PiField::kRefTag ? 1 : 0;
            run.set_tuple(0, bad);
            BOOST_TEST(!run.verify(tags, row.all_but).has_value());
            BOOST_TEST(!run.verify(tags, PiChecks{}).has_value());
        }
    });
}

BOOST_AUTO_TEST_CASE(the_mask_names_the_bits_of_the_application_tag_that_count) {
    Run run(make_format(1, 16, false, 0, false), true);
    PiTags tags = some_tags(run.format);
    nvme::generate(run.format, run.blocks(), tags);
    tags.app_tag ^= 0x00FF;
    BOOST_TEST(run.verify(tags, all_checks()).has_value());
    tags.app_mask = 0xFF00;
    BOOST_TEST(!run.verify(tags, all_checks()).has_value());
    tags.app_tag ^= 0x0100;
    BOOST_TEST(run.verify(tags, all_checks()).has_value());
}

BOOST_AUTO_TEST_CASE(the_escape_passes_a_block_over_where_its_type_says_so) {
    for_each_run([](Run& run) {
        const PiTags tags = some_tags(run.format);
        nvme::generate(run.format, run.blocks(), tags);
        const PiTuple good = run.tuple(1);
        const uint64_t bad_guard = good.guard ^ 1;
        const uint64_t all_ones = ref_tag_mask(run.format);
        const PiTuple app_alone{bad_guard, 0xFFFF, good.storage_tag, 0};
        const PiTuple both{bad_guard, 0xFFFF, good.storage_tag, all_ones};
        const PiTuple ref_alone{bad_guard, 0xFFFE, good.storage_tag, all_ones};
        PiChecks denied = all_checks();
        denied.escape = false;

        run.set_tuple(1, app_alone);
        const bool no_ref_tag = all_ones == 0;
        BOOST_TEST(run.verify(tags, all_checks()).has_value() ==
                   (run.format.type == 3 && !no_ref_tag));
        BOOST_TEST(run.verify(tags, denied).has_value());
        run.set_tuple(1, both);
        BOOST_TEST(!run.verify(tags, all_checks()).has_value());
        BOOST_TEST(run.verify(tags, denied).has_value());
        run.set_tuple(1, ref_alone);
        BOOST_TEST(run.verify(tags, all_checks()).has_value());
    });
}

BOOST_AUTO_TEST_CASE(the_reference_tag_counts_up_and_wraps_but_for_type_3) {
    for_each_run([](Run& run) {
        PiTags tags = some_tags(run.format);
        tags.ref_tag = ref_tag_mask(run.format);
        nvme::generate(run.format, run.blocks(), tags);
        const uint64_t last = run.format.type == 3 ? tags.ref_tag : 1 & ref_tag_mask(run.format);
        BOOST_TEST(run.tuple(0).ref_tag == tags.ref_tag);
        BOOST_TEST(run.tuple(2).ref_tag == last);
    });
}

BOOST_AUTO_TEST_CASE(a_block_at_the_wrong_place_has_the_wrong_reference_tag) {
    Run run(make_format(1, 16, false, 0, false), false);
    PiTags tags{.ref_tag = 2000};
    nvme::generate(run.format, run.blocks(), tags);
    tags.ref_tag = 2001;
    const auto bad = run.verify(tags, all_checks());
    BOOST_REQUIRE(bad.has_value());
    BOOST_TEST(bad->field == PiField::kRefTag);
    BOOST_TEST(bad->expected == 2001U);
    BOOST_TEST(bad->found == 2000U);
}

BOOST_AUTO_TEST_CASE(zeros_pass_a_16_bit_guard_and_fail_by_reference_tag_or_a_wider_guard) {
    for (const uint8_t guard : {uint8_t{16}, uint8_t{64}}) {
        const PiFormat format = make_format(1, guard, false, 0, false);
        const Bytes zeros(format.block_bytes + format.metadata_bytes);
        const auto bad = nvme::verify(format, BlocksView::extended(format, zeros), {.ref_tag = 7},
                                      {.guard = true, .ref_tag = true});
        BOOST_REQUIRE(bad.has_value());
        BOOST_TEST(bad->field == (guard == 16 ? PiField::kRefTag : PiField::kGuard));
    }
}

BOOST_AUTO_TEST_CASE(a_tuple_seen_on_another_target_is_ours_too) {
    // facts: 512 bytes of FFh have E6A1h
    const PiFormat format = make_format(1, 16, false, 0, false);
    Bytes block(520, std::byte{0xFF});
    nvme::generate(format, Blocks::extended(format, block), {.ref_tag = 4});
    const Bytes expected = {std::byte{0xE6}, std::byte{0xA1}, {}, {}, {}, {}, {}, std::byte{4}};
    BOOST_TEST(std::ranges::equal(std::span(block).subspan(512), expected));
}

BOOST_AUTO_TEST_SUITE_END()
