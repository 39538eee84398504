// SPDX-License-Identifier: GPL-2.0-or-later
//
// The whole target on a thread of its own, listening on loopback: one writable image of zeros, one
// host, which has two keys.
#pragma once

#include <sys/eventfd.h>

#include <future>
#include <string>
#include <thread>

#include "base/fd.h"
#include "support/engines.h"
#include "support/temp_dir.h"
#include "target/wire/server.h"

namespace support {

class RunningTarget {
  public:
    static constexpr const char* kHostNqn = "nqn.2024-08.com.example:host";
    static constexpr const char* kSubNqn = "nqn.2024-08.com.example:disk";
    static constexpr size_t kImageBytes = 4U << 20U;

    explicit RunningTarget(target::Reactor::Engine engine);
    ~RunningTarget() { stop(); }

    void start();
    void stop();
    /// The contents of the image file.
    [[nodiscard]] base::Bytes image(uint64_t offset, size_t size) const;

    TempDir dir;  ///< has host.key and ctrl.key
    const std::string host_secret;
    const std::string ctrl_secret;
    target::SocketAddress address;

  private:
    void serve(std::promise<void>& started);

    const target::Reactor::Engine engine_;
    base::UniqueFd stop_{eventfd(0, EFD_CLOEXEC)};
    std::thread thread_;
};

}  // namespace support
