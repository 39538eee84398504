// SPDX-License-Identifier: GPL-2.0-or-later
#include "load/report.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace load {
namespace {

double microseconds(std::chrono::nanoseconds time) {
    return static_cast<double>(time.count()) / 1e3;
}
double milliseconds(std::chrono::nanoseconds time) {
    return static_cast<double>(time.count()) / 1e6;
}
double seconds(std::chrono::nanoseconds time) {
    return static_cast<double>(time.count()) / 1e9;
}
double megabytes_per_second(const Measured& measured) {
    const double time = seconds(measured.time);
    return time > 0 ? static_cast<double>(measured.bytes) / 1e6 / time : 0;
}

std::string size_text(uint32_t bytes) {
    return bytes % 1024 == 0 ? std::to_string(bytes / 1024) + "K" : std::to_string(bytes);
}

/// Processor seconds of the target for a million commands.
std::optional<double> cpu_per_million(const Measured& measured) {
    if (!measured.target_cpu || measured.commands == 0) {
        return std::nullopt;
    }
    return seconds(*measured.target_cpu) / static_cast<double>(measured.commands) * 1e6;
}

std::string or_dash(const std::optional<double>& value, const char* form) {
    char text[32] = "-";
    if (value) {
        (void)snprintf(text, sizeof text, form, *value);
    }
    return text;
}

std::optional<double> share_of_floor(const Row& row) {
    if (!row.floor || row.floor->per_second() <= 0) {
        return std::nullopt;
    }
    return row.best.per_second() / row.floor->per_second() * 100;
}

void put_measured(base::JsonWriter& json, const Measured& measured) {
    json.key("iops").decimal(measured.per_second());
    json.key("mb_per_s").decimal(megabytes_per_second(measured));
    json.key("mean_us").decimal(microseconds(measured.latency.mean()));
    json.key("p50_us").decimal(microseconds(measured.latency.percentile(50)));
    json.key("p99_us").decimal(microseconds(measured.latency.percentile(99)));
    json.key("p999_us").decimal(microseconds(measured.latency.percentile(99.9)));
    json.key("max_us").decimal(microseconds(measured.latency.max()));
    if (const auto cpu = cpu_per_million(measured)) {
        json.key("cpu_s_per_million").decimal(*cpu);
    }
}

std::string bar(double y, double width, const char* colour) {
    return base::format("<rect x='220' y='%.0f' width='%.1f' height='14' fill='%s'/>\n", y, width,
                        colour);
}

}  // namespace

std::string name(const Row& row) {
    return base::format("%s %s qd%u x%u %s", size_text(row.bytes).c_str(),
                        std::string(name(row.access)).c_str(), unsigned{row.depth},
                        unsigned{row.connections}, row.digests.c_str());
}

std::string table_head() {
    return base::format("%-9s %5s %4s %2s %4s %9s %8s %8s %8s %8s %8s %8s %7s\n", "access", "size",
                        "qd", "x", "dgst", "IOPS", "MB/s", "mean us", "p50", "p99", "p99.9",
                        "cpu s/M", "floor");
}

std::string table_line(const Row& row) {
    const Measured& best = row.best;
    return base::format(
        "%-9s %5s %4u %2u %4s %9.0f %8.0f %8.1f %8.1f %8.1f %8.1f %8s %7s\n",
        std::string(name(row.access)).c_str(), size_text(row.bytes).c_str(), unsigned{row.depth},
        unsigned{row.connections}, row.digests.c_str(), best.per_second(),
        megabytes_per_second(best), microseconds(best.latency.mean()),
        microseconds(best.latency.percentile(50)), microseconds(best.latency.percentile(99)),
        microseconds(best.latency.percentile(99.9)), or_dash(cpu_per_million(best), "%.2f").c_str(),
        or_dash(share_of_floor(row), "%.0f %%").c_str());
}

