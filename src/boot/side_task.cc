// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/side_task.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/bytes.h"
#include "base/endian.h"

namespace boot {
namespace {

using base::Bytes;
using base::Error;
using base::Result;

/// The message through the pipe, then the text; the end of file ends it.
struct Reply {
    uint8_t ok = 0;
    base::le32 code;
};
static_assert(sizeof(Reply) == 5);

[[noreturn]] void run_child(int pipe, const SideTask::Work& work) {
    const Result<std::string> result = work();
    Reply reply;
    reply.ok = result.ok() ? 1 : 0;
    reply.code = result.ok() ? 0 : static_cast<uint32_t>(result.error().code);
    const std::string& text = result.ok() ? *result : result.error().text;
    Bytes message;
    base::Writer(message).put(reply).put_bytes(
        base::bytes_of(std::string_view(text).substr(0, SideTask::kMaxText)));
    const bool told = base::write_all(pipe, message).ok();
    _exit(told ? 0 : 1);  // not exit(): the parent's buffers and destructors are the parent's
}

/// Reads until the end of file, the deadline, or no hope.
Result<Bytes> read_reply(int pipe, const base::Deadline& deadline,
                         const std::function<bool()>& hopeless) {
    constexpr base::milliseconds kBetweenLooks{250};
    Bytes message;
    for (;;) {
        if (deadline.passed()) {
            return Error{ETIMEDOUT, "no result in time; the kernel is left to it"};
        }
        pollfd entry{pipe, POLLIN, 0};
        const auto pause = deadline.within(kBetweenLooks).left();
        const int ready = ::poll(&entry, 1, static_cast<int>(pause.count()));
        if (ready < 0 && errno != EINTR) {
            return base::errno_error(errno, "wait");
        }
        if (ready == 0 && hopeless()) {
            return Error{ECONNABORTED, "given up; the kernel is left to it"};
        }
        std::byte chunk[512];
        const ssize_t n = ready > 0 ? ::read(pipe, chunk, sizeof chunk) : -1;
        if (n == 0) {
            return message;
        }
        if (n > 0) {
            message.insert(message.end(), chunk, chunk + n);
        }
    }
}

}  // namespace

SideTask::SideTask(std::string what, pid_t child, base::UniqueFd pipe)
    : what_(std::move(what)), child_(child), pipe_(std::move(pipe)) {}

SideTask::SideTask(SideTask&& other) noexcept
    : what_(std::move(other.what_)),
      child_(std::exchange(other.child_, -1)),
      pipe_(std::move(other.pipe_)) {}

SideTask& SideTask::operator=(SideTask&& other) noexcept {
    std::swap(what_, other.what_);
    std::swap(child_, other.child_);
    std::swap(pipe_, other.pipe_);
    return *this;
}

SideTask::~SideTask() {
    abandon();
}

Result<SideTask> SideTask::start(std::string what, const Work& work) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        return base::errno_error(errno, what + ": pipe");
    }
    base::UniqueFd reader(ends[0]);
    base::UniqueFd writer(ends[1]);
    const pid_t child = ::fork();
    if (child < 0) {
        return base::errno_error(errno, what + ": fork");
    }
    if (child == 0) {
        reader.reset();
        run_child(writer.get(), work);
    }
    return SideTask(std::move(what), child, std::move(reader));
}

Result<std::string> SideTask::wait(const base::Deadline& deadline) {
    return wait(deadline, [] { return false; });
}

Result<std::string> SideTask::wait(const base::Deadline& deadline,
                                   const std::function<bool()>& hopeless) {
    Result<Bytes> message = read_reply(pipe_.get(), deadline, hopeless);
    if (!message) {
        abandon();
        return std::move(message).error().in(what_);
    }
    (void)::waitpid(std::exchange(child_, -1), nullptr, 0);  // its pipe ended: it is exiting
    base::Reader reader(*message);
    const auto reply = reader.take<Reply>();
    if (!reply) {
        return Error{EPIPE, what_ + ": the side process died"};
    }
    std::string text(base::text_of(reader.take_rest()));
    if (reply->ok == 0) {
        return Error{static_cast<int>(uint32_t{reply->code}), std::move(text)}.in(what_);
    }
    return text;
}

void SideTask::abandon() {
    if (child_ > 0) {
        (void)::kill(child_, SIGKILL);                                 // it may be gone already
        (void)::waitpid(std::exchange(child_, -1), nullptr, WNOHANG);  // never wait for a sleeper
    }
}

}  // namespace boot
