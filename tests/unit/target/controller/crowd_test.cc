// SPDX-License-Identifier: GPL-2.0-or-later
//
// A thousand hosts, half of them with keys, and a reload that changes every key, takes a tenth of
// the hosts away and adds as many: the others notice nothing.
#include <sys/resource.h>

#include <chrono>
#include <deque>

#include "support/running_service.h"

namespace {

constexpr size_t kHosts = 1000;
constexpr size_t kHostsOfOne = 20;  ///< subsystem: lines of the configuration are short
constexpr size_t kLeaves = 10;      ///< every so many-th host leaves with the reload

std::string host_nqn(size_t number) {
    return "nqn.2024-08.com.example:host" + std::to_string(number);
}
std::string disk_nqn(size_t number) {
    return "nqn.2024-08.com.example:room" + std::to_string(number / kHostsOfOne);
}
bool has_key(size_t number) {
    return number % 2 == 0;
}
bool leaves(size_t number) {
    return number % kLeaves == 3;
}

/// Hosts from `first` to `last`, in rooms that share a read-only image.
std::string hosts_and_rooms(size_t first, size_t last, const std::string& key, bool all) {
    std::string text;
    std::string rooms;
    for (size_t room = first; room < last; room += kHostsOfOne) {
        const std::string name = "room" + std::to_string(room / kHostsOfOne);
        std::string names;
        for (size_t i = room; i < room + kHostsOfOne; ++i) {
            if (!all && leaves(i)) {
                continue;
            }
            const std::string host = "h" + std::to_string(i);
            names += (names.empty() ? "" : ",") + host;
            text += "[host." + host + "]\nnqn=" + host_nqn(i) + "\n";
            text += has_key(i) ? "dhchap_secret_file=" + key + "\ndhchap_dhgroup=null\n" : "";
        }
        rooms += "[subsystem." + name + "]\nnqn=" + disk_nqn(room) + "\nhosts=" + names +
                 "\n[namespace." + name + "]\nsubsystem=" + name +
                 "\nimage=disk.img\nread_only=yes\n";
    }
    return text + rooms;
}

bool admit(support::RunningService& running, support::ServiceLine& line, size_t number,
           const char* key) {
    if (!line.connect(host_nqn(number), 0, nvme::kCntlidDynamic, disk_nqn(number))) {
        return false;
    }
    if (has_key(number)) {
        support::DhchapHostOptions keys;
        keys.hostnqn = host_nqn(number);
        keys.subsysnqn = disk_nqn(number);
        keys.secret = running.key(key);
        keys.groups = {nvme::DhGroup::kNull};
        if (!line.prove(keys)) {
            return false;
        }
    }
    return line.host.enable();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(crowd)

BOOST_AUTO_TEST_CASE(a_reload_of_a_thousand_hosts_drops_only_those_that_leave) {
    rlimit files{};
    BOOST_REQUIRE(getrlimit(RLIMIT_NOFILE, &files) == 0);
    files.rlim_cur = files.rlim_max;
    BOOST_REQUIRE(setrlimit(RLIMIT_NOFILE, &files) == 0);
    support::RunningService running(hosts_and_rooms(0, kHosts, "h1.key", true));
    std::deque<support::ServiceLine> lines;
    for (size_t i = 0; i < kHosts; ++i) {
        BOOST_REQUIRE(admit(running, lines.emplace_back(running), i, "h1.key"));
    }
    running.configure(hosts_and_rooms(0, kHosts, "h2.key", false) +
                      hosts_and_rooms(kHosts, kHosts + kHosts / kLeaves, "h2.key", true));
    const auto before = std::chrono::steady_clock::now();
    const std::string answer = running.ask("reload");
    const std::chrono::duration<double, std::milli> took =
        std::chrono::steady_clock::now() - before;
    BOOST_TEST_MESSAGE("reload of " << kHosts << " hosts: " << took.count() << " ms");
    BOOST_REQUIRE(answer.starts_with("ok\n"));
    const auto lines_with = [&](const std::string& text) {
        size_t count = 0;
        for (size_t at = 0; (at = answer.find(text, at)) != std::string::npos; ++at) {
            ++count;
        }
        return count;
    };
    BOOST_TEST(lines_with("\n- host ") == kHosts / kLeaves);
    BOOST_TEST(lines_with("\n+ host ") == kHosts / kLeaves);
    BOOST_TEST(lines_with("\n~ host ") == kHosts / 2);
    size_t wrong = 0;
    for (size_t i = 0; i < kHosts; ++i) {
        wrong += lines[i].run(host::keep_alive()) == leaves(i) ? 1 : 0;
    }
    BOOST_TEST(wrong == 0U);
    for (const size_t number : {size_t{0}, size_t{1}, kHosts, kHosts + 1}) {
        support::ServiceLine line(running);
        BOOST_TEST(admit(running, line, number, "h2.key"));
    }
    support::ServiceLine old_key(running);
    BOOST_TEST(!admit(running, old_key, 0, "h1.key"));
}

BOOST_AUTO_TEST_SUITE_END()
