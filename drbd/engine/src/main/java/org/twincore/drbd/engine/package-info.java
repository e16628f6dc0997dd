/// The replicated block device as a pure machine. [Resource] is the way in; the sub-packages hold
/// machines that know nothing of each other, and this package is the only place where they meet.
///
/// | class | owns |
/// |---|---|
/// | `Resource` | the step: event to owner, then what is due |
/// | `Volume` | one volume's machines, wired together |
/// | `States` | every change of a state word and what follows from it |
/// | `Generations` | when a new generation of the data begins |
/// | `PrimaryMark` | the mark of a Primary in the superblock |
/// | `PeerLink` | the connection: found, agreed, watched, lost |
/// | `Intake`, `DataOrder` | how much is taken off the data socket; what overtook an ack waits |
/// | `ConnectionLoss` | what each part forgets and marks when the connection is gone |
/// | `PeerPackets` | which part a packet is for |
/// | `PeerStates` | P_STATE, the handshake of the disks, the peer's requests |
/// | `Parameters` | P_PROTOCOL, P_SYNC_PARAM89, P_SIZES, P_UUIDS |
/// | `NetSettings` | net options that change while the connection stands |
/// | `ClusterChanges` | asking the peer before a change |
/// | `Resyncs` | the course of a resync |
/// | `Ahead` | what `on-congestion` does, and the way back |
/// | `ResyncOrder` | whose resync waits for whose on a node (`resync-after`) |
/// | `Verifies`, `VolumeVerify` | the course of an online verify; one volume's part in it |
/// | `Repairs` | the resync of what a verify has marked, from the side that an admin names |
/// | `Undoing` | when the loser of a split brain saves what it is about to lose |
/// | `Fences` | the `fence-peer` program and what it says |
/// | `Disks` | attach, detach, failing disks |
/// | `Promotion` | Primary and Secondary |
/// | `AdminDesk` | admin commands: each to its owner |
/// | `VolumeCommands`, `ConnectionCommands`, `DataCommands`, `DownCommand` | admin commands by subject |
/// | `Why`, `WhyVolume` | what a resource waits for, and what would end it |
/// | `LinkRecord`, `ChangeRecord` | how the connection and each state became what they are |
/// | `RuleWords` | rows of the decision tables as logs name them |
///
/// Order of imports: exchange < activity < state < undo < request, connection, resync < this
/// package.
@NullMarked
package org.twincore.drbd.engine;

import org.jspecify.annotations.NullMarked;
