// SPDX-License-Identifier: GPL-2.0-or-later
//
// One command on its way through a queue:
//
//   capsule ─► check ─► (R2T ─► data) ─► execute ─► backend ─► done ─► complete ─► sent
//
// A command that must not continue (aborted, its data broken, its fused partner lost) gets a fate:
// it ends with that status as soon as nobody else holds it.
//
// A command that waited (for memory, data, its partner, its turn, a backend, another lane) is
// judged again before it continues: meanwhile the namespace may have gone or changed, a path may be
// closed, another host may have reserved it, the controller may be reset. To judge is to ask all
// that was asked when the command came. While it waits and nobody has begun it, a command holds no
// namespace.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "nvme/fabrics.h"
#include "nvme/pi.h"
#include "nvme/tcp_pdu.h"
#include "nvme/types.h"
#include "target/controller/namespace.h"
#include "target/controller/write_order.h"
#include "target/queue/command.h"
#include "target/queue/out_queue.h"
#include "target/queue/r2t_window.h"
#include "target/reactor/buffer_pool.h"
#include "target/storage/backend.h"

namespace target {

class Queue;
class Request;

/// How far one command has come. The next one that uses the request finds nothing of it.
struct RequestProgress {
    /// Called when the backend is done.
    using Continuation = void (*)(Request& request, IoError error);
    using Run = void (*)(Request& request);

    unsigned lane = 0;       ///< that runs it: its queue's, or control
    bool submitted = false;  ///< a backend has it
    const CommandEntry* entry = nullptr;
    uint32_t transfer = 0;     ///< bytes the command moves
    size_t scratch_bytes = 0;  ///< that it needs in addition: CommandEntry::scratch
    size_t capsule_bytes = 0;  ///< of memory, that came with it
    /// The namespace that it works on, while it is judged and runs; null: there is none.
    std::shared_ptr<Namespace> ns;
    uint64_t meant = 0;     ///< Namespace::serial() of the one it names; 0: it is bound to none
    bool judged = false;    ///< and has not waited since
    nvme::Status fate;      ///< not success: how it ends, whatever becomes of it
    bool owns_cid = false;  ///< no other command in flight has its identifier
    bool beside = false;    ///< takes no entry of the queue: events, authentication
    R2tWindow r2ts;
    Continuation continuation = nullptr;
    Run run = nullptr;  ///< when it is its turn among the writes

    // for commands that go to backends more than once
    uint32_t step = 0;
    uint64_t position = 0;       ///< bytes
    nvme::PiCommand pi;          ///< what `protection` points to, while it does
    Request* partner = nullptr;  ///< the other half of its fused pair, once both have come
};

/// A command from its capsule to the last byte of its answer. Belongs to its queue, or, when the
/// queue went away while a backend held it, to itself.
class Request : public Io, public WritePlace, public RequestProgress {
  public:
    static constexpr size_t kR2tBytes = sizeof(nvme::R2t) + nvme::kDigestBytes;
    static constexpr size_t kResponseBytes = sizeof(nvme::CapsuleResp) + nvme::kDigestBytes;

    enum class State : uint8_t {
        kFree,
        kReceiving,     ///< the rest of the capsule
        kWaiting,       ///< for memory
        kTransferring,  ///< R2T queued: the host's H2CData
        kFusing,        ///< its data is here; for the other half of its fused pair
        kExecuting,     ///< a command function, a backend or the write order has it
        kAnswering,     ///< the answer is on its way out
        kLate,          ///< answered; data that it asked for may still come
    };

    Request(Queue& owner, uint16_t index) : queue(&owner), slot(index) { unwanted = &given_up; }
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;
    virtual ~Request() { leave(); }  // before the namespace goes

    [[nodiscard]] State state() const { return state_; }
    /// Moves on. REQUIRES: the state can follow the one it has.
    void enter(State state);
    /// A capsule has come: nothing remains of the command before.
    /// @param on_lane  that runs it
    void begin(const nvme::Sqe& command, unsigned on_lane);
    /// The command ends: others may use what it holds, but for its buffers. REQUIRES: no backend
    /// has it
    void end();
    /// It has to wait before it has begun: it is judged again, for whatever namespace is there
    /// then.
    void put_aside();

    [[nodiscard]] bool is_fabrics() const {
        return sqe.opcode == static_cast<uint8_t>(nvme::AdminOpcode::kFabrics);
    }
    [[nodiscard]] nvme::DataDirection direction() const {
        return nvme::data_direction(is_fabrics() ? static_cast<uint8_t>(nvme::fabrics_type(sqe))
                                                 : sqe.opcode);
    }
    /// Which half of a fused pair it is; 0: it is none.
    [[nodiscard]] uint8_t half() const { return sqe.flags & nvme::Sqe::kFusedMask; }
    /// The bytes that the command moves. REQUIRES: they are here, or memory for them is.
    [[nodiscard]] base::MutableBytes payload() const { return buffer.bytes().first(transfer); }
    /// Bytes of memory that it takes before it begins.
    [[nodiscard]] size_t memory() const { return transfer + scratch_bytes; }

    Queue* queue;   ///< null: the queue is gone, and the request goes when its backend is done
    uint16_t slot;  ///< with the number of a part, the transfer tag of an R2T
    std::atomic<bool> given_up = false;  ///< it ends whatever becomes of it: see IoOrder::unwanted
    nvme::Sqe sqe;
    Buffer buffer;
    Buffer scratch;

    OutPdu r2t_pdu{this};
    OutPdu answer_pdu{this};
    std::array<std::byte, R2tWindow::kMost * kR2tBytes> r2t_bytes;
    nvme::FrameHead data_head;
    std::array<std::byte, kResponseBytes> response_bytes;
    nvme::le32 data_digest;

  private:
    State state_ = State::kFree;
};

}  // namespace target
