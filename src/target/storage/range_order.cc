// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/storage/range_order.h"

#include <sys/random.h>

#include <algorithm>
#include <span>

namespace target {
namespace {

/// Blocks of a node of each level, as a power of two. Above all of them is the root.
constexpr std::array<unsigned, 9> kShifts = {0, 3, 6, 9, 12, 16, 20, 24, 28};
constexpr size_t kTop = kShifts.size() - 1;
constexpr unsigned kLevelShift = 60;
constexpr uint64_t kRoot = uint64_t{kShifts.size()} << kLevelShift;
/// A longer range counts as the whole disk.
constexpr uint64_t kLongest = uint64_t{8} << kShifts[kTop];
/// A range may be rounded outwards by this part of its length.
constexpr uint64_t kFineness = 64;
/// When so few are left, the tree is given up.
constexpr size_t kFewAgain = RangeOrder::kFew / 4;

uint64_t key_of(size_t level, uint64_t index) {
    return uint64_t{level} << kLevelShift | index;
}

/// The level whose nodes are fine enough for a range of so many blocks.
size_t level_for(uint64_t blocks) {
    size_t level = 0;
    while (level < kTop && uint64_t{1} << kShifts[level + 1] <= blocks / kFineness) {
        ++level;
    }
    return level;
}

}  // namespace

/// Kept small: many wait, and each is looked at when it comes and when it goes.
struct RangeOrder::Ticket {
    Node* node = nullptr;
    Ticket* before = nullptr;  ///< of the same class at the node; likewise below
    Ticket* after = nullptr;
    Link* follows = nullptr;  ///< one for each class that it conflicts with
    Link followers;           ///< the ring of those that wait for this one, and for all before it
    Class kind = kInsideShared;

    [[nodiscard]] std::span<Link> links() const { return {follows, link_count(kind)}; }
};

class RangeOrder::Place {
  public:
    void* owner = nullptr;
    Range range;
    State state = State::kRunning;
    size_t pending = 0;   ///< others that it waits for; in the tree, tickets of others
    uint64_t number = 0;  ///< in few_: the order in which they came
    size_t index = 0;     ///< in few_
    Link all{this};       ///< in the tree
    Link ready{this};
    std::unique_ptr<Ticket[]> tickets;
    size_t count = 0;
    std::unique_ptr<Link[]> links;  ///< of all tickets

