// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/types.h"

#include <algorithm>
#include <span>

#include "base/text.h"

namespace nvme {
namespace {

template <class Key>
struct Row {
    Key key;
    std::string_view name;
};

template <class Key, size_t count>
std::string_view find_name(const std::array<Row<Key>, count>& rows, Key key) {
    const auto row =
        std::find_if(rows.begin(), rows.end(), [&](const Row<Key>& r) { return r.key == key; });
    return row == rows.end() ? std::string_view() : row->name;
}

constexpr auto kAdminNames = std::to_array<Row<AdminOpcode>>({
    {AdminOpcode::kGetLogPage, "Get Log Page"},
    {AdminOpcode::kIdentify, "Identify"},
    {AdminOpcode::kAbort, "Abort"},
    {AdminOpcode::kSetFeatures, "Set Features"},
    {AdminOpcode::kGetFeatures, "Get Features"},
    {AdminOpcode::kAsyncEventRequest, "Asynchronous Event Request"},
    {AdminOpcode::kNamespaceManagement, "Namespace Management"},
    {AdminOpcode::kFirmwareCommit, "Firmware Commit"},
    {AdminOpcode::kFirmwareDownload, "Firmware Image Download"},
    {AdminOpcode::kDeviceSelfTest, "Device Self-test"},
    {AdminOpcode::kNamespaceAttachment, "Namespace Attachment"},
    {AdminOpcode::kKeepAlive, "Keep Alive"},
    {AdminOpcode::kDirectiveSend, "Directive Send"},
    {AdminOpcode::kDirectiveReceive, "Directive Receive"},
    {AdminOpcode::kFabrics, "Fabrics"},
    {AdminOpcode::kFormatNvm, "Format NVM"},
    {AdminOpcode::kSecuritySend, "Security Send"},
    {AdminOpcode::kSecurityReceive, "Security Receive"},
    {AdminOpcode::kSanitize, "Sanitize"},
});

constexpr auto kIoNames = std::to_array<Row<IoOpcode>>({
    {IoOpcode::kFlush, "Flush"},
    {IoOpcode::kWrite, "Write"},
    {IoOpcode::kRead, "Read"},
    {IoOpcode::kWriteUncorrectable, "Write Uncorrectable"},
    {IoOpcode::kCompare, "Compare"},
    {IoOpcode::kWriteZeroes, "Write Zeroes"},
    {IoOpcode::kDatasetManagement, "Dataset Management"},
    {IoOpcode::kVerify, "Verify"},
    {IoOpcode::kReservationRegister, "Reservation Register"},
    {IoOpcode::kReservationReport, "Reservation Report"},
    {IoOpcode::kReservationAcquire, "Reservation Acquire"},
    {IoOpcode::kReservationRelease, "Reservation Release"},
    {IoOpcode::kCopy, "Copy"},
    {IoOpcode::kFabrics, "Fabrics"},
});

constexpr auto kCnsNames = std::to_array<Row<Cns>>({
    {Cns::kNamespace, "Namespace"},
    {Cns::kController, "Controller"},
    {Cns::kActiveNamespaces, "Active Namespace ID list"},
    {Cns::kNamespaceDescriptors, "Namespace Identification Descriptor list"},
    {Cns::kCommandSetNamespace, "I/O Command Set specific Namespace"},
    {Cns::kCommandSetController, "I/O Command Set specific Controller"},
    {Cns::kCommandSetActiveNamespaces, "I/O Command Set specific Active Namespace ID list"},
    {Cns::kIndependentNamespace, "I/O Command Set independent Namespace"},
    {Cns::kAllocatedNamespaces, "Allocated Namespace ID list"},
    {Cns::kAllocatedNamespace, "Allocated Namespace"},
    {Cns::kNamespaceControllers, "Namespace Attached Controller list"},
    {Cns::kControllers, "Controller list"},
    {Cns::kCommandSets, "I/O Command Sets"},
});

constexpr auto kFeatureNames = std::to_array<Row<Feature>>({
    {Feature::kArbitration, "Arbitration"},
    {Feature::kPowerManagement, "Power Management"},
    {Feature::kTemperatureThreshold, "Temperature Threshold"},
    {Feature::kErrorRecovery, "Error Recovery"},
    {Feature::kVolatileWriteCache, "Volatile Write Cache"},
    {Feature::kNumberOfQueues, "Number of Queues"},
    {Feature::kWriteAtomicity, "Write Atomicity Normal"},
    {Feature::kAsyncEventConfig, "Asynchronous Event Configuration"},
    {Feature::kTimestamp, "Timestamp"},
    {Feature::kKeepAliveTimer, "Keep Alive Timer"},
    {Feature::kHostBehavior, "Host Behavior Support"},
    {Feature::kHostIdentifier, "Host Identifier"},
    {Feature::kReservationMask, "Reservation Notification Mask"},
    {Feature::kReservationPersistence, "Reservation Persistence"},
    {Feature::kWriteProtect, "Namespace Write Protection Config"},
});

constexpr auto kLogNames = std::to_array<Row<LogPage>>({
    {LogPage::kSupportedPages, "Supported Log Pages"},
    {LogPage::kErrors, "Error Information"},
    {LogPage::kSmart, "SMART / Health Information"},
    {LogPage::kFirmwareSlots, "Firmware Slot Information"},
    {LogPage::kChangedNamespaces, "Changed Namespace List"},
    {LogPage::kCommandEffects, "Commands Supported and Effects"},
    {LogPage::kAna, "Asymmetric Namespace Access"},
    {LogPage::kDiscovery, "Discovery"},
    {LogPage::kReservation, "Reservation Notification"},
});

constexpr auto kStatusNames = std::to_array<Row<Status>>({
    {status::kSuccess, "Successful Completion"},
    {status::kInvalidOpcode, "Invalid Command Opcode"},
    {status::kInvalidField, "Invalid Field in Command"},
    {status::kCommandIdConflict, "Command ID Conflict"},
    {status::kDataTransferError, "Data Transfer Error"},
    {status::kAbortedByPowerLoss, "Aborted due to Power Loss"},
    {status::kInternalError, "Internal Error"},
    {status::kAbortRequested, "Abort Requested"},
    {status::kAbortedByQueueDeletion, "Aborted due to SQ Deletion"},
    {status::kFailedFused, "Aborted due to Failed Fused Command"},
    {status::kMissingFused, "Aborted due to Missing Fused Command"},
    {status::kInvalidNamespace, "Invalid Namespace or Format"},
    {status::kSequenceError, "Command Sequence Error"},
    {status::kInvalidSglSegment, "Invalid SGL Segment Descriptor"},
    {status::kInvalidSglCount, "Invalid Number of SGL Descriptors"},
    {status::kDataSglLengthInvalid, "Data SGL Length Invalid"},
    {status::kMetadataSglLengthInvalid, "Metadata SGL Length Invalid"},
    {status::kSglTypeInvalid, "SGL Descriptor Type Invalid"},
    {status::kSglOffsetInvalid, "SGL Offset Invalid"},
    {status::kHostIdInconsistent, "Host Identifier Inconsistent Format"},
    {status::kHostIdNotInitialized, "Host Identifier Not Initialized"},
    {status::kKeepAliveExpired, "Keep Alive Timer Expired"},
    {status::kKeepAliveInvalid, "Keep Alive Timeout Invalid"},
    {status::kNamespaceWriteProtected, "Namespace is Write Protected"},
    {status::kCommandInterrupted, "Command Interrupted"},
    {status::kTransientTransportError, "Transient Transport Error"},
    {status::kAdminCommandNotReady, "Admin Command Media Not Ready"},
    {status::kLbaOutOfRange, "LBA Out of Range"},
    {status::kCapacityExceeded, "Capacity Exceeded"},
    {status::kNamespaceNotReady, "Namespace Not Ready"},
    {status::kReservationConflict, "Reservation Conflict"},
    {status::kInvalidQueueId, "Invalid Queue Identifier"},
    {status::kInvalidQueueSize, "Invalid Queue Size"},
    {status::kAbortLimitExceeded, "Abort Command Limit Exceeded"},
    {status::kAsyncEventLimitExceeded, "Asynchronous Event Request Limit Exceeded"},
    {status::kInvalidLogPage, "Invalid Log Page"},
    {status::kInvalidFormat, "Invalid Format"},
    {status::kFeatureNotSaveable, "Feature Identifier Not Saveable"},
    {status::kFeatureNotChangeable, "Feature Not Changeable"},
    {status::kFeatureNotNamespaceSpecific, "Feature Not Namespace Specific"},
    {status::kConflictingAttributes, "Conflicting Attributes"},
    {status::kInvalidProtectionInfo, "Invalid Protection Information"},
    {status::kWriteToReadOnlyRange, "Attempted Write to Read Only Range"},
    {status::kCommandSizeLimit, "Command Size Limit Exceeded"},
    {status::kWriteFault, "Write Fault"},
    {status::kUnrecoveredRead, "Unrecovered Read Error"},
    {status::kGuardCheck, "End-to-end Guard Check Error"},
    {status::kApplicationTagCheck, "End-to-end Application Tag Check Error"},
    {status::kReferenceTagCheck, "End-to-end Reference Tag Check Error"},
    {status::kCompareFailure, "Compare Failure"},
    {status::kAccessDenied, "Access Denied"},
    {status::kUnwrittenBlock, "Deallocated or Unwritten Logical Block"},
    {status::kStorageTagCheck, "End-to-end Storage Tag Check Error"},
    {status::kInternalPathError, "Internal Path Error"},
    {status::kAnaPersistentLoss, "Asymmetric Access Persistent Loss"},
    {status::kAnaInaccessible, "Asymmetric Access Inaccessible"},
    {status::kAnaTransition, "Asymmetric Access Transition"},
    {status::kControllerPathError, "Controller Pathing Error"},
    {status::kHostPathError, "Host Pathing Error"},
    {status::kAbortedByHost, "Command Aborted By Host"},
});

constexpr auto kFabricsStatusNames = std::to_array<Row<Status>>({
    {status::kConnectIncompatibleFormat, "Connect Incompatible Format"},
    {status::kConnectControllerBusy, "Connect Controller Busy"},
    {status::kConnectInvalidParameters, "Connect Invalid Parameters"},
    {status::kConnectRestartDiscovery, "Connect Restart Discovery"},
    {status::kConnectInvalidHost, "Connect Invalid Host"},
    {status::kInvalidQueueType, "Invalid Queue Type"},
    {status::kDiscoverRestart, "Discover Restart"},
    {status::kAuthRequired, "Authentication Required"},
});

}  // namespace

std::string_view name(AdminOpcode opcode) {
    return find_name(kAdminNames, opcode);
}
std::string_view name(IoOpcode opcode) {
    return find_name(kIoNames, opcode);
}
std::string_view name(Cns cns) {
    return find_name(kCnsNames, cns);
}
std::string_view name(Feature feature) {
    return find_name(kFeatureNames, feature);
}
std::string_view name(LogPage page) {
    return find_name(kLogNames, page);
}

std::string describe(Status status, bool fabrics) {
    std::string_view text = fabrics ? find_name(kFabricsStatusNames, status) : std::string_view();
    if (text.empty()) {
        text = find_name(kStatusNames, status);
    }
    return base::format("%s (%03Xh%s)", text.empty() ? "unknown status" : std::string(text).c_str(),
                        unsigned{status.type} << 8U | status.code,
                        status.final ? ", do not retry" : "");
}

}  // namespace nvme
