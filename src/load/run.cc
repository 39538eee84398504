// SPDX-License-Identifier: GPL-2.0-or-later
#include "load/run.h"

#include <utility>

#include "load/process.h"

namespace load {
namespace {

using base::TimePoint;

/// How long an answer may take that is waited for awake.
constexpr std::chrono::microseconds kVigil{100};

class Run {
  public:
    Run(const RunOptions& options, target::Reactor& reactor)
        : options_(options),
          reactor_(reactor),
          host_(reactor, options.association,
                {[this] { begin(); },
                 [this](size_t queue, host::Completion c) { completed(queue, std::move(c)); },
                 [this](base::Error error) { fail(std::move(error)); }}),
          end_(reactor, [this] { ending_ = true; }) {}

    base::Result<Measured> go() {
        host_.open();
        reactor_.run();
        host_.close();
        settle(reactor_, [this] { return host_.idle(); });
        if (error_) {
            return std::move(*error_);
        }
        return measured_;
    }

  private:
    struct Pending {
        TimePoint since;
        uint64_t block = 0;
    };
    struct Lane {
        Workload workload;
        std::vector<Pending> pending;  ///< by command identifier
    };

    void begin() {
        const AssociationOptions& shape = options_.association;
        if (auto status = check(options_.workload, host_.disk(), shape.io_queues, shape.depth);
            !status) {
            return fail(std::move(status).error());
        }
        if (options_.target) {
            const auto usage = usage_of(*options_.target);
            cpu_before_ = usage ? std::optional(usage->cpu) : std::nullopt;
        }
        began_ = reactor_.now();
        end_.set(began_ + options_.time);
        for (size_t queue = 0; queue < shape.io_queues; ++queue) {
            lanes_.push_back(
                {Workload(options_.workload, host_.disk(), shape.nsid, queue, shape.io_queues),
                 std::vector<Pending>(shape.depth)});
            for (uint16_t i = 0; i < shape.depth; ++i) {
                submit(queue);
            }
        }
    }

    void submit(size_t queue) {
        Lane& lane = lanes_[queue];
        const uint16_t cid = host_.submit(queue, lane.workload.next());
        lane.pending[cid] = {reactor_.now(), lane.workload.last_block()};
        ++outstanding_;
    }

    void completed(size_t queue, host::Completion completion) {
        --outstanding_;
        const Pending& pending = lanes_[queue].pending[completion.cid];
        measured_.latency.add(reactor_.now() - pending.since);
        const std::string problem = lanes_[queue].workload.judge(pending.block, completion);
        if (!problem.empty()) {
            return fail(base::error(problem));
        }
        if (!ending_) {
            return submit(queue);
        }
        if (outstanding_ == 0) {
            finish();
        }
    }

    void finish() {
        measured_.commands = measured_.latency.count();
        measured_.bytes = measured_.commands * options_.workload.bytes;
        measured_.time = reactor_.now() - began_;
        if (cpu_before_) {
            if (const auto usage = usage_of(*options_.target)) {
                measured_.target_cpu = usage->cpu - *cpu_before_;
            }
        }
        reactor_.stop();
    }

    void fail(base::Error error) {
        if (!error_) {
            error_ = std::move(error);
            reactor_.stop();
        }
    }

    const RunOptions& options_;
    target::Reactor& reactor_;
    Association host_;
    target::Timer end_;
    std::vector<Lane> lanes_;
    size_t outstanding_ = 0;
    bool ending_ = false;
    TimePoint began_;
    std::optional<std::chrono::nanoseconds> cpu_before_;
    std::optional<base::Error> error_;
    Measured measured_;
};

}  // namespace

double Measured::per_second() const {
    const double seconds = std::chrono::duration<double>(time).count();
    return seconds > 0 ? static_cast<double>(commands) / seconds : 0;
}

base::Result<std::unique_ptr<target::Reactor>> open_wakeful_reactor(
    target::Reactor::Engine engine) {
    TRY(auto reactor, target::Reactor::open(engine));
    reactor->busy_poll(kVigil);
    return reactor;
}

base::Result<Measured> run(const RunOptions& options) {
    TRY(const auto reactor, open_wakeful_reactor(options.engine));
    return std::make_unique<Run>(options, *reactor)->go();
}

void settle(target::Reactor& reactor, const std::function<bool()>& idle) {
    constexpr base::milliseconds kLook{1};
    std::unique_ptr<target::Timer> timer;
    const auto look = [&] {
        if (idle()) {
            reactor.stop();
        } else {
            timer->set(reactor.now() + kLook);
        }
    };
    timer = std::make_unique<target::Timer>(reactor, look);
    timer->set(reactor.now());
    reactor.run();
}

}  // namespace load
