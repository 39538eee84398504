// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/secret.h"

#include <sys/prctl.h>

#include <cstring>

namespace base {

void wipe(void* data, size_t size) {
    if (size != 0) {  // an empty vector's data() may be null
        explicit_bzero(data, size);
    }
}

void keep_memory_private() {
#ifndef __SANITIZE_ADDRESS__          // whose search for leaks traces this process as another one
    (void)prctl(PR_SET_DUMPABLE, 0);  // cannot fail
#endif
}

Secret::Secret(std::string& text) : text_(text) {
    wipe(text.data(), text.size());
    text.clear();
}

// A short string lives inside the object, where a move copies it: copy and wipe, always.
Secret::Secret(Secret&& other) noexcept : Secret(other.text_) {}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        wipe(text_.data(), text_.size());
        text_ = other.text_;
        wipe(other.text_.data(), other.text_.size());
        other.text_.clear();
    }
    return *this;
}

Secret::~Secret() {
    wipe(text_.data(), text_.size());
}

Secret Secret::copy() const {
    std::string text = text_;
    return Secret(text);
}

}  // namespace base
