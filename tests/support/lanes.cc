// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/lanes.h"

#include <cstdlib>
#include <string>

namespace support {
namespace {

class FakeLane;
/// Whose turn it is. Tests are control.
FakeLane* running = nullptr;

class FakeLane final : public target::Lane {
  public:
    using Lane::Lane;
    [[nodiscard]] bool here() const override {
        return running == this || (running == nullptr && number() == 0);
    }
    void post(std::function<void()> action) override { mail_.push_back(std::move(action)); }
    /// @return whether there was something to do
    bool work() {
        const bool any = !mail_.empty();
        for (; !mail_.empty(); mail_.pop_front()) {
            take_turn([this] { std::exchange(mail_.front(), nullptr)(); });
        }
        return any;
    }
    template <class Action>
    void take_turn(Action action) {
        FakeLane* const before = std::exchange(running, this);
        action();
        running = before;
    }

  private:
    std::deque<std::function<void()>> mail_;
};

FakeLane& lane(unsigned number) {
    static FakeLane control(0);
    static FakeLane other(1);
    return number == 0 ? control : other;
}

void settle() {
    while (running == nullptr && (lane(0).work() || lane(1).work())) {
    }
}

class SpreadSession final : public target::Session {
  public:
    explicit SpreadSession(std::unique_ptr<target::Session> inner) : inner_(std::move(inner)) {}
    ~SpreadSession() override {
        settle();
        inner_.reset();
        settle();
    }

    void receive(base::ByteView bytes, base::TimePoint now) override {
        call([&] { inner_->receive(bytes, now); });
    }
    [[nodiscard]] bool wants_input() const override { return inner_->wants_input(); }
    [[nodiscard]] size_t output(std::span<base::ByteView> segments) const override {
        settle();
        return inner_->output(segments);
    }
    void sent(size_t bytes) override {
        call([&] { inner_->sent(bytes); });
    }
    [[nodiscard]] bool wants_close() const override { return inner_->wants_close(); }
    [[nodiscard]] target::Standing standing() const override { return inner_->standing(); }
    [[nodiscard]] std::optional<base::TimePoint> next_deadline() const override {
        return inner_->next_deadline();
    }
    void on_timer(base::TimePoint now) override {
        call([&] { inner_->on_timer(now); });
    }

  private:
    template <class Call>
    void call(Call action) {
        if (!moved_ && inner_->spreads() && inner_->is_still()) {
            moved_ = true;
            inner_->move_to(lane(1));
        }
        lane(moved_ ? 1 : 0).take_turn(action);
        settle();
    }

    std::unique_ptr<target::Session> inner_;
    bool moved_ = false;
};

}  // namespace

unsigned reactors() {
    const char* const wanted = std::getenv("NVMEROOT_TEST_REACTORS");
    return wanted == nullptr ? 1 : static_cast<unsigned>(std::strtoul(wanted, nullptr, 10));
}

std::string reactors_line() {
    return "reactors=" + std::to_string(reactors()) + "\n";
}

void spread(target::Target& target) {
    if (reactors() > 1) {
        target.use_lanes({&lane(0), &lane(1)});
    }
}

target::LaneMemory& io_memory(target::Target& target) {
    return reactors() > 1 ? lane(1).memory() : target.control().memory();
}

std::unique_ptr<target::Session> spread(std::unique_ptr<target::Session> session) {
    return reactors() == 1 ? std::move(session)
                           : std::make_unique<SpreadSession>(std::move(session));
}

}  // namespace support
