// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvmet/nvmetcli.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/json_value.h"
#include "base/secret_file.h"
#include "base/text.h"
#include "nvmet/validate.h"

namespace nvmet {
namespace {

using base::JsonMember;
using base::JsonValue;
using exports::Errors;

/// How the format holds a kind of object.
struct Form {
    Kind kind;
    std::string_view list;    ///< the member of the parent that has the objects
    std::string_view name;    ///< the member with the object's name; empty: it has none
    bool number;              ///< the name is a number
    std::string_view links;   ///< the member with its links
    std::string_view groups;  ///< that have members of their own, between spaces
    std::string_view bare;    ///< files next to the groups, as numbers
};

constexpr std::array kForms = {
    Form{Kind::kRoot, "", "", false, "", " ", " "},
    Form{Kind::kHost, "hosts", "nqn", false, "", " dhchap ", " "},
    Form{Kind::kSubsystem, "subsystems", "nqn", false, "allowed_hosts", " attr ", " "},
    Form{Kind::kNamespace, "namespaces", "nsid", true, "", " ana device resv ",
         " ana_grpid enable "},
    Form{Kind::kPassthru, "passthru", "", false, "", " device ",
         " admin_timeout clear_ids enable io_timeout "},
    Form{Kind::kPort, "ports", "portid", true, "subsystems", " addr param ", " "},
    Form{Kind::kAnaGroup, "ana_groups", "grpid", true, "", " ana ", " "},
    Form{Kind::kReferral, "referrals", "name", false, "", " addr ", " enable "},
};

const Form& form_of(Kind kind) {
    return kForms[static_cast<size_t>(kind)];
}

bool among(std::string_view words, std::string_view word) {
    return words.find(" " + std::string(word) + " ") != std::string_view::npos;
}

/// A file's group and its name there; no group: it has no place in one.
std::pair<std::string_view, std::string_view> split_name(const Form& form, std::string_view file) {
    const size_t underscore = file.find('_');
    if (underscore == std::string_view::npos || !among(form.groups, file.substr(0, underscore))) {
        return {"", file};
    }
    return {file.substr(0, underscore), file.substr(underscore + 1)};
}

class JsonReader {
  public:
    explicit JsonReader(std::string path) : path_(std::move(path)) {}

    base::Result<Wanted, Errors> read(const JsonValue& document) {
        Wanted wanted;
        if (document.type != JsonValue::Type::kObject) {
            return Errors{path_ + ": not an object"};
        }
        take(document, path_, wanted.state);
        if (!errors_.empty()) {
            return std::move(errors_);
        }
        sort(wanted.state);
        wanted.warnings = std::move(warnings_);
        for (std::string& text : look_at_names(wanted.state)) {
            wanted.warnings.push_back(std::move(text));
        }
        wanted.says_nothing = document.members.empty();
        return wanted;
    }

  private:
    void take(const JsonValue& value, const std::string& place, Object& object);
    void take_member(const std::string& name, const JsonValue& value, const std::string& place,
                     Object& object);
    void take_children(const Form& form, const JsonValue& list, const std::string& place,
                       Object& parent);
    void take_links(const JsonValue& list, const std::string& place, Object& object);
    void take_group(const std::string& group, const JsonValue& members, const std::string& place,
                    Object& object);
    void take_value(const std::string& file, const JsonValue& value, const std::string& place,
                    Object& object);
    bool take_key_file(const std::string& file, const JsonValue& value, const std::string& place,
                       Object& object);
    bool take_name(const Form& form, const JsonValue& value, const std::string& place,
                   Object& object);

    void complain(const std::string& place, const std::string& text) {
        errors_.push_back(place + ": " + text);
    }

