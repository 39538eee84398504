// SPDX-License-Identifier: GPL-2.0-or-later
//
// Namespaces that show their tuples: every type and guard, PRACT, each check, the escapes, each
// field harmed; and the plain view of the same blocks.

#include "support/io_fixture.h"
#include "support/protected_fixture.h"
#include "support/test.h"

using nvme::IoFlags;
using nvme::PiField;
using support::pattern;

namespace {

constexpr uint64_t kAt = 100;
constexpr uint32_t kCount = 5;
constexpr uint32_t kAllChecks =
    IoFlags::kCheckGuard | IoFlags::kCheckApplication | IoFlags::kCheckReference;

std::vector<nvme::PiFormat> formats() {
    std::vector<nvme::PiFormat> all;
    for (const uint8_t type : {uint8_t{1}, uint8_t{2}, uint8_t{3}}) {
        for (const uint8_t guard : {uint8_t{16}, uint8_t{64}}) {
            for (const uint32_t block : {512U, 4096U}) {
                all.push_back({.block_bytes = block, .type = type, .guard_bits = guard});
            }
        }
    }
    return all;
}

struct Exposed : support::ProtectedFixture {
    explicit Exposed(const nvme::PiFormat& stored)
        : ProtectedFixture(stored, true),
          data(pattern(size_t{kCount} * stored.block_bytes)),
          wire(with_tuples(kAt, data)) {}

    /// A type 3 namespace checks no reference tag.
    [[nodiscard]] uint32_t checks() const {
        return format.type == 3 ? kAllChecks & ~IoFlags::kCheckReference : kAllChecks;
    }
    [[nodiscard]] host::Command aimed(host::Command command, uint32_t flags) const {
        command.sqe.nsid = kExposed;
        command.sqe.cdw12 = command.sqe.cdw12 | flags;
        command.sqe.cdw14 = static_cast<uint32_t>(kAt);
        command.sqe.cdw15 = 0xFFFF0000U;  // all bits of an application tag of 0
        return command;
    }
    uint16_t put(const base::Bytes& bytes, uint32_t flags) {
        return run(aimed(host::write(kExposed, {kAt, kCount, format.block_bytes}, bytes), flags));
    }
    uint16_t get(uint32_t flags) {
        const bool stripped = (flags & IoFlags::kProtectionAction) != 0;
        const auto block = static_cast<uint32_t>(wire.size() / kCount);
        return run(aimed(host::read(kExposed, {kAt, kCount, stripped ? format.block_bytes : block}),
                         flags));
    }
    uint16_t check(uint32_t flags) {
        return run(aimed(support::verify(kExposed, {kAt, kCount, format.block_bytes}), flags));
    }
    /// A bit of a field of block 2's tuple, or of its data.
    [[nodiscard]] base::Bytes harmed(PiField field) const {
        const size_t guard = format.guard_bits / 8U;
        const size_t tuple = 2 * (wire.size() / kCount) + format.block_bytes;
        base::Bytes bytes = wire;
        switch (field) {
            case PiField::kGuard:
                bytes[tuple + guard - 1] ^= std::byte{1};
                break;
            case PiField::kAppTag:
                bytes[tuple + guard + 1] ^= std::byte{1};
                break;
            default:
                bytes[tuple + format.metadata_bytes - 1] ^= std::byte{1};
        }
        return bytes;
    }

