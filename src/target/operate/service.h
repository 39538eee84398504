// SPDX-License-Identifier: GPL-2.0-or-later
//
// A configuration becomes a running server:
//
//   ExportConfig ─► hosts ─► Target ─► subsystems, images ─► Server ─► listening
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "export/diff.h"
#include "export/export_config.h"
#include "target/controller/access.h"
#include "target/controller/target.h"
#include "target/operate/event_log.h"
#include "target/operate/path_look.h"
#include "target/operate/status.h"
#include "target/operate/stores.h"
#include "target/protection/scrub.h"
#include "target/queue/queue_session.h"
#include "target/reactor/reactor.h"
#include "target/wire/crew.h"
#include "target/wire/server.h"

namespace target {

/// A hook between the parts of a service; this one does nothing. The misbehaving
/// target of the tests is made of one.
class Interposer {
  public:
    virtual ~Interposer() = default;
    /// @return `inner` or something that uses it; it lives as long as the interposer.
    virtual const AccessPolicy& access(const AccessPolicy& inner) { return inner; }
    virtual SessionFactory& sessions(SessionFactory& inner) { return inner; }
    /// Asks for the files of images; called on other threads.
    virtual PathLook::Ask ask() { return PathLook::by_stat; }
};

/// Everything that serves one configuration, on one reactor, or where the configuration says so on
/// more of them, which it starts: then the one that it was given is control (lane.h). Says one line
/// for each image and each address, `listening on 192.0.2.1:4420`.
class Service {
  public:
    /// @param reactor, log, between  outlive the service
    /// @param sockets  already bound; each has to be one of the addresses of the configuration
    /// Images that cannot be served now are taken up later (late_images.cc).
    /// Errors: an address; an image, if there is no other or the configuration is strict.
    static base::Result<std::unique_ptr<Service>> open(exports::ExportConfig config,
                                                       Reactor& reactor, const base::Log& log,
                                                       Interposer& between,
                                                       std::vector<base::UniqueFd> sockets = {});
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;
    /// REQUIRES: the reactor does not run.
    ~Service();

    /// The part of max_connections that is reserved for hosts that authenticate; 0 if
    /// there are none with.
    static size_t kept_connections(const exports::ExportConfig& config);

    /// Says `ready`: for when all there is around it is, too.
    void tell_ready() const;
    /// The listening addresses, in the order of the configuration, with the assigned ports.
    [[nodiscard]] const std::vector<SocketAddress>& listening() const { return listening_; }

    /// The changes that the configuration `next` would make. Errors: images that it cannot reopen.
    [[nodiscard]] base::Result<std::vector<exports::Change>, exports::Errors> plan(
        exports::ExportConfig next) const;
    /// Takes over another configuration: all of it, or, where there is an error, nothing. Hosts
    /// that are still admitted keep their connections, with other keys too; what [target] says of
    /// limits and addresses waits for the next start. Images that grew are seen.
    /// @return what changed, or every error
    base::Result<std::vector<exports::Change>, exports::Errors> reload(
        base::Result<exports::ExportConfig, exports::Errors> next);
    [[nodiscard]] TargetStatus status() const;

    /// Target::drain(). @return false: that was done before
    bool drain() { return target_.drain(); }
    [[nodiscard]] size_t undrained() const { return target_.undrained(); }
    bool end_drain() { return target_.end_drain(); }

    /// Closes everything, commands in flight first answered, and stops the reactor.
    void stop(base::milliseconds patience);

  private:
    using Changes = std::vector<exports::Change>;
    using NamespaceKey = std::pair<std::string, uint32_t>;  ///< subsystem's NQN, NSID
    /// Stores that were opened for a configuration that does not run yet.
    using Fresh = std::map<NamespaceKey, Stores::Store>;

    Service(const exports::ExportConfig& config, Reactor& reactor, std::unique_ptr<Crew> crew,
            const base::Log& log, Interposer& between);

