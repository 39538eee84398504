// SPDX-License-Identifier: GPL-2.0-or-later
//
// Errors are values. A function that can fail returns Result<T>: either the value or an Error,
// which is an errno (0 where there is none) and a sentence built from the outside in, each layer
// adding what it alone knew: `connect 10.0.0.1:4420: send ICReq: Connection reset by peer`.
//
// The library code never logs; the program's top logs an Error once.
#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace base {

/// An error: `code` is an errno or 0, `text` a sentence without a trailing full stop. The
/// functions below leave out a secret that they are given, as where somebody wrote one in place of
/// the name of its file.
struct Error {
    int code = 0;
    std::string text;

    /// The same error seen from one layer further out: `context: text`.
    [[nodiscard]] Error in(std::string_view context) const&;
    [[nodiscard]] Error in(std::string_view context) &&;
};

/// An error that has no errno.
Error error(std::string_view text);

/// An error of a failed system call: `what: strerror(code)`.
/// @param code  errno as it was when the call failed.
Error errno_error(int code, std::string_view what);

struct Nothing {};

/// A value of type T or an error of type E. Must be looked at.
template <class T, class E = Error>
class [[nodiscard]] Result {
  public:
    using value_type = T;

    Result(T value)
        : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
    Result(E failure)
        : state_(std::in_place_index<1>, std::move(failure)) {}  // NOLINT: implicit by design

    [[nodiscard]] bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    /// REQUIRES: ok()
    [[nodiscard]] T& value() & { return *checked(std::get_if<0>(&state_)); }
    [[nodiscard]] const T& value() const& { return *checked(std::get_if<0>(&state_)); }
    [[nodiscard]] T value() && { return std::move(*checked(std::get_if<0>(&state_))); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T* operator->() { return checked(std::get_if<0>(&state_)); }
    const T* operator->() const { return checked(std::get_if<0>(&state_)); }

    /// REQUIRES: !ok()
    [[nodiscard]] const E& error() const& { return *checked(std::get_if<1>(&state_)); }
    [[nodiscard]] E error() && { return std::move(*checked(std::get_if<1>(&state_))); }

  private:
    template <class P>
    static P* checked(P* pointer) {
        assert(pointer != nullptr);
        return pointer;
    }

    std::variant<T, E> state_;
};

/// The result of something done for its effect alone: `return base::done();` on success.
using Status = Result<Nothing>;

inline Nothing done() {
    return {};
}

}  // namespace base

#define BASE_CONCAT_2(a, b) a##b
#define BASE_CONCAT(a, b) BASE_CONCAT_2(a, b)
#define TRY_IMPL(result, decl, ...)       \
    auto result = (__VA_ARGS__);          \
    if (!result) {                        \
        return std::move(result).error(); \
    }                                     \
    decl = std::move(result).value()

/// TRY(const auto x, f()): declares x from f()'s value, or returns f()'s error from this function.
#define TRY(decl, ...) TRY_IMPL(BASE_CONCAT(try_result_, __LINE__), decl, __VA_ARGS__)

/// TRY_VOID(f()): continues if f() succeeded, or returns its error from this function.
#define TRY_VOID(...)                                       \
    do {                                                    \
        if (auto try_status = (__VA_ARGS__); !try_status) { \
            return std::move(try_status).error();           \
        }                                                   \
    } while (false)