    base::Bytes data;
    base::Bytes wire;
};

struct FieldRow {
    PiField field;
    uint32_t check;
    uint16_t status;
};
constexpr std::array kFields = {FieldRow{PiField::kGuard, IoFlags::kCheckGuard, 0x4282},
                                FieldRow{PiField::kAppTag, IoFlags::kCheckApplication, 0x4283},
                                FieldRow{PiField::kRefTag, IoFlags::kCheckReference, 0x4284}};

template <class Test>
void for_each_format(Test test) {
    for (const nvme::PiFormat& stored : formats()) {
        BOOST_TEST_CONTEXT(nvme::describe(stored)) {
            Exposed e(stored);
            test(e);
        }
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(exposed)

BOOST_AUTO_TEST_CASE(identify_shows_the_format_and_the_plain_view_names_the_audit_view) {
    for_each_format([](Exposed& e) {
        const auto page = [&](nvme::Cns cns, uint32_t nsid) {
            return e.admin->host.run(host::identify(cns, nsid))->data;
        };
        const auto controller =
            *base::Reader(page(nvme::Cns::kController, 0)).take<nvme::IdentifyController>();
        const auto plain =
            *base::Reader(page(nvme::Cns::kNamespace, e.kPlain)).take<nvme::IdentifyNamespace>();
        const auto shown =
            *base::Reader(page(nvme::Cns::kNamespace, e.kExposed)).take<nvme::IdentifyNamespace>();
        const auto nvm = *base::Reader(page(nvme::Cns::kCommandSetNamespace, e.kExposed))
                              .take<nvme::IdentifyNvmNamespace>();
        const bool wide =
            (controller.ctratt & nvme::IdentifyController::kCtrattExtendedLbaFormats) != 0;
        BOOST_TEST(wide == (e.format.guard_bits != 16));
        const auto format = nvme::decode_pi_format(shown, wide ? &nvm : nullptr);
        BOOST_REQUIRE(format.ok());
        BOOST_TEST(*format == e.format);
        BOOST_TEST(nvme::decode_pi_format(plain, nullptr)->type == 0);
        BOOST_TEST(uint64_t{shown.nsze} == uint64_t{plain.nsze});
        BOOST_TEST(plain.note.present());
        BOOST_TEST(int{plain.note.type} == int{e.format.type});
        BOOST_TEST(int{plain.note.guard_bits} == int{e.format.guard_bits});
        BOOST_TEST(uint32_t{plain.note.audit_nsid} == e.kPlain);
        BOOST_TEST(std::string(plain.note.audit_nqn.data()) ==
                   "nqn.2024-08.com.example:disk:audit");
        BOOST_TEST(uint32_t{shown.note.audit_nsid} == 0U);
    });
}

BOOST_AUTO_TEST_CASE(what_a_host_brings_comes_back_with_and_without_tuples) {
    for_each_format([](Exposed& e) {
        BOOST_TEST(e.put(e.wire, e.checks()) == 0);
        BOOST_TEST(e.get(e.checks()) == 0);
        BOOST_TEST(e.read_back == e.wire);
        BOOST_TEST(e.get(e.checks() | IoFlags::kProtectionAction) == 0);
        BOOST_TEST(e.read_back == e.data);
        BOOST_TEST(e.check(e.checks()) == 0);
        BOOST_TEST(e.read(kAt, kCount) == 0);  // plain
        BOOST_TEST(e.read_back == e.data);
        BOOST_TEST(e.counters->blocks_made == 0U);
        BOOST_TEST(e.told.empty());
    });
}

BOOST_AUTO_TEST_CASE(with_pract_the_target_makes_the_tuples) {
    for_each_format([](Exposed& e) {
        BOOST_TEST(e.put(e.data, IoFlags::kProtectionAction) == 0);
        BOOST_TEST(e.counters->blocks_made == kCount);
        BOOST_TEST(e.get(0) == 0);
        const auto bad =
            nvme::verify(e.format, nvme::BlocksView::extended(e.format, e.read_back),
                         {.ref_tag = kAt}, {.guard = true, .app_tag = true, .ref_tag = true});
        BOOST_TEST(!bad.has_value());
        BOOST_TEST(e.get(e.checks()) == 0);
    });
}

BOOST_AUTO_TEST_CASE(each_field_is_checked_on_receipt_and_nothing_is_stored) {
    for_each_format([](Exposed& e) {
        for (const FieldRow& row : kFields) {
            if ((e.checks() & row.check) == 0) {
                continue;
            }
            BOOST_TEST_CONTEXT(nvme::name(row.field)) {
                e.told.clear();
                BOOST_TEST(e.put(e.harmed(row.field), row.check) == row.status);
                BOOST_REQUIRE(e.told.size() == 1U);
                BOOST_TEST(e.told[0].starts_with("LBA 102: " + std::string(nvme::name(row.field))),
                           e.told[0]);
                BOOST_TEST(e.told[0].ends_with("the host sent it, and the target stored nothing"));
                BOOST_TEST(e.read(kAt, kCount) == 0);
                BOOST_TEST(e.read_back == base::Bytes(e.data.size()));
                // Unless it is asked for, the field is not looked at.
                BOOST_TEST(e.put(e.harmed(row.field), e.checks() & ~row.check) == 0);
                BOOST_TEST(
                    e.run(host::write_zeroes(e.kPlain, {kAt, kCount, e.format.block_bytes})) == 0);
            }
        }
        BOOST_TEST(e.counters->receipt_errors == (e.format.type == 3 ? 2U : 3U));
        BOOST_TEST(e.counters->at_rest_errors == 0U);
    });
}

BOOST_AUTO_TEST_CASE(each_field_is_checked_on_the_way_out_if_the_command_says_so) {
    for_each_format([](Exposed& e) {
        for (const FieldRow& row : kFields) {
            if ((e.checks() & row.check) == 0) {
                continue;
            }
            BOOST_TEST_CONTEXT(nvme::name(row.field)) {
                BOOST_REQUIRE(e.put(e.harmed(row.field), 0) == 0);  // stored as it came
                BOOST_TEST(e.get(0) == 0);                          // evidence, no verdict
                BOOST_TEST(e.read_back == e.harmed(row.field));
                BOOST_TEST(e.get(row.check) == row.status);
                BOOST_TEST(e.read_back.empty());
                BOOST_TEST(e.get(row.check | IoFlags::kProtectionAction) == row.status);
                BOOST_TEST(e.check(row.check) == row.status);
                BOOST_TEST(e.get(e.checks() & ~row.check) == 0);
                BOOST_TEST(e.check(0) == 0);
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(a_wrong_expectation_is_not_laid_at_the_mediums_door) {
    Exposed e({.type = 1});
    BOOST_REQUIRE(e.put(e.wire, 0) == 0);
    auto command = e.aimed(host::read(e.kExposed, {kAt, kCount, 520}), IoFlags::kCheckApplication);
    command.sqe.cdw15 = 0xFFFF0007U;
    BOOST_TEST(e.run(command) == 0x4283);
    BOOST_TEST(e.told.empty());
    BOOST_TEST(e.counters->at_rest_errors == 0U);
}

BOOST_AUTO_TEST_CASE(the_plain_view_never_shows_what_does_not_match) {
    for_each_format([](Exposed& e) {
        BOOST_REQUIRE(e.put(e.harmed(PiField::kGuard), 0) == 0);
        BOOST_TEST(e.read(kAt, kCount) == 0x4281);
        BOOST_TEST(e.read_back.empty());
        BOOST_TEST(e.read(kAt, 2) == 0);
    });
}

BOOST_AUTO_TEST_CASE(the_escape_value_switches_the_checks_off) {
    for_each_format([](Exposed& e) {
        base::Bytes bytes = e.harmed(PiField::kGuard);
        const size_t tuple = 2 * (bytes.size() / kCount) + e.format.block_bytes;
        const size_t guard = e.format.guard_bits / 8U;
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(tuple + guard), 2, std::byte{0xFF});
        if (e.format.type == 3) {  // needs the reference tag too
            BOOST_TEST(e.put(bytes, IoFlags::kCheckGuard) == 0x4282);
            std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(tuple + guard),
                        e.format.metadata_bytes - guard, std::byte{0xFF});
        }
        BOOST_TEST(e.put(bytes, e.checks()) == 0);
        BOOST_TEST(e.get(e.checks()) == 0);
        BOOST_TEST(e.read_back == bytes);
        BOOST_TEST(e.check(e.checks()) == 0);
    });
}

BOOST_AUTO_TEST_CASE(reference_tags_that_contradict_the_type_are_refused) {
    Exposed one({.type = 1});
    auto command = one.aimed(host::read(one.kExposed, {kAt, 1, 520}), IoFlags::kCheckReference);
    command.sqe.cdw14 = static_cast<uint32_t>(kAt + 1);
    BOOST_TEST(one.run(command) == 0x4181);
    Exposed three({.type = 3});
    BOOST_TEST(three.get(IoFlags::kCheckReference) == 0x4181);
    BOOST_TEST(three.put(three.wire, IoFlags::kCheckReference) == 0x4181);
    BOOST_TEST(three.check(IoFlags::kCheckReference) == 0x4181);
}

BOOST_AUTO_TEST_CASE(type_2_counts_from_where_the_command_says) {
    Exposed e({.type = 2});
    auto command =
        e.aimed(host::write(e.kExposed, {kAt, kCount, 512}, e.data), IoFlags::kProtectionAction);
    command.sqe.cdw14 = 7000U;
    BOOST_TEST(e.run(command) == 0);
    BOOST_TEST(e.get(IoFlags::kCheckReference) == 0x4284);
    auto right = e.aimed(host::read(e.kExposed, {kAt, kCount, 520}), e.checks());
    right.sqe.cdw14 = 7000U;
    BOOST_TEST(e.run(right) == 0);
}

BOOST_AUTO_TEST_CASE(transfers_larger_than_a_piece_and_zeros) {
    for_each_format([](Exposed& e) {
        constexpr uint32_t kMany = 200;
        const base::Bytes data = pattern(size_t{kMany} * e.format.block_bytes, 3);
        const base::Bytes wire = e.with_tuples(kAt, data);
        const auto stride = static_cast<uint32_t>(wire.size() / kMany);
        BOOST_TEST(
            e.run(e.aimed(host::write(e.kExposed, {kAt, kMany, stride}, wire), e.checks())) == 0);
        BOOST_TEST(e.run(e.aimed(host::read(e.kExposed, {kAt, kMany, stride}), e.checks())) == 0);
        BOOST_TEST(e.read_back == wire);
        BOOST_TEST(e.run(e.aimed(host::write_zeroes(e.kExposed, {kAt, kCount, stride}), 0)) == 0);
        BOOST_TEST(e.get(IoFlags::kCheckGuard | IoFlags::kProtectionAction) == 0);
        BOOST_TEST(e.read_back == base::Bytes(e.data.size()));
        BOOST_TEST(e.read(kAt, kMany) == 0);
    });
}

BOOST_AUTO_TEST_CASE(a_compare_checks_the_tuples_of_both_sides_and_compares_the_data) {
    static constexpr uint16_t kDiffers = 0x285;
    for_each_format([](Exposed& e) {
        const auto stride = static_cast<uint32_t>(e.wire.size() / kCount);
        const auto compare = [&](const base::Bytes& bytes, uint32_t flags) {
            const bool plain = (flags & IoFlags::kProtectionAction) != 0;
            const uint32_t size = plain ? e.format.block_bytes : stride;
            return e.run(e.aimed(support::compare(e.kExposed, {kAt, kCount, size}, bytes), flags));
        };
        BOOST_REQUIRE(e.put(e.wire, e.checks()) == 0);
        BOOST_TEST(compare(e.wire, e.checks()) == 0);
        BOOST_TEST(compare(e.data, e.checks() | IoFlags::kProtectionAction) == 0);
        base::Bytes other = e.wire;
        other[2 * stride] ^= std::byte{1};
        BOOST_TEST(compare(other, 0) == kDiffers);
        BOOST_TEST(compare(other, IoFlags::kCheckGuard) == 0x4282);
        base::Bytes plain = e.data;
        plain.back() ^= std::byte{1};
        BOOST_TEST(compare(plain, IoFlags::kProtectionAction) == kDiffers);
        BOOST_TEST(compare(e.harmed(PiField::kGuard), 0) == 0);  // the data is the same
        BOOST_TEST(compare(e.harmed(PiField::kGuard), IoFlags::kCheckGuard) == 0x4282);
        e.inject({{target::Fault::Kind::kFlipGuard, kAt + 1, false}});
        BOOST_TEST(compare(e.wire, IoFlags::kCheckGuard) == 0x4282);
        BOOST_TEST(compare(e.data, IoFlags::kCheckGuard | IoFlags::kProtectionAction) == 0x4282);
    });
}

BOOST_AUTO_TEST_CASE(lengths_must_fit_and_blocks_with_tuples_are_not_compared_and_written) {
    Exposed e({.type = 1});
    BOOST_TEST(e.run(e.aimed(host::read(e.kExposed, {kAt, 1, 512}), 0)) == 0x400F);
    BOOST_TEST(e.run(e.aimed(host::read(e.kExposed, {kAt, 1, 520}), IoFlags::kProtectionAction)) ==
               0x400F);
    BOOST_TEST(e.run(e.aimed(support::compare(e.kExposed, {kAt, 1, 512}, base::Bytes(512)), 0)) ==
               0x400F);
    host::Command fused = e.aimed(support::compare(e.kExposed, {kAt, 1, 520}, base::Bytes(520)), 0);
    fused.sqe.flags = static_cast<uint8_t>(fused.sqe.flags | nvme::Sqe::kFusedFirst);
    BOOST_TEST(e.run(std::move(fused)) == 0x4002);
    BOOST_TEST(e.run(e.aimed(host::read(e.kExposed, {0, 2048, 520}), 0)) == 0x4002);  // MDTS
}

BOOST_AUTO_TEST_CASE(a_copy_has_tuples_of_its_new_place) {
    Exposed e({.type = 1});
    BOOST_REQUIRE(e.put(e.wire, 0) == 0);
    BOOST_TEST(e.run(support::copy(e.kExposed, 900, {{kAt, kCount}})) == 0);
    BOOST_TEST(e.read(900, kCount) == 0);
    BOOST_TEST(e.read_back == e.data);
}

BOOST_AUTO_TEST_SUITE_END()
