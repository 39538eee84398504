// SPDX-License-Identifier: GPL-2.0-or-later
//
// A running service and its operator, over loopback and the control socket: what a reload changes,
// whom it disturbs, what it refuses.
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

#include "nvme/pi.h"
#include "support/engines.h"
#include "support/rounds.h"
#include "support/running_service.h"
#include "support/test.h"
#include "target/protection/image_file.h"

namespace reload_test {

constexpr const char* kHost = support::kServiceHost;
constexpr const char* kOther = "nqn.2024-08.com.example:other";
constexpr const char* kDisk = support::kServiceDisk;
constexpr const char* kHostSections =
    "[host.h]\nnqn=nqn.2024-08.com.example:host\ndhchap_secret_file=h1.key\n"
    "dhchap_ctrl_secret_file=c1.key\n"
    "[host.o]\nnqn=nqn.2024-08.com.example:other\n";
constexpr const char* kSubsystem =
    "[subsystem.s]\nnqn=nqn.2024-08.com.example:disk\nhosts=h,o\n"
    "[namespace.n]\nsubsystem=s\nimage=disk.img\n";

struct Running : support::RunningService {
    Running() : RunningService(std::string(kHostSections) + kSubsystem) {}
};
using Line = support::ServiceLine;

/// A host that writes and reads back.
struct Busy {
    explicit Busy(Running& running) : admin(running), io(running) {
        const auto cntlid = admin.connect(kHost);
        BOOST_REQUIRE(cntlid.has_value());
        BOOST_REQUIRE(admin.prove(running.key("h1.key"), running.key("c1.key")));
        BOOST_REQUIRE(admin.host.enable());
        BOOST_REQUIRE(io.connect(kHost, 1, *cntlid).has_value());
        BOOST_REQUIRE(io.prove(running.key("h1.key"), running.key("c1.key")));
    }
    bool write_and_read(size_t round) {
        const host::BlockRange range{round % 1000, 8, 512};
        const base::Bytes data(size_t{8} * 512, static_cast<std::byte>(round));
        if (!io.run(host::write(1, range, data))) {
            return false;
        }
        const auto back = io.host.run(host::read(1, range));
        return back && back->data == data;
    }
    Line admin, io;
};

class Activity : Busy, public support::Rounds {
  public:
    explicit Activity(Running& running)
        : Busy(running), Rounds([this](size_t round) { return write_and_read(round); }) {}
    Line& admin() { return Busy::admin; }
};

std::string many_hosts(size_t count) {
    std::string text;
    for (size_t i = 0; i < count; ++i) {
        const std::string name = "many" + std::to_string(i);
        text += "[host." + name + "]\nnqn=nqn.2024-08.com.example:" + name +
                "\ndhchap_secret_file=h2.key\n";
    }
    return text;
}

/// Another thread writes the audit log.
bool audit_says(const Running& running, const char* text) {
    for (int i = 0; i < 2000; ++i) {
        if (running.dir.read("audit").find(text) != std::string::npos) {
            return true;
        }
        std::this_thread::sleep_for(base::milliseconds(10));
    }
    return false;
}

}  // namespace reload_test

using namespace reload_test;

BOOST_AUTO_TEST_SUITE(reload)

BOOST_AUTO_TEST_CASE(says_what_it_changed_and_tells_hosts_of_namespaces) {
    Running running;
    BOOST_TEST(running.ask("plan") == "ok\nno changes\n");
    Activity activity(running);
    running.configure(std::string(kHostSections) + kSubsystem +
                      "[namespace.m]\nsubsystem=s\nnsid=2\nimage=more.img\nread_only=yes\n");
    const std::string change = "+ namespace 2 of nqn.2024-08.com.example:disk: more.img\n";
    BOOST_TEST(running.ask("plan") == "ok\n" + change);
    BOOST_TEST(running.ask("reload") == "ok\n" + change);
    BOOST_TEST(activity.admin().run(host::identify(nvme::Cns::kNamespaceDescriptors, 2)));
    BOOST_REQUIRE(truncate(running.dir.at("disk.img").c_str(), 2U << 20U) == 0);
    running.configure(std::string(kHostSections) + kSubsystem);
    const std::string changes =
        "ok\n- namespace 2 of nqn.2024-08.com.example:disk: more.img\n"
        "~ namespace 1 of nqn.2024-08.com.example:disk: blocks 2048 -> 4096\n";
    BOOST_TEST(running.ask("plan") == changes);
    BOOST_TEST(running.ask("reload") == changes);
    BOOST_TEST(!activity.admin().run(host::identify(nvme::Cns::kNamespaceDescriptors, 2)));
    activity.wait_for(3);
    BOOST_TEST(activity.stop() > 0U);
}

