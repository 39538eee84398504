// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/bytes.h"

#include "base/endian.h"
#include "support/test.h"

BOOST_AUTO_TEST_SUITE(bytes)

BOOST_AUTO_TEST_CASE(packed_integers_have_their_wire_order_and_no_padding) {
    struct Wire {
        base::le16 a;
        base::be32 b;
        base::le64 c;
    };
    static_assert(sizeof(Wire) == 14);
    const Wire wire{0x0102, 0x03040506, 0x0708090A0B0C0D0EULL};
    const unsigned char expected[] = {2, 1, 3, 4, 5, 6, 0xE, 0xD, 0xC, 0xB, 0xA, 9, 8, 7};
    BOOST_TEST(std::memcmp(&wire, expected, sizeof wire) == 0);
    BOOST_TEST(wire.a == 0x0102);
    BOOST_TEST(wire.b == 0x03040506U);
    BOOST_TEST(wire.c == 0x0708090A0B0C0D0EULL);
}

BOOST_AUTO_TEST_CASE(reader_consumes_whole_pieces_or_nothing) {
    base::Bytes buffer;
    base::Writer(buffer).put(base::le32(7)).put_zeros(2).put_bytes(base::bytes_of("xy"));
    base::Reader reader(buffer);
    BOOST_TEST(*reader.take<base::le32>() == 7U);
    BOOST_TEST(!reader.take<base::le64>().has_value());
    BOOST_TEST(reader.offset() == 4U);
    BOOST_TEST(reader.take_bytes(2)->size() == 2U);
    BOOST_TEST(base::text_of(reader.take_rest()) == "xy");
    BOOST_TEST(reader.remaining() == 0U);
    BOOST_TEST(reader.take_bytes(0).has_value());
    BOOST_TEST(!reader.take_bytes(1).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
