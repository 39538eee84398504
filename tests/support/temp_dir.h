// SPDX-License-Identifier: GPL-2.0-or-later
//
// A directory that lives as long as the object, and files made in it with one expression: fake /sys
// and /proc trees are built this way.
#pragma once

#include <string>
#include <string_view>

namespace support {

class TempDir {
  public:
    TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir();

    [[nodiscard]] const std::string& path() const { return path_; }
    /// Absolute path of a file in the directory.
    [[nodiscard]] std::string at(std::string_view relative) const;
    /// Writes a file, making its parent directories. @return its absolute path.
    std::string file(std::string_view relative, std::string_view text, unsigned mode = 0644) const;
    [[nodiscard]] std::string folder(std::string_view relative) const;
    /// A symbolic link at `relative` that says `target`.
    void link(std::string_view relative, std::string_view target) const;
    [[nodiscard]] std::string read(std::string_view relative) const;
    [[nodiscard]] bool exists(std::string_view relative) const;

  private:
    std::string path_;
};

}  // namespace support
