// SPDX-License-Identifier: GPL-2.0-or-later
//
// A target's bytes to the host's side, as far as each conversation goes: handshake, Connect, probe,
// discovery, authentication, reads and writes. The first byte says which conversation and with what
// digests, the second how many bytes arrive at once; the rest is either the stream itself, or a
// list of what the target does next: the right answer, that with bytes changed, another PDU,
// nonsense, an end; each alone or in one segment with those behind it.
//
// The host may refuse and end; it may not read or write what it should not, take memory without
// bound, or be left without a verdict.
#include <algorithm>
#include <cstdlib>
#include <memory>

#include "boot/reach/discovery_walk.h"
#include "boot/reach/probe_portals.h"
#include "host/discovery.h"
#include "load/authentication.h"
#include "support/discovery_page.h"

namespace {

using base::Bytes;
using base::ByteView;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

/// Takes the input from its front; zeros behind its end.
class Input {
  public:
    explicit Input(ByteView bytes) : reader_(bytes) {}
    [[nodiscard]] bool empty() const { return reader_.remaining() == 0; }
    ByteView bytes(size_t count) {
        return *reader_.take_bytes(std::min(count, reader_.remaining()));
    }
    template <base::WireType T>
    T take() {
        return reader_.take<T>().value_or(T{});
    }
    uint8_t byte() { return take<uint8_t>(); }

  private:
    base::Reader reader_;
};

/// The target's end: it knows what the host has sent, and answers as the input says.
class Target {
  public:
    explicit Target(nvme::Framing framing) : framing_(framing) {
        page_.entries = {
            support::discovery_entry("nqn.2024-08.com.example:disk", "192.0.2.1", 4420),
            support::discovery_entry(nvme::kDiscoveryNqn, "192.0.2.2", 8009)};
        page_.entries[1].subtype = nvme::DiscoveryEntry::kSubtypeReferral;
    }

    void see(ByteView output) {
        sent_ += output.size();
        require(sent_ < 1U << 24U);
        stream_.insert(stream_.end(), output.begin(), output.end());
        for (;;) {
            const auto header = base::Reader(stream_).take<nvme::PduHeader>();
            if (!header || header->plen < sizeof *header || header->plen > stream_.size()) {
                return;
            }
            if (header->type == nvme::PduType::kCapsuleCmd) {
                command_ = base::Reader(stream_).take<nvme::CapsuleCmd>()->sqe;
            }
            stream_.erase(stream_.begin(),
                          stream_.begin() + static_cast<std::ptrdiff_t>(uint32_t{header->plen}));
        }
    }

    /// The next action.
    Bytes act(uint8_t what, Input& input) {
        switch (what & 7U) {
            case 0:
                return answer(input.byte());
            case 1:
                return changed(answer(input.byte()), input);
            case 2: {
                auto pdu = input.take<nvme::CapsuleResp>();
                pdu.cqe.cid = cid(what, pdu.cqe.cid);
                return whole(pdu, {});
            }
            case 3: {
                auto pdu = input.take<nvme::R2t>();
                pdu.cccid = cid(what, pdu.cccid);
                return whole(pdu, {});
            }
            case 4: {
                auto pdu = input.take<nvme::C2hData>();
                pdu.cccid = cid(what, pdu.cccid);
                const ByteView data = input.bytes(input.byte());
                pdu.datal =
                    (what & 0x20U) != 0 ? uint32_t{pdu.datal} : static_cast<uint32_t>(data.size());
                return whole(pdu, data);
            }
            case 5:
                return nvme::term_req(nvme::Sender::kController,
                                      {static_cast<nvme::FatalStatus>(input.byte()), 0},
                                      input.bytes(8));
            case 6: {
                const ByteView nonsense = input.bytes(input.byte());
                return {nonsense.begin(), nonsense.end()};
            }
            default:
                return {};
        }
    }

  private:
    template <class Pdu>
    [[nodiscard]] Bytes whole(const Pdu& pdu, ByteView data) const {
        return nvme::whole_pdu(pdu, framing_, data);
    }
    /// That of the command at hand, or the input's own.
    [[nodiscard]] uint16_t cid(uint8_t what, uint16_t given) const {
        return (what & 0x10U) != 0 && command_ ? uint16_t{command_->cid} : given;
    }