    /// Starts, restarts or ends the scrubs, as the configuration that now runs says.
    void set_scrubs(const exports::ExportConfig& config);
    /// @param fresh  stores that were opened for the same configuration and are not in use yet
    base::Result<Stores::Store> open_store(const exports::Namespace& config, const std::string& nqn,
                                           const Fresh& fresh);
    /// Tells files and devices apart; nothing for what is not there.
    using FileId = std::optional<std::pair<dev_t, ino_t>>;
    static FileId file_of(const PathLook::Found& found);
    static FileId file_of(const std::string& path) { return file_of(PathLook::by_stat(path)); }
    // late_images.cc
    /// All that changes with a file or a device; nothing for what is not there.
    using ImageState = std::optional<std::tuple<dev_t, ino_t, off_t, time_t, long, time_t, long>>;
    struct Late {
        std::string why;  ///< it is not served
        ImageState state;
        base::TimePoint try_at;  ///< if it stays as it is
    };
    using Found = std::map<std::string, PathLook::Found>;  ///< by path; what answered
    static ImageState state_of(const PathLook::Found& found);
    void wait_for(const exports::Namespace& ns, const std::string& nqn, std::string why);
    [[nodiscard]] bool is_served(const std::string& nqn, uint32_t nsid) const;
    bool may_have_come(const exports::Namespace& ns, Late& late, const Found& found) const;
    /// @param late  those that are not served yet, or those that are
    [[nodiscard]] std::vector<std::string> images_of(const exports::ExportConfig& config,
                                                     bool late) const;
    void look_for_late_images();
    /// @return whether it is served now
    bool take_up(exports::Namespace& ns, const std::string& nqn);
    static std::string note_of(const PathLook::Seen& seen, const std::string& image,
                               const FileId& open);
    void note_images(TargetStatus& status) const;

    bool note_other_file(const exports::Namespace& ns, const std::string& nqn, const Found& found,
                         Changes& changes) const;
    void note_new_size(const exports::Namespace& ns, const std::string& nqn, const Found& found,
                       Changes& changes) const;
    [[nodiscard]] std::optional<std::string> holder_of(const exports::Namespace& ns) const;
    base::Status add_subsystem(const exports::Subsystem& config, bool strict);
    static base::Result<std::optional<AuditLog>> open_audit_log(
        const exports::ExportConfig& config);
    /// @param listen  the addresses that the server listens on, in the order of its portals
    void set_paths(const exports::ExportConfig& config,
                   const std::vector<exports::Address>& listen);
    void add_namespace(const exports::Namespace& config, Stores::Store store, Subsystem& subsystem);
    [[nodiscard]] base::Result<std::shared_ptr<Backend>> store_of_view(
        const exports::Namespace& view, const Fresh& fresh) const;
    base::Status listen_on(const std::vector<exports::Address>& addresses, bool discovery);

    // reload.cc
    using Reasons = std::map<NamespaceKey, std::string>;  ///< why something is not served yet
    Fresh open_new_stores(const exports::ExportConfig& next, Reasons& later,
                          exports::Errors& errors);
    [[nodiscard]] bool may_come_later(const exports::ExportConfig& next,
                                      const exports::Namespace& ns, const std::string& nqn,
                                      const Reasons& later) const;
    void take_over(const exports::Subsystem* before, const exports::Subsystem& next,
                   const Found& found, Fresh& stores, Changes& changes);
    void take_over_namespaces(const exports::Subsystem* before, const exports::Subsystem& next,
                              Subsystem& subsystem, const Found& found, Fresh& stores,
                              Changes& changes);
    void remember(exports::ExportConfig next);

    const std::unique_ptr<Crew> crew_;  ///< null: there is one reactor
    OnlyLane only_lane_;                ///< which then runs all
    Reactor& reactor_;
    const base::Log& log_;
    const int64_t started_;  ///< seconds since 1970
    exports::ExportConfig running_;
    uint64_t reloads_ = 0;
    uint64_t failed_reloads_ = 0;
    base::SystemClock clock_;
    EventLog events_;
    Stores stores_;
    std::map<NamespaceKey, std::shared_ptr<Scrub>> scrubs_;
    std::map<NamespaceKey, FileId> files_;  ///< that are open as images
    std::map<NamespaceKey, Late> late_;     ///< what is not served yet
    Timer late_timer_;
    mutable PathLook look_;  ///< remembers what does not answer
    HostTable access_;
    std::unique_ptr<Labor> labor_;
    Target target_;
    QueueFactory sessions_{target_};
    Server server_;
    std::vector<SocketAddress> listening_;
};

}  // namespace target
