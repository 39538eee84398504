// SPDX-License-Identifier: GPL-2.0-or-later
//
// Images that come later than the server, or go while it runs: the others are served, and
// missing images are reported, and served when they come.
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <memory>
#include <thread>

#include "support/running_service.h"

namespace {

constexpr const char* kSections =
    "[host.h]\nnqn=nqn.2024-08.com.example:host\n"
    "[subsystem.s]\nnqn=nqn.2024-08.com.example:disk\nhosts=h\n"
    "[namespace.n]\nsubsystem=s\nimage=disk.img\n"
    "[namespace.late]\nsubsystem=s\nnsid=2\nimage=late.img\n";

using support::RunningService;

bool becomes(const RunningService& running, std::string_view question, const std::string& text,
             bool there = true) {
    for (int i = 0; i < 2000; ++i) {
        if ((running.ask(question).find(text) != std::string::npos) == there) {
            return true;
        }
        std::this_thread::sleep_for(base::milliseconds(10));
    }
    return false;
}

exports::ExportConfig config_of(const support::TempDir& dir, const std::string& text) {
    auto config = exports::parse_config("[target]\nlisten=127.0.0.1:0\n" + text, dir.at("t.conf"));
    BOOST_REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error()[0]));
    return std::move(config).value();
}

/// Why a service cannot open.
std::string refusal(const support::TempDir& dir, exports::ExportConfig config) {
    (void)dir;
    const auto reactor = target::Reactor::open().value();
    const base::Log log("target", base::Level::kError);
    target::Interposer plain;
    const auto service = target::Service::open(std::move(config), *reactor, log, plain);
    return service ? "" : service.error().text;
}

