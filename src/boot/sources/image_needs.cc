// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/sources/image_needs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "base/secret_file.h"
#include "base/sysfs.h"
#include "base/text.h"
#include "boot/plan/secrets.h"
#include "boot/sources/image_files.h"
#include "boot/sources/keys.h"
#include "boot/sources/load_plan.h"

namespace boot {
namespace {

constexpr std::string_view kHome = "/etc/nvmeroot/";
constexpr const char* kStore = "/etc/credstore.encrypted";
constexpr std::string_view kSealed = "nvmeroot.";
/// The directories over which the boot mounts its own file systems; /var/lock is a link to one.
constexpr std::string_view kCovered[] = {"/dev/", "/proc/",    "/run/",
                                         "/sys/", "/var/run/", "/var/lock/"};

/// The path without what changes nothing: empty parts and single dots.
std::string plain_path(std::string_view path) {
    std::string text;
    for (const std::string_view part : base::split(path, '/')) {
        if (!part.empty() && part != ".") {
            text.append("/").append(part);
        }
    }
    return text;
}

struct Free {
    void operator()(char* text) const { std::free(text); }
};

/// Whether `path`, which begins with `root`, is by its links another machine's: this one's.
bool leads_out_of(const std::string& root, const std::string& path) {
    const std::unique_ptr<char, Free> folder(::realpath(root.c_str(), nullptr));
    const std::unique_ptr<char, Free> file(::realpath(path.c_str(), nullptr));
    return folder && file && !plain_path(file.get()).starts_with(plain_path(folder.get()) + "/");
}

/// The readers of a file in the image.
enum class Access {
    kAsHere,   ///< who may read it on this machine
    kPrivate,  ///< root; others must not be able to read it here either
    kAnybody,  ///< it is of no use to others
};

/// Collects the lines; after the first error nothing is added any more.
class Needs {
  public:
    explicit Needs(const NeedsInput& input)
        : input_(input),
          folder_(input.folder.empty() ? input.root + "/etc/nvmeroot" : input.folder) {}

    base::Result<std::string> run();

  private:
    bool is_there(const std::string& path);
    bool is_open(const std::string& folder);
    void take_folder();
    void take_config(const std::string& path);
    void take_secret(const std::string& image);
    void take_sealed();
    void refuse_sealed();
    void add(const std::string& source, const std::string& image, Access access);
    void fail(const std::string& subject, const char* why);