BOOST_AUTO_TEST_CASE(with_errors_changes_nothing_and_names_them_all) {
    Running running;
    Activity activity(running);
    running.configure(std::string(kHostSections) + kSubsystem +
                      "[namespace.m]\nsubsystem=s\nnsid=2\nimage=none.img\nblock_size=7\njunk\n");
    BOOST_TEST(running.ask("reload") ==
               "error\nt.conf:21: neither [section] nor key = value\n"
               "t.conf:20: [namespace.m] block_size: \"7\" is neither 512 nor 4096\n");
    // A secret that cannot be read is an error too, not a host without one.
    BOOST_REQUIRE(chmod(running.dir.at("h1.key").c_str(), 0644) == 0);
    running.configure(std::string(kHostSections) + kSubsystem);
    BOOST_TEST(running.ask("reload").starts_with("error\nt.conf:6: [host.h] dhchap_secret_file: "));
    activity.wait_for(1);
    BOOST_TEST(activity.stop() > 0U);
    Line stranger(running);
    BOOST_REQUIRE(stranger.connect(kHost).has_value());
    BOOST_TEST(!stranger.host.enable());  // it still has to authenticate
}

BOOST_AUTO_TEST_CASE(an_image_in_use_is_not_reopened_and_plan_reports_it) {
    Running running;
    Activity activity(running);
    const std::string sections = kHostSections;
    running.configure(sections + kSubsystem + "block_size=4096\n");
    const std::string why =
        "error\n[namespace.n] image disk.img: this server has it open as namespace 1 of "
        "nqn.2024-08.com.example:disk; the change requires a restart, or a reload without that "
        "namespace and a second reload with this one\n";
    BOOST_TEST(running.ask("plan") == why);
    BOOST_TEST(running.ask("reload") == why);
    activity.wait_for(3);
    BOOST_TEST(activity.stop() > 0U);
    running.configure(sections +
                      "[subsystem.s]\nnqn=nqn.2024-08.com.example:disk\nhosts=h,o\n"
                      "[namespace.m]\nsubsystem=s\nnsid=2\nimage=more.img\n");
    BOOST_TEST(running.ask("reload").starts_with("ok\n"));
    running.configure(sections + kSubsystem + "block_size=4096\n");
    BOOST_TEST(running.ask("reload").starts_with("ok\n"));
}

BOOST_AUTO_TEST_CASE(an_image_that_was_replaced_waits_for_the_next_start_and_that_is_said) {
    Running running;
    Activity activity(running);
    BOOST_REQUIRE(truncate(running.dir.at("more.img").c_str(), 2U << 20U) == 0);
    BOOST_REQUIRE(rename(running.dir.at("more.img").c_str(), running.dir.at("disk.img").c_str()) ==
                  0);
    const std::string change =
        "ok\n! namespace 1 of nqn.2024-08.com.example:disk, after a restart: image disk.img, "
        "replaced by another file\n";
    BOOST_TEST(running.ask("plan") == change);
    BOOST_TEST(running.ask("reload") == change);
    activity.wait_for(3);
    BOOST_TEST(activity.stop() > 0U);
}

