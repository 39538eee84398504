// SPDX-License-Identifier: GPL-2.0-or-later
//
// Commands that wait, and what changes meanwhile: each is judged again before it continues,
// whatever it waits for, and none keeps what it waits for from going.

#include "nvme/identify.h"
#include "support/admin_fixture.h"
#include "support/io_fixture.h"
#include "support/slow_line.h"
#include "support/test.h"

using nvme::Cns;
using support::HeldBackend;
using support::IoFixture;
using support::SlowLine;
using support::TargetFixture;
namespace status = nvme::status;

namespace {

constexpr uint32_t kBlock = IoFixture::kBlock;
const uint16_t kGone = status::kInvalidNamespace.dnr().number();

host::Command protect(uint32_t state) {
    host::Command command = host::set_features(nvme::Feature::kWriteProtect, state);
    command.sqe.nsid = 1U;
    return command;
}

/// A host whose admin queue has so much to read that commands with data wait for memory.
struct FullLine : TargetFixture {
    FullLine() : line(sessions, clock, {}) {
        line.greet();
        BOOST_REQUIRE(line.run(host::connect(connect_options())).has_value());
        BOOST_REQUIRE(line.run(host::property_set(nvme::Property::kCc, 0x00460001)).has_value());
        for (int i = 0; i < 4; ++i) {
            line.submit(host::get_log_page(nvme::LogPage::kErrors, 1U << 20U));
        }
    }
    uint16_t last() {
        line.read(SIZE_MAX);
        BOOST_REQUIRE(line.unanswered() == 0U);
        return line.answers().back();
    }
    SlowLine line;
};

/// A change of namespace 1 of a fixture.
struct Change {
    const char* name;
    void (*happen)(TargetFixture& f);
    nvme::Status verdict;
};

target::NamespaceConfig config_of(TargetFixture& f) {
    return f.subsystem->find_namespace(1)->config();
}
void remove_it(TargetFixture& f) {
    (void)f.subsystem->remove_namespace(1);
}
void replace(TargetFixture& f) {
    auto config = config_of(f);
    remove_it(f);
    f.subsystem->add_namespace(std::move(config),
                               std::make_unique<HeldBackend>(TargetFixture::kImageBytes));
}
void hide(TargetFixture& f) {
    auto config = config_of(f);
    config.hosts = {support::kStrangerNqn};
    (void)f.subsystem->change_namespace(config);
}
void make_read_only(TargetFixture& f) {
    auto config = config_of(f);
    config.read_only = true;
    (void)f.subsystem->change_namespace(config);
}
void write_protect(TargetFixture& f) {
    (void)f.subsystem->protect_namespace(1, target::WriteProtection::kProtected);
}
void close_path(TargetFixture& f) {
    f.target.set_ana_states(
        {{{1, target::AnaGroups::kEveryPortal}, nvme::AnaState::kInaccessible}});
}
void shrink(TargetFixture& f) {
    f.backend->content.resize(4096);
    (void)f.subsystem->resize_namespace(1);
}
void reserve(TargetFixture& f) {
    target::Reserver other{{}, support::kStrangerNqn};
    other.id.bytes[0] = std::byte{7};
    auto& reservations = f.subsystem->namespaces().at(1)->reservations();
    (void)reservations.register_host(other, {.new_key = 1});
    (void)reservations.acquire(
        other, {.type = target::ReservationType::kExclusiveAccess, .current_key = 1});
}

constexpr size_t kOfAll = 6;  // the others are for writes alone
const Change kChanges[] = {
    {"it is removed", remove_it, status::kInvalidNamespace.dnr()},
    {"another takes its place", replace, status::kInvalidNamespace.dnr()},
    {"it is hidden", hide, status::kInvalidNamespace.dnr()},
    {"its path is closed", close_path, status::kAnaInaccessible},
    {"it is smaller", shrink, status::kLbaOutOfRange.dnr()},
    {"another host reserves it", reserve, status::kReservationConflict.dnr()},
    {"it is read-only", make_read_only, status::kNamespaceWriteProtected.dnr()},
    {"it is protected", write_protect, status::kNamespaceWriteProtected.dnr()},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(judged_again)

BOOST_AUTO_TEST_CASE(identify_waits_for_memory_while_its_namespace_goes) {
    struct Row {
        Cns cns;
        uint16_t answer;
    };
    for (const Row& row :
         {Row{Cns::kNamespaceDescriptors, kGone}, Row{Cns::kCommandSetNamespace, kGone},
          Row{Cns::kIndependentNamespace, kGone}, Row{Cns::kNamespaceControllers, kGone},
          Row{Cns::kNamespace, 0}, Row{Cns::kActiveNamespaces, 0}, Row{Cns::kController, 0}}) {
        for (const auto happen : {remove_it, hide}) {
            BOOST_TEST_CONTEXT("CNS " << static_cast<int>(row.cns)) {
                FullLine f;
                const uint32_t nsid = row.cns == Cns::kController ? 0 : 1;
                f.line.submit(host::identify(row.cns, nsid));
                BOOST_TEST(f.line.unanswered() > 1U);
                happen(f);
                BOOST_TEST(f.last() == row.answer);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_command_waits_while_its_controller_is_reset) {
    FullLine f;
    f.line.submit(host::identify(Cns::kController));
    f.line.submit(host::property_set(nvme::Property::kCc, 0x00460000));
    f.line.read(SIZE_MAX);
    BOOST_TEST(f.line.unanswered() == 0U);
    BOOST_TEST(f.line.answers().back() == status::kSequenceError.dnr().number());
}

BOOST_AUTO_TEST_CASE(a_read_waits_for_memory) {
    for (const Change& change : std::span(kChanges).first(kOfAll)) {
        BOOST_TEST_CONTEXT(change.name) {
            IoFixture f;
            SlowLine line(f.sessions, f.clock, {});
            line.greet();
            BOOST_REQUIRE(line.run(host::connect(f.connect_options(2, f.cntlid))).has_value());
            for (int i = 0; i < 2; ++i) {
                line.submit(host::read(1, {0, 2048, kBlock}));
            }
            line.submit(host::read(1, {64, 8, kBlock}));
            const size_t asked = f.backend->asked.size();
            BOOST_TEST(asked < 3U);
            change.happen(f);
            line.read(SIZE_MAX);
            BOOST_TEST(line.unanswered() == 0U);
            BOOST_TEST(line.answers().back() == change.verdict.number());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_command_that_has_not_begun_keeps_no_store) {
    IoFixture f;
    SlowLine line(f.sessions, f.clock, {});
    line.greet();
    BOOST_REQUIRE(line.run(host::connect(f.connect_options(2, f.cntlid))).has_value());
    auto store = std::make_shared<HeldBackend>(TargetFixture::kImageBytes);
    const std::weak_ptr<HeldBackend> left = store;
    target::NamespaceConfig config;
    config.nsid = 2;
    f.subsystem->add_namespace(config, std::move(store));
    line.submit(host::read(1, {0, 2048, kBlock}));  // fills the output
    line.submit(host::read(2, {0, 2048, kBlock}));
    line.submit(host::write(2, {0, 8, kBlock}, base::Bytes(4096)), false);  // its data never comes
    BOOST_TEST(!left.expired());
    BOOST_TEST(f.subsystem->remove_namespace(2));
    BOOST_TEST(left.expired());
    line.settle();
    BOOST_TEST(line.answers() == (std::vector<uint16_t>{0, 0, kGone, kGone}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_write_waits_for_its_data) {
    for (const Change& change : kChanges) {
        BOOST_TEST_CONTEXT(change.name) {
            IoFixture f;
            const auto store = f.subsystem->find_namespace(1)->share_backend();
            auto& queue = f.io->host.queue();
            BOOST_REQUIRE(queue.submit(host::write(1, {64, 128, kBlock}, base::Bytes(65536))));
            (void)f.io->host.send(queue.take_output());
            const base::Bytes data = queue.take_output();
            change.happen(f);
            (void)f.io->host.send(data);
            const auto answer = queue.take_completion();
            BOOST_REQUIRE(answer.has_value());
            BOOST_TEST(answer->status.number() == change.verdict.number());
            BOOST_TEST(f.backend->asked.empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_copy_waits_for_the_store_that_it_reads) {
    for (const Change& change : kChanges) {
        if (change.happen == shrink || change.happen == replace || change.happen == remove_it) {
            continue;  // below, where the store is kept
        }
        BOOST_TEST_CONTEXT(change.name) {
            IoFixture f;
            f.backend->hold = true;
            BOOST_TEST(f.run(support::copy(1, 64, {{0, 8}})) == 0xFFFF);
            change.happen(f);
            f.backend->settle();
            f.io->host.pump();
            const auto answer = f.io->host.queue().take_completion();
            BOOST_REQUIRE(answer.has_value());
            BOOST_TEST(answer->status.number() == change.verdict.number());
            BOOST_TEST(f.backend->asked.size() == 1U);
        }
    }
    for (const auto happen : {remove_it, replace}) {
        IoFixture f;
        const auto store = f.subsystem->find_namespace(1)->share_backend();
        f.backend->hold = true;
        BOOST_TEST(f.run(support::copy(1, 64, {{0, 8}})) == 0xFFFF);
        happen(f);
        f.backend->settle();
        f.io->host.pump();
        BOOST_TEST(f.io->host.queue().take_completion()->status.number() == kGone);
        BOOST_TEST(f.backend->asked.size() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(write_protection_waits_for_the_flush) {
    for (const auto happen : {remove_it, replace, hide}) {
        IoFixture f;
        const auto store = f.subsystem->find_namespace(1)->share_backend();
        f.backend->hold = true;
        BOOST_TEST(!f.admin->host.run(protect(1)));
        BOOST_REQUIRE(f.backend->held.size() == 1U);
        happen(f);
        f.backend->settle();
        f.admin->host.pump();
        const auto answer = f.admin->host.queue().take_completion();
        BOOST_REQUIRE(answer.has_value());
        BOOST_TEST(answer->status.number() == kGone);
        const target::Namespace* next = f.subsystem->find_namespace(1);
        BOOST_TEST((next == nullptr || !next->read_only()));
    }
}

BOOST_AUTO_TEST_CASE(no_write_is_under_way_when_write_protection_begins) {
    IoFixture f;
    const auto write = [](uint64_t at) {
        return host::write(1, {at, 1, kBlock}, base::Bytes(kBlock));
    };
    f.backend->hold = true;
    BOOST_TEST(f.run(write(0)) == 0xFFFF);
    BOOST_TEST(!f.admin->host.run(protect(1)));
    BOOST_TEST(f.run(write(8)) == 0xFFFF);  // behind it
    BOOST_TEST(f.backend->asked == (std::vector<std::string>{"write 0+512"}),
               boost::test_tools::per_element());
    f.backend->hold = false;
    f.backend->settle();
    f.admin->host.pump();
    f.io->host.pump();
    BOOST_TEST(f.admin->host.queue().take_completion()->status.ok());
    BOOST_TEST(f.io->host.queue().take_completion()->status.ok());
    BOOST_TEST(f.io->host.queue().take_completion()->status.number() ==
               status::kNamespaceWriteProtected.dnr().number());
    BOOST_TEST(f.backend->asked == (std::vector<std::string>{"write 0+512", "flush 0+0"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_connection_connects_once) {
    TargetFixture f;
    SlowLine line(f.sessions, f.clock, {});
    line.greet();
    line.submit(host::connect(f.connect_options()), false);
    line.submit(host::connect(f.connect_options()), false);
    line.settle();
    BOOST_TEST(line.answers() == (std::vector<uint16_t>{0, status::kSequenceError.dnr().number()}),
               boost::test_tools::per_element());
    BOOST_TEST(f.subsystem->controllers().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