    std::string path_;
    Errors errors_;
    std::vector<std::string> warnings_;
};

void JsonReader::take(const JsonValue& value, const std::string& place, Object& object) {
    if (object.kind == Kind::kHost) {
        object.attributes["dhchap_key"] = "";
        object.attributes["dhchap_ctrl_key"] = "";
    }
    for (const auto& [name, member] : value.members) {
        take_member(name, member, place, object);
    }
    if (object.kind == Kind::kHost && object.get("dhchap_key").empty()) {
        warnings_.push_back(place + ": no key: anyone who claims this NQN may connect");
    }
}

void JsonReader::take_member(const std::string& name, const JsonValue& value,
                             const std::string& place, Object& object) {
    const Form& form = form_of(object.kind);
    if (name == form.name) {
        return;
    }
    if (name == form.links && !name.empty()) {
        take_links(value, place + " " + name, object);
    } else if (among(form.groups, name)) {
        take_group(name, value, place, object);
    } else if (among(form.bare, name)) {
        take_value(name, value, place, object);
    } else {
        const auto* child = std::ranges::find_if(kForms, [&](const Form& each) {
            return each.list == name && info(each.kind).parent == object.kind;
        });
        if (child == kForms.end() || name.empty()) {
            complain(place, "no such member: " + base::quoted(name));
            return;
        }
        take_children(*child, value, place, object);
    }
}

void JsonReader::take_links(const JsonValue& list, const std::string& place, Object& object) {
    if (list.type != JsonValue::Type::kArray) {
        complain(place, "not a list");
    }
    for (const JsonValue& item : list.items) {
        if (item.type != JsonValue::Type::kString) {
            complain(place, "an entry is not a string");
        } else {
            object.links.emplace(item.text, item.text);
        }
    }
}

bool JsonReader::take_name(const Form& form, const JsonValue& value, const std::string& place,
                           Object& object) {
    const JsonValue& name = value[form.name];
    if (form.name.empty()) {
        return true;
    }
    const auto wanted = form.number ? JsonValue::Type::kNumber : JsonValue::Type::kString;
    const bool text = name.type == JsonValue::Type::kString;
    if (name.type != wanted && !text) {
        complain(place, "no " + std::string(form.name));
        return false;
    }
    object.name = name.text;
    const uint64_t max = form.kind == Kind::kPort        ? UINT16_MAX
                         : form.kind == Kind::kNamespace ? UINT32_MAX - 1
                                                         : kMaxAnaGroup;
    if (form.number && !base::parse_u64(name.text, max)) {
        complain(place, std::string(form.name) + ": " + base::quoted(name.text) +
                            " is not a valid number");
        return false;
    }
    if (object.name.empty() || object.name.find('/') != std::string::npos ||
        object.name.starts_with('.')) {
        complain(place, base::quoted(object.name) + " cannot name a directory");
        return false;
    }
    return true;
}

void JsonReader::take_children(const Form& form, const JsonValue& list, const std::string& place,
                               Object& parent) {
    if (list.type != JsonValue::Type::kArray) {
        complain(place + " " + std::string(form.list), "not a list");
        return;
    }
    for (const JsonValue& item : list.items) {
        Object child{form.kind, "", {}, {}, {}};
        if (!take_name(form, item, place + " " + std::string(form.list), child)) {
            continue;
        }
        child.place = place + " " + child.title();
        if (parent.find(child.kind, child.name) != nullptr) {
            complain(child.place, "is given twice");
            continue;
        }
        take(item, child.place, child);
        parent.children.push_back(std::move(child));
    }
}

void JsonReader::take_group(const std::string& group, const JsonValue& members,
                            const std::string& place, Object& object) {
    if (members.type != JsonValue::Type::kObject) {
        complain(place + " " + group, "not an object");
    }
    for (const auto& [name, value] : members.members) {
        take_value(group + "_" + name, value, place, object);
    }
}

/// `key_file` and `ctrl_key_file`.
bool JsonReader::take_key_file(const std::string& file, const JsonValue& value,
                               const std::string& place, Object& object) {
    constexpr std::string_view kSuffix = "_file";
    const Attribute* row =
        file.ends_with(kSuffix)
            ? find_file(object.kind, file.substr(0, file.size() - kSuffix.size()))
            : nullptr;
    if (row == nullptr || !row->secret()) {
        return false;
    }
    const std::string folder = exports::folder_of(path_);
    const bool relative = !value.text.starts_with('/') && !folder.empty();
    const std::string key_path = (relative ? folder + "/" : "") + value.text;
    const auto secret = base::read_secret_file(key_path);
    const auto key =
        secret ? row->canonical(*row, secret->reveal()) : base::Result<std::string>(secret.error());
    if (!key || key->empty()) {
        complain(place, key ? key_path + " is empty" : key.error().text);
    } else {
        object.attributes[std::string(row->file)] = *key;
    }
    return true;
}

void JsonReader::take_value(const std::string& file, const JsonValue& value,
                            const std::string& place, Object& object) {
    if (take_key_file(file, value, place, object)) {
        return;
    }
    const Attribute* row = find_file(object.kind, file);
    if (row == nullptr || row->change == Change::kTrigger) {
        complain(place, "no such attribute: " + base::quoted(file));
        return;
    }
    if (value.type == JsonValue::Type::kArray || value.type == JsonValue::Type::kObject) {
        complain(place + " " + file, "not a scalar");
        return;
    }
    // The kernel's values of a port that has not been enabled yet, and nvmetcli's values for a
    // kernel without ANA.
    const bool unset = value.text.empty() || (object.kind == Kind::kPort && value.text == "-1") ||
                       (file == "ana_grpid" && value.text == "0");
    if (value.type == JsonValue::Type::kNull || unset) {
        return;
    }
    if (const auto mode = base::check_private(path_); row->secret() && !mode) {
        complain(place + " " + file, "contains a secret: " + mode.error().text);
        return;
    }
    auto canonical = row->canonical(*row, value.text);
    if (!canonical) {
        complain(place + " " + file, canonical.error().text);
        return;
    }
    object.attributes[file] = std::move(*canonical);
}

/// A document as Python's json.dumps(sort_keys=True, indent=2) writes it.
class PrettyJson {
  public:
    static std::string text(const JsonValue& value) {
        PrettyJson pretty;
        pretty.write(value, 0);
        return pretty.out_ + "\n";
    }