BOOST_AUTO_TEST_CASE(keys_are_replaced_under_activity) {
    Running running;
    Activity activity(running);
    const std::string h1 = running.key("h1.key"), c1 = running.key("c1.key");
    const std::string h2 = running.key("h2.key"), c2 = running.key("c2.key");
    const std::string both =
        "dhchap_secret_file_next=h2.key\ndhchap_ctrl_secret_file_next=c2.key\n";
    running.configure(
        "[host.h]\nnqn=nqn.2024-08.com.example:host\ndhchap_secret_file=h1.key\n"
        "dhchap_ctrl_secret_file=c1.key\n" +
        both + "[host.o]\nnqn=nqn.2024-08.com.example:other\n" + kSubsystem);
    BOOST_TEST(running.ask("reload") ==
               "ok\n~ host nqn.2024-08.com.example:host: dhchap_secret_file_next is added, "
               "dhchap_ctrl_secret_file_next is added\n");
    const auto proves = [&](const std::string& host, const std::string& controller) {
        Line line(running);
        BOOST_REQUIRE(line.connect(kHost).has_value());
        return line.prove(host, controller);
    };
    BOOST_TEST(proves(h1, c1));
    BOOST_TEST(proves(h2, c2));
    running.configure(
        "[host.h]\nnqn=nqn.2024-08.com.example:host\ndhchap_secret_file=h2.key\n"
        "dhchap_ctrl_secret_file=c2.key\n"
        "[host.o]\nnqn=nqn.2024-08.com.example:other\n" +
        std::string(kSubsystem));
    BOOST_TEST(running.ask("reload").starts_with("ok\n~ host"));
    BOOST_TEST(!proves(h1, c1));
    BOOST_TEST(proves(h2, c2));
    BOOST_TEST(activity.admin().prove(h2, c2));  // again on a queue that began with the old keys
    activity.wait_for(3);
    BOOST_TEST(activity.stop() > 0U);
}

BOOST_AUTO_TEST_CASE(ends_only_the_connections_of_hosts_that_are_not_admitted_any_more) {
    Running running;
    Activity activity(running);
    Line other(running);
    BOOST_REQUIRE(other.connect(kOther).has_value());
    BOOST_REQUIRE(other.host.enable());
    // From now on it would have to authenticate, and it did not.
    running.configure(std::string(kHostSections) + "dhchap_secret_file=h2.key\n" + kSubsystem +
                      many_hosts(1000));
    BOOST_TEST(running.ask("reload").starts_with("ok\n"));
    BOOST_TEST(!other.run(host::keep_alive()));
    Line again(running);
    BOOST_REQUIRE(again.connect(kOther).has_value());
    BOOST_TEST(!again.host.enable());
    const std::string status = running.ask("status");
    BOOST_TEST(status.find("\"nqn.2024-08.com.example:host\" at 127.0.0.1:") != std::string::npos);
    BOOST_TEST(status.find("sha512 ffdhe2048 in both directions") != std::string::npos);
    activity.wait_for(3);
    BOOST_TEST(activity.stop() > 0U);
    // The subsystem goes, and with it everybody.
    running.configure(std::string(kHostSections) +
                      "[subsystem.s]\nnqn=nqn.2024-08.com.example:new\nhosts=h,o\n"
                      "[namespace.n]\nsubsystem=s\nimage=more.img\n");
    BOOST_TEST(running.ask("reload").starts_with("ok\n"));
    BOOST_TEST(!activity.admin().run(host::keep_alive()));
}

BOOST_AUTO_TEST_CASE(the_paths_are_those_that_the_configuration_says) {
    Running running;
    Activity activity(running);
    const std::string rest = std::string(kHostSections) + kSubsystem;
    const std::string elsewhere =
        rest + "[ana.x]\ngroup=1\nstate=inaccessible\nlisten=127.0.0.2:0\n";
    const auto listen_on = [&](const std::string& addresses, const std::string& text) {
        std::ofstream(running.dir.at("t.conf"))
            << "[target]\nlisten=" << addresses << "\nreactors=" << support::reactors() << "\n"
            << text;
        return running.ask("reload");
    };
    // An address that is not listened on before the next start has no path to be bad.
    BOOST_TEST(listen_on("127.0.0.2:0, 127.0.0.1:0", elsewhere).starts_with("ok\n"));
    activity.wait_for(3);
    running.configure(rest + "[ana.x]\ngroup=1\nstate=inaccessible\nlisten=127.0.0.1:0\n");
    BOOST_TEST(running.ask("reload").starts_with("ok\n"));
    activity.wait_for_error();
    BOOST_TEST(activity.stop() == 0U);
    running.configure(rest);
    BOOST_TEST(running.ask("reload").starts_with("ok\n"));
    Activity again(running);
    again.wait_for(3);
    BOOST_TEST(again.stop() > 0U);
}

