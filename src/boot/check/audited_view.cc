// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/check/audited_view.h"

#include "base/text.h"

namespace boot {
namespace {

Failure refusal(const std::string& text) {
    return Failure::final(ExitCode::kFormat, base::error(text));
}

}  // namespace

Outcome<base::Nothing> compare_with_root(const AuditedView& view, const RootNamespace& root,
                                         const AuditPolicy& policy) {
    const nvme::ProtectionNote& note = root.identify.note;
    if (!note.present()) {
        if (!policy.nqn.empty()) {
            return base::done();  // a target of another make; who configured the view vouches for
                                  // it
        }
        return refusal(
            "audit-name: the root names no audit view, so the audited disk may be another one; set "
            "nvmeroot.audit_nqn");
    }
    const std::string named = nvme::field_text({note.audit_nqn.data(), note.audit_nqn.size()});
    if (named != view.nqn || note.audit_nsid != view.nsid || root.identify.nsze != view.blocks ||
        note.type != view.format.type || note.guard_bits != view.format.guard_bits) {
        return refusal("audit-name: the root names NSID " + std::to_string(note.audit_nsid) +
                       " of " + base::quoted(named) + " as its audit view, NSID " +
                       std::to_string(view.nsid) + " of " + view.nqn + " was audited");
    }
    return base::done();
}

}  // namespace boot
