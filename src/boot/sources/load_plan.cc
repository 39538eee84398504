// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/sources/load_plan.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/default_file.h"
#include "base/ini.h"
#include "base/join.h"
#include "base/secret_file.h"
#include "base/text.h"
#include "boot/net/ip_options.h"
#include "boot/net/network_options.h"
#include "boot/plan/secrets.h"
#include "boot/plan/words.h"
#include "boot/sources/credentials.h"
#include "boot/sources/image_files.h"
#include "boot/sources/nbft_source.h"
#include "boot/sources/sources.h"
#include "boot/sources/target_choice.h"
#include "boot/sources/unread_files.h"

namespace boot {
namespace {

/// The two ways to give one secret, and the file that is looked for when neither is used.
struct SecretKeys {
    KeyId text_key;
    KeyId file_key;
    std::string_view default_file;  ///< in /etc
};
constexpr SecretKeys kHostSecret = {KeyId::kHostSecret, KeyId::kHostSecretFile,
                                    "/nvmeroot/dhchap_secret"};
constexpr SecretKeys kCtrlSecret = {KeyId::kCtrlSecret, KeyId::kCtrlSecretFile,
                                    "/nvmeroot/dhchap_ctrl_secret"};

constexpr std::string_view kNobody = "neither the command line nor nvmeroot.conf names a target";

/// Collects what load_plan finds out; each step continues after an error of another.
class Planner {
  public:
    Planner(const PlanInput& input, const base::SysPaths& sys) : input_(input), sys_(sys) {}

    LoadedPlan run();

  private:
    void read_sources();
    void read_file(const std::string& path);
    bool decide_whether_asked();
    void look_at_firmware();
    void apply_keys();
    void apply_key(const Key& key, KeyValues& values);
    void judge_vain_words();
    void finish_network();
    void apply_network_words();
    void finish_target();
    void finish_identity();
    void finish_auth();
    void decide_auth_mode();
    void finish_secret(const SecretKeys& keys, Given file, base::Secret& secret);
    void meet_demand(const SecurityDemand& demand);
    void check_combinations();
    void decide_audit();

    void fail(std::string text) { loaded_.errors.push_back(std::move(text)); }
    void fail(const base::Error& error) { fail(error.text); }
    void warn(std::string text) { loaded_.warnings.push_back(std::move(text)); }
    void warn_of_name(std::string_view name);
    /// A file at its usual name that is there and of no use is an error.
    bool is_there(const std::string& default_file);
    /// Replaces the value shown for a key, or that of a key nobody gave.
    void show(KeyId key, std::string value, std::string origin);

