// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/fake_configfs.h"

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "nvme/nqn.h"

namespace support {
namespace {

using base::errno_error;
using base::Status;
using nvmet::Attribute;
using nvmet::Kind;
using nvmet::TreeEntry;

std::string parent_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::string name_of(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

const std::map<std::string, Kind> kParents = {
    {"hosts", Kind::kHost},          {"subsystems", Kind::kSubsystem},
    {"ports", Kind::kPort},          {"namespaces", Kind::kNamespace},
    {"ana_groups", Kind::kAnaGroup}, {"referrals", Kind::kReferral},
};

/// The kernel's values of a new object that the table does not specify.
std::string kernel_value(const Attribute& row, const std::string& name, int serial) {
    static const std::map<std::string_view, std::string> kValues = {
        {"attr_version", "1.3"},
        {"attr_model", "Linux"},
        {"attr_firmware", "6.12.0"},
        {"attr_vendor_id", "0x0"},
        {"attr_subsys_vendor_id", "0x0"},
        {"device_path", "(null)"},
        {"param_inline_data_size", "-1"},
        {"param_max_queue_size", "-1"},
        {"param_mdts", "-1"},
        {"addr_adrfam", "pcie"},
        {"addr_tsas", "reserved"},
    };
    if (row.file == "attr_serial") {
        return base::format("%016x    ", 0x5e1a1000 + serial);
    }
    if (row.file == "device_uuid") {
        return base::format("11111111-2222-4333-8444-%012x", serial);
    }
    const auto value = kValues.find(row.file);
    return value == kValues.end() ? std::string(nvmet::fresh_value(row, name)) : value->second;
}

bool frozen_once_discovered(const std::string& name) {
    return name == "attr_version" || name == "attr_serial" || name == "attr_model" ||
           name == "attr_firmware" || name == "attr_ieee_oui";
}

}  // namespace

FakeConfigfs::FakeConfigfs(std::set<std::string> absent) : absent_(std::move(absent)) {
    add_folder("", Kind::kRoot);
}

void FakeConfigfs::add_folder(const std::string& path, Kind kind) {
    if (absent_.contains(std::string(nvmet::info(kind).name) + "/*")) {
        return;
    }
    Folder folder{kind, {}};
    ++serials_;
    for (const Attribute& row : nvmet::attributes()) {
        const std::string id = std::string(nvmet::info(kind).name) + "/" + std::string(row.file);
        if (row.kind == kind && !absent_.contains(id)) {
            folder.files[std::string(row.file)] = kernel_value(row, name_of(path), serials_);
        }
    }
    folders_.emplace(path, std::move(folder));
    if (kind == Kind::kSubsystem) {
        add_folder(path + "/passthru", Kind::kPassthru);
    }
    if (kind == Kind::kPort) {
        add_folder(path + "/ana_groups/1", Kind::kAnaGroup);
    }
}

base::Result<std::vector<TreeEntry>> FakeConfigfs::list(const std::string& folder) {
    std::map<std::string, TreeEntry::Type> found;
    const std::string prefix = folder.empty() ? "" : folder + "/";
    const auto add = [&](const std::string& path, TreeEntry::Type type) {
        if (path.starts_with(prefix) && path.size() > prefix.size()) {
            const std::string rest = path.substr(prefix.size());
            const size_t slash = rest.find('/');
            found.emplace(rest.substr(0, slash),
                          slash == std::string::npos ? type : TreeEntry::Type::kFolder);
        }
    };
    for (const auto& [path, content] : folders_) {
        add(path, TreeEntry::Type::kFolder);
    }
    for (const auto& [path, target] : links_) {
        add(path, TreeEntry::Type::kLink);
    }
    if (const auto own = folders_.find(folder); own != folders_.end()) {
        for (const auto& [name, value] : own->second.files) {
            found.emplace(name, TreeEntry::Type::kFile);
        }
    }
    std::vector<TreeEntry> entries;
    for (const auto& [name, type] : found) {
        entries.push_back({name, type});
    }
    return entries;
}

base::Result<std::string> FakeConfigfs::read(const std::string& file) {
    const auto folder = folders_.find(parent_of(file));
    if (folder == folders_.end() || !folder->second.files.contains(name_of(file))) {
        return errno_error(ENOENT, file);
    }
    return std::string(base::trim(folder->second.files.at(name_of(file))));
}

base::Result<std::string> FakeConfigfs::link_target(const std::string& link) {
    return name_of(links_.at(link));
}

Status FakeConfigfs::count(const std::string& change) {
    if (countdown_ > 0 && --countdown_ == 0) {
        return errno_error(EIO, change);
    }
    changes.push_back(change);
    return base::done();
}

bool FakeConfigfs::port_serves(const std::string& port) const {
    const auto first = links_.lower_bound(port + "/subsystems/");
    return first != links_.end() && first->first.starts_with(port + "/subsystems/");
}

/// Whether the object refuses changes: a port that serves, a namespace or referral in use.
bool FakeConfigfs::enabled(const std::string& path) const {
    const Folder& folder = folders_.at(path);
    const auto flag = folder.files.find("enable");
    return folder.kind == Kind::kPort ? port_serves(path)
                                      : flag != folder.files.end() && flag->second == "1";
}

Status FakeConfigfs::check_enable(const std::string& folder, const std::string& value) {
    const Folder& object = folders_.at(folder);
    if (value != "1" || object.kind == Kind::kReferral) {
        return base::done();
    }
    const std::string& path = object.files.at("device_path");
    if (path == "(null)" || path.starts_with("/absent")) {
        return errno_error(ENOENT, folder + "/enable");
    }
    const std::string subsystem =
        object.kind == Kind::kPassthru ? parent_of(folder) : parent_of(parent_of(folder));
    for (const auto& [other, content] : folders_) {
        const bool rival = content.kind == Kind::kPassthru || content.kind == Kind::kNamespace;
        if (rival && other.starts_with(subsystem + "/") && content.kind != object.kind &&
            content.files.at("enable") == "1") {
            return errno_error(EINVAL, folder + "/enable");
        }
    }
    return base::done();
}

Status FakeConfigfs::check_value(const std::string& folder, const std::string& name,
                                 const std::string& value) {
    const Folder& object = folders_.at(folder);
    const std::string path = folder + "/" + name;
    const Attribute& row = *nvmet::find_file(object.kind, name);
    if (value.empty() || !row.canonical(row, value) || (name == "param_mdts" && value == "-1")) {
        return errno_error(EINVAL, path);
    }
    if (name == "enable") {
        return check_enable(folder, value);
    }
    const bool live = name == "ana_grpid" || name == "revalidate_size";
    if (object.kind != Kind::kRoot && !live && enabled(folder)) {
        return errno_error(object.kind == Kind::kPort ? EACCES : EBUSY, path);
    }
    if (frozen_once_discovered(name) && discovered_.contains(name_of(folder))) {
        return errno_error(EINVAL, path);
    }
    const auto number = [&](const char* file) { return std::stoi(object.files.at(file)); };
    if ((name == "attr_cntlid_min" && std::stoi(value) > number("attr_cntlid_max")) ||
        (name == "attr_cntlid_max" && std::stoi(value) < number("attr_cntlid_min"))) {
        return errno_error(EINVAL, path);
    }
    const auto admitted = links_.lower_bound(folder + "/allowed_hosts/");
    if (name == "attr_allow_any_host" && value == "1" && admitted != links_.end() &&
        admitted->first.starts_with(folder + "/allowed_hosts/")) {
        return errno_error(EINVAL, path);
    }
    if (name == "addr_tsas" && object.files.at("addr_trtype") != "tcp") {
        return errno_error(EINVAL, path);
    }
    if (name == "addr_treq" && value == "not specified" && object.files.contains("addr_tsas") &&
        object.files.at("addr_tsas") == "tls1.3") {
        return errno_error(EINVAL, path);
    }
    return base::done();
}

Status FakeConfigfs::write(const std::string& file, std::string_view value) {
    const std::string folder = parent_of(file);
    const std::string name = name_of(file);
    const std::string text(value);
    const auto found = folders_.find(folder);
    if (found == folders_.end() || !found->second.files.contains(name)) {
        return errno_error(ENOENT, file);
    }
    if (auto fault = count("write " + file); !fault) {
        return fault;
    }
    if (auto valid = check_value(folder, name, text); !valid) {
        changes.pop_back();
        return valid;
    }
    auto& files = found->second.files;
    const std::string before = files[name];
    files[name] = text;
    if (name == "addr_trtype" && found->second.kind == Kind::kPort && files.contains("addr_tsas")) {
        files["addr_tsas"] = text == "tcp" ? "none" : text == "rdma" ? "connected" : "reserved";
    }
    if (name == "addr_tsas" && text == "tls1.3" && files["addr_treq"] == "not specified") {
        files["addr_treq"] = "required";
    } else if (name == "addr_tsas" && text == "none") {
        files["addr_treq"] = "not specified";
    }
    if (name == "attr_qid_max" || (name == "enable" && before == "1" && text == "0")) {
        disconnects.push_back(name == "enable" ? file : name_of(folder));
    }
    if (name == "revalidate_size") {
        files[name] = "";
    }
    return base::done();
}

Status FakeConfigfs::make_folder(const std::string& folder) {
    const std::string name = name_of(folder);
    const auto kind = kParents.find(name_of(parent_of(folder)));
    const std::string owner = parent_of(parent_of(folder));
    if (kind == kParents.end() || !folders_.contains(owner) ||
        folders_.at(owner).kind != nvmet::info(kind->second).parent) {
        return errno_error(EPERM, folder);
    }
    if (folders_.contains(folder)) {
        return errno_error(EEXIST, folder);
    }
    const auto number = base::parse_u64(name);
    const uint64_t value = number ? *number : UINT64_MAX;
    const bool valid =
        kind->second == Kind::kPort        ? value <= UINT16_MAX
        : kind->second == Kind::kNamespace ? value >= 1 && value < UINT32_MAX
        : kind->second == Kind::kAnaGroup  ? value >= 2 && value <= 128
        : kind->second == Kind::kSubsystem
            ? name != nvme::kDiscoveryNqn && (!folders_.at("").files.contains("discovery_nqn") ||
                                              name != folders_.at("").files.at("discovery_nqn"))
            : true;
    if (!valid) {
        return errno_error(EINVAL, folder);
    }
    if (auto fault = count("mkdir " + folder); !fault) {
        return fault;
    }
    add_folder(folder, kind->second);
    return base::done();
}

Status FakeConfigfs::remove_folder(const std::string& folder) {
    const auto found = folders_.find(folder);
    if (found == folders_.end()) {
        return errno_error(ENOENT, folder);
    }
    if (found->second.kind == Kind::kPassthru ||
        (found->second.kind == Kind::kAnaGroup && name_of(folder) == "1")) {
        return errno_error(EPERM, folder);
    }
    for (const auto& [link, target] : links_) {
        if (target == folder) {
            return errno_error(EBUSY, folder);
        }
        if (link.starts_with(folder + "/")) {
            return errno_error(ENOTEMPTY, folder);
        }
    }
    for (const auto& [path, content] : folders_) {
        const bool comes_with_it = path == folder + "/passthru" || path == folder + "/ana_groups/1";
        if (path.starts_with(folder + "/") && !comes_with_it) {
            return errno_error(ENOTEMPTY, folder);
        }
    }
    if (auto fault = count("rmdir " + folder); !fault) {
        return fault;
    }
    folders_.erase(folder + "/passthru");
    folders_.erase(folder + "/ana_groups/1");
    folders_.erase(folder);
    if (parent_of(folder) == "subsystems") {
        discovered_.erase(name_of(folder));
    }
    return base::done();
}

Status FakeConfigfs::enable_port(const std::string& port) {
    auto& files = folders_.at(port).files;
    const std::string& type = files["addr_trtype"];
    const auto pi = files.find("param_pi_enable");
    if (type.empty() || (pi != files.end() && pi->second == "1" && type != "rdma")) {
        return errno_error(EINVAL, port);
    }
    for (const auto& [other, content] : folders_) {
        if (content.kind == Kind::kPort && other != port && port_serves(other) &&
            content.files.at("addr_traddr") == files["addr_traddr"] &&
            content.files.at("addr_trsvcid") == files["addr_trsvcid"]) {
            return errno_error(EADDRINUSE, port);
        }
    }
    for (const auto& [name, chosen] : std::map<std::string, std::string>{
             {"param_inline_data_size", "16384"}, {"param_max_queue_size", "1024"}}) {
        if (files.contains(name) && files[name] == "-1") {
            files[name] = chosen;
        }
    }
    return base::done();
}

Status FakeConfigfs::make_link(const std::string& link, const std::string& target) {
    if (links_.contains(link)) {
        return errno_error(EEXIST, link);
    }
    if (!folders_.contains(target)) {
        return errno_error(ENOENT, link);
    }
    const std::string owner = parent_of(parent_of(link));
    const Folder& object = folders_.at(owner);
    if (folders_.at(target).kind != nvmet::info(object.kind).linked) {
        return errno_error(EINVAL, link);
    }
    if (object.kind == Kind::kSubsystem && object.files.at("attr_allow_any_host") == "1") {
        return errno_error(EINVAL, link);
    }
    if (auto fault = count("link " + link); !fault) {
        return fault;
    }
    if (object.kind == Kind::kPort && !port_serves(owner)) {
        if (auto up = enable_port(owner); !up) {
            changes.pop_back();
            return up;
        }
    }
    links_.emplace(link, target);
    return base::done();
}

Status FakeConfigfs::remove_link(const std::string& link) {
    if (!links_.contains(link)) {
        return errno_error(ENOENT, link);
    }
    if (auto fault = count("unlink " + link); !fault) {
        return fault;
    }
    if (link.starts_with("ports/")) {
        disconnects.push_back(name_of(links_.at(link)));
    }
    links_.erase(link);
    return base::done();
}

Status FakeConfigfs::close_file(const std::string& file) {
    closed.insert(file);
    return base::done();
}

std::map<std::string, std::string> FakeConfigfs::snapshot() const {
    std::map<std::string, std::string> all = links_;
    for (const auto& [path, folder] : folders_) {
        all.emplace(path + "/", "");
        for (const auto& [name, value] : folder.files) {
            all.emplace(nvmet::inside(path, name), value);
        }
    }
    return all;
}

}  // namespace support