    /// The answer of an honest target. @param hint  what it may choose
    Bytes answer(uint8_t hint) {
        if (!greeted_) {
            greeted_ = true;
            nvme::IcResp greeting;
            greeting.maxh2cdata = 4096U + hint / 128U * 4096U;
            greeting.dgst = static_cast<uint8_t>((framing_.header_digest ? 1U : 0U) |
                                                 (framing_.data_digest ? 2U : 0U));
            return nvme::whole_pdu(greeting, {});
        }
        const nvme::Sqe sqe = command_.value_or(nvme::Sqe{});
        if (sqe.opcode == static_cast<uint8_t>(nvme::AdminOpcode::kGetLogPage)) {
            const size_t length = ((sqe.cdw10 >> 16U) + 1) * 4;
            page_.generation = hint >= 0xF0 ? hint : 7;
            Bytes bytes = page_.bytes();
            const size_t offset = std::min<size_t>(sqe.cdw12, bytes.size());
            bytes.resize(offset + length);
            return data(sqe, ByteView(bytes).subspan(offset, length));
        }
        if (sqe.opcode == static_cast<uint8_t>(nvme::IoOpcode::kRead)) {
            return data(sqe, Bytes(512, std::byte{hint}));
        }
        nvme::CapsuleResp pdu;
        pdu.cqe.cid = sqe.cid;
        pdu.cqe.dw0 = 1U | (hint & 3U) << 17U;  // of Connect: what it demands; of CSTS: ready
        return whole(pdu, {});
    }
    [[nodiscard]] Bytes data(const nvme::Sqe& sqe, ByteView bytes) const {
        nvme::C2hData pdu;
        pdu.header.flags = nvme::PduHeader::kLastPdu | nvme::PduHeader::kSuccess;
        pdu.cccid = sqe.cid;
        pdu.datal = static_cast<uint32_t>(bytes.size());
        return whole(pdu, bytes);
    }
    /// Up to four bytes of it, with a header digest that is right again.
    [[nodiscard]] Bytes changed(Bytes pdu, Input& input) const {
        for (int count = input.byte() & 3; count >= 0; --count) {
            const size_t at = input.take<nvme::le16>();
            pdu[at % pdu.size()] ^= std::byte{input.byte()};
        }
        const size_t hlen = std::to_integer<size_t>(pdu[2]);
        if (framing_.header_digest && hlen + sizeof(nvme::le32) <= pdu.size()) {
            const nvme::le32 sum = nvme::digest(ByteView(pdu).first(hlen));
            std::ranges::copy(base::bytes_of(sum), pdu.begin() + static_cast<std::ptrdiff_t>(hlen));
        }
        return pdu;
    }

