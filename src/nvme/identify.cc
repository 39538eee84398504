// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/identify.h"

#include "base/text.h"

namespace nvme {
namespace {

/// Head of one entry of the Namespace Identification Descriptor list.
struct IdDescriptor {
    uint8_t nidt = 0;
    uint8_t nidl = 0;
    Reserved<2> reserved{};
};
static_assert(sizeof(IdDescriptor) == 4);

constexpr uint8_t kTypeEui64 = 1;
constexpr uint8_t kTypeNguid = 2;
constexpr uint8_t kTypeUuid = 3;
constexpr uint8_t kTypeCsi = 4;

template <base::WireType T>
bool read_id(base::ByteView bytes, T& out) {
    base::Reader reader(bytes);
    const auto value = reader.take<T>();
    if (!value || reader.remaining() != 0) {
        return false;
    }
    out = *value;
    return true;
}

bool read_descriptor(uint8_t type, base::ByteView bytes, NamespaceIds& ids) {
    switch (type) {
        case kTypeEui64:
            return read_id(bytes, ids.eui64);
        case kTypeNguid:
            return read_id(bytes, ids.nguid);
        case kTypeUuid:
            return read_id(bytes, ids.uuid);
        case kTypeCsi:
            return read_id(bytes, ids.command_set);
        default:
            return true;
    }
}

template <base::WireType T>
void put_id(base::Writer& writer, uint8_t type, const T& id) {
    writer.put(IdDescriptor{type, sizeof(T), {}}).put(id);
}

}  // namespace

base::Result<NamespaceIds> parse_namespace_ids(base::ByteView list) {
    NamespaceIds ids;
    base::Reader reader(list);
    while (const auto head = reader.take<IdDescriptor>()) {
        if (head->nidt == 0) {
            break;
        }
        const auto bytes = reader.take_bytes(head->nidl);
        if (!bytes || !read_descriptor(head->nidt, *bytes, ids)) {
            return base::error(
                base::format("namespace identification descriptor of type %u with "
                             "length %u",
                             unsigned{head->nidt}, unsigned{head->nidl}));
        }
    }
    return ids;
}

base::Bytes build_namespace_ids(const NamespaceIds& ids) {
    base::Bytes list;
    base::Writer writer(list);
    if (ids.eui64 != Eui64{}) {
        put_id(writer, kTypeEui64, ids.eui64);
    }
    if (ids.nguid != Nguid{}) {
        put_id(writer, kTypeNguid, ids.nguid);
    }
    if (ids.uuid != Uuid{}) {
        put_id(writer, kTypeUuid, ids.uuid);
    }
    put_id(writer, kTypeCsi, ids.command_set);
    list.resize(kIdentifyBytes);
    return list;
}

std::string field_text(std::string_view field) {
    field = field.substr(0, field.find('\0'));
    return std::string(field.substr(0, field.find_last_not_of(' ') + 1));
}

}  // namespace nvme
