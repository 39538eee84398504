// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/image_needs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "base/ini.h"
#include "base/secret_file.h"
#include "base/text.h"
#include "boot/keys.h"
#include "boot/secrets.h"
#include "boot/sources.h"
#include "boot/sysfs.h"

namespace boot {
namespace {

using base::error;
using base::Status;

constexpr std::string_view kHome = "/etc/nvmeroot/";
constexpr std::string_view kConfig = "nvmeroot.conf";
constexpr std::array<std::string_view, 2> kSecrets = {"dhchap_secret", "dhchap_ctrl_secret"};
/// Where the boot mounts file systems of its own over what the image has.
constexpr std::array<std::string_view, 5> kCovered = {"/dev/", "/proc/", "/run/", "/sys/",
                                                      "/var/run/"};

/// Whether something has this name, if only a link that leads nowhere. Errors: nobody can tell.
base::Result<bool> is_there(const std::string& path) {
    struct stat st {};
    if (::lstat(path.c_str(), &st) == 0) {
        return true;
    }
    if (errno == ENOENT) {
        return false;
    }
    return base::errno_error(errno, "look at " + path);
}

/// Who may read a file in the image.
enum class Access {
    kAsHere,   ///< who may read it on this machine
    kPrivate,  ///< root; others must not be able to read it here either
    kAnybody,  ///< it is of no use to others
};

/// How a path that the image cannot have there is wrong.
Status check_image_path(const std::string& path) {
    const bool odd =
        std::any_of(path.begin(), path.end(), [](char c) { return c >= 0 && c < ' '; });
    if (odd || path.find("/../") != std::string::npos) {
        return error(base::quoted(path) + " cannot be the path of a file in an image");
    }
    for (const std::string_view covered : kCovered) {
        if (path.starts_with(covered)) {
            return error(path + " cannot come from an image, since the boot mounts " +
                         std::string(covered) + " anew; put the file below " + std::string(kHome));
        }
    }
    return base::done();
}

/// The status of a file that an image can have.
base::Result<struct stat> look_at(const std::string& path) {
    struct stat st {};
    if (::lstat(path.c_str(), &st) != 0) {
        return base::errno_error(errno, path);
    }
    if (::stat(path.c_str(), &st) != 0) {
        return error(path + " is a link that leads nowhere");
    }
    if (!S_ISREG(st.st_mode)) {
        return error(path + " is not a regular file");
    }
    if (::access(path.c_str(), R_OK) != 0) {
        return base::errno_error(errno, "read " + path);
    }
    return st;
}

class Needs {
  public:
    explicit Needs(const NeedsInput& input)
        : input_(input),
          folder_(input.folder.empty() ? input.root + "/etc/nvmeroot" : input.folder) {}

    base::Result<ImageNeeds> run();

  private:
    Status take_folder();
    Status take_config();
    Status take_secret(const std::string& source, const std::string& image);
    Status take_sealed();
    Status add(const std::string& source, const std::string& image, Access access);