  private:
    void line(int depth) { out_ += "\n" + std::string(static_cast<size_t>(depth) * 2, ' '); }
    void string(std::string_view text);
    void write(const JsonValue& value, int depth);

    std::string out_;
};

/// Unlike base/json.h all but ASCII is escaped, as Python does it: UTF-16 in \u
/// form.
void PrettyJson::string(std::string_view text) {
    out_ += '"';
    for (size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        uint32_t point = length == 1 ? lead : lead & (0xFFU >> (length + 1));
        for (size_t k = 1; k < length && i + k < text.size(); ++k) {
            point = point << 6U | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
        }
        i += length;
        if (point == '"' || point == '\\') {
            out_ += {'\\', static_cast<char>(point)};
        } else if (point >= ' ' && point < 0x7F) {
            out_ += static_cast<char>(point);
        } else if (point >= 0x10000) {
            out_ += base::format("\\u%04x\\u%04x", 0xD800 + ((point - 0x10000) >> 10U),
                                 0xDC00 + ((point - 0x10000) & 0x3FFU));
        } else {
            out_ += base::format("\\u%04x", point);
        }
    }
    out_ += '"';
}

void PrettyJson::write(const JsonValue& value, int depth) {
    using Type = JsonValue::Type;
    if (value.type == Type::kString) {
        string(value.text);
        return;
    }
    if (value.type != Type::kArray && value.type != Type::kObject) {
        out_ += value.text;
        return;
    }
    const bool list = value.type == Type::kArray;
    auto members = value.members;
    std::ranges::sort(members, {}, &JsonMember::name);
    const size_t count = list ? value.items.size() : members.size();
    out_ += list ? '[' : '{';
    for (size_t i = 0; i < count; ++i) {
        line(depth + 1);
        if (!list) {
            string(members[i].name);
            out_ += ": ";
        }
        write(list ? value.items[i] : members[i].value, depth + 1);
        out_ += i + 1 < count ? "," : "";
    }
    if (count > 0) {
        line(depth);
    }
    out_ += list ? ']' : '}';
}

JsonValue scalar(JsonValue::Type type, const std::string& text) {
    return {type, text, {}, {}};
}

class JsonSaver {
  public:
    explicit JsonSaver(const KeyFiles& keys) : keys_(keys) {}

    JsonValue save(const Object& object, const std::string& title);
    std::vector<std::string> left_out;

  private:
    void save_attribute(const Attribute& row, const Object& object, const std::string& title,
                        JsonValue& into);
    void put_in_group(JsonValue& object, std::string_view group, const std::string& name,
                      const std::string& text);
    void save_children(const Object& object, const std::string& title, JsonValue& into);

