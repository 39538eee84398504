// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/storage/backend_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/data/test_case.hpp>

#include "support/engines.h"
#include "support/recording_disk.h"
#include "support/temp_dir.h"
#include "support/test.h"

namespace {

using target::FileBackend;
using target::Io;
using target::IoError;

/// An Io that remembers how it ended.
struct TestIo final : Io {
    TestIo(Kind k, uint64_t at, uint64_t bytes, std::byte fill = std::byte{0})
        : buffer(bytes, fill) {
        kind = k;
        offset = at;
        length = bytes;
        data = buffer;
    }
    void done(IoError error) override {
        ++calls;
        result = error;
    }
    std::vector<std::byte> buffer;
    int calls = 0;
    IoError result = IoError::kMedium;
};

struct Fixture {
    explicit Fixture(target::Reactor::Engine engine) : reactor(support::open_reactor(engine)) {}

    base::Result<std::unique_ptr<FileBackend>> open(bool read_only, uint32_t block_size = 512) {
        return FileBackend::open(*reactor, {path, read_only, block_size,
                                            [this](const std::string& text) { trouble = text; }});
    }
    /// Submits and runs until the disk is idle.
    IoError run(FileBackend& backend, TestIo& io) {
        backend.submit(io);
        reactor->defer([this] { reactor->stop(); });
        reactor->run();
        BOOST_TEST(io.calls == 1);
        return io.result;
    }
    std::string image() const { return dir.read("image"); }

