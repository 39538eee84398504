// SPDX-License-Identifier: GPL-2.0-or-later
//
// Runs a fuzz target over files, without a fuzzing engine: what the corpus once found stays found,
// with any compiler. Each file is also run with every one of its prefixes, since most mistakes of a
// parser are about an end that comes too early. Without an argument it prints the targets' names.
//
//   replay fuzz_uri tests/fuzz/corpus/fuzz_uri/*
//
// The makefile names the targets: FUZZ_TARGETS is TARGET(fuzz_cmdline) TARGET(fuzz_dhchap) and so
// on.
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#define TARGET(name) extern "C" int name(const uint8_t* data, size_t size);
FUZZ_TARGETS
#undef TARGET

namespace {

using Target = int (*)(const uint8_t* data, size_t size);
constexpr std::pair<std::string_view, Target> kTargets[] = {
#define TARGET(name) {#name, name},
    FUZZ_TARGETS
#undef TARGET
};

constexpr size_t kMaxPrefixes = 512;

/// A copy of its own size, so that the sanitizer sees a read behind the end.
void run(Target target, const std::vector<uint8_t>& bytes, size_t size) {
    const std::vector<uint8_t> exact(bytes.begin(),
                                     bytes.begin() + static_cast<std::ptrdiff_t>(size));
    target(exact.data(), exact.size());
}

bool replay(Target target, const char* path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        std::fprintf(stderr, "%s cannot be read\n", path);
        return false;
    }
    const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
    const size_t step = bytes.size() / kMaxPrefixes + 1;
    for (size_t size = 0; size < bytes.size(); size += step) {
        run(target, bytes, size);
    }
    run(target, bytes, bytes.size());
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        for (const auto& [name, target] : kTargets) std::puts(name.data());
        return 0;
    }
    for (const auto& [name, target] : kTargets) {
        if (name != argv[1]) continue;
        for (int i = 2; i < argc; ++i) {
            if (!replay(target, argv[i])) return 1;
        }
        return argc > 2 ? 0 : 1;
    }
    std::fprintf(stderr, "no fuzz target is called %s\n", argv[1]);
    return 1;
}
