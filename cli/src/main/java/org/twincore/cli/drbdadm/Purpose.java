package org.twincore.cli.drbdadm;

/// What each command is for, in a sentence, and an example.
final class Purpose {
  private Purpose() {}

  static String of(Command command) {
    return switch (command) {
      case ATTACH -> "gives a volume its disk, after marking what its activity log names";
      case STATUS -> "prints roles, disks and connections of all resources, or of those named";
      case WHY -> "tells what a resource waits for, why, and what would end it";
      case VERIFY_REPORT ->
          "shows the last online verifies that this node began, and when the next one is due";
      case DISK_OPTIONS -> "changes options of the disk section while the volume is in use";
      case DETACH -> "takes the disk from a volume; a Primary goes on with the peer's";
      case CONNECT -> "begins to look for the peer, for ever";
      case NET_OPTIONS -> "changes options of the net section while the resource is in use";
      case DISCONNECT -> "leaves the peer; the node stays StandAlone until connect";
      case UP -> "does all that a resource needs: new-resource, new-minor, attach, connect";
      case RESOURCE_OPTIONS ->
          "changes options of the options section while the resource is in use";
      case DOWN -> "demotes, disconnects, detaches and forgets a resource";
      case PRIMARY ->
          "lets applications use the volume here; --force takes data that may be old for good";
      case SECONDARY -> "gives the volume up here, so that the peer may become Primary";
      case INVALIDATE -> "declares the data here worthless; all of it is fetched from the peer";
      case INVALIDATE_REMOTE -> "declares the data at the peer worthless; all of it is sent there";
      case OUTDATE -> "declares that the data here is old; refused while connected";
      case RESIZE -> "takes into use what the backing disks have become; copies the new area";
      case VERIFY ->
          "compares both disks block by block while they are in use, and marks what differs";
      case SPLIT_BRAIN ->
          "tells who was Primary when, what each side changed and what each policy would keep;"
              + " with minor-N it runs the program that the handlers section names";
      case UNDO_SPLIT_BRAIN ->
          "lists what this node lost in a split brain; --image=FILE writes its disk as it was,"
              + " --restore writes it back";
      case REPAIR ->
          "copies the blocks that a verify has marked from the node that --source names to the"
              + " other";
      case PAUSE_SYNC -> "holds up a resync until resume-sync";
      case RESUME_SYNC -> "lets a resync go on that was held up here";
      case ADJUST -> "makes what runs equal to the file, with the fewest steps";
      case ADJUST_WITH_PROGRESS -> "the same as adjust, and tells how far it is";
      case WAIT_CONNECT -> "waits for the peer, as long as the startup section says";
      case WAIT_SYNC -> "waits until the resync is over";
      case WAIT_CON_INT -> "waits for the peers of all resources";
      case ROLE -> "prints own role/peer's role";
      case CSTATE -> "prints the state of the connection";
      case DSTATE -> "prints own disk/peer's disk";
      case PROC -> "prints what /proc/drbd of DRBD 8.4 would show";
      case DUMP -> "prints the configuration as it was understood";
      case DUMP_XML -> "prints the configuration as XML";
      case CREATE_MD -> "writes new metadata to the disk, once and on both nodes";
      case SHOW_GI -> "prints the generations of the data, explained";
      case GET_GI -> "prints the generations of the data in one line";
      case DUMP_MD -> "prints the metadata of a disk that is not in use";
      case WIPE_MD -> "removes the metadata of a disk that is not in use";
      case APPLY_AL -> "marks what the activity log of a crashed Primary names";
      case HIDDEN_COMMANDS -> "lists the commands that the general help leaves out";
      case SH_NOP -> "reads the configuration, and does nothing";
      case SH_RESOURCES -> "prints the names of the resources";
      case SH_RESOURCE -> "prints the name of a resource";
      case SH_MOD_PARMS -> "prints what a kernel module would be given";
      case SH_DEV -> "prints the device of a volume";
      case SH_UDEV -> "prints what a udev rule wants to know";
      case SH_MINOR -> "prints the minor number of a volume";
      case SH_LL_DEV -> "prints the disk of a volume";
      case SH_MD_DEV -> "prints where the metadata of a volume is";
      case SH_MD_IDX -> "prints which kind or index the metadata has";
      case SH_IP -> "prints the address of this node";
      case SH_LR_OF -> "prints the resource below a stacked one";
      case SH_B_PRI -> "promotes what become-primary-on names for this node";
      case SH_STATUS -> "prints the state as assignments for a shell";
      case PROXY_UP -> "prints the proxy's commands in a dry run";
      case PROXY_DOWN -> "prints the proxy's commands in a dry run";
      case NEW_RESOURCE -> "makes a resource without volumes and connection";
      case SH_NEW_MINOR -> "makes a volume without a disk";
      case NEW_MINOR -> "makes a volume without a disk";
      case SUSPEND_IO -> "holds up what applications read and write";
      case RESUME_IO -> "lets applications go on";
      case SET_GI -> "overwrites the generations in the metadata of a disk that is not in use";
      case NEW_CURRENT_UUID ->
          "begins a new generation; with --clear-bitmap new disks count as equal without a sync";
      case CHECK_RESIZE -> "brings the metadata of a disk that grew, in use or not, to its new end";
      case HELP -> "prints this text";
      case VERSION -> "prints versions as assignments for a shell";
      case BEFORE_RESYNC_TARGET,
          AFTER_RESYNC_TARGET,
          BEFORE_RESYNC_SOURCE,
          PRI_ON_INCON_DEGR,
          PRI_LOST_AFTER_SB,
          FENCE_PEER,
          UNFENCE_PEER,
          LOCAL_IO_ERROR,
          PRI_LOST,
          INITIAL_SPLIT_BRAIN,
          OUT_OF_SYNC ->
          "runs the program that the handlers section names for this";
    };
  }

  /// Words behind `drbdadm`.
  static String example(Command command) {
    String word = command.word();
    return switch (command) {
      case UP, DOWN, ADJUST, ADJUST_WITH_PROGRESS, SH_B_PRI -> word + " all";
      case PRIMARY -> "primary --force r0      # only once, for the first sync";
      case CONNECT -> "connect --discard-my-data r0";
      case NET_OPTIONS -> "net-options --ping-timeout=20 r0";
      case DISK_OPTIONS -> "disk-options --resync-rate=30M r0";
      case RESOURCE_OPTIONS -> "resource-options --on-no-data-accessible=suspend-io r0";
      case NEW_CURRENT_UUID -> "new-current-uuid --clear-bitmap r0/0";
      case WAIT_CONNECT -> "wait-connect --wfc-timeout=60 r0";
      case STATUS -> "status --json";
      case REPAIR -> "repair --source=alpha r0";
      case SPLIT_BRAIN -> "split-brain --with=other-nodes.json r0";
      case UNDO_SPLIT_BRAIN -> "undo-split-brain --image=/root/r0.img r0";
      case SET_GI -> "-- 0000000000000004:::::::::: set-gi r0/0";
      case HELP -> "help primary";
      case VERSION -> "--version";
      default ->
          switch (command.scope()) {
            case RESOURCE, EITHER -> word + " r0";
            case VOLUME, ONE_VOLUME -> word + " r0/0";
            case OPTIONAL, NONE -> word;
          };
    };
  }
}
