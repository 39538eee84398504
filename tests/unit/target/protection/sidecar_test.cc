// SPDX-License-Identifier: GPL-2.0-or-later
//
// The example of docs/sidecar-format.md: a sidecar is created, opened, written and flushed, and
// then compared with the bytes on that page.
#include "target/protection/sidecar.h"

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "support/crash_disk.h"
#include "support/test.h"
#include "target/protection/protected_backend.h"
#include "target/protection/tuple_cache.h"

using support::CrashBackend;
using support::CrashDisk;
using support::MemoryStore;
using target::Io;
using target::SidecarHeader;

namespace {

constexpr uint32_t kBlock = 512;
constexpr uint64_t kBlocks = 2;

struct DumpLine {
    size_t offset = 0;
    std::string bytes;  ///< two hexadecimal digits and a space each
};

/// The lines of the page that hexdump -C would print.
std::vector<DumpLine> dump_of(const std::string& page) {
    std::vector<DumpLine> found;
    std::istringstream lines(page);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string word;
        if (line.starts_with("    ") && line.ends_with('|') && words >> word && word.size() == 8) {
            DumpLine& dump = found.emplace_back();
            dump.offset = std::stoul(word, nullptr, 16);
            for (int i = 0; i < 16 && words >> word; ++i) {
                dump.bytes += word + " ";
            }
        }
    }
    return found;
}

std::string hex_of(base::ByteView bytes) {
    std::string text;
    for (const std::byte byte : bytes) {
        char digits[4];
        (void)snprintf(digits, sizeof digits, "%02x ", std::to_integer<unsigned>(byte));
        text += digits;
    }
    return text;
}

struct Command final : Io {
    void done(target::IoError error) override {
        BOOST_TEST(error == target::IoError::kNone);
        finished = true;
    }
    bool finished = false;
};

/// The pair of the example.
class Example {
  public:
    Example() : image_(disk_.add_file(kBlocks * kBlock)) {
        target::Id16 pair{};
        for (size_t i = 0; i < pair.size(); ++i) {
            pair[i] = static_cast<uint8_t>(i);
        }
        header_ = target::new_header({.block_bytes = kBlock, .type = 1}, kBlocks, pair);
        header_.generation = 1;
        header_.stamp.device = 0x801;
        header_.stamp.inode = 0x1267;
        header_.stamp.modified_ns = 1'700'000'000'000'000'000;
        sidecar_ = disk_.add_file(target::sidecar_bytes(header_));
    }

    [[nodiscard]] const base::Bytes& sidecar() { return disk_.now(sidecar_); }

    /// As `image protect` does.
    void protect() {
        MemoryStore store(disk_.now(sidecar_));
        BOOST_REQUIRE(target::write_header(store, header_).ok());
        nvme::generate_for_zeros(target::format_of(header_),
                                 std::span(store.content).subspan(header_.tuple_offset), {});
        header_.built = kBlocks;
        header_.state = SidecarHeader::kClean;
        BOOST_REQUIRE(target::write_header(store, header_).ok());
        disk_.now(sidecar_) = std::move(store.content);
    }

    void open() {
        const target::Id16 boot = {0x6C, 0x1A, 0x8F, 0x9E, 0x2D, 0x3B, 0x4C, 0x5D,
                                   0x8E, 0x9F, 0x0A, 0x1B, 0x2C, 0x3D, 0x4E, 0x5F};
        MemoryStore image(disk_.now(image_));
        MemoryStore store(disk_.now(sidecar_));
        BOOST_REQUIRE(target::recover(image, store, header_, boot).ok());
        disk_.now(sidecar_) = std::move(store.content);
        disk_.begin();
        backend_ = std::make_unique<target::ProtectedBackend>(
            std::make_unique<CrashBackend>(disk_, image_, held_),
            std::make_unique<target::TupleCache>(
                std::make_unique<CrashBackend>(disk_, sidecar_, held_), header_.tuple_offset),
            header_,
            [](const target::IntegrityFault& fault) { BOOST_ERROR(target::describe(fault)); },
            [this](std::function<void()> action) { deferred_.push_back(std::move(action)); });
    }

    void run(Command& command) {
        backend_->submit(command);
        while (!held_.empty() || !deferred_.empty()) {
            for (const auto& action : std::exchange(deferred_, {})) {
                action();
            }
            for (const CrashBackend::Held held : std::exchange(held_, {})) {
                CrashBackend::settle(held);
            }
        }
        BOOST_TEST(command.finished);
    }

  private:
    CrashDisk disk_;
    size_t image_;
    size_t sidecar_ = 0;
    SidecarHeader header_;
    std::vector<CrashBackend::Held> held_;
    std::vector<std::function<void()>> deferred_;
    std::unique_ptr<target::ProtectedBackend> backend_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sidecar)

BOOST_AUTO_TEST_CASE(the_example_of_the_format_page_has_these_bytes) {
    Example example;
    example.protect();
    example.open();
    base::Bytes data;
    while (data.size() < kBlock) {
        const auto word = base::bytes_of(std::string_view("nvmeroot"));
        data.insert(data.end(), word.begin(), word.end());
    }
    Command write;
    write.kind = Io::Kind::kWrite;
    write.offset = kBlock;
    write.length = kBlock;
    write.data = data;
    example.run(write);
    Command flush;
    flush.kind = Io::Kind::kFlush;
    example.run(flush);

    const auto page = base::read_text("docs/sidecar-format.md");
    BOOST_REQUIRE(page.ok());
    const auto dump = dump_of(*page);
    BOOST_TEST(dump.size() == 24U);
    for (const DumpLine& line : dump) {
        BOOST_REQUIRE(line.offset + 16 <= example.sidecar().size());
        BOOST_TEST(hex_of(base::ByteView(example.sidecar()).subspan(line.offset, 16)) == line.bytes,
                   line.offset);
    }
}

BOOST_AUTO_TEST_SUITE_END()
