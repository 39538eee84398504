// SPDX-License-Identifier: GPL-2.0-or-later
#include "load/storm.h"

#include <deque>
#include <utility>

#include "load/process.h"

namespace load {
namespace {

class Storm {
  public:
    Storm(const StormOptions& options, target::Reactor& reactor)
        : options_(options), reactor_(reactor) {}

    StormResult go() {
        const std::optional<Usage> before = usage();
        began_ = reactor_.now();
        for (size_t i = 0; i < options_.hosts; ++i) {
            add_host(i);
        }
        reactor_.run();
        result_.time = reactor_.now() - began_;
        if (const auto after = usage(); before && after) {
            result_.target_cpu = after->cpu - before->cpu;
            const double more = static_cast<double>(after->resident_bytes) -
                                static_cast<double>(before->resident_bytes);
            result_.target_bytes_per_host = more / static_cast<double>(options_.hosts);
        }
        for (Host& host : hosts_) {
            host.link->close();
        }
        settle(reactor_, [this] {
            return std::ranges::all_of(hosts_, [](const Host& h) { return h.link->idle(); });
        });
        return std::move(result_);
    }

  private:
    struct Host {
        std::unique_ptr<Association> link;
        uint64_t asked = 0;  ///< bytes
        uint64_t got = 0;
        uint32_t command_bytes = 0;
        bool over = false;
        base::Bytes memory;  ///< of a command that ended
    };

    [[nodiscard]] std::optional<Usage> usage() const {
        if (!options_.target) {
            return std::nullopt;
        }
        const auto usage = usage_of(*options_.target);
        return usage ? std::optional(*usage) : std::nullopt;
    }

    void add_host(size_t index) {
        AssociationOptions shape = options_.association;
        host::ConnectOptions& connect = shape.line.connect;
        connect.hostnqn = host_nqn(connect.hostnqn, index + 1);
        connect.hostid.bytes[14] = static_cast<std::byte>((index + 1) >> 8U);
        connect.hostid.bytes[15] = static_cast<std::byte>(index + 1);
        shape.line.receive_bytes = size_t{64} << 10U;
        Host& host = hosts_.emplace_back();
        host.link = std::make_unique<Association>(
            reactor_, std::move(shape),
            Association::Events{
                [this, &host] { begin(host); },
                [this, &host](size_t, host::Completion c) { completed(host, std::move(c)); },
                [this, &host](base::Error error) { fail(host, error.text); }});
        host.link->open();
    }

    void begin(Host& host) {
        result_.connected.add(reactor_.now() - began_);
        const uint64_t block = host.link->disk().block_bytes;
        const uint64_t wanted = (options_.read_bytes + block - 1) / block * block;
        host.command_bytes =
            static_cast<uint32_t>(std::min<uint64_t>(options_.command_bytes, wanted));
        const WorkloadOptions reading{Access::kRead, host.command_bytes, false, wanted};
        if (const auto status = check(reading, host.link->disk(), 1, 1); !status) {
            return fail(host, status.error().text);
        }
        for (uint16_t i = 0; i < options_.association.depth; ++i) {
            submit(host);
        }
    }

    void submit(Host& host) {
        if (host.asked >= options_.read_bytes) {
            return;
        }
        const Disk& disk = host.link->disk();
        const uint32_t blocks = host.command_bytes / disk.block_bytes;
        const uint64_t places = disk.blocks / blocks;
        host::Command command = host::read(
            options_.association.nsid,
            {host.asked / host.command_bytes % places * blocks, blocks, disk.block_bytes});
        command.memory = std::move(host.memory);
        host.link->submit(0, std::move(command));
        host.asked += host.command_bytes;
    }

    void completed(Host& host, host::Completion completion) {
        if (!completion.status.ok() || completion.data.size() != host.command_bytes) {
            return fail(host, "read: " + nvme::describe(completion.status));
        }
        host.got += completion.data.size();
        result_.bytes += completion.data.size();
        host.memory = std::move(completion.data);
        submit(host);
        if (host.got >= options_.read_bytes) {
            result_.finished.add(reactor_.now() - began_);
            end(host);
        }
    }

    void fail(Host& host, const std::string& why) {
        if (host.over) {
            return;
        }
        ++result_.failed;
        if (result_.first_failure.empty()) {
            result_.first_failure = why;
        }
        host.link->close();
        end(host);
    }

    void end(Host& host) {
        host.over = true;
        if (++over_ == options_.hosts) {
            reactor_.stop();
        }
    }

    const StormOptions& options_;
    target::Reactor& reactor_;
    std::deque<Host> hosts_;
    size_t over_ = 0;
    base::TimePoint began_;
    StormResult result_;
};

}  // namespace

std::string host_nqn(const std::string& pattern, size_t number) {
    std::string nqn = pattern;
    if (const size_t at = nqn.find('%'); at != std::string::npos) {
        nqn.replace(at, 1, std::to_string(number));
    }
    return nqn;
}

base::Result<StormResult> storm(const StormOptions& options) {
    TRY(const auto reactor, target::Reactor::open(options.engine));
    return std::make_unique<Storm>(options, *reactor)->go();
}

}  // namespace load
