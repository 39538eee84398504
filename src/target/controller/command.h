// SPDX-License-Identifier: GPL-2.0-or-later
//
// One command on its way through a queue, and the tables of what we understand. Each table row has
// a check, which judges every field before anything happens, and an execute, which does not judge
// again; the same rows name the commands and answer the Commands Supported and Effects log.
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
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "nvme/pi.h"
#include "nvme/tcp_pdu.h"
#include "nvme/types.h"
#include "target/controller/out_queue.h"
#include "target/controller/r2t_window.h"
#include "target/controller/write_order.h"
#include "target/reactor/buffer_pool.h"
#include "target/storage/backend.h"

namespace target {

class Namespace;
class Queue;
class Request;

/// The bytes that a command moves, or why it is refused.
using Checked = base::Result<uint32_t, nvme::Status>;

struct CommandEntry {
    uint8_t opcode;  ///< of a Fabrics command: its type
    std::string_view name;
    /// Judges the command; changes nothing.
    Checked (*check)(const Request& request);
    /// Runs a checked command whose data, if the host sends some, is here. Calls
    /// Queue::complete() now or later.
    void (*execute)(Request& request);
    uint32_t effects = 0;  ///< as in the Commands Supported and Effects log, beyond "supported"
    bool spreads = false;  ///< an I/O command that changes nothing which lanes share
    /// Bytes of memory that it needs in addition to its data, at most Queue::kScratchBytes; null:
    /// none.
    size_t (*scratch)(const Request& request) = nullptr;

    static constexpr uint32_t kChangesBlocks = 1U << 1U;  ///< LBCC
};

std::span<const CommandEntry> fabrics_commands();
std::span<const CommandEntry> admin_commands();
std::span<const CommandEntry> discovery_commands();
std::span<const CommandEntry> io_commands();

// The rows of the Fabrics table that auth_cmd.cc implements.
Checked check_auth_send(const Request& request);
void auth_send(Request& request);
Checked check_auth_receive(const Request& request);
void auth_receive(Request& request);

/// Runs a Write and the Compare it is fused to. REQUIRES: the data of both is here.
void compare_and_write(Request& writing);

/// A check for commands without data and without fields to judge.
Checked no_data(const Request& request);

/// A PDU on its way out that tells its request when it has gone.
class RequestPdu final : public OutPdu {
  public:
    explicit RequestPdu(Request& request) : request_(request) {}
    void on_sent() override;

  private:
    Request& request_;
};

/// A command from its capsule to the last byte of its answer. Belongs to its queue, or, when the
/// queue went away while a backend held it, to itself.
class Request final : public Io, private WritePlace {
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
    /// The action when the backend is done.
    using Continuation = void (*)(Request& request, IoError error);
    using Run = void (*)(Request& request);

    Request(Queue& owner, uint16_t index) : queue(&owner), slot(index) { unwanted = &given_up; }
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;
    ~Request() { leave(); }  // before the namespace goes

    /// Hands the request to the backend of its namespace; `next` runs when it is done, unless the
    /// queue is closing. If the command may not continue, it ends here.
    /// REQUIRES: kind, offset, length and the flags are set.
    void submit(Continuation next);
    void done(IoError error) override;

    /// Takes a place among the writes to its namespace; `run` runs, now or later, when it is its
    /// turn and the command may still continue. The place is left when the command is answered.
    /// If too many wait, the command ends.
    void wait_for_turn(uint64_t first, uint64_t blocks, WriteOrder::Kind turn, Run run);
    /// Calls `run` when all writes that are under way now have ended. REQUIRES: control runs it
    void wait_for_all(Run run);
    /// Calls `next` when no change of the namespace's reservations is being saved, or if it is its
    /// own, when that has ended.
    void wait_for_reservations(bool own, Continuation next);
    /// Whether it is not yet its turn.
    [[nodiscard]] bool waits_for_turn() const { return waits(); }

    /// The bytes that the command moves. REQUIRES: they are here, or memory for them is.
    [[nodiscard]] base::MutableBytes payload() const { return buffer.bytes().first(transfer); }
    /// Bytes of memory that it takes before it begins.
    [[nodiscard]] size_t memory() const { return transfer + scratch_bytes; }

    Queue* queue;       ///< null: the queue is gone, and the request goes when its backend is done
    uint16_t slot;      ///< with the number of a part, the transfer tag of an R2T
    unsigned lane = 0;  ///< that runs it: its queue's, or control
    State state = State::kFree;
    bool submitted = false;              ///< a backend has it
    std::atomic<bool> given_up = false;  ///< it ends whatever becomes of it: see IoOrder::unwanted
    nvme::Sqe sqe;
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
    Buffer buffer;
    Continuation continuation = nullptr;

    // for commands that go to backends more than once
    uint32_t step = 0;
    uint64_t position = 0;  ///< bytes
    nvme::PiCommand pi;     ///< what `protection` points to, while it does
    Buffer scratch;
    Request* partner = nullptr;  ///< the other half of its fused pair, once both have come

    RequestPdu r2t_pdu{*this};
    RequestPdu answer_pdu{*this};
    std::array<std::byte, R2tWindow::kMost * kR2tBytes> r2t_bytes;
    nvme::FrameHead data_head;
    std::array<std::byte, kResponseBytes> response_bytes;
    nvme::le32 data_digest;

  private:
    friend class Queue;
    void on_turn() override;

    Run run_ = nullptr;
};

}  // namespace target
