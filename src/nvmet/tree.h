// SPDX-License-Identifier: GPL-2.0-or-later
//
// All contact with configfs. Paths are relative to the nvmet directory: `hosts/NQN/dhchap_key`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace nvmet {

struct TreeEntry {
    enum class Type { kFolder, kFile, kLink };
    std::string name;
    Type type;
};

class Tree {
  public:
    virtual ~Tree() = default;

    /// The contents of a directory, sorted by name. A directory that does not exist is empty.
    virtual base::Result<std::vector<TreeEntry>> list(const std::string& folder) = 0;
    /// An attribute without the white space at its end.
    virtual base::Result<std::string> read(const std::string& file) = 0;
    /// The last part of what a link leads to.
    virtual base::Result<std::string> link_target(const std::string& link) = 0;

    virtual base::Status write(const std::string& file, std::string_view value) = 0;
    virtual base::Status make_folder(const std::string& folder) = 0;
    virtual base::Status remove_folder(const std::string& folder) = 0;
    /// @param target  a directory of the tree
    virtual base::Status make_link(const std::string& link, const std::string& target) = 0;
    virtual base::Status remove_link(const std::string& link) = 0;
    /// Takes a file from everybody but its owner; does nothing where that is so.
    virtual base::Status close_file(const std::string& file) = 0;
};

/// The kernel's tree.
class SysTree : public Tree {
  public:
    /// @param root  the nvmet directory
    explicit SysTree(std::string root) : root_(std::move(root)) {}

    base::Result<std::vector<TreeEntry>> list(const std::string& folder) override;
    base::Result<std::string> read(const std::string& file) override;
    base::Result<std::string> link_target(const std::string& link) override;
    base::Status write(const std::string& file, std::string_view value) override;
    base::Status make_folder(const std::string& folder) override;
    base::Status remove_folder(const std::string& folder) override;
    base::Status make_link(const std::string& link, const std::string& target) override;
    base::Status remove_link(const std::string& link) override;
    base::Status close_file(const std::string& file) override;

  protected:
    [[nodiscard]] std::string at(const std::string& path) const { return root_ + "/" + path; }

  private:
    std::string root_;
};

/// Whether a directory is configfs itself and no copy of it.
bool is_configfs(const std::string& folder);

/// Keeps two programs from changing one tree at a time, as long as the descriptor is open.
base::Result<base::UniqueFd> lock_tree(const std::string& root);

}  // namespace nvmet