    const PlanInput& input_;
    const base::SysPaths& sys_;
    Sources sources_ = default_sources();
    Draft draft_;
    LoadedPlan loaded_;
    ImageLoss lost_;
};

LoadedPlan Planner::run() {
    read_sources();
    lost_ = lost_of_image(sys_, input_.root, sources_, input_.dry_run);
    apply_keys();
    judge_vain_words();
    if (!input_.file_alone && decide_whether_asked()) {
        finish_network();
        finish_target();
        finish_identity();
        finish_auth();
        check_combinations();
        if (!lost_.why.empty()) {  // the other errors may come from it
            loaded_.errors = {lost_.why};
        }
    }
    loaded_.plan = std::move(draft_.plan);
    return std::move(loaded_);
}

void Planner::read_sources() {
    const std::string default_path = sys_.etc + "/nvmeroot/nvmeroot.conf";
    if (!input_.config.empty()) {
        read_file(input_.config);
    } else if (is_there(default_path)) {
        read_file(default_path);
    }
    add_cmdline(input_.cmdline, sources_);
    draft_.plan.root = sources_.root;
    if (input_.root.empty() && !input_.file_alone) {
        add_credentials(input_.credentials, sys_, sources_);
        if (!sources_.ignore_nbft) {
            add_nbft(sys_, sources_);
        }
    }
    for (std::string& text : sources_.errors) {
        fail(std::move(text));
    }
    for (std::string& text : sources_.warnings) {
        warn(std::move(text));
    }
}

bool Planner::is_there(const std::string& default_file) {
    auto there = base::has_default_file(default_file);
    if (!there) {
        fail(there.error());
    }
    return there && *there;
}

void Planner::read_file(const std::string& path) {
    const auto ini = base::Ini::load(path, secret_keys());
    if (!ini) {
        fail(ini.error());
        return;
    }
    add_file(*ini, path, sources_);
    if (!sources_.has_secret_in_file) {
        return;
    }
    if (const auto safe = base::check_private(path); !safe) {
        fail("the configuration contains a secret: " + safe.error().text);
    }
}

bool Planner::decide_whether_asked() {
    if (!sources_.off_word.empty()) {
        loaded_.asked_why = "switched off by " + sources_.off_word + " on the command line";
        loaded_.errors.clear();
        loaded_.warnings.clear();
        return false;
    }
    if (draft_.uris.empty() && !lost_.of_config && loaded_.errors.empty()) {
        look_at_firmware();
        return false;
    }
    loaded_.asked = Asked::kYes;
    // A setting of ours that is wrong may be the one that names the target.
    loaded_.asked_why = lost_.of_config       ? "the image lost its configuration"
                        : draft_.uris.empty() ? "requested by an invalid setting"
                                              : "requested by " + draft_.uris.front().origin;
    return true;
}

/// For a plan without a target: the firmware's tables may be the reason.
void Planner::look_at_firmware() {
    if (!sources_.refused.empty()) {
        loaded_.asked = Asked::kYes;
        loaded_.asked_why = "requested by the boot firmware's table";
        for (std::string& text : sources_.refused) {
            fail(std::move(text));
        }
    } else if (!sources_.firmware.empty()) {
        loaded_.asked = Asked::kBroken;
        loaded_.asked_why = sources_.firmware +
                            "; name the target with nvmeroot=, or correct the firmware's settings";
        fail(loaded_.asked_why);
    } else {
        loaded_.asked_why = kNobody;
        for (const VainWord& word : sources_.vain_words) {
            loaded_.asked_why += "; " + word.text;
        }
        const std::string unread = unread_files(sys_);
        loaded_.asked_why += (unread.empty() ? "" : "; ") + unread;
        loaded_.warnings.clear();
    }
}

/// Together with a named target these words belong to others; by themselves they attempt to name
/// one.
void Planner::judge_vain_words() {
    for (const VainWord& word : sources_.vain_words) {
        if (!draft_.uris.empty()) {
            warn(word.text + ", continuing without it");
        } else if (word.tcp) {
            fail(word.text);
        }
    }
}

void Planner::apply_keys() {
    for (size_t i = 0; i < keys().size(); ++i) {
        apply_key(keys()[i], sources_.by_key[i]);
    }
}

void Planner::apply_key(const Key& key, KeyValues& values) {
    PlanValue shown{std::string(key.section), std::string(key.name), "", ""};
    for (Given& given : values.given) {
        if (base::trim(given.text).empty()) {
            fail(given.origin + ": needs a value: " + std::string(key.form));
            continue;
        }
        shown.value +=
            (shown.value.empty() ? "" : " ") + (key.secret ? std::string("set") : given.text);
        shown.origin = given.origin;
        if (auto applied = key.apply(given, draft_); !applied) {
            fail(std::move(applied).error().in(given.origin));
        }
    }
    loaded_.values.push_back(std::move(shown));
}

void Planner::finish_network() {
    NetworkPlan& network = draft_.plan.network;
    for (const Given& address : draft_.addresses) {
        if (const auto applied = apply_network_option(network, "ip", address.text); !applied) {
            fail(applied.error().in(address.origin));
        }
        for (const std::string& part : std::exchange(network.left_out, {})) {
            warn(address.origin + ": " + part + ", continuing without it");
        }
    }
    apply_network_words();
    const auto is_bare = [](const InterfacePlan& one) {
        return one.method == AddressMethod::kStatic && !one.address;
    };
    if (!network.interfaces.empty() && std::ranges::all_of(network.interfaces, is_bare)) {
        fail("ip: no interface gets an address; write " + std::string(kStaticForm) +
             ", or dhcp instead of none");
    }
}

/// Others read these words too: one that is wrong stops the boot only where the root needs it.
void Planner::apply_network_words() {
    NetworkPlan& network = draft_.plan.network;
    std::vector<NetworkWord> wrong;
    const auto apply = [&](bool switches) {
        for (const NetworkWord& word : sources_.network_words) {
            if ((word.word == "rd.bootif") != switches) {
                continue;
            }
            if (const auto applied = apply_network_option(network, word.word, word.value);
                !applied) {
                // In place of where it stands: what is wrong with it.
                wrong.push_back({word.word, word.value, applied.error().in(word.place).text});
            }
            for (const std::string& part : std::exchange(network.left_out, {})) {
                warn(word.place + ": " + part + ", continuing without it");
            }
            loaded_.values.push_back(
                {"network", word.word, word.value, word.place + ": " + word.word});
        }
    };
    apply(true);  // rd.bootif=0 says that BOOTIF= is not to be looked at
    apply(false);
    for (NetworkWord& word : wrong) {
        if (needs_option(network, word.word, word.value)) {
            fail(std::move(word.place));
        } else {
            warn(word.place + ", continuing without it");
        }
    }
}

void Planner::finish_target() {
    Target& target = draft_.plan.target;
    size_t dhcp = 0;
    for (const Given& uri : draft_.uris) {
        if (uri.text == "dhcp") {
            ++dhcp;
            continue;
        }
        auto other = target_of_uri(uri);
        if (!other) {
            fail(other.error());
        } else if (const auto joined = join(target, std::move(other).value()); !joined) {
            fail(joined.error().in(uri.origin));
        }
    }
    if (const auto agreed = narrow(target.choice, draft_.plan.demanded); !agreed) {
        fail(agreed.error());
    }
    if (const auto named = check_name(target, draft_.plan.subsystems); !named) {
        fail(named.error());
    }
    for (const std::string& name :
         {target.subsysnqn, draft_.plan.subsystems, draft_.plan.audit.nqn}) {
        warn_of_name(name);
    }
    draft_.plan.target_from_dhcp = dhcp > 0 && target.portals.empty() && target.discovery.empty();
    draft_.plan.any_protocol = dhcp == sources_.dhcp_roots;
    draft_.plan.network.need_lease = draft_.plan.target_from_dhcp;
}

/// A pattern is not a name, and a template is not a name yet.
void Planner::warn_of_name(std::string_view name) {
    if (!name.empty() && name.find_first_of("*?$") == std::string_view::npos) {
        if (std::string text = nvme::odd_name(name); !text.empty()) {
            warn(std::move(text));
        }
    }
}

void Planner::finish_identity() {
    auto found = find_identity(draft_.hostnqn, draft_.hostid, sys_);
    if (!found && input_.dry_run) {
        warn(found.error().text + "; the machine that boots needs one");
        return;
    }
    if (!found) {
        fail(found.error());
        return;
    }
    for (std::string& warning : found->warnings) {
        warn(std::move(warning));
    }
    warn_of_name(found->host.nqn);
    show(KeyId::kHostnqn, found->host.nqn, found->nqn_origin);
    show(KeyId::kHostid, nvme::to_text(found->host.id), found->id_origin);
    draft_.plan.host = std::move(found->host);
}

/// Secrets given as text were taken by apply_keys already.
void Planner::finish_secret(const SecretKeys& keys, Given file, base::Secret& secret) {
    const KeyValues& text = sources_.of(keys.text_key);
    const KeyValues& path = sources_.of(keys.file_key);
    if (!text.given.empty() && text.source == path.source && !path.given.empty()) {
        fail(text.given.front().origin + ": set the secret or its file, not both");
        return;
    }
    if (!text.given.empty() && (path.given.empty() || text.source > path.source)) {
        if (text.source == Source::kCommandLine) {
            warn(text.given.front().origin +
                 ": every user of this machine can read the secret in /proc/cmdline, continuing "
                 "with it; a file is safer");
        }
        return;
    }
    const std::string default_file = sys_.etc + std::string(keys.default_file);
    if (file.text.empty() && is_there(default_file)) {
        file = {default_file, "default, since the file exists"};
        show(keys.file_key, default_file, file.origin);
    } else if (!file.text.empty()) {
        file.text.insert(0, input_.root);
    }
    if (file.text.empty()) {
        return;
    }
    auto loaded = load_secret(file.text);
    if (!loaded) {
        fail(std::move(loaded).error().in(file.origin));
        return;
    }
    secret = std::move(loaded).value();
    show(keys.text_key, "set (file " + file.text + ")", file.origin);
}

void Planner::finish_auth() {
    decide_auth_mode();
    for (const SecurityDemand& demand : sources_.security) {
        meet_demand(demand);
    }
}

void Planner::decide_auth_mode() {
    AuthPlan& auth = draft_.plan.auth;
    const size_t errors_before = loaded_.errors.size();
    finish_secret(kHostSecret, draft_.host_secret_file, auth.host_secret);
    finish_secret(kCtrlSecret, draft_.ctrl_secret_file, auth.ctrl_secret);
    if (loaded_.errors.size() != errors_before) {
        return;
    }
    const bool host = !auth.host_secret.empty();
    const bool ctrl = !auth.ctrl_secret.empty();
    const Auth implied = ctrl ? Auth::kMutual : host ? Auth::kHost : Auth::kOff;
    auth.mode = draft_.auth.value_or(implied);
    if (ctrl && !host) {
        fail("dhchap_ctrl_secret requires dhchap_secret");
    } else if (auth.mode > implied) {
        fail(sources_.of(KeyId::kAuth).given.front().origin + " requires " +
             (host ? "the controller's secret too: set dhchap_ctrl_secret_file"
                   : "the host's secret: set dhchap_secret_file"));
    } else if (auth.mode < implied) {
        fail(sources_.of(KeyId::kAuth).given.front().origin + " contradicts the configured " +
             (ctrl ? "controller" : "host") + " secret; remove one of them");
    } else if (!draft_.auth) {
        if (const std::string unread = unread_files(sys_); !host && !unread.empty()) {
            warn(unread);
        }
        show(KeyId::kAuth, std::string(base::word_of(implied, kAuthModes)),
             ctrl   ? "both secrets are set"
             : host ? "the host's secret is set"
                    : "no secret is set");
    }
}

/// Keeps of `allowed` what the firmware's list has; an absent list restricts nothing.
template <class T>
bool restrict(std::vector<T>& allowed, const std::optional<std::vector<T>>& list) {
    if (list) {
        std::erase_if(allowed, [&](T value) {
            return std::find(list->begin(), list->end(), value) == list->end();
        });
    }
    return !allowed.empty();
}

/// A namespace with a security profile is connected with a secret that fits it, or not at all.
void Planner::meet_demand(const SecurityDemand& demand) {
    AuthPlan& auth = draft_.plan.auth;
    const std::string profile =
        demand.subject + ": its security profile " + std::to_string(demand.profile.index);
    if (auth.mode == Auth::kOff) {
        fail(profile +
             " requires a secret and none is configured: set dhchap_secret_file, or the credential "
             "nvmeroot.dhchap_secret");
    } else if (!restrict(auth.hashes, demand.profile.hashes)) {
        fail(profile + " allows no hash that dhchap_hash allows");
    } else if (!restrict(auth.groups, demand.profile.groups)) {
        fail(profile + " allows no Diffie-Hellman group that dhchap_dhgroup allows");
    }
}

void Planner::check_combinations() {
    const BootPlan& plan = draft_.plan;
    const ConnectOptions& connect = plan.connect;
    const bool digest =
        plan.integrity == Integrity::kWire || plan.integrity == Integrity::kEndToEnd;
    if (digest && !connect.data_digest) {
        fail("integrity=wire and end-to-end require data_digest=yes");
    }
    decide_audit();
    const bool ends = connect.ctrl_loss_tmo >= base::seconds(0);
    if (ends && connect.fast_io_fail_tmo > connect.ctrl_loss_tmo) {
        fail("fast_io_fail_tmo is longer than ctrl_loss_tmo, after which the disk is removed");
    }
}

void Planner::decide_audit() {
    const Integrity integrity = draft_.plan.integrity;
    AuditPolicy& audit = draft_.plan.audit;
    if (integrity != Integrity::kAtRest && integrity != Integrity::kEndToEnd) {
        return;
    }
    if (!draft_.verify_given) {
        audit.extent = AuditPolicy::Extent::kSuperblocks;
        show(KeyId::kVerify, "sb", "integrity");
    } else if (audit.extent == AuditPolicy::Extent::kNone) {
        fail("verify=none contradicts integrity=at-rest and end-to-end, which require an audit");
    }
}

void Planner::show(KeyId key, std::string value, std::string origin) {
    for (PlanValue& shown : loaded_.values) {
        if (shown.key == key_of(key).name) {
            shown.value = std::move(value);
            shown.origin = std::move(origin);
            return;
        }
    }
}

}  // namespace

LoadedPlan load_plan(const PlanInput& input, const base::SysPaths& sys) {
    return Planner(input, sys).run();
}

Failure LoadedPlan::failure() const {
    if (errors.empty()) {
        return Failure::of(ExitCode::kNotAsked, base::error(asked_why));
    }
    return Failure::of(asked == Asked::kBroken ? ExitCode::kFirmware : ExitCode::kConfig,
                       base::error(base::join(errors, "; ")));
}

}  // namespace boot