    const NeedsInput& input_;
    std::string folder_;
    std::string text_;
    base::Error error_;
};

base::Result<std::string> Needs::run() {
    if (!input_.folder.empty() || is_there(folder_)) {
        take_folder();
    }
    if (input_.sealed) {
        take_sealed();
    } else if (plain_path(folder_) == plain_path(input_.root + "/etc/nvmeroot")) {
        refuse_sealed();
    }
    if (!error_.text.empty()) {
        return error_;
    }
    return text_;
}

void Needs::fail(const std::string& subject, const char* why) {
    if (error_.text.empty()) {
        error_.text = subject + " " + why;
    }
}

/// Whether something has this name, if only a link that leads nowhere.
bool Needs::is_there(const std::string& path) {
    struct stat st {};
    if (::lstat(path.c_str(), &st) == 0) {
        return true;
    }
    if (errno != ENOENT) {
        fail(path, "cannot be examined");
    }
    return false;
}

bool Needs::is_open(const std::string& folder) {
    const bool open = ::access((folder + "/.").c_str(), R_OK | X_OK) == 0;
    if (!open) {
        fail(folder, "is not a readable directory");
    }
    return open;
}

void Needs::take_folder() {
    if (!is_open(folder_)) {
        return;
    }
    const std::string config = folder_ + "/nvmeroot.conf";
    if (is_there(config)) {
        take_config(config);
    }
    for (const char* name : {"/dhchap_secret", "/dhchap_ctrl_secret"}) {
        if (is_there(folder_ + name)) {
            take_secret("/etc/nvmeroot" + std::string(name));
        }
    }
    if (text_.empty() && !input_.folder.empty()) {
        fail(folder_, "has neither nvmeroot.conf nor dhchap_secret nor dhchap_ctrl_secret");
    }
}

void Needs::take_config(const std::string& path) {
    add(path, std::string(kHome) + "nvmeroot.conf", Access::kAsHere);
    if (!error_.text.empty()) {
        return;
    }
    PlanInput input;
    input.config = path;
    input.file_alone = true;
    const LoadedPlan loaded = load_plan(input, base::SysPaths());
    if (!loaded.errors.empty()) {
        error_ = loaded.failure().error;
        return;
    }
    for (const PlanValue& value : loaded.values) {
        if (value.key.ends_with("_file") && !value.value.empty()) {
            take_secret(value.value);
        }
    }
    for (const std::string& name : loaded.plan.extra_modules) {
        text_ += "module\t" + name + '\n';
    }
}

/// Form and checksum as the boot requires. @param image  its path in the image
void Needs::take_secret(const std::string& image) {
    const bool inside = image.starts_with(kHome);
    const std::string source =
        inside ? folder_ + "/" + image.substr(kHome.size()) : input_.root + image;
    add(source, image, Access::kPrivate);
    if (!error_.text.empty()) {
        return;
    }
    auto read = base::read_wiped(source);
    std::string text = read ? read->reveal() : "";
    if (const auto secret = parse_secret(text); !secret) {
        error_ = secret.error().in(source);
    }
}

void Needs::take_sealed() {
    const std::string store = input_.root + kStore;
    if (!is_there(store) || !is_open(store)) {
        return;
    }
    for (const std::string& name : list_folder(store)) {
        if (!name.starts_with(kSealed)) {
            continue;
        }
        const std::string image = std::string(kStore) + "/" + name;
        if (find_key(name.substr(kSealed.size())) == nullptr) {
            fail(input_.root + image, "does not belong to any key");
        }
        add(input_.root + image, image, Access::kAnybody);
    }
}

/// A secret that this machine has and the image cannot is not left out in silence.
void Needs::refuse_sealed() {
    const std::string store = input_.root + kStore;
    for (const std::string& name : list_folder(store)) {
        if (name.starts_with(kSealed)) {
            fail(store + "/" + name,
                 "is sealed, and an image without systemd cannot decrypt it; put its text into "
                 "/etc/nvmeroot and remove the file, or build with nvmeroot_config=no");
        }
    }
}

void Needs::add(const std::string& source, const std::string& image, Access access) {
    const std::string place = plain_path(image);
    bool covered = place.find("/../") != std::string::npos;
    for (const std::string_view folder : kCovered) {
        covered |= place.starts_with(folder);
    }
    if (covered) {
        fail(image,
             "cannot come from an image, because the boot mounts another file system there; put it "
             "below /etc/nvmeroot");
    }
    for (const char c : image) {
        if (c == '\t' || c == '\n') {
            fail(base::quoted(image), "cannot be in a list of paths");
        }
    }
    if (const char* fault = file_fault(source); fault != nullptr) {
        fail(source, fault);
    } else if (::access(source.c_str(), R_OK) != 0) {
        fail(source, "cannot be read");
    } else if (!input_.root.empty() && source == input_.root + image &&
               leads_out_of(input_.root, source)) {
        fail(source, "is a link to a file of this machine, but the image is for another machine");
    }
    struct stat st {};
    const bool closed = ::stat(source.c_str(), &st) == 0 && (st.st_mode & 077U) == 0;
    if (access == Access::kPrivate && !closed) {
        fail(source,
             "can be read by users other than its owner, who could take the secret; chmod 0600");
    }
    if (text_.find("\t" + image + "\n") == std::string::npos) {
        text_ += (closed && access != Access::kAnybody ? "file\t600\t" : "file\t644\t") + source +
                 '\t' + image + '\n';
    }
}

}  // namespace

base::Result<std::string> image_needs(const NeedsInput& input) {
    return Needs(input).run();
}

}  // namespace boot
