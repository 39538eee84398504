// SPDX-License-Identifier: GPL-2.0-or-later
//
// Text that must not be seen: it has no formatter, cannot be copied by accident, and wipes its
// memory when it goes. Borrow it with reveal() only where the bytes leave for the kernel or a hash.
#pragma once

#include <string>
#include <string_view>

namespace base {

/// Overwrites memory in a way the compiler may not leave out.
void wipe(void* data, size_t size);

/// Keeps this process's memory out of core dumps, and from other programs of its user. To be called
/// first of all; what it execs is as before.
void keep_memory_private();

class Secret {
  public:
    Secret() = default;
    /// Takes the text and wipes the string it came in.
    explicit Secret(std::string& text);
    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret&& other) noexcept;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret();

    [[nodiscard]] Secret copy() const;
    [[nodiscard]] bool empty() const { return text_.empty(); }
    /// A NUL-terminated view, valid while this object lives.
    [[nodiscard]] const std::string& reveal() const { return text_; }

  private:
    std::string text_;
};

}  // namespace base
