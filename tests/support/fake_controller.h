// SPDX-License-Identifier: GPL-2.0-or-later
//
// A controller that answers Identify from a list of namespaces.
#pragma once

#include <map>

#include "boot/kernel/admin_device.h"

namespace support {

class FakeController final : public boot::AdminDevice {
  public:
    nvme::IdentifyController controller;
    nvme::IdentifyNvmNamespace nvm;
    struct Namespace {
        nvme::IdentifyNamespace identify;
        nvme::NamespaceIds ids;
    };
    std::map<uint32_t, Namespace> namespaces;
    /// The number of requests for the list that are answered as if there were none.
    int appear_after = 0;

    Namespace& add(uint32_t nsid, const nvme::Uuid& uuid) {
        Namespace& ns = namespaces[nsid];
        constexpr uint8_t k512Bytes = 9;
        ns.identify.nsze = 2048;
        ns.identify.lbaf[0].lbads = k512Bytes;
        ns.ids.uuid = uuid;
        return ns;
    }

    base::Result<base::Bytes> identify(nvme::Cns cns, uint32_t nsid, uint8_t) override {
        switch (cns) {
            case nvme::Cns::kController:
                return bytes(controller);
            case nvme::Cns::kActiveNamespaces:
                return bytes(list_after(nsid));
            case nvme::Cns::kNamespace:
                return bytes(namespaces[nsid].identify);
            case nvme::Cns::kNamespaceDescriptors:
                return nvme::build_namespace_ids(namespaces[nsid].ids);
            case nvme::Cns::kCommandSetNamespace:
                return bytes(nvm);
            default:
                return base::error("Invalid Field in Command");
        }
    }

  private:
    template <class T>
    static base::Bytes bytes(const T& value) {
        const base::ByteView view = base::bytes_of(value);
        return {view.begin(), view.end()};
    }
    nvme::NamespaceList list_after(uint32_t after) {
        nvme::NamespaceList list;
        size_t count = 0;
        for (const auto& [nsid, ns] : namespaces) {
            if (nsid > after && appear_after <= 0 && count < list.nsid.size()) {
                list.nsid[count++] = nsid;
            }
        }
        --appear_after;
        return list;
    }
};

}  // namespace support
