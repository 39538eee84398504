// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/result.h"

#include <cstring>

#include "base/redaction.h"

namespace base {

Error Error::in(std::string_view context) const& {
    return Error(*this).in(context);
}

Error Error::in(std::string_view context) && {
    text.insert(0, ": ").insert(0, without_secrets(context));
    return std::move(*this);
}

Error error(std::string_view text) {
    return {0, without_secrets(text)};
}

Error errno_error(int code, std::string_view what) {
    return Error{code, std::strerror(code)}.in(what);
}

}  // namespace base
