// SPDX-License-Identifier: GPL-2.0-or-later
//
// nbft-table PORT HOSTNQN HOSTID SUBSYSNQN   writes, to stdout, the boot firmware table of a guest
// on QEMU's user network whose firmware has found its disk on this machine.
#include "support/nbft_table.h"

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fputs("usage: nbft-table PORT HOSTNQN HOSTID SUBSYSNQN\n", stderr);
        return 2;
    }
    nvme::Nbft nbft = support::sample_nbft();
    nbft.subsystems[0].port = static_cast<uint16_t>(std::atoi(argv[1]));
    nbft.host.nqn = argv[2];
    nbft.host.id = nvme::parse_uuid(argv[3]).value();
    nbft.subsystems[0].nqn = argv[4];
    nbft.subsystems[0].data_digest = true;
    const base::Bytes table = support::build_nbft(nbft);
    return std::fwrite(table.data(), 1, table.size(), stdout) == table.size() ? 0 : 1;
}