/// A file system that stops answering when `gone` is set: stat(2) waits until `end`.
struct DeadMount : target::Interposer {
    target::PathLook::Ask ask() override {
        return [gone = gone, ended = ended](const std::string& path) {
            if (*gone && path.ends_with("/more.img")) {
                ended.wait();
            }
            return target::PathLook::by_stat(path);
        };
    }
    std::shared_ptr<std::atomic<bool>> gone = std::make_shared<std::atomic<bool>>(false);
    std::promise<void> end;
    std::shared_future<void> ended{end.get_future()};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(late_images)

BOOST_AUTO_TEST_CASE(an_image_is_taken_up_when_it_comes) {
    RunningService running(kSections);
    support::ServiceLine admin(running);
    BOOST_REQUIRE(admin.connect(support::kServiceHost).has_value());
    BOOST_REQUIRE(admin.host.enable());
    const auto sees = [&](uint32_t nsid) {
        return admin.run(host::identify(nvme::Cns::kNamespaceDescriptors, nsid));
    };
    BOOST_TEST(sees(1));
    BOOST_TEST(!sees(2));
    const std::string missing =
        "not served: nqn.2024-08.com.example:disk namespace 2, late.img: late.img: No such file";
    BOOST_TEST(running.ask("status").find(missing) != std::string::npos);
    BOOST_TEST(running.ask("metrics").find("nvmeroot_images_not_served 1\n") != std::string::npos);
    BOOST_TEST(running.ask("plan") == "ok\nno changes\n");
    BOOST_TEST(running.ask("reload") == "ok\nno changes\n");
    BOOST_TEST(running.ask("status").find(missing) != std::string::npos);
    running.dir.file("late.img", std::string(1U << 20U, 'l'));
    BOOST_TEST(becomes(running, "status", "not served", false));
    BOOST_TEST(sees(2));
    BOOST_TEST(running.ask("metrics").find("nvmeroot_images_not_served 0\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_reload_takes_it_up_too) {
    RunningService running(kSections);
    running.dir.file("late.img", std::string(1U << 20U, 'l'));
    BOOST_TEST(running.ask("reload").starts_with("ok\n"));
    BOOST_TEST(running.ask("status").find("not served") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_a_raw_disk_waits_until_it_is) {
    RunningService running(kSections, support::reactors(), [](const support::TempDir& dir) {
        dir.file("late.img", "QFI\xFB" + std::string((1U << 20U) - 4, '\0'));
    });
    BOOST_TEST(running.ask("status").find("late.img: it is a qcow2 image, not a raw disk") !=
               std::string::npos);
    running.dir.file("raw.img", std::string(1U << 20U, '\0'));
    std::filesystem::rename(running.dir.at("raw.img"), running.dir.at("late.img"));
    BOOST_TEST(becomes(running, "status", "not served", false));
}

BOOST_AUTO_TEST_CASE(an_image_whose_name_goes_is_served_on_and_told) {
    RunningService running(kSections, support::reactors(), [](const support::TempDir& dir) {
        dir.file("late.img", std::string(1U << 20U, 'l'));
    });
    support::ServiceLine admin(running);
    BOOST_REQUIRE(admin.connect(support::kServiceHost).has_value());
    BOOST_REQUIRE(admin.host.enable());
    BOOST_REQUIRE(unlink(running.dir.at("late.img").c_str()) == 0);
    BOOST_TEST(running.ask("status").find("namespace 2, late.img: its file was removed") !=
               std::string::npos);
    BOOST_TEST(running.ask("status --json").find("\"served\":true") != std::string::npos);
    BOOST_TEST(running.ask("reload").starts_with("ok\n"));
    BOOST_TEST(admin.run(host::identify(nvme::Cns::kNamespaceDescriptors, 2)));
    running.dir.file("late.img", std::string(1U << 20U, 'x'));
    BOOST_TEST(running.ask("status").find("another file has its name") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_reload_never_serves_less_because_an_image_is_missing) {
    RunningService running(kSections, support::reactors(), [](const support::TempDir& dir) {
        dir.file("late.img", std::string(1U << 20U, 'l'));
    });
    std::string elsewhere = kSections;
    elsewhere.replace(elsewhere.find("late.img"), 8, "none.img");
    running.configure(elsewhere);
    BOOST_TEST(running.ask("reload").starts_with("error\n"));
    BOOST_TEST(running.ask("status").find("not served") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_server_without_any_image_says_so) {
    const support::TempDir dir;
    const std::string sections = kSections;
    BOOST_TEST(refusal(dir, config_of(dir, sections)).starts_with("no image can be served: "));
    dir.file("disk.img", std::string(1U << 20U, '\0'));
    BOOST_TEST(refusal(dir, config_of(dir, sections)).empty());
    auto strict = config_of(dir, sections);
    strict.strict = true;
    BOOST_TEST(refusal(dir, std::move(strict)).find("late.img") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_file_system_that_does_not_answer_delays_neither_plan_nor_reload) {
    DeadMount mount;
    RunningService running(
        "[host.h]\nnqn=nqn.2024-08.com.example:host\n"
        "[subsystem.s]\nnqn=nqn.2024-08.com.example:disk\nhosts=h\n"
        "[namespace.n]\nsubsystem=s\nimage=disk.img\n"
        "[namespace.m]\nsubsystem=s\nnsid=2\nimage=more.img\n",
        support::reactors(), [](const support::TempDir&) {}, &mount);
    *mount.gone = true;
    std::filesystem::resize_file(running.dir.at("disk.img"), 2U << 20U);
    std::filesystem::resize_file(running.dir.at("more.img"), 2U << 20U);
    const std::string silent =
        "! namespace 2 of nqn.2024-08.com.example:disk: image more.img was not checked, because "
        "its file system does not answer\n";
    const std::string grown =
        "~ namespace 1 of nqn.2024-08.com.example:disk: blocks 2048 -> 4096\n";
    BOOST_TEST(running.ask("plan") == "ok\n" + grown + silent);
    BOOST_TEST(running.ask("reload") == "ok\n" + grown + silent);
    BOOST_TEST(running.ask("status").find("more.img: its file system does not answer") !=
               std::string::npos);
    BOOST_TEST(running.ask("reload") == "ok\n" + silent);
    *mount.gone = false;
    mount.end.set_value();
    BOOST_TEST(becomes(running, "plan", silent, false));
    BOOST_TEST(running.ask("reload").ends_with("disk: blocks 2048 -> 4096\n"));
}

BOOST_AUTO_TEST_SUITE_END()
