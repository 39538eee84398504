// SPDX-License-Identifier: GPL-2.0-or-later
//
// The admin commands, in three files: Identify, Get Log Page, features. Each has a table of what it
// knows; the discovery controller uses the same commands with fewer rows.
#pragma once

#include "target/command.h"

namespace target {

Checked check_identify(const Request& request);
void identify(Request& request);

Checked check_get_log_page(const Request& request);
void get_log_page(Request& request);

Checked check_set_features(const Request& request);
void set_features(Request& request);
Checked check_get_features(const Request& request);
void get_features(Request& request);

void keep_async_event(Request& request);
void keep_alive(Request& request);

/// The discovery log page as this host may see it, over the connection it asks on.
base::Bytes discovery_log(const Queue& queue);

}  // namespace target
