// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/cli/doctor.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/redaction.h"
#include "support/man_page.h"
#include "support/running_target.h"
#include "support/test.h"
#include "target/cli/doctor_images.h"
#include "target/storage/backend_file.h"
#include "target/wire/server.h"

namespace {

using Verdict = target::Finding::Verdict;

struct DoctorFixture {
    DoctorFixture() {
        dir.file("proc/sys/net/core/somaxconn", "4096\n");
        dir.file("disk.img", std::string(4096, '\0'), 0600);
        paths.proc = dir.at("proc");
        config.listen = {{"127.0.0.1", 0}};
        config.limits.max_connections = 16;
        exports::Namespace ns;
        ns.image = dir.at("disk.img");
        exports::Subsystem subsystem;
        subsystem.namespaces = {ns};
        config.subsystems.push_back(std::move(subsystem));
    }
    /// The findings about one subject, as `verdict text`.
    std::string about(std::string_view subject, bool serving = false) const {
        std::string text;
        for (const target::Finding& finding : target::examine(config, paths, serving)) {
            if (finding.subject == subject) {
                text +=
                    std::to_string(static_cast<int>(finding.verdict)) + " " + finding.text + "\n";
            }
        }
        return text;
    }

    support::TempDir dir;
    base::SysPaths paths;
    exports::ExportConfig config;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(doctor)

BOOST_AUTO_TEST_CASE(each_subject_is_looked_at_and_has_a_line) {
    const DoctorFixture f;
    for (const char* subject :
         {"open files", "backlog", "address", "kernel", "clock", "secrets", "image", "user"}) {
        BOOST_TEST(!f.about(subject).empty(), subject);
    }
    BOOST_TEST((target::Finding{Verdict::kBad, "clock", "stands still"}.line()) ==
               "bad     clock: stands still");
}

BOOST_AUTO_TEST_CASE(too_few_files_and_a_short_backlog_are_found) {
    DoctorFixture f;
    BOOST_TEST(f.about("open files").starts_with("0 "));
    f.config.limits.max_connections = UINT32_MAX - 100;
    BOOST_TEST(f.about("open files").starts_with("2 "));
    BOOST_TEST(f.about("backlog") == "0 net.core.somaxconn is 4096\n");
    f.dir.file("proc/sys/net/core/somaxconn", "128\n");
    BOOST_TEST(f.about("backlog").starts_with("1 net.core.somaxconn is 128: "));
    f.paths.proc = f.dir.at("none");
    BOOST_TEST(f.about("backlog").starts_with("1 "));
}

BOOST_AUTO_TEST_CASE(addresses_are_tried) {
    DoctorFixture f;
    BOOST_TEST(f.about("address") == "0 127.0.0.1:0 is available\n");
    support::RunningTarget running(target::Reactor::Engine::kAny);
    f.config.listen = {{running.address.address, running.address.port}};
    const std::string where = target::to_text(running.address);
    BOOST_TEST(f.about("address") == "2 " + where + " is in use by another program\n");
    BOOST_TEST(f.about("address", true) == "0 " + where + " is in use, as it should be\n");
    f.config.listen = {{"198.51.100.1", 4420}};
    BOOST_TEST(f.about("address").starts_with("2 listen on 198.51.100.1:4420: bind: "));
    f.config.listen = {{"127.0.0.1", 0}};
    BOOST_TEST(f.about("address", true).starts_with("1 "));
}

BOOST_AUTO_TEST_CASE(images_and_directories_are_looked_at) {
    DoctorFixture f;
    BOOST_TEST(f.about("image") == "0 " + f.dir.at("disk.img") + "\n");
    BOOST_REQUIRE(chmod(f.dir.at("disk.img").c_str(), 0666) == 0);
    BOOST_TEST(f.about("image").starts_with("1 "));
    f.config.subsystems[0].namespaces[0].image = f.dir.at("none.img");
    BOOST_TEST(f.about("image") == "2 " + f.dir.at("none.img") + ": No such file or directory\n");
    BOOST_TEST(f.about("directory").empty());
    f.config.state_dir = f.dir.at("new/er");
    f.config.audit_log = f.dir.at("audit");
    BOOST_TEST(f.about("directory") ==
               "0 state_dir: " + f.dir.path() + "\n0 audit_log: " + f.dir.path() + "/\n");
    f.config.state_dir = f.dir.at("disk.img/below");
    BOOST_TEST(f.about("directory").starts_with("2 state_dir: " + f.dir.at("disk.img") + ": "));
}

BOOST_AUTO_TEST_CASE(images_take_files_too) {
    DoctorFixture f;
    const std::string before = f.about("open files");
    auto& namespaces = f.config.subsystems[0].namespaces;
    namespaces.resize(51, namespaces[0]);
    BOOST_TEST(before.ends_with(" need " + std::to_string(16 + 64 + 1) + "\n"));
    BOOST_TEST(f.about("open files").ends_with(" need " + std::to_string(16 + 64 + 51) + "\n"));
    f.config.limits.reactors = 4;  // each of which opens every image
    BOOST_TEST(f.about("open files").ends_with(" need " + std::to_string(16 + 64 + 51 * 5) + "\n"));
    namespaces.resize(14000, namespaces[0]);
    const std::string many = f.about("open files");
    BOOST_TEST(many.find("raise LimitNOFILE") != std::string::npos);
    // The unit has a limit of its own, whatever this shell's is.
    BOOST_TEST(many.find("1 the unit by default may open 65536 files") != std::string::npos);
    BOOST_TEST(support::plain_page("packaging/nvmeroot-target.service")
                   .find("\nLimitNOFILE=" + std::to_string(target::kFilesOfUnit) + "\n") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_image_that_the_server_could_not_open_is_bad) {
    DoctorFixture f;
    exports::Namespace& ns = f.config.subsystems[0].namespaces[0];
    const auto reactor = target::Reactor::open(target::Reactor::Engine::kEpoll).value();
    {
        const auto other =
            target::FileBackend::open(*reactor, {.path = ns.image, .on_trouble = {}});
        BOOST_REQUIRE(other.ok());
        BOOST_TEST(f.about("image").starts_with("2 "));
        BOOST_TEST(f.about("image").find("has locked it; ") != std::string::npos);
        BOOST_TEST(f.about("image", true).starts_with("0 "));  // by the server that runs
    }
    ns.protection = exports::Protection::kAtRest;
    BOOST_TEST(f.about("image").find("create it with `nvmeroot-target image protect`") !=
               std::string::npos);
    ns.protection = exports::Protection::kNone;
    f.dir.file("disk.img", "QFI\xFB" + std::string(4092, '\0'), 0600);
    BOOST_TEST(f.about("image").starts_with("2 " + ns.image + ": it is a qcow2 image"));
    f.dir.file("disk.img", std::string(4096, '\0') + "EFI PART" + std::string(4088, '\0'), 0600);
    BOOST_TEST(f.about("image").starts_with("1 " + ns.image + ": its partition table"));
    f.dir.file("disk.img", std::string(1000, '\0'), 0600);
    BOOST_TEST(f.about("image").find("not a multiple of the block size") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(each_obstacle_of_a_device_has_a_remedy) {
    const auto remedy = [](target::ImageTrouble trouble) {
        trouble.group = "disk";
        return target::remedy(trouble);
    };
    BOOST_TEST(remedy({.mode = S_IFBLK | 0660}).empty());
    BOOST_TEST(
        remedy({.code = EBUSY, .mode = S_IFBLK | 0660}).starts_with("the device is mounted"));
    BOOST_TEST(remedy({.code = EACCES, .mode = S_IFBLK | 0660}).find("SupplementaryGroups=disk") !=
               std::string::npos);
    BOOST_TEST(remedy({.code = EACCES, .mode = S_IFREG | 0660}).find("SupplementaryGroups=disk") !=
               std::string::npos);
    BOOST_TEST(remedy({.code = EACCES, .mode = S_IFREG | 0600}).find("chown nvmeroot-target") !=
               std::string::npos);
    BOOST_TEST(
        remedy({.code = EROFS, .mode = S_IFREG | 0600}).starts_with("the medium is read-only"));
    // `blockdev --setro` lets the device be opened, and takes no write.
    BOOST_TEST(remedy({.mode = S_IFBLK | 0660, .read_only_device = true})
                   .starts_with("the medium is read-only: set read_only = yes"));
    BOOST_TEST(remedy({.mode = S_IFBLK | 0660, .writes = false, .read_only_device = true}).empty());
    BOOST_TEST(remedy({.code = EMFILE}).find("LimitNOFILE") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_unit_may_see_less_than_a_shell) {
    const support::TempDir dir;
    dir.file("closed/open/disk.img", "");
    const std::string image = dir.at("closed/open/disk.img");
    constexpr uid_t kNobody = 65534;
    BOOST_REQUIRE(chmod(dir.path().c_str(), 0755) == 0);
    BOOST_REQUIRE(chmod(dir.at("closed").c_str(), 0755) == 0);
    BOOST_REQUIRE(chmod(dir.at("closed/open").c_str(), 0755) == 0);
    BOOST_TEST(target::closed_folder(image, kNobody, {}) == "");
    BOOST_REQUIRE(chmod(dir.at("closed").c_str(), 0750) == 0);
    BOOST_TEST(target::closed_folder(image, kNobody, {}) == dir.at("closed"));
    BOOST_TEST(target::closed_folder(image, geteuid(), {}) == "");
    BOOST_TEST(target::closed_folder(image, kNobody, {getegid()}) == "");

    BOOST_TEST(target::hidden_by_unit("/srv/a.img", true).empty());
    BOOST_TEST(target::hidden_by_unit("/tmp/a.img", false).find("PrivateTmp") != std::string::npos);
    for (const char* path : {"/home/a/a.img", "/root/a.img", "/usr/a.img", "/etc/a.img"}) {
        BOOST_TEST(target::hidden_by_unit(path, true).find("ReadWritePaths=") != std::string::npos);
        BOOST_TEST(target::hidden_by_unit(path, false).empty());
    }
    const std::string unit = support::plain_page("packaging/nvmeroot-target.service");
    for (const char* line : {"PrivateTmp=yes", "ProtectHome=read-only", "ProtectSystem=full"}) {
        BOOST_TEST(unit.find("\n" + std::string(line) + "\n") != std::string::npos, line);
    }
}

BOOST_AUTO_TEST_CASE(files_that_the_server_could_not_make_are_bad) {
    DoctorFixture f;
    f.config.audit_log = f.dir.at("none/audit");  // no directory is made for it
    BOOST_TEST(f.about("directory") ==
               "2 audit_log: " + f.dir.at("none/") + ": No such file or directory\n");
    f.config.audit_log = f.dir.at("proc");
    BOOST_TEST(f.about("directory") ==
               "2 audit_log: " + f.dir.at("proc") + " is not a regular file\n");
    f.config.audit_log = f.dir.file("audit", "");
    BOOST_TEST(f.about("directory") == "0 audit_log: " + f.dir.at("audit") + "\n");
    f.config.audit_log.clear();
    f.config.control = f.dir.at("none/control");
    BOOST_TEST(f.about("directory").starts_with("2 control: "));
    f.config.control = f.dir.at("disk.img");
    BOOST_TEST(f.about("directory") ==
               "2 control: " + f.dir.at("disk.img") + ": the file is not a socket\n");
    f.config.control.clear();
    f.config.metrics = f.dir.at(std::string(100, 'm').c_str());
    BOOST_TEST(f.about("directory").ends_with(": not a path of 1 to 107 bytes\n"));
}

BOOST_AUTO_TEST_CASE(a_sparse_image_may_outgrow_its_file_system) {
    DoctorFixture f;
    constexpr off_t kHuge = off_t{1} << 43U;  // 8 TiB
    if (truncate(f.dir.at("disk.img").c_str(), kHuge) != 0) {
        BOOST_TEST_MESSAGE("this file system takes no sparse file of 8 TiB");
        return;
    }
    BOOST_TEST(f.about("image").find("sparse images may need") != std::string::npos);
    f.config.subsystems[0].namespaces[0].read_only = true;
    BOOST_TEST(f.about("image").find("sparse") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_metrics_address_is_tried_too) {
    DoctorFixture f;
    f.config.metrics = "127.0.0.1:0";
    BOOST_TEST(f.about("address").ends_with("0 127.0.0.1:0 is available\n"));
    support::RunningTarget running(target::Reactor::Engine::kAny);
    f.config.metrics = target::to_text(running.address);
    BOOST_TEST(f.about("address").ends_with(f.config.metrics + " is in use by another program\n"));
    f.config.metrics = f.dir.at("none/metrics");
    BOOST_TEST(f.about("directory").starts_with("2 metrics: "));
    f.config.metrics = f.dir.at("metrics");
    BOOST_TEST(f.about("directory").starts_with("0 metrics: "));
}

BOOST_AUTO_TEST_CASE(hosts_without_secrets_are_pointed_out) {
    DoctorFixture f;
    BOOST_TEST(f.about("secrets").starts_with("1 no host has a secret"));
    exports::Host host;
    host.secret = nvme::DhchapSecret::from_key({}, base::Bytes(32)).value();
    f.config.hosts.push_back(std::move(host));
    BOOST_TEST(f.about("secrets") == "0 hosts with secrets, all private: 1\n");
}

BOOST_AUTO_TEST_SUITE_END()
