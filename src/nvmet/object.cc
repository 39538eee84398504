// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvmet/object.h"

#include <algorithm>

#include "base/text.h"

namespace nvmet {
namespace {

using base::Result;
using base::Status;

class Reader {
  public:
    Reader(Tree& tree, std::vector<std::string>* unknown) : tree_(tree), unknown_(unknown) {}

    Status read(const std::string& path, Object& object) {
        TRY(const auto entries, tree_.list(path));
        for (const TreeEntry& entry : entries) {
            if (entry.type == TreeEntry::Type::kFile) {
                TRY_VOID(read_file(inside(path, entry.name), entry.name, object));
            }
        }
        TRY_VOID(read_links(path, object));
        for (const KindInfo& kind : kinds()) {
            if (kind.parent == object.kind && kind.kind != Kind::kRoot) {
                TRY_VOID(read_children(path, kind, object));
            }
        }
        return base::done();
    }

  private:
    Status read_file(const std::string& path, const std::string& name, Object& object) {
        const Attribute* row = find_file(object.kind, name);
        if (row == nullptr) {
            if (unknown_ != nullptr) {
                unknown_->push_back(path);
            }
            return base::done();
        }
        if (row->change == Change::kTrigger) {
            object.attributes[name] = "";
            return base::done();
        }
        TRY(std::string text, tree_.read(path));
        auto value = text.empty() ? Result<std::string>(text) : row->canonical(*row, text);
        object.attributes[name] = value ? std::move(*value) : std::move(text);
        return base::done();
    }

    Status read_links(const std::string& path, Object& object) {
        if (info(object.kind).links.empty()) {
            return base::done();
        }
        const std::string folder = inside(path, info(object.kind).links);
        TRY(const auto entries, tree_.list(folder));
        for (const TreeEntry& entry : entries) {
            if (entry.type == TreeEntry::Type::kLink) {
                TRY(std::string target, tree_.link_target(inside(folder, entry.name)));
                object.links.emplace(std::move(target), entry.name);
            }
        }
        return base::done();
    }

    Status read_children(const std::string& path, const KindInfo& kind, Object& parent) {
        TRY(const auto entries, tree_.list(inside(path, kind.folder)));
        if (kind.kind == Kind::kPassthru) {
            if (!entries.empty()) {
                TRY_VOID(add({Kind::kPassthru, "", {}, {}, {}}, path, parent));
            }
            return base::done();
        }
        for (const TreeEntry& entry : entries) {
            if (entry.type == TreeEntry::Type::kFolder) {
                TRY_VOID(add({kind.kind, entry.name, {}, {}, {}}, path, parent));
            }
        }
        return base::done();
    }

    Status add(Object child, const std::string& path, Object& parent) {
        TRY_VOID(read(path_of(path, child), child));
        parent.children.push_back(std::move(child));
        return base::done();
    }

    Tree& tree_;
    std::vector<std::string>* unknown_;
};

/// 2 before 10.
bool before(const Object& a, const Object& b) {
    if (a.kind != b.kind) {
        return a.kind < b.kind;
    }
    const auto x = base::parse_u64(a.name);
    const auto y = base::parse_u64(b.name);
    return x && y ? *x < *y : a.name < b.name;
}

}  // namespace

const std::string& Object::get(std::string_view file) const {
    static const std::string kNothing;
    const auto found = attributes.find(file);
    return found == attributes.end() ? kNothing : found->second;
}

const Object* Object::find(Kind child_kind, std::string_view child_name) const {
    const auto found = std::ranges::find_if(children, [&](const Object& child) {
        return child.kind == child_kind && child.name == child_name;
    });
    return found == children.end() ? nullptr : &*found;
}

Object* Object::find(Kind child_kind, std::string_view child_name) {
    return const_cast<Object*>(std::as_const(*this).find(child_kind, child_name));
}

std::vector<const Object*> Object::all(Kind child_kind) const {
    std::vector<const Object*> found;
    for (const Object& child : children) {
        if (child.kind == child_kind) {
            found.push_back(&child);
        }
    }
    return found;
}

std::string Object::title() const {
    return std::string(info(kind).name) + (name.empty() ? "" : " ") + name;
}

std::string inside(const std::string& path, std::string_view name) {
    return (path.empty() ? "" : path + "/") + std::string(name);
}

std::string path_of(const std::string& parent, const Object& child) {
    const std::string folder = inside(parent, info(child.kind).folder);
    return child.name.empty() ? folder : inside(folder, child.name);
}

void sort(Object& object) {
    std::ranges::stable_sort(object.children, before);
    for (Object& child : object.children) {
        sort(child);
    }
}

Result<Object> read_tree(Tree& tree, std::vector<std::string>* unknown) {
    Object root;
    TRY_VOID(Reader(tree, unknown).read("", root));
    sort(root);
    return root;
}

}  // namespace nvmet
