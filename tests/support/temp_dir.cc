// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/temp_dir.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace support {
namespace fs = std::filesystem;

TempDir::TempDir() {
    std::string pattern = fs::temp_directory_path() / "nvmeroot-test-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
}

TempDir::~TempDir() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

std::string TempDir::at(std::string_view relative) const {
    return path_ + "/" + std::string(relative);
}

std::string TempDir::file(std::string_view relative, std::string_view text, unsigned mode) const {
    const fs::path path = at(relative);
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    fs::permissions(path, static_cast<fs::perms>(mode));
    return path;
}

std::string TempDir::folder(std::string_view relative) const {
    fs::create_directories(at(relative));
    return at(relative);
}

void TempDir::link(std::string_view relative, std::string_view target) const {
    const fs::path path = at(relative);
    fs::create_directories(path.parent_path());
    fs::create_symlink(target, path);
}

std::string TempDir::read(std::string_view relative) const {
    std::ifstream in(at(relative), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

bool TempDir::exists(std::string_view relative) const {
    return fs::exists(fs::symlink_status(at(relative)));
}

}  // namespace support