std::string json_line(const Row& row) {
    base::JsonWriter json;
    json.begin_object().key("access").string(name(row.access));
    json.key("bytes").number(uint64_t{row.bytes});
    json.key("depth").number(uint64_t{row.depth});
    json.key("connections").number(uint64_t{row.connections});
    json.key("digests").string(row.digests);
    put_measured(json, row.best);
    if (row.floor) {
        json.key("floor").begin_object();
        put_measured(json, *row.floor);
        json.end_object();
    }
    return json.end_object().text() + "\n";
}

std::string svg(const std::vector<Row>& rows, const std::string& title) {
    constexpr double kLine = 22;
    constexpr double kBars = 420;
    double most = 1;
    for (const Row& row : rows) {
        most = std::max({most, row.best.per_second(), row.floor ? row.floor->per_second() : 0});
    }
    std::string text = base::format(
        "<svg xmlns='http://www.w3.org/2000/svg' width='760' height='%.0f' "
        "font-family='sans-serif' font-size='12'>\n<rect width='100%%' height='100%%' "
        "fill='white'/>\n<text x='10' y='20' font-size='14'>%s</text>\n",
        50 + kLine * static_cast<double>(rows.size()), title.c_str());
    double y = 40;
    for (const Row& row : rows) {
        text += base::format("<text x='10' y='%.0f'>%s</text>\n", y + 11, name(row).c_str());
        if (row.floor) {
            text += bar(y, row.floor->per_second() / most * kBars, "#ddd");
        }
        const double width = row.best.per_second() / most * kBars;
        text += bar(y, width, "#3572b0");
        const double end =
            row.floor ? std::max(row.floor->per_second() / most * kBars, width) : width;
        text += base::format("<text x='%.0f' y='%.0f'>%.0f k/s</text>\n", 226 + end, y + 11,
                             row.best.per_second() / 1e3);
        y += kLine;
    }
    return text + "</svg>\n";
}

std::string storm_text(const StormOptions& options, const StormResult& result) {
    const double time = seconds(result.time);
    std::string text = base::format(
        "storm of %zu hosts: %zu failed, %.2f s, %.0f MB/s\n"
        "  connected  p50 %.0f ms, p99 %.0f ms, last %.0f ms\n"
        "  read       p50 %.0f ms, p99 %.0f ms, last %.0f ms\n",
        options.hosts, result.failed, time, static_cast<double>(result.bytes) / 1e6 / time,
        milliseconds(result.connected.percentile(50)),
        milliseconds(result.connected.percentile(99)), milliseconds(result.connected.max()),
        milliseconds(result.finished.percentile(50)), milliseconds(result.finished.percentile(99)),
        milliseconds(result.finished.max()));
    if (result.target_cpu && result.target_bytes_per_host) {
        text += base::format("  target     %.2f s of processor time, %.0f KiB of memory per host\n",
                             seconds(*result.target_cpu), *result.target_bytes_per_host / 1024);
    }
    if (!result.first_failure.empty()) {
        text += "  first failure: " + result.first_failure + "\n";
    }
    return text;
}

std::string storm_json(const StormOptions& options, const StormResult& result) {
    base::JsonWriter json;
    json.begin_object().key("hosts").number(uint64_t{options.hosts});
    json.key("failed").number(uint64_t{result.failed});
    json.key("first_failure").string(result.first_failure);
    json.key("seconds").decimal(seconds(result.time));
    json.key("bytes").number(result.bytes);
    json.key("connected_p50_ms").decimal(milliseconds(result.connected.percentile(50)));
    json.key("connected_p99_ms").decimal(milliseconds(result.connected.percentile(99)));
    json.key("finished_p99_ms").decimal(milliseconds(result.finished.percentile(99)));
    if (result.target_cpu && result.target_bytes_per_host) {
        json.key("cpu_s").decimal(seconds(*result.target_cpu));
        json.key("bytes_per_host").decimal(*result.target_bytes_per_host);
    }
    return json.end_object().text() + "\n";
}

}  // namespace load
