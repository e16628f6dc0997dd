package org.twincore.cli.drbdadm;

import org.twincore.admin.AdminRequest;
import org.twincore.drbd.config.NodeConfiguration;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.config.Statement.Section;

/// How long a command waits for the node, seconds; 0 for ever (`cmd-timeout-short` and
/// `cmd-timeout-medium` of the global section).
///
/// Which command has which limit is as in DRBD's drbdadm, but that a resize may take longer: here
/// it is answered when the metadata is moved. What the node has begun goes on without the tool.
record CommandLimits(long shortSeconds, long mediumSeconds) {
  /// Everything may take for ever.
  static final CommandLimits NONE = new CommandLimits(0, 0);

  static CommandLimits of(NodeConfiguration all) {
    OptionValues global = all.configuration().global().values(Section.GLOBAL);
    return new CommandLimits(
        global.num(Option.CMD_TIMEOUT_SHORT), global.num(Option.CMD_TIMEOUT_MEDIUM));
  }

  long seconds(AdminRequest request) {
    return switch (request) {
      case AdminRequest.Attach _,
          AdminRequest.DiskOptions _,
          AdminRequest.Detach _,
          AdminRequest.Down _,
          AdminRequest.Primary _,
          AdminRequest.Resize _ ->
          mediumSeconds;
      case AdminRequest.Change(AdminRequest.VolumeVerb verb, int _) ->
          verb == AdminRequest.VolumeVerb.SECONDARY
                  || verb == AdminRequest.VolumeVerb.INVALIDATE_REMOTE
              ? mediumSeconds
              : shortSeconds;
      case AdminRequest.NewResource _,
          AdminRequest.DeleteResource _,
          AdminRequest.NewMinor _,
          AdminRequest.Connect _,
          AdminRequest.Disconnect _,
          AdminRequest.Verify _,
          AdminRequest.NewCurrentUuid _,
          AdminRequest.NetOptions _,
          AdminRequest.ResourceOptions _ ->
          shortSeconds;
      default -> 0; // questions, what DRBD does not know, and what has a limit of its own
    };
  }
}
