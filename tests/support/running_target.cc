// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/running_target.h"

#include <fcntl.h>

#include "export/export_config.h"
#include "support/lanes.h"
#include "support/test.h"
#include "target/cli/genkey.h"
#include "target/operate/service.h"

namespace support {
namespace {

std::string new_secret(nvme::HashId hash) {
    target::GenkeyOptions options;
    options.hash = hash;
    return target::generate_key(options)->reveal();
}

}  // namespace

RunningTarget::RunningTarget(target::Reactor::Engine engine)
    : host_secret(new_secret(nvme::HashId::kSha256)),
      ctrl_secret(new_secret(nvme::HashId::kSha512)),
      engine_(engine) {
    dir.file("disk.img", std::string(kImageBytes, '\0'));
    dir.file("host.key", host_secret, 0600);
    dir.file("ctrl.key", ctrl_secret, 0600);
    start();
}

void RunningTarget::start() {
    std::promise<void> started;
    thread_ = std::thread([&] { serve(started); });
    started.get_future().wait();
}

void RunningTarget::stop() {
    if (thread_.joinable()) {
        eventfd_write(stop_.get(), 1);
        thread_.join();
    }
}

base::Bytes RunningTarget::image(uint64_t offset, size_t size) const {
    const auto fd = base::open_file(dir.at("disk.img"), O_RDONLY);
    base::Bytes bytes(size);
    BOOST_REQUIRE(base::pread_full(fd->get(), bytes, offset).ok());
    return bytes;
}

void RunningTarget::serve(std::promise<void>& started) {
    const base::Log log("target", base::Level::kError);
    auto config = exports::parse_config("[target]\nlisten=127.0.0.1:0\n" + reactors_line() +
                                            "[host.h]\nnqn=" + std::string(kHostNqn) +
                                            "\ndhchap_secret_file=host.key\n"
                                            "dhchap_ctrl_secret_file=ctrl.key\n"
                                            "[subsystem.s]\nhosts=h\nnqn=" +
                                            std::string(kSubNqn) +
                                            "\n"
                                            "[namespace.n]\nsubsystem=s\nimage=disk.img\n",
                                        dir.at("t.conf"));
    BOOST_REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error()[0]));
    const auto reactor = support::open_reactor(engine_);
    target::Interposer plain;
    const auto service = target::Service::open(std::move(config).value(), *reactor, log, plain);
    BOOST_REQUIRE_MESSAGE(service.ok(), (service.ok() ? "" : service.error().text));
    address = (*service)->listening()[0];
    reactor->wait_readable(stop_.get(), [&](int) {
        eventfd_t count;
        eventfd_read(stop_.get(), &count);
        (*service)->stop(base::milliseconds(500));
    });
    started.set_value();
    reactor->run();
}

}  // namespace support
