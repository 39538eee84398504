// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/check/kernel_disk.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/fd.h"
#include "support/fake_clock.h"
#include "support/growing.h"
#include "support/temp_dir.h"
#include "support/test.h"

namespace {

constexpr const char* kUuid = "11111111-2222-3333-4444-666666666666";
constexpr const char* kOther = "11111111-2222-3333-4444-555555555555";
constexpr const char* kNqn = "nqn.2024-08.com.example:disk";
const std::string kHead = "class/nvme-subsystem/nvme-subsys3/nvme3n1/";
const std::string kPath = "class/nvme/nvme0/nvme3c0n1/";
const std::string kSingle = "class/nvme/nvme0/nvme0n4/";

/// A /sys and a /dev as Linux 6.12 makes them: NSID 7 became nvme3n1, or nvme0n4 without multipath.
struct FakeSys {
    support::TempDir dir;
    base::SysPaths sys;

    FakeSys() {
        sys.sys = dir.path();
        sys.dev = dir.at("dev");
        dir.file("class/nvme/nvme0/transport", "tcp\n");
        dir.file("class/nvme/nvme0/state", "live\n");
        dir.file("class/nvme/nvme0/rescan_controller", "");
    }

    support::Step file(const std::string& path, const std::string& text) const {
        return {path, [this, path, text] { dir.file(path, text + "\n"); }};
    }
    support::Step folder(const std::string& path) const {
        return {path, [this, path] { (void)dir.folder(path); }};
    }
    /// A node that finds no device behind it: to open a socket gives ENXIO.
    support::Step dead_node(const std::string& name) const {
        return {"dead node", [this, name] {
                    (void)dir.folder("dev");
                    sockaddr_un address{};
                    address.sun_family = AF_UNIX;
                    const std::string path = dir.at("dev/" + name);
                    BOOST_REQUIRE(path.size() < sizeof address.sun_path);
                    path.copy(address.sun_path, path.size());
                    const base::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
                    BOOST_REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address),
                                         sizeof address) == 0);
                }};
    }
    support::Step live_node(const std::string& name) const {
        return {"live node", [this, name] {
                    (void)::unlink(dir.at("dev/" + name).c_str());
                    dir.file("dev/" + name, "");
                }};
    }
    void append_disk(std::vector<support::Step>& steps, const std::string& folder_path,
                     const std::string& name, const std::string& sectors) const {
        for (const support::Step& step :
             {folder(folder_path), file(folder_path + "size", sectors),
              file(folder_path + "wwid", "uuid.x"), file(folder_path + "uuid", kUuid),
              file(folder_path + "nsid", "7"), dead_node(name),
              file(folder_path + "integrity/format", "none"), folder(folder_path + "queue"),
              file(folder_path + "queue/logical_block_size", "512"), live_node(name)}) {
            steps.push_back(step);
        }
    }
    [[nodiscard]] std::vector<support::Step> multipath(const std::string& sectors = "2048") const {
        std::vector<support::Step> steps = {
            file("class/nvme/nvme0/subsysnqn", kNqn),
            file("class/nvme-subsystem/nvme-subsys3/nvme0", ""),
            folder(kPath),
            file(kPath + "size", sectors),
            file(kPath + "nsid", "7"),
            folder(kPath + "queue"),
            file(kPath + "queue/logical_block_size", "512"),
            file(kPath + "queue/stable_writes", "1"),
        };
        append_disk(steps, kHead, "nvme3n1", sectors);
        return steps;
    }
    [[nodiscard]] std::vector<support::Step> single() const {
        std::vector<support::Step> steps = {file("class/nvme/nvme0/subsysnqn", kNqn)};
        append_disk(steps, kSingle, "nvme0n4", "2048");
        return steps;
    }
    void make(const std::vector<support::Step>& steps) const {
        for (const support::Step& step : steps) {
            step.make();
        }
    }
};

boot::RootNamespace root() {
    boot::RootNamespace root;
    root.nsid = 7;
    root.ids.uuid = nvme::parse_uuid(kUuid).value();
    return root;
}

boot::Outcome<boot::Disk> await(const FakeSys& fake, base::Clock& clock, const char* nqn = kNqn) {
    return boot::await_disk(fake.sys, "nvme0", nqn, root(), clock,
                            {base::seconds(5), base::Deadline(clock, base::seconds(60))});
}

boot::Outcome<boot::Disk> await(const FakeSys& fake) {
    support::FakeClock clock;
    return await(fake, clock);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kernel_disk)

BOOST_AUTO_TEST_CASE(the_head_of_the_right_nsid_is_the_disk) {
    const FakeSys fake;
    fake.make(fake.multipath());
    const auto disk = await(fake);
    BOOST_REQUIRE(disk.ok());
    BOOST_TEST(disk->name == "nvme3n1");
    BOOST_TEST(disk->path.ends_with("/nvme0/nvme3c0n1"));
    BOOST_TEST(disk->size_bytes == 2048U * 512);
    BOOST_TEST(disk->wwid == "uuid.x");
}

BOOST_AUTO_TEST_CASE(without_multipath_the_disk_is_below_its_controller) {
    const FakeSys fake;
    fake.make(fake.single());
    const auto disk = await(fake);
    BOOST_REQUIRE(disk.ok());
    BOOST_TEST(disk->name == "nvme0n4");
    BOOST_TEST(disk->path + "/" == fake.dir.at(kSingle));
    BOOST_TEST(disk->path == disk->sysfs);
}

