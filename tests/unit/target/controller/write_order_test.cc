// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/write_order.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/test.h"

using target::WriteOrder;
using target::WritePlace;

namespace {

/// A place that writes its name down when it is its turn.
struct Place final : WritePlace {
    Place(std::string& journal, char letter) : turns(journal), name(letter) {}
    void on_turn() override { turns += name; }
    bool enter(WriteOrder& order, uint64_t first, uint64_t blocks, bool exclusive = false) {
        return order.enter(*this, first, blocks,
                           exclusive ? WriteOrder::Kind::kExclusive : WriteOrder::Kind::kPlain);
    }
    std::string& turns;
    char name;
};

struct Fixture {
    WriteOrder order;
    std::string turns;
    Place a{turns, 'a'}, b{turns, 'b'}, c{turns, 'c'}, d{turns, 'd'};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(write_order)

BOOST_AUTO_TEST_CASE(plain_writes_never_wait_for_each_other) {
    Fixture f;
    BOOST_TEST(f.a.enter(f.order, 0, 8));
    BOOST_TEST(f.b.enter(f.order, 0, 8));
    f.a.leave();
    f.b.leave();
    BOOST_TEST(f.turns == "");
}

BOOST_AUTO_TEST_CASE(an_exclusive_place_waits_for_those_before_that_touch_it) {
    Fixture f;
    BOOST_TEST(f.a.enter(f.order, 0, 8));
    BOOST_TEST(f.b.enter(f.order, 8, 8));
    BOOST_TEST(!f.c.enter(f.order, 7, 1, true));
    f.b.leave();
    BOOST_TEST(f.turns == "");
    f.a.leave();
    BOOST_TEST(f.turns == "c");
}

BOOST_AUTO_TEST_CASE(those_behind_it_wait_in_order_and_others_go) {
    Fixture f;
    BOOST_TEST(f.a.enter(f.order, 4, 4, true));
    BOOST_TEST(!f.b.enter(f.order, 0, 5));
    BOOST_TEST(f.c.enter(f.order, 8, 1));
    BOOST_TEST(!f.d.enter(f.order, 0, 1, true));  // b is before it
    f.c.leave();
    f.a.leave();
    BOOST_TEST(f.turns == "b");
    f.b.leave();
    BOOST_TEST(f.turns == "bd");
}

BOOST_AUTO_TEST_CASE(one_that_leaves_while_it_waits_holds_nobody_up) {
    Fixture f;
    BOOST_TEST(f.a.enter(f.order, 0, 8));
    BOOST_TEST(!f.b.enter(f.order, 0, 8, true));
    BOOST_TEST(!f.c.enter(f.order, 0, 8));
    f.b.leave();
    BOOST_TEST(f.turns == "c");
}

BOOST_AUTO_TEST_CASE(a_turn_may_end_at_once_and_a_place_may_go) {
    struct Brief final : WritePlace {
        void on_turn() override {
            ++turns;
            leave();
        }
        int turns = 0;
    };
    WriteOrder order;
    Brief first, second;
    auto exclusive = std::make_unique<Brief>();
    BOOST_TEST(order.enter(*exclusive, 0, 1, WriteOrder::Kind::kExclusive));
    BOOST_TEST(!order.enter(first, 0, 1, WriteOrder::Kind::kExclusive));
    BOOST_TEST(!order.enter(second, 0, 1, WriteOrder::Kind::kPlain));
    exclusive.reset();
    BOOST_TEST((first.turns == 1 && second.turns == 1));
    BOOST_TEST(order.enter(first, 0, 1, WriteOrder::Kind::kExclusive));
}

/// A place whose turn ends at once, as that of a write to a store in memory.
struct Fleeting final : WritePlace {
    void on_turn() override {
        deepest = std::max(deepest, ++depth);
        ++turns;
        leave();
        --depth;
    }
    static inline int depth = 0, deepest = 0, turns = 0;
};

BOOST_AUTO_TEST_CASE(however_many_wait_turns_are_given_one_behind_the_other) {
    constexpr size_t kPlaces = 28740;
    for (const bool same_block : {true, false}) {
        Fleeting::deepest = Fleeting::turns = 0;
        WriteOrder order;
        std::vector<Fleeting> places(kPlaces);
        auto first = std::make_unique<Fleeting>();
        BOOST_TEST(order.enter(*first, 0, kPlaces, WriteOrder::Kind::kExclusive));
        for (size_t i = 0; i < kPlaces; ++i) {
            BOOST_REQUIRE(
                !order.enter(places[i], same_block ? 7 : i, 1,
                             i % 3 == 0 ? WriteOrder::Kind::kPlain : WriteOrder::Kind::kExclusive));
        }
        first.reset();
        BOOST_TEST(Fleeting::turns == static_cast<int>(kPlaces));
        BOOST_TEST(Fleeting::deepest == 1);
        BOOST_TEST(order.waiting() == 0U);
        BOOST_TEST(order.steps() / kPlaces < 100U);
    }
}

BOOST_AUTO_TEST_CASE(where_there_is_a_loop_it_gets_its_turn_between_a_few_of_these) {
    Fleeting::turns = 0;
    WriteOrder order;
    int asked = 0;
    order.spread(0, [&] { ++asked; });
    std::vector<Fleeting> places(100);
    auto first = std::make_unique<Fleeting>();
    BOOST_TEST(order.enter(*first, 0, 1, WriteOrder::Kind::kExclusive));
    for (Fleeting& place : places) {
        BOOST_TEST(!order.enter(place, 0, 1, WriteOrder::Kind::kExclusive));
    }
    first.reset();
    BOOST_TEST(Fleeting::turns == static_cast<int>(WriteOrder::kTurnsAtOnce));
    for (int before = Fleeting::turns; Fleeting::turns < 100; before = Fleeting::turns) {
        BOOST_TEST(std::exchange(asked, 0) == 1);
        order.pass_on();
        BOOST_REQUIRE(Fleeting::turns > before);
        BOOST_TEST(Fleeting::turns <= before + static_cast<int>(WriteOrder::kTurnsAtOnce));
    }
    BOOST_TEST(asked == 0);
}

BOOST_AUTO_TEST_CASE(the_order_may_go_with_the_last_place) {
    struct Last final : WritePlace {
        explicit Last(std::unique_ptr<WriteOrder>& which) : order(which) {}
        void on_turn() override {
            leave();
            order.reset();
        }
        std::unique_ptr<WriteOrder>& order;
    };
    auto order = std::make_unique<WriteOrder>();
    Last last(order);
    auto first = std::make_unique<Last>(order);
    BOOST_TEST(order->enter(*first, 0, 1, WriteOrder::Kind::kExclusive));
    BOOST_TEST(!order->enter(last, 0, 1, WriteOrder::Kind::kExclusive));
    first.reset();
    BOOST_TEST(order == nullptr);
}

BOOST_AUTO_TEST_CASE(an_exclusive_place_waits_for_those_of_all_lanes) {
    Fixture f;
    int asked = 0;
    f.order.spread(2, [&] { ++asked; });
    const auto plain = WriteOrder::Kind::kPlain;
    BOOST_TEST(f.order.enter(f.a, 0, 8, plain, 1));
    BOOST_TEST(f.order.enter(f.b, 4, 8, plain, 2));
    BOOST_TEST(!f.order.is_contended());
    BOOST_TEST(!f.c.enter(f.order, 6, 1, true));
    BOOST_TEST(f.order.is_contended());
    f.a.leave();
    f.order.pass_on();
    BOOST_TEST((asked == 1 && f.turns.empty()));
    BOOST_TEST(!f.d.enter(f.order, 6, 1));  // of whichever lane: by control
    f.b.leave();
    BOOST_TEST((asked == 2 && f.turns.empty()));
    f.order.pass_on();
    BOOST_TEST(f.turns == "c");
    f.c.leave();
    BOOST_TEST(f.turns == "cd");
    BOOST_TEST(!f.order.is_contended());
}

BOOST_AUTO_TEST_SUITE_END()
