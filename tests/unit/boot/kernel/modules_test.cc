// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/kernel/modules.h"

#include <algorithm>

#include "support/temp_dir.h"
#include "support/test.h"

namespace {

base::SysPaths paths(const support::TempDir& dir) {
    base::SysPaths sys;
    sys.sys = dir.at("sys");
    sys.proc = dir.at("proc");
    sys.lib_modules = dir.at("modules");
    return sys;
}

void pci(const support::TempDir& dir, const std::string& slot, const std::string& pci_class) {
    dir.file("sys/bus/pci/devices/" + slot + "/class", pci_class + "\n");
    dir.file("sys/bus/pci/devices/" + slot + "/modalias", "pci:" + slot + "\n");
}

std::vector<std::string> names(const std::vector<boot::ModuleWish>& wishes) {
    std::vector<std::string> names;
    for (const auto& wish : wishes) {
        names.push_back(wish.name);
    }
    return names;
}

bool holds(const std::vector<std::string>& names, const char* name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(modules)

BOOST_AUTO_TEST_CASE(wired_network_devices_are_found_on_their_buses) {
    const support::TempDir dir;
    pci(dir, "ethernet", "0x020000");
    pci(dir, "wireless", "0x028000");
    pci(dir, "infiniband", "0x020700");
    pci(dir, "disk", "0x010802");
    dir.file("sys/bus/virtio/devices/virtio0/modalias", "virtio:d00000001v00001AF4\n");
    dir.file("sys/bus/usb/devices/1-1:1.0/modalias", "usb:v0B95p1790dc00icFFisc00\n");
    dir.file("sys/bus/usb/devices/1-2:1.0/modalias", "usb:v046DpC31Cdc00ic03isc01\n");
    dir.file("sys/bus/virtio/devices/virtio1/modalias", "virtio:d00000002v00001AF4\n");
    dir.file("sys/bus/scsi/devices/0:0/modalias", "scsi:t-0x00\n");
    const auto aliases = boot::network_aliases(paths(dir));
    BOOST_REQUIRE(aliases.size() == 3U);
    BOOST_TEST(aliases[0].alias == "pci:ethernet");
    BOOST_TEST(aliases[0].any_driver);
    BOOST_TEST(aliases[1].alias == "virtio:d00000001v00001AF4");
    BOOST_TEST(!aliases[1].any_driver);
    BOOST_TEST(aliases[2].alias == "usb:v0B95p1790dc00icFFisc00");
}

BOOST_AUTO_TEST_CASE(only_what_the_plan_uses_is_loaded) {
    const support::TempDir dir;
    boot::BootPlan plan;
    plan.connect.data_digest = false;
    BOOST_TEST(
        names(boot::storage_modules(plan, paths(dir))) == std::vector<std::string>{"nvme-tcp"},
        boost::test_tools::per_element());
    plan.connect.hdr_digest = true;
    BOOST_TEST(holds(names(boot::storage_modules(plan, paths(dir))), "crypto-crc32c"));
}

BOOST_AUTO_TEST_CASE(algorithms_that_the_kernel_has_are_not_loaded_again) {
    const support::TempDir dir;
    dir.file("proc/crypto", "name         : dh\ndriver : dh-generic\n\nname         : sha256\n");
    boot::BootPlan plan;
    plan.auth.mode = boot::Auth::kHost;
    plan.auth.hashes = {nvme::HashId::kSha256, nvme::HashId::kSha512};
    const auto wishes = names(boot::storage_modules(plan, paths(dir)));
    BOOST_TEST(holds(wishes, "crypto-sha512"));
    BOOST_TEST(!holds(wishes, "crypto-sha256"));
    BOOST_TEST(!holds(wishes, "crypto-dh"));
}

BOOST_AUTO_TEST_CASE(portable_code_is_distinguished_from_code_for_one_processor) {
    BOOST_TEST(boot::is_generic_code("crc32c_generic"));
    BOOST_TEST(boot::is_generic_code("sha512-generic"));
    BOOST_TEST(!boot::is_generic_code("crc32c_intel"));
    BOOST_TEST(!boot::is_generic_code("nvme_tcp"));
}

BOOST_AUTO_TEST_CASE(a_missing_required_module_is_named_with_a_remedy) {
    const support::TempDir dir;
    const boot::BootPlan plan;
    const auto loaded = boot::load_storage_modules(plan, paths(dir));
    BOOST_REQUIRE(!loaded.ok());
    BOOST_TEST(loaded.error().text.find("nvme-tcp") != std::string::npos);
    BOOST_TEST(loaded.error().text.find("add it to the initramfs") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_driver_in_the_kernel_needs_no_file) {
    const support::TempDir dir;
    dir.file("sys/module/nvme_tcp/refcnt", "0\n");
    const boot::BootPlan plan;
    BOOST_TEST(boot::load_storage_modules(plan, paths(dir)).ok());
}

BOOST_AUTO_TEST_CASE(drivers_of_other_devices_are_left_alone_where_the_path_tells) {
    BOOST_TEST(boot::may_be_network_driver("/lib/modules/6/kernel/drivers/net/virtio_net.ko"));
    BOOST_TEST(!boot::may_be_network_driver("/lib/modules/6/kernel/drivers/block/virtio_blk.ko"));
    BOOST_TEST(!boot::may_be_network_driver("/lib/modules/6/kernel/drivers/net/wireless/a.ko"));
    BOOST_TEST(boot::may_be_network_driver("/usr/lib/modules/6/kernel/virtio_net.ko"));
}

BOOST_AUTO_TEST_SUITE_END()