    nvme::Framing framing_;
    support::DiscoveryPage page_;
    Bytes stream_;
    size_t sent_ = 0;
    bool greeted_ = false;
    std::optional<nvme::Sqe> command_;
};

/// Lets `receive` have what the input says, in pieces, until the input or the conversation ends.
template <class Receive, class TakeOutput, class Ended, class Aside>
void drive(Input& input, nvme::Framing framing, bool scripted, size_t piece, const Receive& receive,
           const TakeOutput& take_output, const Ended& ended, const Aside& aside) {
    Target target(framing);
    Bytes segment;
    const auto deliver = [&] {
        ByteView rest = segment;
        while (!rest.empty()) {
            const ByteView front = rest.first(std::min(piece, rest.size()));
            rest = rest.subspan(front.size());
            receive(front);
            target.see(take_output());
        }
        segment.clear();
    };
    target.see(take_output());
    while (!input.empty() && !ended()) {
        if (!scripted) {
            const ByteView all = input.bytes(SIZE_MAX);
            segment.assign(all.begin(), all.end());
            deliver();
            return;
        }
        const uint8_t what = input.byte();
        base::Writer(segment).put_bytes(target.act(what, input));
        if ((what & 0x80U) == 0 || segment.size() > 1U << 16U) {
            deliver();
        }
        if ((what & 7U) == 7) {
            aside(what);
            target.see(take_output());
        }
    }
    deliver();
}

host::ProbeOptions probe_options(nvme::Framing framing) {
    host::ProbeOptions options;
    options.hostnqn = "nqn.2024-08.com.example:host";
    options.subsysnqn = "nqn.2024-08.com.example:disk";
    options.hostid = nvme::parse_uuid("11111111-2222-3333-4444-555555555555").value();
    options.header_digest = framing.header_digest;
    options.data_digest = framing.data_digest;
    return options;
}

void converse(host::Conversation& conversation, Input& input, nvme::Framing framing, bool scripted,
              size_t piece) {
    bool over = false;
    drive(
        input, framing, scripted, piece, [&](ByteView bytes) { conversation.receive(bytes); },
        [&] { return conversation.take_output(); }, [&] { return over || conversation.ended(); },
        [&](uint8_t what) {
            over = true;
            if ((what & 8U) != 0) {
                conversation.closed();
            } else {
                conversation.timed_out();
            }
        });
    conversation.timed_out();
    require(conversation.ended());
}

void check(const host::Verdict* verdict) {
    if (verdict != nullptr) {
        require(!verdict->text.empty() && verdict->text.size() < 1000);
        for (const boot::Auth mode : {boot::Auth::kOff, boot::Auth::kMutual}) {
            const auto judged = boot::judge_verdict(*verdict, mode);
            require(judged.ok() || !judged.error().error.text.empty());
        }
    }
}

void probe(Input& input, nvme::Framing framing, bool scripted, size_t piece) {
    host::Probe conversation(probe_options(framing));
    converse(conversation, input, framing, scripted, piece);
    require(conversation.verdict() != nullptr);
    check(conversation.verdict());
}

void discover(Input& input, nvme::Framing framing, bool scripted, size_t piece) {
    boot::DiscoveryWalk walk({boot::Portal{"192.0.2.9", 8009, "fuzz"}}, "*:disk");
    const auto service = walk.next_round().front();
    host::Discovery conversation(probe_options(framing), walk.filter());
    converse(conversation, input, framing, scripted, piece);
    check(conversation.verdict());
    const auto log = conversation.log();
    if (!log) {
        require(!log.error().text.empty());
        return;
    }
    walk.take(service, *log);
    const auto target = walk.conclude("host");
    require(target ? !target->portals.empty() : !target.error().error.text.empty());
}

/// A queue with commands of each kind on it.
void use_queue(Input& input, nvme::Framing framing, bool scripted, size_t piece) {
    constexpr uint32_t kBytes = 12288;
    host::QueueOptions options{.header_digest = framing.header_digest,
                               .data_digest = framing.data_digest,
                               .max_commands = 4,
                               .max_read_len = kBytes};
    host::Queue queue(options);
    const auto submit = [&](uint8_t what) {
        switch (what >> 3U & 3U) {
            case 0:
                return queue.submit(host::read(1, {0, kBytes / 512, 512}));
            case 1:
                return queue.submit(host::write(1, {0, kBytes / 512, 512}, Bytes(kBytes)));
            case 2:
                return queue.submit(host::auth_receive(4096));
            default:
                return queue.submit(host::keep_alive());
        }
    };
    drive(
        input, framing, scripted, piece, [&](ByteView bytes) { queue.receive(bytes); },
        [&] { return queue.take_output(); },
        [&] { return queue.state() == host::Queue::State::kBroken; },
        [&](uint8_t what) {
            while (const auto completion = queue.take_completion()) {
                require(completion->data.size() <= kBytes);
            }
            (void)submit(what);
            require(queue.outstanding() <= options.max_commands);
        });
    require(queue.problem().empty() == (queue.state() != host::Queue::State::kBroken));
    (void)submit(0);
}

/// A host that must authenticate and requires authentication of the target.
void authenticate(Input& input, uint8_t mode) {
    const auto secret = [](uint8_t fill) {
        return nvme::DhchapSecret::from_key({}, Bytes(32, std::byte{fill})).value();
    };
    load::HostSecrets secrets{secret(1), {}, {nvme::HashId::kSha256}, {nvme::DhGroup::kNull}};
    if ((mode & 0x10U) != 0) {
        secrets.controller = secret(2);
    }
    load::Authentication host(secrets, "host", "disk");
    require(!host.negotiate().empty());
    while (!input.empty()) {
        Bytes message;
        switch (input.byte() & 3U) {
            case 0: {
                nvme::AuthChallenge challenge;
                challenge.transaction = 1;
                challenge.hash = static_cast<nvme::HashId>(1 + input.byte() % 3);
                challenge.sequence = 1;
                challenge.challenge.resize(nvme::hash_bytes(challenge.hash));
                message = challenge.serialize();
                break;
            }
            case 1: {
                nvme::AuthSuccess1 success;
                success.transaction = 1;
                success.hash_length = 32;
                success.response.resize(input.byte());
                message = success.serialize();
                break;
            }
            default: {
                const ByteView bytes = input.bytes(input.byte());
                message.assign(bytes.begin(), bytes.end());
            }
        }
        if (!message.empty()) {
            message[input.byte() % message.size()] ^= std::byte{input.byte()};
        }
        const auto answer = host.answer(message);
        require(answer.ok() ? answer->size() <= nvme::kMaxAuthBytes : !answer.error().text.empty());
        if (!answer) {
            return;
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) {
        return 0;
    }
    const uint8_t mode = data[0];
    const size_t piece = size_t{data[1]} + 1;
    Input input(std::as_bytes(std::span(data, size).subspan(2)));
    const nvme::Framing framing{.header_digest = (mode & 0x10U) != 0,
                                .data_digest = (mode & 0x20U) != 0};
    const bool scripted = (mode & 0x80U) != 0;
    switch (mode & 3U) {
        case 0:
            probe(input, framing, scripted, piece);
            break;
        case 1:
            discover(input, framing, scripted, piece);
            break;
        case 2:
            use_queue(input, framing, scripted, piece);
            break;
        default:
            authenticate(input, mode);
    }
    return 0;
}
