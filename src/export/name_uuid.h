// SPDX-License-Identifier: GPL-2.0-or-later
//
// Identifiers made from names, so that they stay the same across restarts and machines without
// being written down: a version 5 UUID in the name space of URLs. Anyone can make them:
//
//     uuidgen --sha1 --namespace @url --name 'nvme+tcp:SUBSYSNQN/NSID'     a namespace
//     uuidgen --sha1 --namespace @url --name 'nvme+tcp:SUBSYSNQN'          a subsystem's serial
//
// RFC 9562, 5.5 "UUID Version 5". SHA-1 serves as a mixer here; nothing secret rests on it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "nvme/nqn.h"

namespace exports {

/// The version 5 UUID of `name` among URLs.
nvme::Uuid url_uuid(std::string_view name);

nvme::Uuid namespace_uuid(std::string_view subsysnqn, uint32_t nsid);

/// 20 hexadecimal digits.
std::string subsystem_serial(std::string_view subsysnqn);

}  // namespace exports
