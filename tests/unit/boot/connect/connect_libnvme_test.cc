// SPDX-License-Identifier: GPL-2.0-or-later
//
// The result of a plan with either generation of libnvme, seen where it matters: in the line that
// it writes to /dev/nvme-fabrics. The library opens that file by open(2), which this program
// defines for itself.
#include "boot/connect/connect_libnvme.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstring>

#include "base/fd.h"
#include "base/text.h"
#include "support/test.h"
#include "unit/boot/sources/sample_secrets.h"

namespace {

/// Every opening of the device is a pair of sockets, whose other end has an answer ready: the
/// kernel's options first, for the library that asks for them, then the new controller.
class FakeFabrics {
  public:
    FakeFabrics() { instance_ = this; }
    FakeFabrics(const FakeFabrics&) = delete;
    FakeFabrics& operator=(const FakeFabrics&) = delete;
    FakeFabrics(FakeFabrics&&) = delete;
    FakeFabrics& operator=(FakeFabrics&&) = delete;
    ~FakeFabrics() { instance_ = nullptr; }

    static FakeFabrics* instance() { return instance_; }

    int open() {
        int ends[2];
        BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
        const std::string_view answer = kernel_.empty() ? kOptions : "instance=77,cntlid=1";
        kernel_.emplace_back(ends[1]);
        BOOST_REQUIRE(::send(ends[1], answer.data(), answer.size(), 0) > 0);
        return ends[0];
    }
    /// The options of the connect, sorted; empty where none was written.
    std::vector<std::string> written() {
        std::vector<std::string> options;
        for (const base::UniqueFd& end : kernel_) {
            std::array<char, 4096> text{};
            const ssize_t size = ::recv(end.get(), text.data(), text.size(), MSG_DONTWAIT);
            if (size > 0) {
                for (const auto option :
                     base::split({text.data(), static_cast<size_t>(size)}, ',')) {
                    options.emplace_back(option);
                }
            }
        }
        std::ranges::sort(options);
        return options;
    }

  private:
    static constexpr std::string_view kOptions =
        "instance=-1,cntlid=-1,transport=%s,traddr=%s,trsvcid=%s,nqn=%s,queue_size=%d,"
        "nr_io_queues=%d,reconnect_delay=%d,ctrl_loss_tmo=%d,keep_alive_tmo=%d,hostnqn=%s,"
        "host_traddr=%s,host_iface=%s,hostid=%s,duplicate_connect,disable_sqflow,hdr_digest,"
        "data_digest,nr_write_queues=%d,nr_poll_queues=%d,tos=%d,fast_io_fail_tmo=%d,discovery,"
        "dhchap_secret=%s,dhchap_ctrl_secret=%s\n";

    std::vector<base::UniqueFd> kernel_;
    static FakeFabrics* instance_;
};
FakeFabrics* FakeFabrics::instance_ = nullptr;

int open_file(const char* path, int flags, mode_t mode) {
    if (FakeFabrics::instance() != nullptr && std::strcmp(path, "/dev/nvme-fabrics") == 0) {
        return FakeFabrics::instance()->open();
    }
    return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

}  // namespace

extern "C" {
// The C library declares them as variadic.
int open(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    return open_file(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    return open_file(path, flags, mode);
}
}

namespace {

boot::BootPlan sample_plan() {
    boot::BootPlan plan;
    plan.target.subsysnqn = "nqn.2024-08.com.example:disk";
    plan.host.nqn = "nqn.2024-08.com.example:host";
    plan.host.id = nvme::parse_uuid("11111111-2222-3333-4444-555555555555").value();
    plan.connect.nr_io_queues = 3;
    return plan;
}

base::Secret secret(std::string_view text) {
    std::string copy(text);
    return base::Secret(copy);
}

/// The answer is an error: there is no such controller in sysfs.
std::vector<std::string> options_for(const boot::BootPlan& plan, const boot::Portal& portal) {
    FakeFabrics fabrics;
    BOOST_TEST(
        !boot::connect_by_libnvme(boot::request_of(plan, plan.host, plan.target.subsysnqn), portal)
             .ok());
    return fabrics.written();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(connect_libnvme)

BOOST_AUTO_TEST_CASE(the_kernel_gets_the_values_of_the_plan) {
    const std::vector<std::string> expected = {
        "ctrl_loss_tmo=-1",
        "data_digest",
        "hostid=11111111-2222-3333-4444-555555555555",
        "hostnqn=nqn.2024-08.com.example:host",
        "keep_alive_tmo=5",
        "nqn=nqn.2024-08.com.example:disk",
        "nr_io_queues=3",
        "queue_size=128",
        "reconnect_delay=2",
        "traddr=192.0.2.1",
        "transport=tcp",
        "trsvcid=4420",
    };
    BOOST_TEST(options_for(sample_plan(), {"192.0.2.1", 4420, "x"}) == expected,
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(each_option_arrives_under_the_kernels_name) {
    boot::BootPlan plan = sample_plan();
    plan.connect.hdr_digest = true;
    plan.connect.data_digest = false;
    plan.connect.tos = 4;
    plan.connect.ctrl_loss_tmo = base::seconds(60);
    plan.connect.fast_io_fail_tmo = base::seconds(7);
    plan.auth.mode = boot::Auth::kMutual;
    plan.auth.host_secret = secret(kHostSecret);
    plan.auth.ctrl_secret = secret(kCtrlSecret);
    const auto options = options_for(plan, {"127.0.0.1", 4421, "x", false, "127.0.0.1", "lo"});
    for (const std::string& option :
         {std::string("hdr_digest"), std::string("tos=4"), std::string("ctrl_loss_tmo=60"),
          std::string("fast_io_fail_tmo=7"), std::string("trsvcid=4421"),
          std::string("host_traddr=127.0.0.1"), std::string("host_iface=lo"),
          "dhchap_secret=" + std::string(kHostSecret),
          "dhchap_ctrl_secret=" + std::string(kCtrlSecret)}) {
        BOOST_TEST(std::ranges::count(options, option) == 1, option);
    }
    BOOST_TEST(std::ranges::count(options, "data_digest") == 0);
}

BOOST_AUTO_TEST_CASE(authentication_in_one_direction_gives_one_secret) {
    boot::BootPlan plan = sample_plan();
    plan.auth.mode = boot::Auth::kHost;
    plan.auth.host_secret = secret(kHostSecret);
    const auto options = options_for(plan, {"2001:db8::1", 4420, "x"});
    BOOST_TEST(std::ranges::count(options, "dhchap_secret=" + std::string(kHostSecret)) == 1);
    BOOST_TEST(std::ranges::count_if(options, [](const std::string& option) {
                   return option.starts_with("dhchap_ctrl_secret");
               }) == 0);
    BOOST_TEST(std::ranges::count(options, "traddr=2001:db8::1") == 1);
}

BOOST_AUTO_TEST_SUITE_END()
