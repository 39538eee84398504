// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/check/pi_check.h"

#include <unistd.h>

#include "support/fake_controller.h"
#include "support/temp_dir.h"
#include "support/test.h"

namespace {

constexpr uint64_t kBlocks = 2048;

nvme::PiFormat plain() {
    return {};
}

nvme::PiFormat type1() {
    nvme::PiFormat format;
    format.metadata_bytes = 8;
    format.extended = true;
    format.type = 1;
    return format;
}

boot::KernelView good_view(uint64_t block = 512) {
    return {"tcp", "6.12.0", kBlocks * block, block, "none", true};
}

std::string refusal(const nvme::PiFormat& format, const boot::KernelView& view,
                    const boot::FormatPolicy& policy = {}) {
    const auto judged = boot::judge_format(format, kBlocks, view, policy);
    if (judged) {
        return "";
    }
    BOOST_TEST(judged.error().code == boot::ExitCode::kFormat);
    const std::string& text = judged.error().error.text;
    const std::string id = text.substr(0, text.find(':'));
    const bool differs = text.find("the kernel") != std::string::npos;
    BOOST_TEST(judged.error().retry == differs);
    return id;
}

boot::FormatPolicy wants(uint8_t type) {
    boot::FormatPolicy policy;
    policy.pi_type = type;
    return policy;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pi_check)

BOOST_AUTO_TEST_CASE(a_plain_namespace_that_the_kernel_sees_alike_is_good) {
    BOOST_TEST(refusal(plain(), good_view()) == "");
    BOOST_TEST(refusal(plain(), good_view(), wants(0)) == "");
    auto large = plain();
    large.block_bytes = 4096;
    BOOST_TEST(refusal(large, good_view(4096)) == "");
}

BOOST_AUTO_TEST_CASE(a_disk_of_0_bytes_is_explained) {
    auto view = good_view();
    view.size_bytes = 0;
    BOOST_TEST(refusal(type1(), view) == "pi-kernel");
    auto metadata = type1();
    metadata.type = 0;
    BOOST_TEST(refusal(metadata, view) == "pi-metadata");
    auto large = plain();
    large.block_bytes = 8192;
    const auto judged = boot::judge_format(large, kBlocks, view, {});
    BOOST_REQUIRE(!judged.ok());
    BOOST_TEST(!judged.error().retry);
    BOOST_TEST(judged.error().error.text.starts_with("block-size: "));
}

BOOST_AUTO_TEST_CASE(a_kernel_that_has_not_read_the_format_yet_is_not_a_verdict) {
    for (const boot::KernelView& view :
         {boot::KernelView{"tcp", "6.12.0", 0, 512, "none", true},
          boot::KernelView{"tcp", "6.12.0", kBlocks * 256, 512, "none", true},
          boot::KernelView{"tcp", "6.12.0", kBlocks * 512, 4096, "none", true}}) {
        const auto judged = boot::judge_format(plain(), kBlocks, view, {});
        BOOST_REQUIRE(!judged.ok());
        BOOST_TEST(judged.error().code == boot::ExitCode::kFormat);
        BOOST_TEST(judged.error().retry);
    }
}

BOOST_AUTO_TEST_CASE(the_remedy_for_0_bytes_depends_on_where_the_disk_is) {
    auto view = good_view();
    view.size_bytes = 0;
    const auto remedy = [&] {
        const auto judged = boot::judge_format(type1(), kBlocks, view, {});
        return judged ? "" : judged.error().error.text;
    };
    BOOST_TEST(remedy().find("boot over RDMA or PCIe") != std::string::npos);
    view.transport = "pcie";
    BOOST_TEST(remedy().find("with the 8 bytes of its protection information") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_kernel_that_strips_the_tuples_may_read_them) {
    BOOST_TEST(refusal(type1(), good_view()) == "");
    BOOST_TEST(refusal(type1(), good_view(), wants(1)) == "");
}

BOOST_AUTO_TEST_CASE(a_buffer_for_the_metadata_is_refused_over_fabrics_alone) {
    auto format = type1();
    format.extended = false;
    auto view = good_view();
    BOOST_TEST(refusal(format, view) == "pi-separate");
    view.transport = "pcie";
    BOOST_TEST(refusal(format, view) == "");
}

BOOST_AUTO_TEST_CASE(sizes_must_agree) {
    auto view = good_view();
    view.size_bytes -= 512;
    BOOST_TEST(refusal(plain(), view) == "size");
    view = good_view();
    view.block_bytes = 4096;
    BOOST_TEST(refusal(plain(), view) == "block-size");
    BOOST_TEST(!boot::judge_format(plain(), 0, good_view(), {}).ok());
    BOOST_TEST(!boot::judge_format(plain(), UINT64_MAX, good_view(), {}).ok());
}

BOOST_AUTO_TEST_CASE(policy_has_the_last_word) {
    BOOST_TEST(refusal(plain(), good_view(), wants(1)) == "pi-absent");
    BOOST_TEST(refusal(type1(), good_view(), wants(0)) == "pi-present");
    BOOST_TEST(refusal(type1(), good_view(), wants(2)) == "pi-type");
    auto policy = wants(1);
    policy.guard_bits = 64;
    BOOST_TEST(refusal(type1(), good_view(), policy) == "pi-guard");
    policy = {};
    policy.block_size = 4096;
    BOOST_TEST(refusal(plain(), good_view(), policy) == "block-size");
}

BOOST_AUTO_TEST_CASE(the_extended_format_is_asked_for_where_there_is_one) {
    support::FakeController controller;
    auto& ns = controller.add(1, {});
    ns.identify.lbaf[0].ms = 16;
    ns.identify.flbas = nvme::IdentifyNamespace::kFlbasExtended;
    ns.identify.dps = 1;
    ns.identify.dpc = 0x11;
    controller.nvm.elbaf[0] = 2U << 7U;
    boot::RootNamespace root{1, {}, ns.identify};
    BOOST_TEST(boot::read_format(controller, root)->guard_bits == 16);
    controller.controller.ctratt = nvme::IdentifyController::kCtrattExtendedLbaFormats;
    BOOST_TEST(boot::read_format(controller, root)->guard_bits == 64);
}

BOOST_AUTO_TEST_CASE(the_kernels_view_is_read_from_sysfs) {
    const support::TempDir dir;
    base::SysPaths sys;
    sys.sys = dir.path();
    dir.file("class/nvme/nvme0/transport", "tcp\n");
    dir.file("disk/queue/logical_block_size", "4096\n");
    dir.file("disk/integrity/format", "none\n");
    dir.file("path/queue/stable_writes", "1\n");
    const auto read = [&] {
        return boot::read_kernel_view(sys, "nvme0",
                                      {"nvme0n1", dir.at("disk"), dir.at("path"), "", 8192});
    };
    BOOST_REQUIRE(read().ok());
    const boot::KernelView view = *read();
    BOOST_TEST(view.transport == "tcp");
    BOOST_TEST(view.block_bytes == 4096U);
    BOOST_TEST(view.size_bytes == 8192U);
    BOOST_TEST(view.data_digest.value());
    BOOST_TEST(boot::protection_sentence(plain(), view) ==
               "512-byte blocks, no protection information, data digest on the wire");
    BOOST_TEST(boot::protection_sentence(type1(), view).find("only by the controller") !=
               std::string::npos);
    dir.file("disk/queue/logical_block_size", "0\n");
    BOOST_TEST(read()->block_bytes == 0U);
    for (const char* path : {"disk/queue/logical_block_size", "class/nvme/nvme0/transport"}) {
        BOOST_REQUIRE(::unlink(dir.at(path).c_str()) == 0);
        BOOST_TEST(!read().ok());
        dir.file(path, "512\n");
    }
}

BOOST_AUTO_TEST_CASE(the_checker_of_the_tuples_is_reported) {
    const auto sentence = [](const char* profile) {
        boot::KernelView view;
        view.transport = "pcie";
        view.integrity = profile;
        return boot::protection_sentence(type1(), view);
    };
    BOOST_TEST(sentence("T10-DIF-TYPE1-CRC")
                   .ends_with(", checked by the block layer (T10-DIF-TYPE1-CRC)"));
    BOOST_TEST(sentence("none").ends_with(", inserted and checked only by the controller"));
    BOOST_TEST(sentence("nop").ends_with(", which this kernel neither generates nor checks"));
}

BOOST_AUTO_TEST_CASE(data_digests_are_read_off_the_path_and_demanded_by_policy) {
    const support::TempDir dir;
    base::SysPaths sys;
    sys.sys = dir.path();
    const auto view_of = [&](const char* transport, const char* stable) {
        dir.file("class/nvme/nvme0/transport", transport);
        dir.file("path/queue/stable_writes", stable);
        dir.file("disk/queue/logical_block_size", "512\n");
        dir.file("disk/queue/stable_writes", "1\n");  // the head may have another path that does
        return boot::read_kernel_view(sys, "nvme0",
                                      {"nvme0n1", dir.at("disk"), dir.at("path"), "", 8192})
            .value();
    };
    const auto judged = [](const boot::KernelView& view, boot::Integrity policy) {
        const auto result = boot::judge_digest(view, policy);
        return result ? "" : result.error().error.text.substr(0, 15);
    };
    using boot::Integrity;
    struct Row {
        const char* transport;
        const char* stable;
        Integrity policy;
        const char* refused;
    };
    for (const Row& row :
         {Row{"tcp", "1\n", Integrity::kWire, ""},
          Row{"tcp", "0\n", Integrity::kWire, "digest-missing:"},
          Row{"tcp", "0\n", Integrity::kEndToEnd, "digest-missing:"},
          Row{"tcp", "0\n", Integrity::kReport, ""}, Row{"tcp", "0\n", Integrity::kAtRest, ""},
          Row{"tcp", "", Integrity::kWire, ""}, Row{"pcie", "0\n", Integrity::kWire, ""}}) {
        BOOST_TEST(judged(view_of(row.transport, row.stable), row.policy) == row.refused);
    }
    BOOST_TEST(boot::protection_sentence(plain(), view_of("tcp", "0\n")) ==
               "512-byte blocks, no protection information, no data digest on the wire");
    BOOST_TEST(boot::protection_sentence(plain(), view_of("tcp", "")) ==
               "512-byte blocks, no protection information, the kernel does not show its data "
               "digests");
}

BOOST_AUTO_TEST_SUITE_END()