BOOST_AUTO_TEST_CASE(drains_its_hosts_and_takes_them_again) {
    Running running;
    Activity activity(running);
    activity.wait_for(3);
    BOOST_TEST(running.ask("drain --cancel") == "error\nno drain is in progress\n");
    BOOST_TEST(running.ask("drain").starts_with("ok\n"));
    target::ControlOptions options;
    options.socket = running.dir.at("control");
    base::SystemClock clock;
    BOOST_TEST(target::drain_server(options, clock).ok());
    activity.wait_for_error();  // its one path takes no more
    BOOST_TEST(activity.stop() == 0U);
    BOOST_TEST(running.ask("status").find("draining, hosts that still use this server: 0\n") !=
               std::string::npos);
    running.configure(std::string(kHostSections) + kSubsystem);
    BOOST_TEST(running.ask("reload").starts_with("ok\n"));  // and does not end the drain
    Line late(running);
    BOOST_TEST(!late.connect(kHost).has_value());
    options.cancel = true;
    BOOST_TEST(target::drain_server(options, clock).ok());
    Activity again(running);
    again.wait_for(3);
    BOOST_TEST(again.stop() > 0U);
}

BOOST_AUTO_TEST_CASE(a_drain_that_hosts_do_not_follow_says_so) {
    Running running;
    Activity activity(running);
    BOOST_REQUIRE(activity.admin().run(host::set_features(nvme::Feature::kAsyncEventConfig,
                                                          1U << 11U)));  // and never looks
    target::ControlOptions options;
    options.socket = running.dir.at("control");
    options.timeout = base::seconds(0);
    base::SystemClock clock;
    BOOST_TEST(target::drain_server(options, clock).error().text ==
               "hosts have not moved in time; the server continues to drain");
    activity.wait_for_error();
    BOOST_TEST(activity.stop() == 0U);
}

BOOST_AUTO_TEST_CASE(protection_comes_and_goes_with_its_audit_view) {
    Running running;
    const std::string image = running.dir.at("more.img");
    BOOST_REQUIRE(
        target::protect_image({.image = image, .sidecar = "", .force = false}, [](uint64_t,
                                                                                  uint64_t) {
        }).ok());
    const std::string more =
        "[namespace.m]\nsubsystem=s\nnsid=2\nimage=more.img\nprotection=at-rest\n";
    const std::string base = std::string(kHostSections) + kSubsystem;
    running.configure(base + more + "scrub=1G\n");
    BOOST_TEST(running.ask("reload") ==
               "ok\n+ namespace 2 of nqn.2024-08.com.example:disk: more.img\n"
               "+ subsystem nqn.2024-08.com.example:disk:audit\n");
    const std::string view = std::string(kDisk) + ":audit";
    Line admin(running);
    const auto cntlid = admin.connect(kOther, 0, nvme::kCntlidDynamic, view);
    BOOST_REQUIRE(cntlid.has_value());
    BOOST_REQUIRE(admin.host.enable());
    Line io(running);
    BOOST_REQUIRE(io.connect(kOther, 1, *cntlid, view).has_value());
    const auto blocks = io.host.run(host::read(2, {7, 1, 520}));
    BOOST_REQUIRE((blocks && blocks->status.ok()));
    const nvme::PiFormat format{.metadata_bytes = 8, .extended = true, .type = 1};
    BOOST_TEST(!nvme::verify(format, nvme::BlocksView::extended(format, blocks->data),
                             {.ref_tag = 7}, {.guard = true, .ref_tag = true}));
    const auto written = io.host.run(host::write(2, {7, 1, 520}, blocks->data));
    BOOST_TEST(written->status.number() == 0x4020);  // read-only
    running.configure(base + more);
    BOOST_TEST(running.ask("reload") ==
               "ok\n~ namespace 2 of nqn.2024-08.com.example:disk: "
               "scrub 1073741824 -> 0\n");
    BOOST_TEST(running.ask("status --json").find("\"scrub_errors\":0") != std::string::npos);
    running.configure(base);
    BOOST_TEST(running.ask("reload") ==
               "ok\n- namespace 2 of nqn.2024-08.com.example:disk: more.img\n"
               "- subsystem nqn.2024-08.com.example:disk:audit\n");
    BOOST_TEST(!admin.run(host::keep_alive()));
    // Let go of, closed cleanly, whole.
    const auto report =
        target::verify_image({.image = image, .sidecar = ""}, [](uint64_t, uint64_t) {});
    BOOST_REQUIRE_MESSAGE(report.ok(), (report.ok() ? "" : report.error().text));
    BOOST_TEST(!report->recovery.replayed);
    BOOST_TEST(report->wrong == 0U);
}

