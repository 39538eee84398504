// SPDX-License-Identifier: GPL-2.0-or-later
//
// Turns between addresses, and whose turn labor and memory are.
#include "target/reactor/fair_order.h"

#include <vector>

#include "support/test.h"
#include "target/reactor/labor.h"
#include "target/reactor/memory_share.h"

using target::FairOrder;
using target::LaborQueue;
using target::LaneMemory;

namespace {

std::vector<FairOrder::Id> all_in_turn(FairOrder& order) {
    std::vector<FairOrder::Id> turns;
    while (const auto id = order.next()) {
        turns.push_back(*id);
        order.remove(*id);
    }
    return turns;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fair_order)

BOOST_AUTO_TEST_CASE(addresses_take_turns_however_much_each_requests) {
    FairOrder order;
    for (FairOrder::Id id = 1; id <= 4; ++id) {
        order.add(id, "192.0.2.1");
    }
    order.add(11, "192.0.2.2");
    order.add(21, "192.0.2.3");
    order.add(22, "192.0.2.3");
    BOOST_TEST((all_in_turn(order) == std::vector<FairOrder::Id>{1, 11, 21, 2, 22, 3, 4}));
    BOOST_TEST(order.empty());
}

BOOST_AUTO_TEST_CASE(a_network_of_64_bits_is_one_peer_and_its_addresses_share_its_turns) {
    BOOST_TEST(target::network_of("2001:db8::1") == target::network_of("2001:db8::ffff:1"));
    BOOST_TEST(target::network_of("2001:db8::1") != target::network_of("2001:db8:0:1::1"));
    BOOST_TEST(target::network_of("192.0.2.1") != target::network_of("192.0.2.2"));
    FairOrder order;
    order.add(1, "2001:db8::1");
    order.add(2, "2001:db8::2");
    order.add(3, "2001:db8::1");
    order.add(4, "192.0.2.1");
    BOOST_TEST((all_in_turn(order) == std::vector<FairOrder::Id>{1, 4, 2, 3}));
}

BOOST_AUTO_TEST_CASE(who_has_more_than_its_share_gives_way_and_nobody_else) {
    FairOrder order;
    BOOST_TEST(!order.oldest_beyond_share("192.0.2.1"));
    order.add(1, "192.0.2.1");
    BOOST_TEST(!order.oldest_beyond_share("192.0.2.2"));  // one each
    order.add(2, "192.0.2.1");
    BOOST_TEST(*order.oldest_beyond_share("192.0.2.2") == 1U);
    BOOST_TEST(*order.newest_beyond_share("192.0.2.2") == 2U);
    BOOST_TEST(!order.oldest_beyond_share("192.0.2.1"));  // has the most itself
    order.add(3, "2001:db8::1");
    order.add(4, "2001:db8::1");
    order.add(5, "2001:db8::1");
    BOOST_TEST(*order.oldest_beyond_share("2001:db8::2") == 3U);  // a neighbour in the network
    order.remove(3);
    BOOST_TEST(*order.oldest_beyond_share("2001:db8::2") == 4U);  // its network is not the largest
    order.add(6, "192.0.2.1");
    BOOST_TEST(*order.oldest_beyond_share("2001:db8::2") == 4U);
    BOOST_TEST(!order.oldest_beyond_share("2001:db8::1"));
    order.add(7, "192.0.2.1");
    BOOST_TEST(*order.oldest_beyond_share("2001:db8::2") == 1U);  // networks go first
}

BOOST_AUTO_TEST_CASE(what_has_gone_is_forgotten_whole) {
    FairOrder order;
    for (FairOrder::Id id = 0; id < 1000; ++id) {
        order.add(id, "192.0.2." + std::to_string(id % 250));
    }
    for (FairOrder::Id id = 0; id < 1000; ++id) {
        order.remove(id);
        order.remove(id);
    }
    BOOST_TEST(order.empty());
    BOOST_TEST(!order.next());
    BOOST_TEST(!order.oldest_beyond_share("192.0.2.1"));
}

BOOST_AUTO_TEST_CASE(labor_goes_round_addresses_and_known_hosts_go_first) {
    LaborQueue queue;
    for (target::Labor::Id id = 1; id <= 1000; ++id) {
        queue.add(id, {"192.0.2.66", false});  // a stranger fills it
    }
    queue.add(2001, {"192.0.2.1", false});
    queue.add(2002, {"192.0.2.2", true});
    BOOST_TEST(queue.take() == 2002U);  // it is known
    BOOST_TEST(queue.take() == 1U);
    BOOST_TEST(queue.take() == 2001U);  // the next address, behind one of a thousand
    queue.remove(2);
    BOOST_TEST(queue.take() == 3U);
    BOOST_TEST(queue.size() == 997U);
}

BOOST_AUTO_TEST_CASE(a_crowd_of_known_hosts_leaves_a_share_to_the_others) {
    LaborQueue queue;
    for (target::Labor::Id id = 1; id <= 100; ++id) {
        queue.add(id, {"192.0.2.1", true});
    }
    queue.add(1000, {"192.0.2.2", false});
    unsigned before = 0;
    while (queue.take() != 1000U) {
        ++before;
    }
    BOOST_TEST(before < LaborQueue::kShareOfUnknown);
}

BOOST_AUTO_TEST_CASE(memory_of_a_lane_is_shared_out_and_given_on) {
    LaneMemory memory;
    const auto greedy = memory.share("greedy");
    const auto modest = memory.share("modest");
    constexpr size_t kPiece = size_t{1} << 20U;
    size_t taken = 0;
    while (memory.has_room(*greedy, kPiece)) {
        memory.take(*greedy, kPiece);
        taken += kPiece;
    }
    BOOST_TEST(taken == LaneMemory::kAll / LaneMemory::kHosts);
    BOOST_TEST(memory.has_room(*modest, kPiece));
    int woken = 0;
    memory.wait(greedy, [&] { ++woken; });
    memory.wake();
    BOOST_TEST(woken == 0);
    memory.give_back(greedy, kPiece);
    memory.wake();
    BOOST_TEST(woken == 1);
    memory.give_back(greedy, taken - kPiece);
    BOOST_TEST(memory.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(what_a_host_holds_beyond_its_part_is_taken_from_nobody) {
    LaneMemory memory;
    const auto greedy = memory.share("greedy");
    const auto modest = memory.share("modest");
    constexpr size_t kPart = LaneMemory::kAll / LaneMemory::kHosts;
    memory.take(*greedy, 2 * LaneMemory::kAll);  // all of it came with its commands
    BOOST_TEST(!memory.has_room(*greedy, 1));
    BOOST_TEST(memory.has_room(*modest, kPart));
    memory.take(*modest, kPart);
    int woken = 0;
    memory.wait(modest, [&] { ++woken; });
    memory.give_back(modest, kPart);
    memory.wake();
    BOOST_TEST(woken == 1);
    memory.give_back(greedy, 2 * LaneMemory::kAll);
    BOOST_TEST(memory.bytes() == 0U);
    for (const auto* name : {"a", "b", "c", "d"}) {
        const auto share = memory.share(name);
        BOOST_TEST(memory.has_room(*share, kPart));
        memory.take(*share, kPart);
    }
    BOOST_TEST(!memory.has_room(*modest, 1));
}

BOOST_AUTO_TEST_CASE(all_waiters_for_memory_continue_and_none_within_another) {
    LaneMemory memory;
    memory.divide(1);
    std::vector<std::shared_ptr<target::MemoryShare>> hosts;
    constexpr size_t kPiece = LaneMemory::kAll / 8;
    for (int i = 0; i < 8; ++i) {
        hosts.push_back(memory.share(std::to_string(i)));
        memory.take(*hosts.back(), kPiece);
    }
    int depth = 0;
    int woken = 0;
    for (const auto& host : hosts) {
        memory.wait(host, [&] {
            BOOST_TEST(depth++ == 0);
            ++woken;
            memory.wake();
            --depth;
        });
    }
    for (const auto& host : hosts) {
        memory.give_back(host, kPiece);
        memory.wake();
    }
    BOOST_TEST(woken == 8);
}

BOOST_AUTO_TEST_SUITE_END()
