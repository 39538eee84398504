// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/after/fabrics_conf.h"

#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "base/sysfs.h"
#include "base/text.h"

namespace boot {
namespace {

std::string file_of(const base::SysPaths& sys) {
    return sys.run + "/nvmeroot/nvme-fabrics.conf";
}

std::string folder_of(const base::SysPaths& sys) {
    return sys.etc + "/nvme/nvme-fabrics.conf.d";
}

std::string link_of(const base::SysPaths& sys) {
    return folder_of(sys) + "/nvmeroot.conf";
}

/// -1 and such stand for "the kernel's", which an absent line is.
std::string line(const char* key, int64_t value, bool given = true) {
    return given ? std::string(key) + " = " + std::to_string(value) + "\n" : std::string();
}

std::string controller_line(const Portal& portal) {
    std::string text = "controller = transport=tcp;traddr=" + portal.address +
                       ";trsvcid=" + std::to_string(portal.port);
    text += portal.source.empty() ? "" : ";host-traddr=" + portal.source;
    text += portal.interface.empty() ? "" : ";host-iface=" + portal.interface;
    return text + "\n";
}

std::string sections(const BootPlan& plan, bool own_identity) {
    const ConnectOptions& options = plan.connect;
    std::string text;
    if (own_identity) {
        text += "[Host]\nhostnqn = " + plan.host.nqn + "\nhostid = " + nvme::to_text(plan.host.id) +
                "\n";
    }
    text += "[Subsystem]\nnqn = " + plan.target.subsysnqn + "\n";
    if (plan.auth.mode != Auth::kOff) {
        text += "kxchap-secret = SECRET-OF-THE-HOST\n";
    }
    if (plan.auth.mode == Auth::kMutual) {
        text += "kxchap-ctrl-secret = SECRET-OF-THE-TARGET\n";
    }
    text += line("ctrl-loss-tmo", options.ctrl_loss_tmo.count());
    text += line("reconnect-delay", options.reconnect_delay.count());
    text += line("fast-io-fail-tmo", options.fast_io_fail_tmo.count(),
                 options.fast_io_fail_tmo.count() >= 0);
    text += line("keep-alive-tmo", options.keep_alive_tmo.count());
    text += line("nr-io-queues", options.nr_io_queues, options.nr_io_queues != 0);
    text += line("queue-size", options.queue_size);
    text += line("tos", options.tos, options.tos >= 0);
    text += std::string("hdr-digest = ") + (options.hdr_digest ? "true\n" : "false\n");
    text += std::string("data-digest = ") + (options.data_digest ? "true\n" : "false\n");
    for (const Portal& portal : plan.target.portals) {
        text += controller_line(portal);
    }
    return text;
}

const std::string kWithoutSecrets =
    "# The root is authenticated, and nvme-cli accepts the secrets only as text. All lines are\n"
    "# therefore comments: without the secrets, nvme-cli would connect to a target that does not\n"
    "# authenticate.\n";

std::string commented(std::string_view text) {
    std::string comments;
    for (const auto line : base::split(text, '\n')) {
        comments += line.empty() ? "" : "#" + std::string(line) + "\n";
    }
    return comments;
}

/// Whether both halves of the identity are those of /etc/nvme, or none is.
enum class Identity { kSame, kOther, kHalf };

Identity compare(const HostIdentity& host, const base::SysPaths& sys) {
    const auto says = [&](const char* name, const std::string& value) {
        const auto text = attribute(sys.etc + "/nvme/" + name);
        return text && base::equal_ignoring_case(*text, value);
    };
    const bool nqn = says("hostnqn", host.nqn);
    const bool id = says("hostid", nvme::to_text(host.id));
    if (nqn != id) {
        return Identity::kHalf;
    }
    return nqn ? Identity::kSame : Identity::kOther;
}

base::Status make_link(const base::SysPaths& sys) {
    if (::access(folder_of(sys).c_str(), F_OK) != 0) {
        return base::done();  // no nvme-cli 3
    }
    if (::symlink(file_of(sys).c_str(), link_of(sys).c_str()) != 0 && errno != EEXIST) {
        return base::errno_error(errno, link_of(sys));
    }
    return base::done();
}

}  // namespace

std::string fabrics_conf(const BootPlan& plan, bool own_identity) {
    const std::string title = "# The root's paths, written by nvmeroot complete at each boot.\n";
    const std::string text = sections(plan, own_identity);
    return title + (plan.auth.mode == Auth::kOff ? text : kWithoutSecrets + commented(text));
}

base::Status offer_to_nvme_cli(const BootPlan& plan, const base::SysPaths& sys) {
    const Identity identity = compare(plan.host, sys);
    if (identity == Identity::kHalf) {
        ::unlink(file_of(sys).c_str());
        ::unlink(link_of(sys).c_str());
        return base::done();
    }
    TRY_VOID(base::write_text_atomically(file_of(sys),
                                         fabrics_conf(plan, identity == Identity::kOther), 0644));
    return make_link(sys);
}

}  // namespace boot
