// SPDX-License-Identifier: GPL-2.0-or-later
//
// The answers of a target through the kernel: Identify structures, blocks with their tuples, and
// what the kernel makes of its words in the log. The input is a sound controller with bytes of its
// answers changed, or answers of nothing but input; each sleep advances the clock.
#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "boot/check/block_audit.h"
#include "boot/check/namespace_finder.h"
#include "boot/check/pi_check.h"
#include "boot/connect/auth_proof.h"
#include "boot/stages/audit_stage.h"
#include "support/fake_clock.h"
#include "support/fake_controller.h"

namespace {

using base::Bytes;
using base::ByteView;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void require_sentence(const boot::Failure& failure) {
    require(!failure.error.text.empty() && failure.error.text.size() < 2000);
}

/// Takes the input from its front; zeros behind its end.
class Input {
  public:
    explicit Input(ByteView bytes) : reader_(bytes) {}
    ByteView bytes(size_t count) {
        return *reader_.take_bytes(std::min(count, reader_.remaining()));
    }
    template <base::WireType T>
    T take() {
        return reader_.take<T>().value_or(T{});
    }
    uint8_t byte() { return take<uint8_t>(); }
    [[nodiscard]] bool empty() const { return reader_.remaining() == 0; }

    /// A few bytes of `bytes` become others.
    void change(base::MutableBytes bytes) {
        for (int count = byte() & 7; count > 0 && !bytes.empty(); --count) {
            const size_t at = take<nvme::le16>();
            bytes[at % bytes.size()] = std::byte{byte()};
        }
    }

  private:
    base::Reader reader_;
};

class Controller final : public boot::AdminDevice {
  public:
    explicit Controller(Input& input) : input_(input) {
        const auto uuid = nvme::parse_uuid("11111111-2222-3333-4444-555555555555").value();
        auto& first = sound_.add(1, uuid);
        first.identify.lbaf[0].ms = 8;
        first.identify.flbas = nvme::IdentifyNamespace::kFlbasExtended;
        first.identify.dps = 1;
        first.identify.dpc = 0x1F;
        sound_.add(2, nvme::Uuid{});
    }
    base::Result<Bytes> identify(nvme::Cns cns, uint32_t nsid, uint8_t csi) override {
        const uint8_t how = input_.byte();
        if (how == 0xFF) {
            return base::error("Invalid Field in Command");
        }
        if (how == 0xFE) {
            return base::errno_error(5, "Identify");
        }
        if ((how & 0x80U) != 0) {
            const ByteView own = input_.bytes(how == 0xFD ? 7 : nvme::kIdentifyBytes);
            Bytes bytes(own.begin(), own.end());
            bytes.resize(how == 0xFD ? 7 : nvme::kIdentifyBytes);
            return bytes;
        }
        TRY(Bytes bytes, sound_.identify(cns, nsid, csi));
        input_.change(bytes);
        return bytes;
    }

  private:
    Input& input_;
    support::FakeController sound_;
};

class Blocks final : public boot::IoDevice {
  public:
    Blocks(Input& input, const nvme::PiFormat& format) : input_(input), format_(format) {}
    base::Result<nvme::Status> read(const boot::BlockCommand& command, base::MutableBytes data,
                                    base::MutableBytes metadata) override {
        require(++commands_ < 100000);
        require(data.size() >= size_t{command.count} * format_.block_bytes);
        std::ranges::fill(data, std::byte{0});
        std::ranges::fill(metadata, std::byte{0});
        nvme::PiTags tags;
        tags.ref_tag = command.first;
        nvme::generate(format_,
                       format_.extended ? nvme::Blocks::extended(format_, data)
                                        : nvme::Blocks::separate(format_, data, metadata),
                       tags);
        if (input_.empty()) {
            return nvme::Status{};
        }
        input_.change(data);
        input_.change(metadata);
        return nvme::Status::from_wire(static_cast<uint16_t>(input_.byte() & 2U));
    }
    base::Result<nvme::Status> verify(const boot::BlockCommand&) override {
        return nvme::Status::from_wire(input_.take<nvme::le16>());
    }

  private:
    Input& input_;
    const nvme::PiFormat& format_;
    int commands_ = 0;
};

void audit(Input& input, const nvme::PiFormat& format, uint64_t blocks) {
    boot::AuditPolicy policy;
    constexpr boot::AuditPolicy::Extent kExtents[] = {boot::AuditPolicy::Extent::kSuperblocks,
                                                      boot::AuditPolicy::Extent::kFirst,
                                                      boot::AuditPolicy::Extent::kSample};
    policy.extent = kExtents[input.byte() % 3];
    policy.count = input.byte();
    Blocks device(input, format);
    const auto report = boot::audit_blocks(device, format, blocks, policy);
    if (report) {
        require(!boot::describe(*report).empty());
    } else {
        require_sentence(report.error());
    }
}

void check_disk(Input& input) {
    Controller controller(input);
    support::FakeClock clock;
    boot::NamespaceChoice choice;
    if (input.byte() % 2 == 0) {
        choice.nsid = 1 + input.byte() % 2;
    }
    const base::Deadline deadline(clock, base::seconds(2));
    const auto root = boot::await_namespace(controller, choice, clock, deadline);
    if (!root) {
        return require_sentence(root.error());
    }
    const auto format = boot::read_format(controller, *root);
    if (!format) {
        return;
    }
    boot::KernelView kernel;
    kernel.transport = input.byte() % 2 == 0 ? "tcp" : "pcie";
    kernel.size_bytes = root->identify.nsze * format->block_bytes;
    kernel.block_bytes = format->block_bytes;
    const auto judged = boot::judge_format(*format, root->identify.nsze, kernel, {});
    require(judged.ok() || !judged.error().error.text.empty());
    require(!boot::protection_sentence(*format, kernel).empty());
    const boot::AuditedView view{"nqn.2024-08.com.example:disk:audit", 1, root->identify.nsze,
                                 *format, ""};
    if (const auto same = boot::compare_with_root(view, *root, {}); !same) {
        require_sentence(same.error());
    }
    if (format->type != 0) {
        audit(input, *format, root->identify.nsze);
    }
}

/// Lines of the kernel's log, some of them with words of the target's.
void read_lines(ByteView input) {
    std::vector<std::string> texts;
    for (const std::string_view record : base::split(base::text_of(input), '\0')) {
        uint64_t sequence = 0;
        if (const auto line = boot::parse_kmsg_record(record, sequence)) {
            require(line->text.find('\n') == std::string::npos);
            texts.push_back(line->text);
        }
        texts.emplace_back(record);
    }
    const std::vector<std::string_view> lines(texts.begin(), texts.end());
    const auto evidence = boot::read_evidence(lines);
    boot::AuthPlan plan;
    plan.mode = boot::Auth::kMutual;
    plan.hashes = {nvme::HashId::kSha256};
    plan.groups = {nvme::DhGroup::kNull};
    if (const auto judged = boot::judge(evidence, plan); !judged) {
        require(!judged.error().error.text.empty());
    } else {
        require(evidence.host_accepted && evidence.controller_proven && evidence.hash == "sha256" &&
                evidence.dhgroup == "null");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) {
        return 0;
    }
    const ByteView rest = std::as_bytes(std::span(data, size).subspan(1));
    if (data[0] % 2 == 0) {
        Input input(rest);
        check_disk(input);
    } else {
        read_lines(rest);
    }
    return 0;
}
