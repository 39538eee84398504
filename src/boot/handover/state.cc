// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/handover/state.h"

#include "base/decimal.h"
#include "base/fd.h"
#include "base/text.h"

namespace boot {

using base::JsonWriter;

double BootState::seconds() const {
    return std::chrono::duration<double>(clock_->now().time_since_epoch()).count();
}

void BootState::begin(std::string_view name) {
    end();
    stages_.push_back({std::string(name), seconds(), 0});
    stage_open_ = true;
    trace("stage " + stages_.back().name);
    if (report_ != nullptr) {
        report_->stage(name);
    }
}

void BootState::end() {
    if (stage_open_) {
        stages_.back().ended = seconds();
        stage_open_ = false;
    }
}

void BootState::trace(std::string_view text) const {
    if (trace_ == nullptr) {
        return;
    }
    for (const std::string_view line : base::split(text, '\n')) {
        if (!line.empty()) {
            trace_->debug("[" + base::decimal_text(seconds(), 2) + " s] " + std::string(line));
        }
    }
}

void BootState::keep(const std::vector<KernelLine>& lines) {
    kernel_lines_ = lines;
    for (const KernelLine& line : lines) {
        trace("kernel: " + line.text);
    }
}

void BootState::notice(std::string_view text) {
    log_->notice(std::string(text) + " [" + base::decimal_text(seconds(), 2) + " s]");
}

void BootState::warning(std::string_view text) {
    log_->warning(text);
    warnings_.emplace_back(text);
}

void BootState::alarm(std::string_view text) {
    log_->error(text);
    warnings_.emplace_back(text);
}

void BootState::failure(const Failure& failure) {
    end();
    failure_ = failure;
    log_->error(failure.error.text + base::format(" [exit %d, ", static_cast<int>(failure.code)) +
                base::decimal_text(seconds(), 2) + " s]");
}

void BootState::trying_again(const Failure& failure) {
    ++attempts_;
    trace("attempt failed: " + failure.error.text);
    if (report_ != nullptr) {
        report_->trouble(failure.error.text);
    }
    if (failure.error.text != last_trouble_) {
        last_trouble_ = failure.error.text;
        log_->warning(failure.error.text + ", trying again [" + base::decimal_text(seconds(), 2) +
                      " s]");
    }
}

void BootState::write_outcome(JsonWriter& json) const {
    const ExitCode code = failure_ ? failure_->code : ExitCode::kDone;
    json.key("version").number(int64_t{1});
    json.key("exit_code").number(static_cast<int64_t>(code));
    json.key("outcome").string(row_of(code).stage);
    json.key("attempts").number(uint64_t{attempts_});
    json.key("error");
    if (failure_) {
        json.string(failure_->error.text);
    } else {
        json.null();
    }
    json.key("warnings").begin_array();
    for (const std::string& warning : warnings_) {
        json.string(warning);
    }
    json.end_array();
}

void BootState::write_stages(JsonWriter& json) const {
    json.key("stages").begin_array();
    for (const Stage& stage : stages_) {
        json.begin_object().key("stage").string(stage.name);
        json.key("began").decimal(stage.began);
        json.key("ended").decimal(stage.ended).end_object();
    }
    json.end_array();
    json.key("kernel").begin_array();
    for (const KernelLine& line : kernel_lines_) {
        constexpr double kMicro = 1e6;
        json.begin_object().key("time").decimal(static_cast<double>(line.microseconds) / kMicro);
        json.key("text").string(line.text).end_object();
    }
    json.end_array();
}

void BootState::write_root(JsonWriter& json) const {
    json.key("root");
    if (!root_) {
        json.null();
        return;
    }
    json.begin_object();
    json.key("device").string("/dev/" + root_->disk.name);
    json.key("controller").string(root_->controller.name);
    json.key("address").string(root_->controller.portal.address);
    json.key("port").number(uint64_t{root_->controller.portal.port});
    json.key("subsysnqn").string(root_->subsysnqn);
    json.key("nsid").number(uint64_t{root_->nsid});
    json.key("wwid").string(root_->disk.wwid);
    json.key("size_bytes").number(root_->disk.size_bytes);
    json.key("partitions").begin_array();
    for (const std::string& partition : root_->partitions) {
        json.string(partition);
    }
    json.end_array();
    json.key("authentication").string(root_->authentication);
    json.key("protection").string(root_->protection);
    json.end_object();
}

std::string BootState::json() const {
    JsonWriter json;
    json.begin_object();
    write_outcome(json);
    write_stages(json);
    write_root(json);
    json.end_object();
    return json.text() + "\n";
}

base::Status BootState::write(const base::SysPaths& sys) const {
    return base::write_text_atomically(sys.run + "/nvmeroot/state.json", json(), 0644);
}

}  // namespace boot
