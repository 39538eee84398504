// SPDX-License-Identifier: GPL-2.0-or-later
//
// The order of requests that touch ranges of blocks. Requests that share a block go side by side;
// one that excludes waits for all before it that touch its blocks, and all after it wait for it.
//
// A few requests are simply compared with each other. The cost of a request must not grow with the
// number of others, so more of them go into a tree. Each node stands for an aligned piece of
// the disk. A range is made up of the nodes that it covers; the request has a ticket at each of
// them, and at each node above. Two ranges touch where one of them covers a node that the other one
// covers too, or lies inside of: so it is enough to compare the tickets at each node, by class.
//
//     [4, 12) has tickets at             0 .. 63              inside
//                               0 .. 7  |  8 .. 15            inside, inside
//                               4 5 6 7 |  8 9 10 11          covers each
//
// A ticket follows the last one of each class that it conflicts with. When that one goes, its
// followers follow the one before it in the class; where there is none, they wait for one ticket
// less. In the tree a range of many blocks is rounded outwards, by a 64th of its length at most,
// which keeps its tickets few.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace target {

class RangeOrder {
  public:
    enum class Kind : bool { kShared, kExclusive };
    /// As the end of a range: the whole disk, whatever its size.
    static constexpr uint64_t kWholeDisk = UINT64_MAX;
    /// The number of ranges that are compared with each other.
    static constexpr size_t kFew = 128;

    class Place;

    RangeOrder();
    RangeOrder(const RangeOrder&) = delete;
    RangeOrder& operator=(const RangeOrder&) = delete;
    ~RangeOrder();

    /// Takes a place behind all others. @param owner  what take_ready() tells
    /// @param first, end  blocks. REQUIRES: first < end
    /// @return the place, until leave()
    Place* enter(void* owner, uint64_t first, uint64_t end, Kind kind);
    /// Whether it is not yet the turn of the place.
    [[nodiscard]] static bool waits(const Place& place);
    void leave(Place* place);

    /// The owner of a place that has waited and whose turn has come, each once, in the order in
    /// which their turns came. Null: there is none.
    void* take_ready();
    [[nodiscard]] bool has_ready() const { return ready_.next != &ready_; }

    [[nodiscard]] bool empty() const { return places_ == 0; }
    /// Comparisons, tickets and followers so far: the work that was done.
    [[nodiscard]] uint64_t steps() const { return steps_; }

  private:
    /// A member of a ring; alone, it points to itself.
    struct Link {
        Link() = default;
        explicit Link(Place* of) : place(of) {}
        Link(const Link&) = delete;
        Link& operator=(const Link&) = delete;
        void insert_before(Link& other);
        void unlink();
        Link* previous = this;
        Link* next = this;
        Place* place = nullptr;
    };
    struct Range {
        uint64_t first = 0;
        uint64_t end = 0;
        Kind kind = Kind::kShared;
    };
    struct Few {
        Range range;
        Place* place = nullptr;
    };
    enum class State : uint8_t { kWaiting, kReady, kRunning };
    enum Class : uint8_t { kInsideShared, kInsideExclusive, kCoversShared, kCoversExclusive };
    static constexpr size_t kClasses = 4;
    /// Whether a ticket of the first class waits for one of the second.
    static constexpr std::array<std::array<bool, kClasses>, kClasses> kConflicts = {{
        {false, false, false, true},
        {false, false, true, true},
        {false, true, false, true},
        {true, true, true, true},
    }};
    /// The classes that a ticket of this one waits for.
    static constexpr size_t link_count(Class kind) {
        constexpr std::array<size_t, kClasses> kCounts = {1, 2, 2, 4};
        return kCounts[kind];
    }
    struct Ticket;
    struct Node {
        uint64_t key = 0;
        std::array<Ticket*, kClasses> last{};
    };
    /// A ticket's, before it is there.
    struct Spot {
        uint64_t key = 0;
        bool covers = false;
    };
    struct Hash {
        Hash();
        size_t operator()(uint64_t key) const;
        uint64_t seed;  ///< hosts choose blocks, but not which of them share a bucket
    };

    Place* new_place(void* owner, const Range& range);
    void drop(Place* place);
    void let_go(Place& place);
    void look_at(Place& place);

    // a few
    [[nodiscard]] static bool conflicts(const Range& a, const Range& b);
    void compare(Place& place);
    void leave_few(Place& place);

    // many
    void to_tree();
    void to_few();
    void find_spots(uint64_t first, uint64_t end);
    void take_tickets(Place& place);
    void follow(Ticket& ticket, Place& place);
    void give_up(Ticket& ticket);

    bool in_tree_ = false;
    std::vector<Few> few_;  ///< !in_tree_: all there are
    std::unordered_map<uint64_t, Node, Hash> nodes_;
    Link all_;  ///< in_tree_: the ring of all there are, in the order in which they came
    std::vector<Spot> spots_;  ///< of the range at hand
    std::vector<std::unique_ptr<Place>> free_;
    Link ready_;
    size_t places_ = 0;
    size_t waiting_ = 0;  ///< for others; not those that are ready
    uint64_t numbers_ = 0;
    uint64_t steps_ = 0;
};

}  // namespace target
