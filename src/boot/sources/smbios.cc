// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/sources/smbios.h"

#include <cstdint>
#include <optional>

#include "base/endian.h"

namespace boot {
namespace {

struct StructureHeader {
    uint8_t type;
    uint8_t length;  ///< of header and fields, without the strings
    base::le16 handle;
};
static_assert(sizeof(StructureHeader) == 4);

/// The string at the front, without its NUL; none where the table ends first.
std::optional<std::string_view> take_string(base::Reader& reader, base::ByteView table) {
    const std::string_view rest = base::text_of(table.subspan(reader.offset()));
    const size_t end = rest.find('\0');
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    (void)reader.take_bytes(end + 1);  // they are there
    return rest.substr(0, end);
}

}  // namespace

std::vector<std::string_view> oem_strings(base::ByteView table) {
    constexpr uint8_t kOemStrings = 11;
    std::vector<std::string_view> found;
    base::Reader reader(table);
    while (const auto header = reader.take<StructureHeader>()) {
        if (header->length < sizeof *header ||
            !reader.take_bytes(header->length - sizeof *header)) {
            return found;
        }
        // Strings end with an empty one; a structure without any still has two NULs.
        bool first = true;
        for (;;) {
            const auto text = take_string(reader, table);
            if (!text) {
                return found;
            }
            if (text->empty()) {
                if (first) {
                    (void)reader.take_bytes(1);  // none at the end of the table
                }
                break;
            }
            if (header->type == kOemStrings) {
                found.push_back(*text);
            }
            first = false;
        }
    }
    return found;
}

}  // namespace boot