    void give_up_tickets() {
        tickets.reset();
        links.reset();
        count = 0;
    }
};

void RangeOrder::Link::insert_before(Link& other) {
    previous = other.previous;
    next = &other;
    previous->next = this;
    other.previous = this;
}

void RangeOrder::Link::unlink() {
    previous->next = next;
    next->previous = previous;
    previous = next = this;
}

RangeOrder::Hash::Hash() : seed(0) {
    (void)getrandom(&seed, sizeof seed, GRND_NONBLOCK);  // else 0: slower where a host knows it
}

size_t RangeOrder::Hash::operator()(uint64_t key) const {
    key ^= seed;
    key = (key ^ (key >> 30U)) * 0xBF58476D1CE4E5B9U;
    key = (key ^ (key >> 27U)) * 0x94D049BB133111EBU;
    return key ^ (key >> 31U);
}

RangeOrder::RangeOrder() = default;
RangeOrder::~RangeOrder() {
    to_few();
    for (const Few& few : few_) {
        delete few.place;
    }
}

// --- places -------------------------------------------------------------------------------------

RangeOrder::Place* RangeOrder::new_place(void* owner, const Range& range) {
    std::unique_ptr<Place> place;
    if (free_.empty()) {
        place = std::make_unique<Place>();
    } else {
        place = std::move(free_.back());
        free_.pop_back();
    }
    place->owner = owner;
    place->range = range;
    place->pending = 0;
    ++places_;
    return place.release();
}

void RangeOrder::drop(Place* place) {
    --places_;
    std::unique_ptr<Place> gone(place);
    if (free_.size() < kFew) {
        gone->give_up_tickets();
        free_.push_back(std::move(gone));
    }
}

RangeOrder::Place* RangeOrder::enter(void* owner, uint64_t first, uint64_t end, Kind kind) {
    Place* place = new_place(owner, {first, end, kind});
    if (!in_tree_ && few_.size() == kFew) {
        to_tree();
    }
    in_tree_ ? take_tickets(*place) : compare(*place);
    place->state = place->pending == 0 ? State::kRunning : State::kWaiting;
    waiting_ += place->state == State::kWaiting ? 1 : 0;
    return place;
}

bool RangeOrder::waits(const Place& place) {
    return place.state != State::kRunning;
}

void RangeOrder::leave(Place* place) {
    place->ready.unlink();
    waiting_ -= place->state == State::kWaiting ? 1 : 0;
    if (!in_tree_) {
        leave_few(*place);
        drop(place);
        return;
    }
    place->all.unlink();
    for (Ticket& ticket : std::span(place->tickets.get(), place->count)) {
        give_up(ticket);
    }
    drop(place);
    if (places_ <= kFewAgain) {
        to_few();
    }
}

/// One less to wait for.
void RangeOrder::let_go(Place& place) {
    ++steps_;
    --place.pending;
    look_at(place);
}

void RangeOrder::look_at(Place& place) {
    if (place.pending == 0 && place.state == State::kWaiting) {
        place.state = State::kReady;
        --waiting_;
        place.ready.insert_before(ready_);
    }
}

void* RangeOrder::take_ready() {
    if (!has_ready()) {
        return nullptr;
    }
    Place& place = *ready_.next->place;
    place.ready.unlink();
    place.state = State::kRunning;
    return place.owner;
}

// --- a few --------------------------------------------------------------------------------------

bool RangeOrder::conflicts(const Range& a, const Range& b) {
    return a.first < b.end && b.first < a.end &&
           (a.kind == Kind::kExclusive || b.kind == Kind::kExclusive);
}

/// Adds it behind all the others.
void RangeOrder::compare(Place& place) {
    steps_ += few_.size();
    for (const Few& other : few_) {
        place.pending += conflicts(other.range, place.range) ? 1 : 0;
    }
    place.number = ++numbers_;
    place.index = few_.size();
    few_.push_back({place.range, &place});
}

void RangeOrder::leave_few(Place& place) {
    const Few last = few_.back();
    few_[place.index] = last;
    last.place->index = place.index;
    few_.pop_back();
    if (waiting_ == 0) {
        return;
    }
    steps_ += few_.size();
    for (const Few& other : few_) {
        if (conflicts(place.range, other.range) && other.place->number > place.number) {
            let_go(*other.place);
        }
    }
}

// --- many ---------------------------------------------------------------------------------------

/// Rounded, two ranges may touch that did not: running operations continue.
void RangeOrder::to_tree() {
    in_tree_ = true;
    std::ranges::sort(few_, {}, [](const Few& few) { return few.place->number; });
    for (const Few& few : few_) {
        Place& place = *few.place;
        place.pending = 0;
        take_tickets(place);
    }
    few_.clear();
}

/// Not rounded any more, some that waited may find that they need not.
void RangeOrder::to_few() {
    in_tree_ = false;
    while (all_.next != &all_) {
        Place& place = *all_.next->place;
        place.all.unlink();
        place.give_up_tickets();
        place.pending = 0;
        compare(place);
        look_at(place);
    }
    nodes_ = {};
}

/// First the nodes that the range covers, level by level: at each those that do not fill a node of
/// the next. Then those that it lies in: each holds one of its ends.
void RangeOrder::find_spots(uint64_t first, uint64_t end) {
    spots_.clear();
    const bool whole = end - first > kLongest;
    spots_.push_back({kRoot, whole});
    if (whole) {
        return;
    }
    const size_t finest = level_for(end - first);
    uint64_t low = first >> kShifts[finest];
    uint64_t high = ((end - 1) >> kShifts[finest]) + 1;
    first = low << kShifts[finest];
    end = high << kShifts[finest];
    for (size_t level = finest; low < high; ++level) {
        const unsigned bits = level == kTop ? 63 : kShifts[level + 1] - kShifts[level];
        const uint64_t mask = (uint64_t{1} << bits) - 1;
        for (; low < high && (low & mask) != 0; ++low) {
            spots_.push_back({key_of(level, low), true});
        }
        for (; low < high && (high & mask) != 0; --high) {
            spots_.push_back({key_of(level, high - 1), true});
        }
        low >>= bits;
        high >>= bits;
    }
    for (size_t level = finest; level <= kTop; ++level) {
        const unsigned shift = kShifts[level];
        const uint64_t lowest = first >> shift;
        const uint64_t highest = (end - 1) >> shift;
        const auto is_cut = [&](uint64_t node) {
            return node << shift < first || (node + 1) << shift > end;
        };
        if (is_cut(lowest)) {
            spots_.push_back({key_of(level, lowest), false});
        }
        if (highest != lowest && is_cut(highest)) {
            spots_.push_back({key_of(level, highest), false});
        }
    }
}

void RangeOrder::take_tickets(Place& place) {
    find_spots(place.range.first, place.range.end);
    const bool shared = place.range.kind == Kind::kShared;
    const Class inside = shared ? kInsideShared : kInsideExclusive;
    const Class covers = shared ? kCoversShared : kCoversExclusive;
    const auto covered = static_cast<size_t>(std::ranges::count(spots_, true, &Spot::covers));
    place.links = std::make_unique<Link[]>((spots_.size() - covered) * link_count(inside) +
                                           covered * link_count(covers));
    place.tickets = std::make_unique<Ticket[]>(spots_.size());
    place.count = spots_.size();
    place.all.insert_before(all_);
    Link* links = place.links.get();
    for (size_t i = 0; i < spots_.size(); ++i) {
        Node& node = nodes_[spots_[i].key];
        node.key = spots_[i].key;
        Ticket& ticket = place.tickets[i];
        ticket.node = &node;
        ticket.kind = spots_[i].covers ? covers : inside;
        ticket.follows = links;
        links += link_count(ticket.kind);
        follow(ticket, place);
        ticket.before = node.last[ticket.kind];
        if (ticket.before != nullptr) {
            ticket.before->after = &ticket;
        }
        node.last[ticket.kind] = &ticket;
    }
}

/// Follows the last ticket of each class that excludes this one's.
void RangeOrder::follow(Ticket& ticket, Place& place) {
    ++steps_;
    Link* link = ticket.follows;
    for (size_t other = 0; other < kClasses; ++other) {
        if (!kConflicts[ticket.kind][other]) {
            continue;
        }
        link->place = &place;
        if (Ticket* last = ticket.node->last[other]) {
            link->insert_before(last->followers);
            ++place.pending;
            ++steps_;
        }
        ++link;
    }
}

void RangeOrder::give_up(Ticket& ticket) {
    ++steps_;
    for (Link& link : ticket.links()) {
        link.unlink();
    }
    Link& followers = ticket.followers;
    if (ticket.before != nullptr && followers.next != &followers) {  // all of them at once
        Link& theirs = ticket.before->followers;
        followers.next->previous = theirs.previous;
        theirs.previous->next = followers.next;
        followers.previous->next = &theirs;
        theirs.previous = followers.previous;
        followers.previous = followers.next = &followers;
    }
    while (followers.next != &followers) {
        Place& follower = *followers.next->place;
        followers.next->unlink();
        let_go(follower);
    }
    Node& node = *ticket.node;
    if (ticket.before != nullptr) {
        ticket.before->after = ticket.after;
    }
    (ticket.after == nullptr ? node.last[ticket.kind] : ticket.after->before) = ticket.before;
    if (node.last == std::array<Ticket*, kClasses>{}) {
        nodes_.erase(node.key);
    }
}

}  // namespace target
