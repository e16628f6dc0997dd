package org.twincore.admin.settings;

import java.util.List;
import java.util.Optional;
import org.twincore.admin.settings.NodeSettings.DiskIo;
import org.twincore.admin.settings.NodeSettings.Epochs;
import org.twincore.admin.settings.NodeSettings.NbdSecondary;
import org.twincore.admin.settings.NodeSettings.StatusStyle;

/// Settings while a file is read: the defaults, and what the lines so far have changed.
final class SettingsDraft {
  private static final NodeSettings FROM = NodeSettings.DEFAULTS;

  List<String> nbdListen = FROM.nbdListen();
  NbdSecondary nbdSecondary = FROM.nbdSecondary();
  StatusStyle statusStyle = FROM.statusStyle();
  Optional<String> logFile = FROM.logFile();
  long logMaxBytes = FROM.logMaxBytes();
  int logKeep = FROM.logKeep();
  Optional<String> stateFolder = FROM.stateFolder();
  Optional<String> deviceFolder = FROM.deviceFolder();
  Epochs epochs = FROM.epochs();
  DiskIo diskIo = FROM.diskIo();
  int protocolMax = FROM.protocolMax();
  String adjustCommand = FROM.adjustCommand();

  /// One line of the file, understood.
  interface Change {
    void in(SettingsDraft draft);
  }

  NodeSettings settings() {
    return new NodeSettings(
        nbdListen,
        nbdSecondary,
        statusStyle,
        logFile,
        logMaxBytes,
        logKeep,
        stateFolder,
        deviceFolder,
        epochs,
        diskIo,
        protocolMax,
        adjustCommand);
  }
}
