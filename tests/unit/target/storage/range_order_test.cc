// SPDX-License-Identifier: GPL-2.0-or-later
//
// The order of requests that touch ranges of blocks: against a model that compares each with each,
// and what it costs when many wait.
#include "target/storage/range_order.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <random>

#include "support/test.h"

using target::RangeOrder;
using Kind = RangeOrder::Kind;

namespace {

/// A request, as the order and the model see it.
struct Request {
    uint64_t first = 0;
    uint64_t end = 0;
    Kind kind = Kind::kShared;
    RangeOrder::Place* place = nullptr;
    bool running = false;
};

bool conflict(const Request& a, const Request& b) {
    return a.first < b.end && b.first < a.end &&
           (a.kind == Kind::kExclusive || b.kind == Kind::kExclusive);
}

/// Requests in the order in which they came.
struct Model {
    RangeOrder order;
    std::deque<std::unique_ptr<Request>> requests;

    void enter(uint64_t first, uint64_t end, Kind kind) {
        auto request = std::make_unique<Request>(Request{first, end, kind});
        request->place = order.enter(request.get(), first, end, kind);
        request->running = !RangeOrder::waits(*request->place);
        requests.push_back(std::move(request));
    }
    void leave(size_t index) {
        order.leave(requests[index]->place);
        requests.erase(requests.begin() + static_cast<std::ptrdiff_t>(index));
    }
    void run_ready() {
        while (void* owner = order.take_ready()) {
            static_cast<Request*>(owner)->running = true;
        }
    }
    /// Whether one before it, of those that conflict, is still there.
    [[nodiscard]] bool is_blocked(size_t index) const {
        return std::any_of(requests.begin(), requests.begin() + static_cast<std::ptrdiff_t>(index),
                           [&](const auto& before) { return conflict(*before, *requests[index]); });
    }
    [[nodiscard]] size_t wrong(bool rounded) const {
        size_t count = 0;
        for (size_t i = 0; i < requests.size(); ++i) {
            const bool blocked = is_blocked(i);
            count += requests[i]->running == blocked && (blocked || !rounded) ? 1 : 0;
        }
        return count;
    }
    [[nodiscard]] bool any_runs() const {
        return std::ranges::any_of(requests, [](const auto& r) { return r->running; });
    }
};

/// The cost of a request while this number waits for one block.
uint64_t steps_each(size_t count, bool backwards) {
    Model m;
    for (size_t i = 0; i < count; ++i) {
        m.enter(7, 8, Kind::kExclusive);
    }
    while (!m.requests.empty()) {
        m.leave(backwards ? m.requests.size() - 1 : 0);
        m.run_ready();
        BOOST_REQUIRE((m.requests.empty() || backwards || m.requests.front()->running));
    }
    return m.order.steps() / count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(range_order)

BOOST_AUTO_TEST_CASE(agrees_with_comparing_each_with_each) {
    for (const unsigned seed : {1U, 2U}) {
        for (const uint64_t longest : {uint64_t{1}, uint64_t{12}, uint64_t{9000}}) {
            BOOST_TEST_CONTEXT("seed " << seed << " up to " << longest << " blocks") {
                std::minstd_rand random(seed);
                Model m;
                const size_t most = seed % 2 == 0 ? 100 : 350;  // a few, or a tree
                for (int step = 0; step < 1600; ++step) {
                    const bool grows = step / 400 % 2 == 0;
                    if (m.requests.size() < most && random() % 4 < (grows ? 3U : 1U)) {
                        const bool whole = random() % 50 == 0;
                        const uint64_t first = whole ? 0 : random() % (longest * 40);
                        const uint64_t end =
                            whole ? RangeOrder::kWholeDisk : first + 1 + random() % longest;
                        m.enter(first, end, random() % 3 == 0 ? Kind::kExclusive : Kind::kShared);
                    } else if (!m.requests.empty()) {
                        m.leave(random() % m.requests.size());
                        m.run_ready();
                    }
                    BOOST_REQUIRE((m.requests.empty() || m.any_runs()));
                    if (step % 40 == 0) {
                        BOOST_REQUIRE(m.wrong(longest > 512) == 0U);
                    }
                }
                while (!m.requests.empty()) {
                    m.leave(random() % m.requests.size());
                    m.run_ready();
                }
                BOOST_TEST((m.order.empty() && !m.order.has_ready()));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(one_costs_the_same_however_many_wait) {
    for (const bool backwards : {false, true}) {
        const uint64_t of_thousand = steps_each(1000, backwards);
        const uint64_t of_many = steps_each(30000, backwards);
        BOOST_TEST(of_many <= of_thousand * 2);
        BOOST_TEST(of_many < 100U);
        BOOST_TEST(steps_each(100, backwards) < 300U);
    }
}

BOOST_AUTO_TEST_CASE(wide_ones_cost_no_more_among_many_narrow_ones) {
    const auto steps = [](size_t count) {
        Model m;
        for (size_t i = 0; i < count; ++i) {
            m.enter(i * 16, i * 16 + 8, Kind::kExclusive);
            m.enter(i % 8, RangeOrder::kWholeDisk, Kind::kShared);
            m.enter(i % 64, count * 16 + i % 64, Kind::kShared);
        }
        std::minstd_rand random(1);
        while (!m.requests.empty()) {
            m.order.leave(m.requests.back()->place);
            m.requests.pop_back();
            m.run_ready();
        }
        return m.order.steps() / count;
    };
    BOOST_TEST(steps(5000) <= 3 * steps(500));
    BOOST_TEST(steps(5000) < 1000U);
}

BOOST_AUTO_TEST_SUITE_END()