BOOST_AUTO_TEST_CASE(each_step_of_the_kernel_is_awaited) {
    const size_t count = FakeSys().multipath().size();
    for (size_t done = 0; done < count; ++done) {
        const FakeSys fake;
        const auto steps = fake.multipath();
        support::GrowingClock clock(steps, done, count);
        const auto disk = await(fake, clock);
        BOOST_TEST(disk.ok(), "from step " << done << ", " << steps[done].name);
    }
}

BOOST_AUTO_TEST_CASE(each_step_of_the_kernel_is_awaited_without_multipath) {
    const size_t count = FakeSys().single().size();
    for (size_t done = 0; done < count; ++done) {
        const FakeSys fake;
        const auto steps = fake.single();
        support::GrowingClock clock(steps, done, count);
        BOOST_TEST(await(fake, clock).ok(), "from step " << done << ", " << steps[done].name);
    }
}

BOOST_AUTO_TEST_CASE(a_step_that_never_comes_is_named_at_the_deadline) {
    const std::vector<std::string> needed = {kPath + "nsid",
                                             kPath + "queue/logical_block_size",
                                             kHead + "size",
                                             kHead + "wwid",
                                             kHead + "uuid",
                                             "dead node",
                                             kHead + "queue/logical_block_size",
                                             "live node"};
    const std::vector<std::string> words = {"there is no disk of",
                                            "nvme3c0n1 has no queue/logical_block_size",
                                            "has no size",
                                            "has no wwid",
                                            "has no uuid",
                                            "devtmpfs",
                                            "nvme3n1 has no queue/logical_block_size",
                                            "No such device or address"};
    for (size_t i = 0; i < needed.size(); ++i) {
        const FakeSys fake;
        for (const support::Step& step : fake.multipath()) {
            if (step.name != needed[i] && !(needed[i] == "dead node" && step.name == "live node")) {
                step.make();
            }
        }
        support::FakeClock clock;
        const auto began = clock.now();
        const auto disk = await(fake, clock);
        BOOST_REQUIRE(!disk.ok());
        BOOST_TEST(disk.error().code == boot::ExitCode::kNamespace);
        BOOST_TEST(disk.error().error.text.find(words[i]) != std::string::npos,
                   needed[i] << ": " << disk.error().error.text);
        if (needed[i] != "live node") {  // awaited by a process of its own
            BOOST_TEST(clock.now() - began >= base::seconds(5));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_controller_that_lost_its_target_is_not_a_verdict_on_namespaces) {
    for (const char* state : {"connecting\n", "deleting\n", ""}) {
        const FakeSys fake;
        fake.dir.file("class/nvme/nvme0/state", state);
        const auto disk = await(fake);
        BOOST_REQUIRE(!disk.ok());
        BOOST_TEST(disk.error().code == boot::ExitCode::kConnect);
        BOOST_TEST(disk.error().retry);
    }
}

BOOST_AUTO_TEST_CASE(a_disk_that_cannot_be_opened_while_its_target_is_lost_is_not_a_verdict) {
    const FakeSys fake;
    for (const support::Step& step : fake.multipath()) {
        if (step.name != "live node") {
            step.make();
        }
    }
    fake.dir.file("class/nvme/nvme0/state", "connecting\n");
    const auto disk = await(fake);
    BOOST_REQUIRE(!disk.ok());
    BOOST_TEST(disk.error().code == boot::ExitCode::kConnect);
    BOOST_TEST(disk.error().retry);
}

BOOST_AUTO_TEST_CASE(a_disk_of_0_bytes_is_whole_too) {
    const FakeSys fake;
    fake.make(fake.multipath("0"));
    const auto disk = await(fake);
    BOOST_REQUIRE(disk.ok());
    BOOST_TEST(disk->size_bytes == 0U);
}

BOOST_AUTO_TEST_CASE(a_path_without_a_head_is_named_with_its_ana_state) {
    const FakeSys fake;
    auto steps = fake.multipath();
    steps.resize(8);
    fake.make(steps);
    fake.dir.file(kPath + "ana_state", "inaccessible\n");
    const auto disk = await(fake);
    BOOST_REQUIRE(!disk.ok());
    BOOST_TEST(disk.error().error.text.find("inaccessible") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_kernel_is_asked_to_look_again_while_there_is_no_disk) {
    const FakeSys fake;
    fake.dir.file("class/nvme/nvme0/subsysnqn", kNqn);
    BOOST_TEST(!await(fake).ok());
    BOOST_TEST(fake.dir.read("class/nvme/nvme0/rescan_controller") == "1");
}

BOOST_AUTO_TEST_CASE(another_subsystem_or_another_uuid_is_refused_at_once) {
    const FakeSys fake;
    fake.make(fake.multipath());
    support::FakeClock clock;
    const auto began = clock.now();
    BOOST_TEST(!await(fake, clock, "nqn.2024-08.com.example:other").ok());
    fake.dir.file(kHead + "uuid", std::string(kOther) + "\n");
    const auto disk = await(fake, clock);
    BOOST_REQUIRE(!disk.ok());
    BOOST_TEST(disk.error().error.text.find("uuid") != std::string::npos);
    BOOST_TEST(clock.now() == began);
}

BOOST_AUTO_TEST_CASE(a_second_path_is_awaited_without_its_disk) {
    const FakeSys fake;
    const auto steps = fake.multipath();
    support::GrowingClock clock(steps, 0, 7);
    const auto began = clock.now();
    boot::await_first_path(fake.sys, "nvme0", clock, base::Deadline(clock, base::seconds(10)));
    BOOST_TEST(fake.dir.exists(kPath + "queue/logical_block_size"));
    BOOST_TEST((clock.now() - began < base::seconds(1)));
}

BOOST_AUTO_TEST_SUITE_END()
