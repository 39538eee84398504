// SPDX-License-Identifier: GPL-2.0-or-later
//
// The kernel's target as its configfs shows it, in memory: a directory that is made has its
// attribute files and default groups, a port that is linked is enabled and refuses changes, and so
// on, as drivers/nvme/target/configfs.c and fs/configfs do it. Booted tests hold it against the
// kernel.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "nvmet/object.h"
#include "nvmet/tree.h"

namespace support {

class FakeConfigfs : public nvmet::Tree {
  public:
    /// @param absent  attribute files that this kernel lacks, `host/dhchap_key` or `passthru/*`
    explicit FakeConfigfs(std::set<std::string> absent = {});

    base::Result<std::vector<nvmet::TreeEntry>> list(const std::string& folder) override;
    base::Result<std::string> read(const std::string& file) override;
    base::Result<std::string> link_target(const std::string& link) override;
    base::Status write(const std::string& file, std::string_view value) override;
    base::Status make_folder(const std::string& folder) override;
    base::Status remove_folder(const std::string& folder) override;
    base::Status make_link(const std::string& link, const std::string& target) override;
    base::Status remove_link(const std::string& link) override;
    base::Status close_file(const std::string& file) override;

    /// A host has asked for the discovery log or connected: names are frozen from now on.
    void discover(const std::string& subsysnqn) { discovered_.insert(subsysnqn); }
    /// The n-th change from now fails with EIO; 0: none.
    void fail_at(int change) { countdown_ = change; }

    std::vector<std::string> changes;      ///< what was done, one line each
    std::vector<std::string> disconnects;  ///< NQNs of subsystems whose hosts were cut off
    std::set<std::string> closed;          ///< files of mode 0600

    /// Every file and link with its value.
    [[nodiscard]] std::map<std::string, std::string> snapshot() const;

  private:
    struct Folder {
        nvmet::Kind kind;
        std::map<std::string, std::string> files;
    };

    base::Status count(const std::string& change);
    void add_folder(const std::string& path, nvmet::Kind kind);
    [[nodiscard]] bool enabled(const std::string& path) const;
    [[nodiscard]] bool port_serves(const std::string& port) const;
    base::Status check_value(const std::string& folder, const std::string& name,
                             const std::string& value);
    base::Status check_enable(const std::string& folder, const std::string& value);
    base::Status enable_port(const std::string& port);

    std::set<std::string> absent_;
    std::map<std::string, Folder> folders_;
    std::map<std::string, std::string> links_;
    std::set<std::string> discovered_;
    int countdown_ = 0;
    int serials_ = 0;
};

}  // namespace support
