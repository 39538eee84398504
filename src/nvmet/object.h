// SPDX-License-Identifier: GPL-2.0-or-later
//
// A state of the kernel's target, running or wanted: the same type for both, so that a plan is a
// comparison. Values are canonical (attributes.h). A wanted object that lacks an attribute leaves
// it alone.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "nvmet/attributes.h"
#include "nvmet/tree.h"

namespace nvmet {

struct Object {
    Kind kind = Kind::kRoot;
    std::string name;  ///< of its directory; of root and passthru: empty
    std::map<std::string, std::string, std::less<>> attributes;  ///< file -> value
    std::map<std::string, std::string> links;  ///< what it leads to -> the link's own name
    std::vector<Object> children;
    std::string place = {};  ///< where it was written, to begin an error with; empty: in the tree

    bool operator==(const Object& other) const {
        return kind == other.kind && name == other.name && attributes == other.attributes &&
               links == other.links && children == other.children;
    }

    /// The value, or an empty text.
    [[nodiscard]] const std::string& get(std::string_view file) const;
    [[nodiscard]] const Object* find(Kind child_kind, std::string_view child_name) const;
    [[nodiscard]] Object* find(Kind child_kind, std::string_view child_name);
    /// The children of a kind, in their order.
    [[nodiscard]] std::vector<const Object*> all(Kind child_kind) const;
    /// As messages call it: `port 1`, `namespace 2`.
    [[nodiscard]] std::string title() const;
};

/// The path of a child: `subsystems/NQN/namespaces/1`.
std::string path_of(const std::string& parent, const Object& child);
/// The path of a file or directory in an object's; the root's path is empty.
std::string inside(const std::string& path, std::string_view name);

/// Children by kind, then by name, numbers by value: two states with the same things are equal.
void sort(Object& object);

/// Reads a whole tree. Files that the table does not know are left out and named in `unknown`.
base::Result<Object> read_tree(Tree& tree, std::vector<std::string>* unknown = nullptr);

}  // namespace nvmet
