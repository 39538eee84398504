// SPDX-License-Identifier: GPL-2.0-or-later
//
// A lifetime token: an object that hands a call to a loop, a pool or another thread may be gone before
// the call is made. A guarded call does nothing then.
//
//     reactor_.wait_readable(fd, alive_.guard([this](int result) { on_readable(result); }));
#pragma once

#include <memory>
#include <utility>

namespace base {

/// Declare it as the last member, so that it ends before the others; a destructor that itself makes
/// guarded calls run begins with end().
/// Threads: guarded calls run where no other thread ends the owner meanwhile.
class Alive {
  public:
    Alive() : token_(std::make_shared<bool>(true)) {}
    Alive(const Alive&) = delete;
    Alive& operator=(const Alive&) = delete;
    ~Alive() { end(); }

    /// From now on, guarded calls do nothing.
    void end() { *token_ = false; }

    /// @return a call of `fn` with any arguments, as long as the owner is there
    template <class Fn>
    [[nodiscard]] auto guard(Fn fn) const {
        return [token = token_, fn = std::move(fn)](auto&&... arguments) mutable {
            if (*token) {
                fn(std::forward<decltype(arguments)>(arguments)...);
            }
        };
    }

  private:
    std::shared_ptr<bool> token_;
};

}  // namespace base