    support::TempDir dir;
    std::string path = dir.file("image", std::string(16384, 'a'));
    std::unique_ptr<target::Reactor> reactor;
    std::string trouble;
};

std::string error_text(const base::Result<std::unique_ptr<FileBackend>>& opened) {
    return opened.ok() ? "" : opened.error().text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(backend_file)

BOOST_AUTO_TEST_CASE(reading_an_image_changes_nothing_about_its_file) {
    Fixture f(target::Reactor::Engine::kAny);
    struct stat before {};
    struct stat after {};
    const timespec long_ago[] = {{.tv_sec = 1, .tv_nsec = 0}, {.tv_sec = 2, .tv_nsec = 0}};
    BOOST_REQUIRE(utimensat(AT_FDCWD, f.path.c_str(), long_ago, 0) == 0);
    const auto backend = f.open(true);
    BOOST_REQUIRE_MESSAGE(backend.ok(), error_text(backend));
    BOOST_REQUIRE(stat(f.path.c_str(), &before) == 0);
    TestIo read(Io::Kind::kRead, 0, 4096);
    BOOST_TEST(f.run(**backend, read) == IoError::kNone);
    BOOST_REQUIRE(stat(f.path.c_str(), &after) == 0);
    BOOST_TEST(after.st_atim.tv_sec == before.st_atim.tv_sec);
}

BOOST_DATA_TEST_CASE(writes_are_read_back, support::engines(), engine) {
    Fixture f(engine);
    const auto backend = f.open(false);
    BOOST_REQUIRE_MESSAGE(backend.ok(), error_text(backend));
    BOOST_TEST((*backend)->size_bytes() == 16384U);
    for (const bool fua : {false, true}) {
        TestIo write(Io::Kind::kWrite, 512, 1024, fua ? std::byte{'f'} : std::byte{'w'});
        write.force_unit_access = fua;
        BOOST_TEST(f.run(**backend, write) == IoError::kNone);
        TestIo read(Io::Kind::kRead, 512, 1024);
        BOOST_TEST(f.run(**backend, read) == IoError::kNone);
        BOOST_TEST(read.buffer == write.buffer);
    }
    TestIo flush(Io::Kind::kFlush, 0, 0);
    BOOST_TEST(f.run(**backend, flush) == IoError::kNone);
    BOOST_TEST(f.image() ==
               std::string(512, 'a') + std::string(1024, 'f') + std::string(16384 - 1536, 'a'));
}

BOOST_DATA_TEST_CASE(memory_is_moved_at_once_but_not_for_fua, support::engines(), engine) {
    Fixture f(engine);
    const base::UniqueFd memory(memfd_create("image", MFD_CLOEXEC));
    BOOST_REQUIRE(ftruncate(memory.get(), 4096) == 0);
    f.path = "/proc/self/fd/" + std::to_string(memory.get());
    const auto backend = f.open(false);
    BOOST_REQUIRE_MESSAGE(backend.ok(), error_text(backend));
    TestIo write(Io::Kind::kWrite, 512, 1024, std::byte{'w'});
    (*backend)->submit(write);
    BOOST_TEST(write.calls == 1);
    BOOST_TEST(write.result == IoError::kNone);
    TestIo read(Io::Kind::kRead, 512, 1024);
    (*backend)->submit(read);
    BOOST_TEST(read.calls == 1);
    BOOST_TEST(read.buffer == write.buffer);
    write.force_unit_access = true;
    (*backend)->submit(write);
    BOOST_TEST(write.calls == 1);
    write.calls = 0;
    target::Reactor& reactor = *f.reactor;
    reactor.defer([&reactor] { reactor.stop(); });
    reactor.run();
    BOOST_TEST(write.calls == 1);
    BOOST_TEST(write.result == IoError::kNone);
}

BOOST_DATA_TEST_CASE(zeroes_whichever_way_the_file_system_has, support::engines(), engine) {
    Fixture f(engine);
    const auto backend = f.open(false);
    BOOST_REQUIRE(backend.ok());
    std::string expected(16384, 'a');
    uint64_t at = 1024;
    for (const bool deallocate : {false, true}) {
        for (const bool fua : {false, true}) {
            TestIo zero(Io::Kind::kWriteZeroes, at, 2048);
            zero.data = {};
            zero.may_deallocate = deallocate;
            zero.force_unit_access = fua;
            BOOST_TEST(f.run(**backend, zero) == IoError::kNone);
            expected.replace(at, 2048, 2048, '\0');
            at += 3072;
        }
    }
    BOOST_TEST(f.image() == expected);
}

BOOST_DATA_TEST_CASE(discard_keeps_the_size, support::engines(), engine) {
    Fixture f(engine);
    const auto backend = f.open(false);
    BOOST_REQUIRE(backend.ok());
    TestIo discard(Io::Kind::kDiscard, 4096, 8192);
    BOOST_TEST(f.run(**backend, discard) == IoError::kNone);
    BOOST_TEST(f.image().size() == 16384U);
    BOOST_TEST(f.image().substr(0, 4096) == std::string(4096, 'a'));
    BOOST_TEST(f.image().substr(12288) == std::string(4096, 'a'));
}

BOOST_DATA_TEST_CASE(a_read_only_image_takes_nothing, support::engines(), engine) {
    Fixture f(engine);
    const auto backend = f.open(true);
    BOOST_REQUIRE(backend.ok());
    for (const Io::Kind kind : {Io::Kind::kWrite, Io::Kind::kWriteZeroes, Io::Kind::kDiscard}) {
        TestIo io(kind, 0, 512);
        BOOST_TEST(f.run(**backend, io) == IoError::kReadOnly);
    }
    TestIo flush(Io::Kind::kFlush, 0, 0);
    BOOST_TEST(f.run(**backend, flush) == IoError::kNone);
    BOOST_TEST(f.image() == std::string(16384, 'a'));
}

BOOST_DATA_TEST_CASE(a_file_that_was_cut_is_a_medium_error, support::engines(), engine) {
    Fixture f(engine);
    const auto backend = f.open(true);
    BOOST_REQUIRE(backend.ok());
    BOOST_REQUIRE(truncate(f.path.c_str(), 4096) == 0);
    TestIo read(Io::Kind::kRead, 2048, 4096);
    BOOST_TEST(f.run(**backend, read) == IoError::kMedium);
    BOOST_TEST(f.trouble == "read " + f.path + " at byte 4096: No data available");
}

BOOST_DATA_TEST_CASE(a_file_that_was_cut_is_not_made_longer_by_a_write, support::engines(),
                     engine) {
    Fixture f(engine);
    const auto backend = f.open(false).value();
    const auto twin = backend->twin(*f.reactor).value();
    TestIo before(Io::Kind::kWrite, 0, 512, std::byte{'w'});
    BOOST_TEST(f.run(*backend, before) == IoError::kNone);
    BOOST_REQUIRE(truncate(f.path.c_str(), 4096) == 0);
    for (const bool fua : {false, true}) {
        TestIo write(Io::Kind::kWrite, 16384 - 512, 512, std::byte{'w'});  // up to its old end
        write.force_unit_access = fua;
        BOOST_TEST(f.run(*backend, write) == IoError::kMedium);
    }
    TestIo zero(Io::Kind::kWriteZeroes, 8192, 8192);
    BOOST_TEST(f.run(*backend, zero) == IoError::kMedium);
    BOOST_TEST(f.image().size() == 4096U);
    // Somebody else makes it longer: what was behind the cut is not there any more.
    BOOST_REQUIRE(truncate(f.path.c_str(), 16384) == 0);
    TestIo behind(Io::Kind::kRead, 8192, 512);
    BOOST_TEST(f.run(*twin, behind) == IoError::kMedium);
    TestIo there(Io::Kind::kRead, 0, 4096);
    BOOST_TEST(f.run(*twin, there) == IoError::kNone);
    backend->refresh();  // a reload takes the file as it is
    TestIo again(Io::Kind::kRead, 8192, 512);
    BOOST_TEST(f.run(*backend, again) == IoError::kNone);
}

BOOST_AUTO_TEST_CASE(a_failed_flush_or_forced_write_is_remembered_when_the_file_is_opened_again) {
    for (const int failure : {0, EIO, ENOSPC}) {
        BOOST_TEST_CONTEXT(failure) {
            Fixture f(target::Reactor::Engine::kEpoll);
            support::RecordingDisk disk(16384);
            target::FailedSyncs failed;
            const auto open = [&] {
                FileBackend::Options options;
                options.path = f.path;
                options.failed_syncs = &failed;
                return FileBackend::open(disk, std::move(options)).value();
            };
            const auto run = [&](FileBackend& backend, Io::Kind kind, bool fua) {
                TestIo io(kind, 0, kind == Io::Kind::kFlush ? 0 : 512);
                io.force_unit_access = fua;
                backend.submit(io);
                while (disk.pending() > 0) {
                    disk.finish(0);
                }
                return io.result;
            };
            auto backend = open();
            BOOST_TEST(run(*backend, Io::Kind::kFlush, false) == IoError::kNone);
            disk.sync_fails = failure == 0;
            disk.forced_writes_fail = failure;
            BOOST_TEST(run(*backend, failure == 0 ? Io::Kind::kFlush : Io::Kind::kWrite, true) !=
                       IoError::kNone);
            disk.sync_fails = false;
            disk.forced_writes_fail = 0;
            for (const bool again : {false, true}) {
                BOOST_TEST_CONTEXT("opened again: " << again) {
                    BOOST_TEST(run(*backend, Io::Kind::kFlush, false) == IoError::kMedium);
                    BOOST_TEST(run(*backend, Io::Kind::kWrite, true) == IoError::kMedium);
                    BOOST_TEST(run(*backend, Io::Kind::kWrite, false) == IoError::kNone);
                }
                backend.reset();
                backend = open();
            }
            backend.reset();
            BOOST_REQUIRE(rename(f.path.c_str(), f.dir.at("moved").c_str()) == 0);
            f.dir.file("image", std::string(16384, 'b'));
            backend = open();  // another file of that name
            BOOST_TEST(run(*backend, Io::Kind::kFlush, false) == IoError::kNone);
        }
    }
}

BOOST_AUTO_TEST_CASE(one_writer_or_many_readers) {
    Fixture f(target::Reactor::Engine::kEpoll);
    {
        const auto writer = f.open(false);
        BOOST_REQUIRE(writer.ok());
        const auto second = f.open(false);
        BOOST_REQUIRE(!second.ok());
        BOOST_TEST(second.error().text ==
                   "image " + f.path + ": another program or another namespace has locked it");
        BOOST_TEST(second.error().code == EAGAIN);  // what a server that starts waits for
        BOOST_TEST(error_text(f.open(true)) ==
                   "image " + f.path + ": a program that writes to it has locked it");
    }
    const auto reader = f.open(true);
    BOOST_TEST(reader.ok());
    BOOST_TEST(f.open(true).ok());
    BOOST_TEST(!f.open(false).ok());
}

BOOST_AUTO_TEST_CASE(refuses_what_cannot_be_a_disk) {
    Fixture f(target::Reactor::Engine::kEpoll);
    const auto refusal = [&](const std::string& path, uint32_t block_size) {
        f.path = path;
        return error_text(f.open(true, block_size));
    };
    BOOST_TEST(
        refusal(f.dir.file("odd", std::string(1536, 'x')), 4096)
            .ends_with("odd: its size, 1536 bytes, is not a multiple of the block size, 4096"));
    BOOST_TEST(refusal(f.dir.file("empty", ""), 512).ends_with("empty: empty"));
    BOOST_TEST(refusal("/dev/null", 512) ==
               "image /dev/null: neither a regular file nor a block device");
    BOOST_TEST(refusal(f.dir.at("none"), 512).ends_with("none: No such file or directory"));
    const std::string fifo = f.dir.at("fifo");
    BOOST_REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    BOOST_TEST(refusal(fifo, 512).ends_with("neither a regular file nor a block device"));
}

BOOST_DATA_TEST_CASE(a_twin_is_the_same_file_and_no_other, support::engines(), engine) {
    Fixture f(engine);
    const auto backend = f.open(false).value();
    const auto twin = backend->twin(*f.reactor).value();
    BOOST_TEST(twin->size_bytes() == 16384U);
    TestIo write(Io::Kind::kWrite, 512, 512, std::byte{'t'});
    BOOST_TEST(f.run(*twin, write) == IoError::kNone);
    TestIo read(Io::Kind::kRead, 512, 512);
    BOOST_TEST(f.run(*backend, read) == IoError::kNone);
    BOOST_TEST(read.buffer == write.buffer);
    BOOST_REQUIRE(rename(f.path.c_str(), f.dir.at("moved").c_str()) == 0);
    f.dir.file("image", std::string(16384, 'b'));
    const auto stranger = backend->twin(*f.reactor);
    BOOST_REQUIRE(!stranger.ok());
    BOOST_TEST(stranger.error().text == "image " + f.path + ": another file has its name now");
}

BOOST_AUTO_TEST_SUITE_END()
