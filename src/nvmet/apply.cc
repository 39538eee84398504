// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvmet/apply.h"

#include <cerrno>

namespace nvmet {
namespace {

using base::Status;
using Op = Step::Op;

Status write(Tree& tree, const Attribute& row, const std::string& path, const std::string& value) {
    if (row.secret()) {
        TRY_VOID(tree.close_file(path));
    }
    return tree.write(path, value);
}

constexpr std::string_view kPorts = "ports/";

/// Gives a recreated directory the attributes that it had. Equal values that the
/// kernel has chosen are not written: it could refuse its own defaults.
Status restore(Tree& tree, const std::string& path, const Object& saved) {
    for (const Attribute& row : attributes()) {
        const std::string& value = saved.get(row.file);
        if (row.kind != saved.kind || row.change == Change::kTrigger || value.empty()) {
            continue;
        }
        const std::string file = inside(path, row.file);
        TRY(const std::string now, tree.read(file));
        const auto canonical = row.canonical(row, now);
        if (!canonical || *canonical != value) {
            TRY_VOID(write(tree, row, file, value));
        }
    }
    for (const Object& group : saved.children) {
        TRY_VOID(restore(tree, path_of(path, group), group));
    }
    return base::done();
}

Status perform(Tree& tree, const Step& step) {
    switch (step.op) {
        case Op::kMakeFolder:
            return tree.make_folder(step.path);
        case Op::kRemoveFolder:
            return tree.remove_folder(step.path);
        case Op::kWrite:
            return write(tree, *step.row, step.path, step.value);
        case Op::kLink:
            return tree.make_link(step.path, step.value);
        case Op::kUnlink:
            return tree.remove_link(step.path);
    }
    return base::done();
}

Status take_back(Tree& tree, const Step& step) {
    switch (step.op) {
        case Op::kMakeFolder:
            return tree.remove_folder(step.path);
        case Op::kRemoveFolder:
            TRY_VOID(tree.make_folder(step.path));
            return restore(tree, step.path, step.saved);
        case Op::kWrite:
            if (step.fresh || step.row->change == Change::kTrigger) {
                return base::done();
            }
            return write(tree, *step.row, step.path, step.before);
        case Op::kLink:
            TRY_VOID(tree.remove_link(step.path));
            return restore(tree, step.path.substr(0, step.path.find('/', kPorts.size())),
                           step.saved);
        case Op::kUnlink:
            return tree.make_link(step.path, step.value);
    }
    return base::done();
}

/// Why the kernel may have said so, where its error code alone does not tell.
std::string hint(const Step& step, int code) {
    if (step.op == Op::kLink && step.path.starts_with(kPorts) && code != 0) {
        return " (the kernel could not open the port with its address and transport; see the "
               "kernel log)";
    }
    if (step.op == Op::kWrite && step.row->file == "addr_tsas" && code == EINVAL) {
        return " (TLS requires a kernel that supports it, and its keyring .nvme)";
    }
    if (step.op == Op::kWrite && step.row->file == "dhchap_dhgroup" && code == EINVAL) {
        return " (the kernel has no Diffie-Hellman groups, CONFIG_CRYPTO_DH_RFC7919_GROUPS)";
    }
    if (step.op == Op::kWrite && step.row->file == "enable") {
        return " (of its image)";
    }
    return "";
}

}  // namespace

base::Result<NotDone> apply(Tree& tree, const Steps& steps) {
    NotDone not_done;
    for (size_t done = 0; done < steps.size(); ++done) {
        const Status status = perform(tree, steps[done]);
        if (status) {
            continue;
        }
        base::Error error = status.error();
        error.text += hint(steps[done], error.code);
        if (steps[done].optional) {
            not_done.emplace(steps[done].path, error.text);
            continue;
        }
        std::string left;
        for (size_t i = done; i-- > 0;) {
            if (const Status back = take_back(tree, steps[i]); !back) {
                left += "; not reverted: " + back.error().text;
            }
        }
        error.text += left.empty() ? "; all changes were reverted" : left;
        return error;
    }
    return not_done;
}

Status close_keys(Tree& tree, const Object& state) {
    for (const Object* host : state.all(Kind::kHost)) {
        for (const Attribute& row : attributes()) {
            if (row.secret() && host->attributes.contains(row.file)) {
                TRY_VOID(tree.close_file(inside(path_of("", *host), row.file)));
            }
        }
    }
    return base::done();
}

}  // namespace nvmet
