// SPDX-License-Identifier: GPL-2.0-or-later
//
// A stand-in for /dev/kmsg: one read gives one record, and no record is not an error.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "base/fd.h"

namespace support {

class FakeKmsg {
  public:
    FakeKmsg() {
        int ends[2] = {-1, -1};
        (void)::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends);
        reader_ = base::UniqueFd(ends[0]);
        writer_ = base::UniqueFd(ends[1]);
    }
    /// The end to give to a KernelLog. REQUIRES: called once
    base::UniqueFd take_reader() { return std::move(reader_); }

    /// A line of the kernel itself.
    void kernel(const std::string& text) { record("6", text); }
    /// A line that somebody wrote to /dev/kmsg: facility 1.
    void user(const std::string& text) { record("14", text); }
    /// As if `count` lines had been overwritten.
    void lose(uint64_t count) { sequence_ += count; }

  private:
    void record(const std::string& priority, const std::string& text) {
        const std::string record = priority + "," + std::to_string(sequence_++) + ",1500000,-;" +
                                   text + "\n SUBSYSTEM=nvme\n DEVICE=c250:0\n";
        (void)base::write_all(writer_.get(), record);
    }

    base::UniqueFd reader_;
    base::UniqueFd writer_;
    uint64_t sequence_ = 100;
};

}  // namespace support