    const KeyFiles& keys_;
};

void JsonSaver::put_in_group(JsonValue& object, std::string_view group, const std::string& name,
                             const std::string& text) {
    auto found = std::ranges::find(object.members, group, &JsonMember::name);
    if (found == object.members.end()) {
        object.members.push_back(
            {std::string(group), JsonValue{JsonValue::Type::kObject, "", {}, {}}});
        found = std::prev(object.members.end());
    }
    found->value.members.push_back({name, scalar(JsonValue::Type::kString, text)});
}

void JsonSaver::save_attribute(const Attribute& row, const Object& object, const std::string& title,
                               JsonValue& into) {
    const Form& form = form_of(object.kind);
    const std::string file(row.file);
    const std::string& value = object.get(row.file);
    const auto [group, name] = split_name(form, row.file);
    if (row.secret()) {
        const auto key = keys_.find({object.name, file});
        if (key != keys_.end()) {
            put_in_group(into, group, std::string(name) + "_file", key->second);
        }
        return;
    }
    const bool keyless = object.kind == Kind::kHost && object.get("dhchap_key").empty();
    if (!group.empty() && !keyless) {
        const bool null_path = row.file == "device_path" && value.empty();
        put_in_group(into, group, std::string(name), null_path ? "(null)" : value);
    }
    if (among(form.bare, row.file)) {
        into.members.push_back({file, scalar(JsonValue::Type::kNumber, value)});
    } else if (group.empty() && value != fresh_value(row, object.name)) {
        left_out.push_back(title + ": " + file + " = " + value +
                           ": the format of nvmetcli cannot express it");
    }
}

void JsonSaver::save_children(const Object& object, const std::string& title, JsonValue& into) {
    for (const Form& form : kForms) {
        if (form.list.empty() || info(form.kind).parent != object.kind) {
            continue;
        }
        JsonValue list{JsonValue::Type::kArray, "", {}, {}};
        for (const Object* child : object.all(form.kind)) {
            const std::string child_title = (title.empty() ? "" : title + " ") + child->title();
            list.items.push_back(save(*child, child_title));
        }
        if (form.kind != Kind::kPassthru || !list.items.empty()) {
            into.members.push_back({std::string(form.list), std::move(list)});
        }
    }
}

JsonValue JsonSaver::save(const Object& object, const std::string& title) {
    const Form& form = form_of(object.kind);
    JsonValue value{JsonValue::Type::kObject, "", {}, {}};
    for (const Attribute& row : attributes()) {
        if (row.kind == object.kind && row.change != Change::kTrigger &&
            object.attributes.contains(row.file)) {
            save_attribute(row, object, title, value);
        }
    }
    if (!form.name.empty()) {
        value.members.push_back(
            {std::string(form.name),
             scalar(form.number ? JsonValue::Type::kNumber : JsonValue::Type::kString,
                    object.name)});
    }
    if (!form.links.empty()) {
        JsonValue list{JsonValue::Type::kArray, "", {}, {}};
        for (const auto& [target, name] : object.links) {
            list.items.push_back(scalar(JsonValue::Type::kString, target));
        }
        value.members.push_back({std::string(form.links), std::move(list)});
    }
    save_children(object, title, value);
    const auto number = base::parse_u64(object.name);
    if (form.number && form.kind != Kind::kAnaGroup && number && *number > 8192) {
        left_out.push_back(title + ": nvmetcli itself supports no number above 8192");
    }
    return value;
}

}  // namespace

bool looks_like_json(std::string_view text) {
    return base::trim(base::without_byte_order_mark(text)).starts_with('{');
}

base::Result<Wanted, Errors> parse_nvmetcli(std::string_view text, const std::string& path) {
    const auto document = JsonValue::parse(text, path);
    if (!document) {
        return Errors{document.error().text};
    }
    return JsonReader(path).read(*document);
}

SavedJson to_nvmetcli(const Object& state, const KeyFiles& keys) {
    JsonSaver saver(keys);
    const JsonValue document = saver.save(state, "");
    return {PrettyJson::text(document), std::move(saver.left_out)};
}

}  // namespace nvmet
