// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/error_log.h"

#include <algorithm>

namespace target {

void ErrorLog::add(nvme::ErrorLogEntry entry) {
    entry.error_count = ++count_;
    entries_.push_front(entry);
    if (entries_.size() > kEntries) {
        entries_.pop_back();
    }
}

base::Bytes ErrorLog::page() const {
    base::Bytes page;
    base::Writer writer(page);
    for (const nvme::ErrorLogEntry& entry : entries_) {
        writer.put(entry);
    }
    page.resize(kEntries * sizeof(nvme::ErrorLogEntry));  // unused entries have the number 0
    return page;
}

}  // namespace target
