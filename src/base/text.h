// SPDX-License-Identifier: GPL-2.0-or-later
//
// Text to values and back. Parsing is strict: the whole string is the value, or it is an error that
// quotes the string; there is no "leading number".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace base {

/// Decimal, or hexadecimal behind 0x. Errors: empty, stray characters, above `max`.
Result<uint64_t> parse_u64(std::string_view text, uint64_t max = UINT64_MAX);

/// As parse_u64 with an optional leading minus.
Result<int64_t> parse_i64(std::string_view text, int64_t min, int64_t max);

/// A size in bytes: a number with an optional K, M, G or T (powers of 1024) behind it.
Result<uint64_t> parse_size(std::string_view text);

/// A time: a number with ms, s, m or h behind it; a bare number means seconds.
Result<milliseconds> parse_duration(std::string_view text);

/// yes/no, true/false, on/off, 1/0.
Result<bool> parse_bool(std::string_view text);

std::string_view trim(std::string_view text);
/// The parts between separators; empty parts are kept, an empty text has one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);
/// The parts between runs of white space; none of them is empty.
std::vector<std::string_view> split_words(std::string_view text);
std::string to_lower(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);

/// Text of doubtful origin made fit for one log line: in double quotes, with every byte that is not
/// printable ASCII, and quote and backslash, written as \xNN. Secrets are left out.
std::string quoted(std::string_view text);

/// As quoted(), but bare where the text is printable ASCII without blanks and quotes, and cut off
/// with … behind 64 bytes: for a stranger's name inside a sentence.
std::string shown(std::string_view text);

/// Text of doubtful origin made fit for one line of a log or a terminal: what printable_length()
/// refuses is written as \xNN, byte by byte, a secret as without_secrets() writes it.
std::string printable(std::string_view text);
/// Length in bytes of the character at the front of `text`, which is not empty, if it may be shown
/// as it is; 0 when it is malformed UTF-8, a control character, a line separator, or a character
/// that only changes how others look (bidirectional marks, zero widths, tags: Unicode's Cf).
size_t printable_length(std::string_view text);

/// The name of a file as an option or a configuration gives it. Errors: empty, a NUL byte, a secret
/// in place of the name of its file; none quotes the text.
Result<std::string> parse_path(std::string_view text);

std::string to_hex(ByteView bytes);
/// Errors: odd length, a character that is not a hexadecimal digit.
Result<Bytes> from_hex(std::string_view text);

std::string to_base64(ByteView bytes);
/// RFC 4648, section 4 "Base 64 Encoding": padding required, nothing but the alphabet.
Result<Bytes> from_base64(std::string_view text);

/// RFC 3986, section 2.1 "Percent-Encoding". Errors: % without two hexadecimal digits, %00.
Result<std::string> percent_decode(std::string_view text);

/// Length in bytes of the UTF-8 sequence at the front of `text`, which is not empty; 0 when it is
/// malformed: RFC 3629, section 4 "Syntax of UTF-8 Byte Sequences".
size_t utf8_length(std::string_view text);
/// The character of such a sequence. REQUIRES: utf8_length(text) is not 0.
uint32_t utf8_code(std::string_view text);
/// REQUIRES: `code` is a character: at most 0x10FFFF and no surrogate.
void append_utf8(uint32_t code, std::string& out);

/// The candidate nearest to `word` by edit distance, for "did you mean"; empty when none is near.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

/// printf into a string; for numbers and short text.
std::string format(const char* pattern, ...) __attribute__((format(printf, 1, 2)));

}  // namespace base
