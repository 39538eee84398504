// SPDX-License-Identifier: GPL-2.0-or-later
//
// Blocks with their tuples, of exposed namespaces.
#pragma once

#include "target/controller/reservations.h"
#include "target/queue/request.h"

namespace target {

/// Whether the command says nothing impossible of protection information. @return nothing to move
Checked check_command(const Request& request);
/// Judges a transfer of blocks, which MDTS bounds. @return the bytes that travel
Checked check_transfer(const Request& request, Access access);
Checked check_protected_transfer(const Request& request, Access access);
void read_protected(Request& request);
void compare_protected(Request& request);
void write_protected(Request& request);
/// CommandEntry::scratch of Read and Write, where they go in pieces.
size_t bytes_of_pieces(const Request& request);
/// Has the store check, or make, what the command says, for the blocks from `done` on.
void follow_command(Request& request, uint64_t done);

}  // namespace target
