// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/operate/audit_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/json.h"
#include "target/operate/wall_time.h"

namespace target {

base::Result<AuditLog> AuditLog::open(const std::string& path) {
    TRY(base::UniqueFd file,
        base::open_file(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY, 0600));
    struct stat status {};
    if (fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return base::error(path + " is not a regular file");
    }
    if (fchmod(file.get(), 0600) != 0) {
        return base::errno_error(errno, path + ": set mode 0600");
    }
    char last = '\n';
    if (status.st_size > 0 && pread(file.get(), &last, 1, status.st_size - 1) < 0) {
        return base::errno_error(errno, path + ": read");
    }
    auto writer = std::make_unique<LineWriter>(std::move(file));
    if (last != '\n') {  // a full disk or a crash cut the last line short
        (void)writer->add("\n");
    }
    return AuditLog(std::move(writer));
}

base::Status AuditLog::write(const Event& event, int64_t wall, uint64_t left_out) {
    if (auto failure = writer_->failure()) {
        return *std::move(failure);
    }
    left_out += left_out_;
    base::JsonWriter json;
    json.begin_object();
    json.key("time").string(utc_text(wall));
    json.key("event").string(name(event.kind));
    json.key("address").string(event.peer);
    json.key("host").string(event.hostnqn);
    json.key("subsystem").string(event.subnqn);
    json.key("controller").number(uint64_t{event.cntlid});
    json.key("queue").number(uint64_t{event.qid});
    json.key("detail").string(event.detail);
    if (left_out > 0) {
        json.key("left_out_before").number(left_out);
    }
    json.end_object();
    left_out_ = writer_->add(json.text() + "\n") ? 0 : left_out + 1;
    return base::done();
}

}  // namespace target
