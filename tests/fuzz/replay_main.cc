// SPDX-License-Identifier: GPL-2.0-or-later
//
// Runs a fuzz target over files, without a fuzzing engine: what the corpus once found stays found,
// with any compiler. Each file is also run with every one of its prefixes, since most mistakes of a
// parser are about an end that comes too early.
//
//   replay-fuzz_uri tests/fuzz/corpus/fuzz_uri/*
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kMaxPrefixes = 512;

/// A copy of its own size, so that the sanitizer sees a read behind the end.
void run(const std::vector<uint8_t>& bytes, size_t size) {
    const std::vector<uint8_t> exact(bytes.begin(),
                                     bytes.begin() + static_cast<std::ptrdiff_t>(size));
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

}  // namespace

int main(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        std::ifstream file(argv[i], std::ios::binary);
        if (!file) {
            std::fprintf(stderr, "%s cannot be read\n", argv[i]);
            return 1;
        }
        const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
        const size_t step = bytes.size() / kMaxPrefixes + 1;
        for (size_t size = 0; size < bytes.size(); size += step) {
            run(bytes, size);
        }
        run(bytes, bytes.size());
    }
    return argc > 1 ? 0 : 1;
}