BOOST_AUTO_TEST_CASE(the_audit_log_can_be_moved_away_before_a_reload) {
    Running running;
    running.configure("audit_log=audit\n" + std::string(kHostSections) + kSubsystem);
    BOOST_TEST(running.ask("reload").starts_with("ok\n~ target: audit_log"));
    Activity activity(running);
    BOOST_TEST(audit_says(running, "\"event\":\"authenticated\""));
    BOOST_REQUIRE(rename(running.dir.at("audit").c_str(), running.dir.at("moved").c_str()) == 0);
    BOOST_TEST(running.ask("reload") == "ok\nno changes\n");
    Line wrong(running);
    BOOST_REQUIRE(wrong.connect(kHost).has_value());
    BOOST_TEST(!wrong.prove(running.key("h2.key"), running.key("c1.key")));
    BOOST_TEST(audit_says(running, "different key"));
    BOOST_TEST(running.dir.read("moved").find("different key") == std::string::npos);
    for (const char* name : {"h1.key", "h2.key"}) {
        BOOST_TEST(running.dir.read("audit").find(running.key(name)) == std::string::npos);
    }
    running.configure("audit_log=none/audit\n" + std::string(kHostSections) + kSubsystem);
    BOOST_TEST(running.ask("reload") ==
               "error\n[target] audit_log: open none/audit: No such file or directory\n");
    BOOST_TEST(activity.stop() > 0U);
}

BOOST_AUTO_TEST_CASE(the_control_socket_outlives_a_want_of_descriptors) {
    Running running;
    const base::UniqueFd client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(running.dir.at("control"), address.sun_path);
    rlimit limit{};
    BOOST_REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    rlimit none = limit;
    none.rlim_cur = static_cast<rlim_t>(base::UniqueFd(dup(client.get())).get());
    BOOST_REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
    const int connected =
        connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    std::this_thread::sleep_for(base::milliseconds(300));
    BOOST_REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    BOOST_REQUIRE(connected == 0);
    const timeval patience{20, 0};
    BOOST_REQUIRE(setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) ==
                  0);
    BOOST_REQUIRE(base::write_all(client.get(), std::string_view("plan\n")).ok());
    std::array<std::byte, 64> answer{};
    const auto size = base::read_full(client.get(), answer);
    BOOST_REQUIRE_MESSAGE(size.ok(), (size.ok() ? "" : size.error().text));
    BOOST_TEST(base::text_of(base::ByteView(answer).first(*size)) == "ok\nno changes\n");
}

BOOST_AUTO_TEST_CASE(metrics_can_be_read_and_nothing_else) {
    Running running;
    const auto answer = [&](const std::string& request) {
        return target::ask(running.dir.at("metrics"), request + "\r\n\r").value();
    };
    BOOST_TEST(answer("GET /metrics HTTP/1.1\r\nHost: x").starts_with("HTTP/1.0 200 OK\r\n"));
    const std::string head = answer("HEAD /metrics HTTP/1.1");
    BOOST_TEST(head.starts_with("HTTP/1.0 200 OK\r\n"));
    BOOST_TEST(head.ends_with("\r\n\r\n"));
    for (const char* method : {"POST", "PUT", "DELETE", "get", "OPTIONS"}) {
        const std::string refused = answer(std::string(method) + " /metrics HTTP/1.1");
        BOOST_TEST(refused.starts_with("HTTP/1.0 405 Method Not Allowed\r\nAllow: GET, HEAD\r\n"));
    }
    BOOST_TEST(answer("hello").starts_with("HTTP/1.0 400 "));
}

