// SPDX-License-Identifier: GPL-2.0-or-later
//
// Identify bit by bit: what each bit that is set says can be done, and what each that is not set
// says cannot be done is refused. And of each refusal, where in the command the error log says it
// lies.
#include <functional>
#include <map>

#include "support/admin_fixture.h"
#include "support/io_fixture.h"
#include "target/controller/reservations.h"

using nvme::AdminOpcode;
using nvme::Cns;
using nvme::Feature;
using nvme::IoOpcode;
using nvme::LogPage;
using support::IoFixture;
using support::page_of;
namespace status = nvme::status;

namespace {

constexpr uint32_t kBlock = IoFixture::kBlock;

/// Does what a bit speaks of. @return the status number
using Act = std::function<uint16_t(IoFixture&)>;

uint16_t ask(IoFixture& f, const host::Command& command) {
    return f.admin->host.run(command)->status.number();
}
Act admin(const host::Command& command) {
    return [=](IoFixture& f) { return ask(f, command); };
}
Act io(const host::Command& command) {
    return [=](IoFixture& f) { return f.run(command); };
}
Act identify(unsigned cns) {
    return admin(host::identify(static_cast<Cns>(cns)));
}
Act log(unsigned page, uint32_t nsid = 0) {
    auto command = host::get_log_page(static_cast<LogPage>(page), 512);
    command.sqe.nsid = nsid;
    return admin(command);
}
Act set(Feature feature, uint32_t value, uint32_t nsid = 0) {
    auto command = host::set_features(feature, value);
    command.sqe.nsid = nsid;
    return admin(command);
}
Act get_unknown(unsigned feature) {
    return admin(host::get_features(static_cast<Feature>(feature)));
}
/// A command that nobody knows here.
host::Command bare(unsigned opcode) {
    host::Command command = host::flush(1);
    command.sqe.opcode = static_cast<uint8_t>(opcode);
    return command;
}
host::Command changed(host::Command command, const std::function<void(nvme::Sqe&)>& change) {
    change(command.sqe);
    return command;
}
/// A Read of block 0 whose SGL is of this type and length.
Act read_with_sgl(unsigned type, size_t bytes) {
    return [=](IoFixture& f) {
        auto sqe = support::by_r2t(host::read(1, {0, 1, kBlock}).sqe, 7, bytes);
        sqe.sgl.type = static_cast<uint8_t>(type);
        const auto words = support::words(f.send(sqe));
        return words.size() == 2 && words[0] == "data 7" ? uint16_t{0}
               : words[0].find("(011h") != std::string::npos
                   ? status::kSglTypeInvalid.dnr().number()
                   : status::kDataSglLengthInvalid.dnr().number();
    };
}

host::Command with_keys(IoOpcode opcode, uint32_t cdw10, const std::vector<uint64_t>& keys) {
    host::Command command = bare(static_cast<uint8_t>(opcode));
    command.sqe.cdw10 = cdw10;
    base::Writer writer(command.data_out);
    for (const uint64_t key : keys) {
        writer.put(nvme::le64(key));
    }
    return command;
}
/// Registers and acquires a reservation of one type.
Act reserve(unsigned type) {
    return [=](IoFixture& f) {
        const uint16_t enrolled = f.run(with_keys(IoOpcode::kReservationRegister, 0, {0, 7}));
        return enrolled != 0 ? enrolled
                             : f.run(with_keys(IoOpcode::kReservationAcquire, type << 8U, {7, 0}));
    };
}
/// A pair of a Compare and a command, done or refused. The first status that is not success counts.
Act pair_with(IoOpcode opcode) {
    return [=](IoFixture& f) {
        auto first = support::compare(1, {0, 1, kBlock}, {}).sqe;
        auto second = host::write(1, {0, 1, kBlock}, {}).sqe;
        first.flags = nvme::Sqe::kFusedFirst;
        second.flags = nvme::Sqe::kFusedSecond;
        second.opcode = static_cast<uint8_t>(opcode);
        (void)f.send(support::in_capsule(first, 8, kBlock), f.blocks(0, 1));
        const auto words =
            support::words(f.send(support::in_capsule(second, 9, kBlock), f.blocks(0, 1)));
        const bool done = words.size() == 2 && words[1] == "9: Successful Completion (000h)";
        return done ? uint16_t{0} : status::kInvalidField.dnr().number();
    };
}
/// Half a period of silence beyond what a keep-alive alone would allow, with one command between.
uint16_t keeps_alive_by_traffic(IoFixture& f) {
    f.clock.sleep(base::milliseconds(9000));
    const uint16_t verdict = f.run(host::flush(1));
    f.clock.sleep(base::milliseconds(9000));
    f.admin->on_timer();
    return f.admin->over() ? uint16_t{1} : verdict;
}

const uint16_t kDone = 0;
const uint16_t kNoField = status::kInvalidField.dnr().number();
const uint16_t kNoOpcode = status::kInvalidOpcode.dnr().number();
const uint16_t kNoPage = status::kInvalidLogPage.dnr().number();

enum class Of { kOncs, kOacs, kLpa, kFuses, kCtratt, kOaes, kVwc, kNwpc, kOcfs, kSgls, kRescap };

struct Claim {
    Of field;
    unsigned bit;
    bool says;
    Act act;
    uint16_t answer;
};

const std::map<Of, uint32_t>& fields(IoFixture& f) {
    static std::map<Of, uint32_t> out;
    const auto id =
        page_of<nvme::IdentifyController>(f.admin->host.run(host::identify(Cns::kController)));
    const auto ns =
        page_of<nvme::IdentifyNamespace>(f.admin->host.run(host::identify(Cns::kNamespace, 1)));
    out = {{Of::kOncs, id.oncs},     {Of::kOacs, id.oacs},    {Of::kLpa, id.lpa},
           {Of::kFuses, id.fuses},   {Of::kOaes, id.oaes},    {Of::kVwc, id.vwc},
           {Of::kCtratt, id.ctratt}, {Of::kNwpc, id.nwpc},    {Of::kOcfs, id.ocfs},
           {Of::kSgls, id.sgls},     {Of::kRescap, ns.rescap}};
    return out;
}

std::vector<Claim> optional_commands() {
    const base::Bytes zeros(kBlock);
    auto saved = host::get_features(Feature::kErrorRecovery);
    saved.sqe.cdw10 = saved.sqe.cdw10 | 2U << 8U;
    auto report = bare(static_cast<uint8_t>(IoOpcode::kReservationReport));
    report.sqe.cdw10 = 15U;
    report.sqe.cdw11 = 1U;
    report.data_in_len = 64;
    std::vector<Claim> claims = {
        {Of::kOncs, 0, true, io(support::compare(1, {0, 1, kBlock}, zeros)), kDone},
        {Of::kOncs, 1, false, io(bare(0x04)), kNoOpcode},
        {Of::kOncs, 2, true, io(support::deallocate(1, {{0, 1}})), kDone},
        {Of::kOncs, 3, true, io(host::write_zeroes(1, {0, 1, kBlock})), kDone},
        {Of::kOncs, 4, true, admin(saved), kDone},
        {Of::kOncs, 5, true, io(report), kDone},
        {Of::kOncs, 6, true, admin(host::get_features(Feature::kTimestamp, 8)), kDone},
        {Of::kOncs, 7, true, io(support::verify(1, {0, 1, kBlock})), kDone},
        {Of::kOncs, 8, true, io(support::copy(1, 8, {{0, 1}})), kDone},
        {Of::kFuses, 0, true, pair_with(IoOpcode::kWrite), kDone},
        {Of::kFuses, 1, false, pair_with(IoOpcode::kCompare), kNoField},
        {Of::kVwc, 0, true, io(host::flush(1)), kDone},
        {Of::kVwc, 1, true, io(host::flush(nvme::kNsidAll)), kDone},
        {Of::kVwc, 2, true, io(host::flush(nvme::kNsidAll)), kDone},
        {Of::kOcfs, 0, true, io(support::copy(1, 8, {{0, 1}})), kDone},
        {Of::kOcfs, 1, false,
         io(changed(support::copy(1, 8, {{0, 1}}),
                    [](nvme::Sqe& sqe) { sqe.cdw12 = sqe.cdw12 | 1U << 8U; })),
         kNoField},
    };
    // Queues of PCIe, and what OACS and SANICAP are about.
    static constexpr std::pair<unsigned, unsigned> kAdmin[] = {
        {0, 0x81}, {0, 0x82},  {1, 0x80},  {2, 0x10},  {2, 0x11},  {3, 0x0D},  {3, 0x15},
        {4, 0x14}, {5, 0x19},  {5, 0x1A},  {6, 0x1D},  {6, 0x1E},  {7, 0x1C},  {8, 0x7C},
        {9, 0x86}, {10, 0x24}, {11, 0x84}, {11, 0x00}, {11, 0x01}, {11, 0x04}, {11, 0x05}};
    for (const auto& [bit, opcode] : kAdmin) {
        claims.push_back({Of::kOacs, bit, false, admin(bare(opcode)), kNoOpcode});
    }
    return claims;
}

std::vector<Claim> pages_and_features() {
    std::vector<Claim> claims = {
        {Of::kLpa, 0, false, log(0x02, 1), kNoField},  // SMART of one namespace
        {Of::kLpa, 1, true, log(0x05), kDone},
        {Of::kLpa, 2, true, admin(host::get_log_page(LogPage::kCommandEffects, 4, 4092)), kDone},
        {Of::kLpa, 3, false, log(0x07), kNoPage},
        {Of::kLpa, 3, false, log(0x08), kNoPage},
        {Of::kLpa, 4, false, log(0x0D), kNoPage},
        {Of::kLpa, 5, true, log(0x00), kDone},
        {Of::kLpa, 5, true, log(0x12), kDone},
        {Of::kLpa, 5, true, log(0x13), kDone},
        {Of::kCtratt, 0, true,
         admin(changed(host::get_features(Feature::kHostIdentifier, 16),
                       [](nvme::Sqe& sqe) { sqe.cdw11 = 1U; })),
         kDone},
        {Of::kCtratt, 1, false, get_unknown(0x11), kNoField},
        {Of::kCtratt, 2, false, identify(0x04), kNoField},
        {Of::kCtratt, 3, false, get_unknown(0x12), kNoField},
        {Of::kCtratt, 4, false, log(0x09), kNoPage},
        {Of::kCtratt, 4, false, get_unknown(0x18), kNoField},
        {Of::kCtratt, 5, false, log(0x0A), kNoPage},
        {Of::kCtratt, 5, false, get_unknown(0x13), kNoField},
        {Of::kCtratt, 6, true, keeps_alive_by_traffic, kDone},
        {Of::kCtratt, 7, false, identify(0x16), kNoField},
        {Of::kCtratt, 9, false, identify(0x17), kNoField},
        {Of::kCtratt, 10, false, identify(0x18), kNoField},
        {Of::kCtratt, 11, false, admin(bare(0x20)), kNoOpcode},  // Capacity Management
        {Of::kNwpc, 0, true, set(Feature::kWriteProtect, 1, 1), kDone},
        {Of::kNwpc, 1, true, set(Feature::kWriteProtect, 2, 1), kDone},
        {Of::kNwpc, 2, false, set(Feature::kWriteProtect, 3, 1), kNoField},
    };
    for (unsigned bit = 8; bit < 32; ++bit) {
        const bool says = bit == 8 || bit == 11;
        const uint32_t value = 1U << bit;
        claims.push_back({Of::kOaes, bit, says, set(Feature::kAsyncEventConfig, value),
                          says || bit == 31 ? kDone : kNoField});
    }
    return claims;
}

std::vector<Claim> descriptors_and_reservations() {
    constexpr uint32_t kPersist = 3U << 30U;
    constexpr uint32_t kIgnoreKey = 1U << 3U;
    const uint16_t no_type = status::kSglTypeInvalid.dnr().number();
    const uint16_t no_length = status::kDataSglLengthInvalid.dnr().number();
    std::vector<Claim> claims = {
        {Of::kSgls, 0, true, read_with_sgl(0x5A, kBlock), kDone},
        {Of::kSgls, 2, false, read_with_sgl(0x40, kBlock), no_type},   // keyed
        {Of::kSgls, 16, false, read_with_sgl(0x10, kBlock), no_type},  // bit bucket
        {Of::kSgls, 18, false, read_with_sgl(0x5A, 4096), no_length},  // longer than the data
        {Of::kSgls, 20, true, io(host::write(1, {0, 1, kBlock}, base::Bytes(kBlock))), kDone},
        {Of::kSgls, 21, true, read_with_sgl(0x5A, kBlock), kDone},
        {Of::kRescap, 0, false, io(with_keys(IoOpcode::kReservationRegister, kPersist, {0, 7})),
         kNoField},
        {Of::kRescap, 7, true, io(with_keys(IoOpcode::kReservationRegister, kIgnoreKey, {1, 7})),
         kDone},
    };
    for (unsigned type = 1; type <= 6; ++type) {
        claims.push_back({Of::kRescap, type, true, reserve(type), kDone});
    }
    return claims;
}

/// The newest line of the error log.
nvme::ErrorLogEntry newest_error(IoFixture& f) {
    return page_of<nvme::ErrorLogEntry>(
        f.admin->host.run(host::get_log_page(LogPage::kErrors, 64)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(claims)

BOOST_AUTO_TEST_CASE(every_bit_is_kept_or_refused) {
    std::map<Of, uint32_t> said;
    for (const auto& part :
         {optional_commands(), pages_and_features(), descriptors_and_reservations()}) {
        for (const Claim& claim : part) {
            BOOST_TEST_CONTEXT("field " << static_cast<int>(claim.field) << " bit " << claim.bit) {
                IoFixture f;
                const bool is_set = (fields(f).at(claim.field) >> claim.bit & 1U) != 0;
                BOOST_TEST(is_set == claim.says);
                BOOST_TEST(claim.act(f) == claim.answer);
            }
            said[claim.field] |= claim.says ? 1U << claim.bit : 0;
        }
    }
    IoFixture f;
    for (const auto& [field, value] : fields(f)) {
        BOOST_TEST_CONTEXT("field " << static_cast<int>(field)) {
            BOOST_TEST(value == said[field]);  // no bit that nobody tried
        }
    }
}

BOOST_AUTO_TEST_CASE(a_reset_of_the_subsystem_is_neither_said_nor_done) {
    constexpr uint32_t kNssr = 0x20;
    constexpr uint64_t kNssrs = 1ULL << 36U;
    constexpr uint64_t kNvme = 0x4E564D65;
    IoFixture f;
    const auto cap = f.admin->host.run(host::property_get(nvme::Property::kCap));
    BOOST_TEST(((uint64_t{cap->dw1} << 32U | cap->dw0) & kNssrs) == 0U);
    const auto nssr = static_cast<nvme::Property>(kNssr);
    BOOST_TEST(ask(f, host::property_get(nssr)) == status::kInvalidField.number());
    BOOST_TEST(ask(f, host::property_set(nssr, kNvme)) == kNoField);
    BOOST_TEST(f.run(host::read(1, {0, 1, kBlock})) == 0);
}

BOOST_AUTO_TEST_CASE(discovery_keeps_what_it_says_too) {
    support::TargetFixture f;
    auto line = support::open_discovery(f, support::kHostNqn);
    const auto id =
        page_of<nvme::IdentifyController>(line->host.run(host::identify(Cns::kController)));
    BOOST_TEST(int{id.lpa} == 0x24);  // extended offset, supported pages and effects of features
    for (const unsigned page : {0x00U, 0x12U, 0x13U}) {
        BOOST_TEST(
            line->host.run(host::get_log_page(static_cast<LogPage>(page), 512))->status.ok());
    }
    const auto effects = line->host.run(host::get_log_page(LogPage::kFeatureEffects, 1024))->data;
    for (unsigned feature = 0; feature < 256; ++feature) {
        BOOST_TEST_CONTEXT("feature " << feature) {
            const bool listed = effects[size_t{feature} * 4] != std::byte{0};
            auto command = host::get_features(static_cast<Feature>(feature));
            command.sqe.cdw10 = command.sqe.cdw10 | 3U << 8U;  // its capabilities
            BOOST_TEST(line->host.run(command)->status.ok() == listed);
        }
    }
    BOOST_TEST((id.oncs | id.oacs | id.fuses | id.nwpc | id.vwc) == 0);
}

BOOST_AUTO_TEST_CASE(the_error_log_says_which_field_was_wrong) {
    struct Case {
        Act act;
        unsigned byte;
        unsigned bit;
    };
    const auto admin_with = [](const host::Command& command,
                               const std::function<void(nvme::Sqe&)>& change) {
        return admin(changed(command, change));
    };
    const host::Command read = host::read(1, {0, 1, kBlock});
    const host::Command enroll = with_keys(IoOpcode::kReservationRegister, 0, {0, 7});
    const Case cases[] = {
        {admin(bare(0x84)), 0, 0},
        {identify(0xFF), 40, 0},
        {admin(host::identify(Cns::kCommandSetController, 0, 2)), 47, 0},
        {admin(host::identify(Cns::kNamespaceDescriptors, 9)), 4, 0},
        {log(0xC0), 40, 0},
        {log(0x02, 1), 4, 0},
        {admin(host::get_log_page(LogPage::kSmart, 4, 516)), 48, 0},
        {admin(host::get_log_page(LogPage::kSmart, 2U << 20U)), 42, 0},
        {admin_with(host::get_log_page(LogPage::kSmart, 4), [](auto& s) { s.cdw14 = 1U << 23U; }),
         58, 7},
        {admin_with(host::get_log_page(LogPage::kCommandEffects, 4),
                    [](auto& s) { s.cdw14 = 1U << 24U; }),
         59, 0},
        {get_unknown(0x7F), 40, 0},
        {admin_with(host::get_features(Feature::kArbitration), [](auto& s) { s.cdw10 = 0x401U; }),
         41, 0},
        {admin(host::get_features(Feature::kHostIdentifier, 16)), 44, 0},
        {set(Feature::kPowerManagement, 1U << 5U), 44, 5},
        {set(Feature::kAsyncEventConfig, 1U << 9U), 45, 1},
        {set(Feature::kErrorRecovery, 1U << 16U, 1), 46, 0},
        {set(Feature::kNumberOfQueues, 0xFFFF0000), 46, 0},
        {set(Feature::kWriteProtect, 1, 9), 4, 0},
        {set(Feature::kVolatileWriteCache, 1, 1), 4, 0},
        {admin_with(host::set_features(Feature::kArbitration, 1),
                    [](auto& s) { s.cdw10 = s.cdw10 | 1U << 31U; }),
         43, 7},
        {admin(host::property_get(static_cast<nvme::Property>(0x20))), 44, 0},
        {io(host::read(9, {0, 1, kBlock})), 4, 0},
        {io(host::read(1, {4096, 1, kBlock})), 40, 0},
        {io(support::verify(1, {0, 2049, kBlock})), 48, 0},
        {read_with_sgl(0x40, kBlock), 39, 0},
        {read_with_sgl(0x5A, 4096), 32, 0},
        {io(changed(support::copy(1, 8, {{0, 1}}), [](auto& s) { s.cdw12 = 1U << 8U; })), 49, 0},
        {io(changed(enroll, [](auto& s) { s.cdw10 = 7U; })), 40, 0},
        {io(changed(enroll, [](auto& s) { s.cdw10 = 1U << 30U; })), 43, 6},
        {io(changed(enroll, [](auto& s) { s.cdw10 = 3U << 30U; })), 43, 6},
        {io(with_keys(IoOpcode::kReservationAcquire, 7U << 8U, {7, 0})), 41, 0},
        {io(with_keys(IoOpcode::kReservationRelease, 1U << 3U, {7})), 40, 3},
        {[&](IoFixture& f) {
             auto sqe = support::in_capsule(read.sqe, 7, kBlock);
             sqe.flags = 0;
             (void)f.send(sqe);
             return uint16_t{0};
         },
         1, 6},
        {[&](IoFixture& f) {
             auto sqe = support::by_r2t(read.sqe, 7, kBlock);
             sqe.flags |= nvme::Sqe::kFusedFirst;
             (void)f.send(sqe);
             return uint16_t{0};
         },
         1, 0},
    };
    IoFixture f;
    uint64_t errors = 0;
    for (const Case& test : cases) {
        BOOST_TEST_CONTEXT("byte " << test.byte << " bit " << test.bit << ", error "
                                   << errors + 1) {
            (void)test.act(f);
            const nvme::ErrorLogEntry entry = newest_error(f);
            BOOST_TEST(uint64_t{entry.error_count} == ++errors);
            BOOST_TEST(uint16_t{entry.parameter_location} == (test.bit << 8U | test.byte));
        }
    }
    (void)f.run(support::compare(1, {0, 1, kBlock}, support::pattern(kBlock)));
    BOOST_TEST(uint16_t{newest_error(f).parameter_location} == nvme::Status::kNoParameter);
}

BOOST_AUTO_TEST_SUITE_END()
