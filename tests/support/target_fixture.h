// SPDX-License-Identifier: GPL-2.0-or-later
//
// A target without sockets: one I/O subsystem with a namespace in memory, connections that hosts
// script, and everything it told its log.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "support/fake_clock.h"
#include "support/scripted_host.h"
#include "target/controller/target.h"
#include "target/queue/queue_session.h"
#include "target/storage/backend.h"

namespace support {

inline const std::string kHostNqn =
    "nqn.2014-08.org.nvmexpress:uuid:11111111-1111-1111-1111-111111111111";
inline const std::string kStrangerNqn =
    "nqn.2014-08.org.nvmexpress:uuid:22222222-2222-2222-2222-222222222222";
inline const std::string kSubsysNqn = "nqn.2024-08.com.example:disk";

/// Keeps what the target tells, as `kind: detail`.
class EventLog final : public target::EventSink {
  public:
    void on_event(const target::Event& event) override;
    [[nodiscard]] bool has(const std::string& text) const;
    std::vector<std::string> lines;
};

/// A store in memory that keeps each Io until the test lets it go.
class HeldBackend final : public target::Backend {
  public:
    explicit HeldBackend(size_t bytes) : content(bytes) {}

    [[nodiscard]] uint64_t size_bytes() const override { return content.size(); }
    void submit(target::Io& io) override;
    /// Ends what is held, in order; `error` for all of it.
    void settle(target::IoError error = target::IoError::kNone);
    /// Ends the first one that is held. REQUIRES: there is one
    void settle_one(target::IoError error = target::IoError::kNone);

    base::Bytes content;
    std::deque<target::Io*> held;
    bool hold = false;  ///< else each Io is done at once
    /// What was asked for, as `write 512+512 fua`.
    std::vector<std::string> asked;

  private:
    void finish(target::Io& io, target::IoError error);
};

/// One TCP connection to the target, without TCP.
class Line final : public target::SessionOwner {
  public:
    Line(target::SessionFactory& factory, const FakeClock& clock,
         const host::QueueOptions& options);

    void ready() override { ++ready_calls; }
    /// Host and target both hold that this is over.
    [[nodiscard]] bool over() const { return session->wants_close(); }
    void on_timer() { session->on_timer(clock.now()); }

    const FakeClock& clock;
    int ready_calls = 0;
    std::unique_ptr<target::Session> session;
    SessionPeer peer;
    ScriptedHost host;
};

struct TargetFixture {
    static constexpr size_t kImageBytes = size_t{2} << 20U;
    static constexpr uint32_t kBlock = 512;

    explicit TargetFixture(const target::Limits& limits = {}, size_t image_bytes = kImageBytes);

    std::unique_ptr<Line> open(const host::QueueOptions& options = {});
    host::ConnectOptions connect_options(uint16_t qid = 0, uint16_t cntlid = nvme::kCntlidDynamic);
    /// A ready admin queue. @return null if something failed on the way.
    std::unique_ptr<Line> open_admin(const host::QueueOptions& options = {});
    /// A connected I/O queue of the controller last made.
    std::unique_ptr<Line> open_io(uint16_t qid = 1, const host::QueueOptions& options = {});

    FakeClock clock;
    EventLog events;
    target::HostTable hosts;
    target::Target target;
    target::QueueFactory sessions{target};
    HeldBackend* backend = nullptr;  ///< of namespace 1
    target::Subsystem* subsystem = nullptr;
    uint16_t cntlid = 0;  ///< of the controller last made
};

/// `size` bytes that differ from place to place.
base::Bytes pattern(size_t size, unsigned seed = 0);

}  // namespace support