BOOST_AUTO_TEST_CASE(local_peers_that_say_nothing_hold_nobody_up) {
    Running running;
    std::vector<base::UniqueFd> silent;
    for (int i = 0; i < 200; ++i) {
        for (const char* name : {"control", "metrics"}) {
            sockaddr_un address{};
            address.sun_family = AF_UNIX;
            std::ranges::copy(running.dir.at(name), address.sun_path);
            silent.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
            BOOST_REQUIRE(connect(silent.back().get(), reinterpret_cast<const sockaddr*>(&address),
                                  sizeof address) == 0);
        }
    }
    const auto before = std::chrono::steady_clock::now();
    BOOST_TEST(running.ask("plan") == "ok\nno changes\n");
    BOOST_TEST(target::ask(running.dir.at("metrics"), "GET / HTTP/1.0\r\n\r").ok());
    BOOST_TEST((std::chrono::steady_clock::now() - before < base::seconds(5)));
}

BOOST_AUTO_TEST_CASE(a_server_that_does_not_answer_is_not_waited_for_forever) {
    const support::TempDir dir;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(dir.at("control"), address.sun_path);
    const base::UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    BOOST_REQUIRE(
        bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    BOOST_REQUIRE(listen(listener.get(), 1) == 0);
    for (int i = 0; i < 4; ++i) {  // with the queue of new connections full, too
        const auto answer = target::ask(dir.at("control"), "status", base::milliseconds(50));
        BOOST_REQUIRE(!answer.ok());
        BOOST_TEST(answer.error().code == ETIMEDOUT);
    }
}

BOOST_AUTO_TEST_CASE(unknown_hosts_make_no_series_and_write_nothing_raw) {
    target::TargetStatus status;
    const std::string evil = "nqn.2024-08.com.example:\xc2\x9b\xe2\x80\xae\"";
    for (int i = 0; i < 100; ++i) {
        target::ControllerStatus controller;
        controller.subnqn = "nqn.2014-08.org.nvmexpress.discovery";
        controller.hostnqn = evil + std::to_string(i);
        controller.cntlid = static_cast<uint16_t>(i);
        controller.known = i == 0;
        status.controllers.push_back(controller);
    }
    const std::string metrics = target::to_metrics(status);
    size_t series = 0;
    for (size_t at = 0; (at = metrics.find("nvmeroot_read_bytes_total{", at)) != std::string::npos;
         ++at) {
        ++series;
    }
    BOOST_TEST(series == 2U);
    BOOST_TEST(metrics.find("controller=") == std::string::npos);
    for (const std::string& text : {metrics, target::to_json(status), target::to_text(status)}) {
        BOOST_TEST(text.find('\xc2') == std::string::npos);
        BOOST_TEST(text.find('\xe2') == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(status_and_metrics_are_for_programs_too) {
    Running running;
    Activity activity(running);
    activity.wait_for(3);
    const std::string json = running.ask("status --json");
    for (const char* part :
         {"\"host\":\"nqn.2024-08.com.example:host\"",
          "\"address\":\"127.0.0.1:", "\"hash\":\"sha512\"", "\"dhgroup\":\"ffdhe2048\"",
          "\"both_directions\":true", "\"io_queues\":1", "\"nsid\":1", "\"bytes\":1048576"}) {
        BOOST_TEST(json.find(part) != std::string::npos, part);
    }
    const auto metrics = target::ask(running.dir.at("metrics"), "GET /metrics HTTP/1.0\r\n\r");
    BOOST_REQUIRE(metrics.ok());
    BOOST_TEST(metrics->starts_with("HTTP/1.0 200 OK\r\n"));
    BOOST_TEST(metrics->find("nvmeroot_write_commands_total{subsystem=\"nqn.2024-08.com.example:"
                             "disk\",host=\"nqn.2024-08.com.example:host\"} ") !=
               std::string::npos);
    BOOST_TEST(running.ask("dance") == "error\nunknown request: \"dance\"\n");
    BOOST_TEST(activity.stop() > 0U);
}

BOOST_AUTO_TEST_SUITE_END()
