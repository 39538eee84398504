// SPDX-License-Identifier: GPL-2.0-or-later
//
// Every parser of an authentication message on the same bytes. A parsed message must serialise
// to bytes that parse to the same message.
#include <cstdlib>

#include "nvme/dhchap.h"

namespace {

template <class Message>
void check(base::ByteView bytes) {
    const auto message = Message::parse(bytes);
    if (!message) {
        return;
    }
    const auto again = Message::parse(message->serialize());
    if (!again || !(*again == *message)) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    check<nvme::AuthNegotiate>(bytes);
    check<nvme::AuthChallenge>(bytes);
    check<nvme::AuthReply>(bytes);
    check<nvme::AuthSuccess1>(bytes);
    check<nvme::AuthSuccess2>(bytes);
    check<nvme::AuthFailureMessage>(bytes);
    return 0;
}
