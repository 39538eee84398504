// SPDX-License-Identifier: GPL-2.0-or-later
//
// A file system that does not answer is left to itself, and the others are heard.
#include "target/operate/path_look.h"

#include <future>
#include <thread>

#include "base/clock.h"
#include "support/temp_dir.h"
#include "support/test.h"

namespace {

/// Answers for every path but those that begin with `dead`, until it is opened.
struct Machine {
    target::PathLook::Ask ask() {
        return [opened = opened_, begun = begun_](const std::string& path) {
            if (path.starts_with("dead")) {
                begun->fetch_add(1);
                opened.wait();
            }
            return path == "none" ? target::PathLook::Found()
                                  : target::PathLook::Found(std::in_place);
        };
    }
    int begun() const { return begun_->load(); }

    std::promise<void> open;

  private:
    std::shared_future<void> opened_{open.get_future()};
    std::shared_ptr<std::atomic<int>> begun_ = std::make_shared<std::atomic<int>>(0);
};

}  // namespace

BOOST_AUTO_TEST_SUITE(path_look)

BOOST_AUTO_TEST_CASE(existing_and_missing_files_are_reported) {
    const support::TempDir dir;
    const std::string file = dir.file("a", "123");
    target::PathLook look(target::PathLook::by_stat, base::seconds(60));
    const auto seen = look.look({dir.at("none"), file, file});
    BOOST_TEST(seen.silent.empty());
    BOOST_TEST(seen.found.size() == 2U);
    BOOST_REQUIRE(seen.found.at(file).has_value());
    BOOST_TEST(seen.found.at(file)->st_size == 3);
    BOOST_TEST(!seen.found.at(dir.at("none")).has_value());
    BOOST_TEST(look.look({}).found.empty());
}

BOOST_AUTO_TEST_CASE(what_does_not_answer_is_asked_once_and_keeps_nobody_waiting) {
    Machine machine;
    target::PathLook look(machine.ask(), base::milliseconds(200));
    const auto first = look.look({"dead", "there", "none"});
    BOOST_TEST(first.silent.contains("dead"));
    for (int i = 0; i < 100; ++i) {
        const auto again = look.look({"dead"});  // nothing is asked, so nothing is waited for
        BOOST_TEST(again.silent.contains("dead"));
        BOOST_TEST(again.found.empty());
    }
    BOOST_TEST(machine.begun() == 1);
    machine.open.set_value();
    bool answered = false;
    for (int i = 0; i < 2000 && !answered; ++i) {
        answered = look.look({"dead"}).found.contains("dead");
        std::this_thread::sleep_for(base::milliseconds(5));
    }
    BOOST_TEST(answered);
}

BOOST_AUTO_TEST_CASE(many_that_do_not_answer_take_no_longer_than_two) {
    Machine machine;
    target::PathLook look(machine.ask(), base::milliseconds(20));
    std::vector<std::string> paths;
    for (int i = 0; i < 50; ++i) {
        paths.push_back("dead" + std::to_string(i));
    }
    BOOST_TEST(look.look(paths).silent.size() == 2U);
    BOOST_TEST(look.look(paths).silent.size() == 4U);  // those, and two more
    BOOST_TEST(machine.begun() <= 4);
    machine.open.set_value();
}

BOOST_AUTO_TEST_CASE(paths_without_an_answer_are_silent) {
    Machine machine;
    target::PathLook look(machine.ask(), base::milliseconds(20));
    const std::set<std::string> silent = look.silent({"dead1", "dead2", "dead3", "none", "there"});
    for (const char* path : {"dead1", "dead2", "dead3"}) {
        BOOST_TEST(silent.contains(path), path);
    }
    machine.open.set_value();
}

BOOST_AUTO_TEST_CASE(a_thread_that_is_running_is_waited_for) {
    target::PathLook look(
        [](const std::string&) {
            base::SystemClock clock;
            const auto end = clock.now() + base::milliseconds(300);
            while (clock.now() < end) {
            }
            return target::PathLook::Found(std::in_place);
        },
        base::milliseconds(20));
    BOOST_TEST(look.look({"busy"}).found.contains("busy"));
}

BOOST_AUTO_TEST_SUITE_END()
