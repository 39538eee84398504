// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/plan/secrets.h"

#include "base/secret_file.h"
#include "base/text.h"
#include "nvme/dhchap.h"

namespace boot {

base::Result<base::Secret> parse_secret(std::string& text) {
    std::string trimmed(base::trim(text));
    base::wipe(text.data(), text.size());
    text.clear();
    base::Secret secret(trimmed);
    if (auto parsed = nvme::DhchapSecret::parse(secret.reveal()); !parsed) {
        return std::move(parsed).error();
    }
    return secret;
}

base::Result<base::Secret> load_secret(const std::string& path) {
    TRY(const base::Secret read, base::read_secret_file(path));
    std::string text = read.reveal();
    auto secret = parse_secret(text);
    if (!secret) {
        return std::move(secret).error().in(path);
    }
    return secret;
}

}  // namespace boot