    const NeedsInput& input_;
    std::string folder_;
    ImageNeeds needs_;
};

base::Result<ImageNeeds> Needs::run() {
    TRY_VOID(take_folder());
    if (input_.sealed) {
        TRY_VOID(take_sealed());
    }
    return std::move(needs_);
}

Status Needs::take_folder() {
    TRY(const bool there, is_there(folder_));
    if (!there && input_.folder.empty()) {
        return base::done();
    }
    if (::access((folder_ + "/.").c_str(), R_OK | X_OK) != 0) {
        return base::errno_error(errno, "look into " + folder_);
    }
    TRY(const bool configured, is_there(folder_ + "/" + std::string(kConfig)));
    if (configured) {
        TRY_VOID(take_config());
    }
    for (const std::string_view name : kSecrets) {
        const std::string source = folder_ + "/" + std::string(name);
        TRY(const bool secret, is_there(source));
        if (secret) {
            TRY_VOID(take_secret(source, std::string(kHome) + std::string(name)));
        }
    }
    if (needs_.files.empty() && !input_.folder.empty()) {
        return error(folder_ +
                     " has neither nvmeroot.conf nor dhchap_secret nor dhchap_ctrl_secret");
    }
    return base::done();
}

Status Needs::take_config() {
    const std::string path = folder_ + "/" + std::string(kConfig);
    TRY_VOID(look_at(path));
    TRY(const base::Ini ini, base::Ini::load(path, secret_keys()));
    Sources sources = default_sources();
    add_file(ini, path, sources);
    Draft draft;
    for (size_t i = 0; i < keys().size(); ++i) {
        for (Given& given : sources.by_key[i].given) {
            if (auto applied = keys()[i].apply(given, draft); !applied) {
                sources.errors.push_back(std::move(applied).error().in(given.origin).text);
            }
        }
    }
    if (!sources.errors.empty()) {
        std::string all;
        for (const std::string& each : sources.errors) {
            all += (all.empty() ? "" : "; ") + each;
        }
        return error(all);
    }
    TRY_VOID(add(path, std::string(kHome) + std::string(kConfig),
                 sources.has_secret_in_file ? Access::kPrivate : Access::kAsHere));
    for (const Given& file : {draft.host_secret_file, draft.ctrl_secret_file}) {
        if (file.text.empty()) {
            continue;
        }
        const bool inside = file.text.starts_with(kHome);
        const std::string source =
            inside ? folder_ + "/" + file.text.substr(kHome.size()) : input_.root + file.text;
        if (Status taken = take_secret(source, file.text); !taken) {
            return std::move(taken).error().in(file.origin);
        }
    }
    needs_.modules = draft.plan.extra_modules;
    return base::done();
}

/// Form and check sum as the boot wants them.
Status Needs::take_secret(const std::string& source, const std::string& image) {
    TRY_VOID(add(source, image, Access::kPrivate));
    TRY(const base::Secret read, base::read_wiped(source));
    std::string text = read.reveal();
    if (auto secret = parse_secret(text); !secret) {
        return std::move(secret).error().in(source);
    }
    return base::done();
}

Status Needs::take_sealed() {
    constexpr std::string_view kPrefix = "nvmeroot.";
    const std::string store = "/etc/credstore.encrypted/";
    TRY(const bool there, is_there(input_.root + store));
    if (there && ::access((input_.root + store).c_str(), R_OK | X_OK) != 0) {
        return base::errno_error(errno, "look into " + input_.root + store);
    }
    for (const std::string& name : list_folder(input_.root + store)) {
        if (!name.starts_with(kPrefix)) {
            continue;
        }
        const std::string source = input_.root + store + name;
        const std::string key = name.substr(kPrefix.size());
        if (find_key(key) == nullptr) {
            return error(source + ": no such key" + suggest_key(key));
        }
        TRY_VOID(add(source, store + name, Access::kAnybody));
    }
    return base::done();
}

Status Needs::add(const std::string& source, const std::string& image, Access access) {
    TRY_VOID(check_image_path(image));
    TRY(const struct stat st, look_at(source));
    const bool closed = (st.st_mode & (S_IRWXG | S_IRWXO)) == 0;
    if (access == Access::kPrivate && !closed) {
        return error(base::format("%s has mode %04o: others could read the secret; chmod 0600 %s",
                                  source.c_str(), st.st_mode & 07777U, source.c_str()));
    }
    const auto same = [&](const ImageFile& file) { return file.image == image; };
    if (std::none_of(needs_.files.begin(), needs_.files.end(), same)) {
        needs_.files.push_back({source, image, closed && access != Access::kAnybody});
    }
    return base::done();
}

}  // namespace

base::Result<ImageNeeds> image_needs(const NeedsInput& input) {
    return Needs(input).run();
}

std::string needs_text(const ImageNeeds& needs) {
    std::string text;
    for (const ImageFile& file : needs.files) {
        text += std::string("file\t") + (file.is_private ? "600" : "644") + '\t' + file.source +
                '\t' + file.image + '\n';
    }
    for (const std::string& name : needs.modules) {
        text += "module\t" + name + '\n';
    }
    return text;
}

}  // namespace boot
