package org.twincore.admin.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.LocalTime;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.twincore.admin.settings.NodeSettings.DeviceBy;
import org.twincore.admin.settings.NodeSettings.DiskIo;
import org.twincore.admin.settings.NodeSettings.Epochs;
import org.twincore.admin.settings.NodeSettings.NbdSecondary;
import org.twincore.admin.settings.NodeSettings.StatusStyle;

class SettingsParserTest {
  private static NodeSettings parse(String text) throws SettingsException {
    return SettingsParser.parse("t.conf", text.lines().toList(), "core-01");
  }

  @Test
  void readsEverySetting() throws SettingsException {
    NodeSettings settings =
        parse(
            """
            # all nodes
            status-style = 8.3
            nbd-secondary=read-only
            log-file = /var/log/twin #1.log # with a blank and a comment
              log-max-size = 64K
            log-keep = 0
            state-folder = /srv/state
            device-folder = none
            device-by = nbd
            epochs = completion
            disk-io = direct
            tls-certificate = /etc/twincore/node.pem
            tls-key = /etc/twincore/node.key
            tls-ca = /etc/twincore/ca.pem
            tls-peer = core-02.example.org
            compression = lz4
            undo = off
            undo-limit = 2G
            undo-folder = /srv/undo
            handler-timeout = 45
            protocol-max = 96
            verify-every = 7d
            verify-at = 02:30
            verify-rate = 8M
            verify-node = core-02
            adjust-command = drbdadm -c /srv/drbd.conf adjust all
            nbd-listen = unix:/run/a.sock, 0.0.0.0:10809 , [::1]:10809
            """);

    assertThat(settings)
        .isEqualTo(
            new NodeSettings(
                List.of("unix:/run/a.sock", "0.0.0.0:10809", "[::1]:10809"),
                NbdSecondary.READ_ONLY,
                StatusStyle.V8_3,
                Optional.of("/var/log/twin"),
                64 << 10,
                0,
                Optional.of("/srv/state"),
                Optional.of("none"),
                DeviceBy.NBD,
                Epochs.COMPLETION,
                DiskIo.DIRECT,
                Optional.of(
                    new NodeSettings.Tls(
                        "/etc/twincore/node.pem",
                        "/etc/twincore/node.key",
                        "/etc/twincore/ca.pem",
                        Optional.of("core-02.example.org"))),
                NodeSettings.Compression.LZ4,
                new NodeSettings.Undo(false, 2L << 30, Optional.of("/srv/undo")),
                Duration.ofSeconds(45),
                96,
                new VerifyTimes(
                    Optional.of(Duration.ofDays(7)),
                    Optional.of(LocalTime.of(2, 30)),
                    8192,
                    Optional.of("core-02")),
                "drbdadm -c /srv/drbd.conf adjust all"));
  }

  /// A node that was to encrypt never starts in clear because a line is missing.
  @Test
  void halfOfTlsIsRefused() {
    assertThatThrownBy(() -> parse("tls-certificate = /a\ntls-key = /b\n"))
        .hasMessageContaining("'tls-ca' expected too");
    assertThatThrownBy(() -> parse("tls-peer = core-02\n"))
        .hasMessageContaining("'tls-certificate' expected too");
  }

  @Test
  void anEmptyFileMeansTheDefaults() throws SettingsException {
    assertThat(parse("\n  \n# nothing\n")).isEqualTo(NodeSettings.DEFAULTS);
  }

  /// The node's own section wins wherever it stands, those of others do not count.
  @Test
  void takesTheNodesOwnSection() throws SettingsException {
    NodeSettings settings =
        parse(
            """
            log-keep = 1
            [node core-02]
            log-keep = 2
            status-style = 0.7
            [node core-01]
            log-keep = 3
            """);

    assertThat(settings.logKeep()).isEqualTo(3);
    assertThat(settings.statusStyle()).isEqualTo(StatusStyle.V8_4);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          nonsense                    | t.conf:1:1: 'key = value' expected
          '  colour = red'            | t.conf:1:3: unknown setting 'colour'
          log-keep =                  | t.conf:1:11: a value expected for 'log-keep'
          log-keep = many             | t.conf:1:12: a number of 0 to 999 expected
          status-style = 9            | t.conf:1:16: one of 0.7, 8.2, 8.3, 8.4 expected
          log-file = here             | t.conf:1:12: a path from the root on expected
          log-max-size = 1T           | t.conf:1:16: a size expected, such as 10M
          nbd-listen = unix:/a, b     | t.conf:1:22: unix:/PATH, HOST:PORT or [IPV6]:PORT expected
          disk-io = mmap              | t.conf:1:11: one of buffered, direct expected
          verify-every = 7            | t.conf:1:16: never, or a time such as 90m, 12h or 7d expected
          verify-at = 24:00           | t.conf:1:13: a time of the day expected, 00:00 to 23:59
          verify-rate = fast          | t.conf:1:15: a size expected, such as 10M
          verify-node = a b           | t.conf:1:15: a host name expected
          protocol-max = 85           | t.conf:1:16: a protocol version of 86 to 101 expected
          protocol-max = 102          | t.conf:1:16: a protocol version of 86 to 101 expected
          protocol-max = new          | t.conf:1:16: a protocol version of 86 to 101 expected
          nbd-secondary = maybe       | t.conf:1:17: one of refuse, read-only expected
          [core-01]                   | t.conf:1:1: '[node NAME]' expected
          [node a] b                  | t.conf:1:10: nothing expected behind ']'
          """)
  void saysWhereAWrongLineIs(String text, String message) {
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> parse(text))
        .withMessage(message);
  }

  @Test
  void refusesASettingAndASectionTwice() {
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> parse("log-keep = 1\nlog-keep = 2"))
        .withMessage("t.conf:2:1: 'log-keep' is set twice");
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> parse("[node a]\n[node a]"))
        .withMessage("t.conf:2:1: node 'a' has a section already");
  }

  @Test
  void checksTheSectionsOfOtherNodesToo() {
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> parse("[node core-02]\nlog-keep = x"))
        .withMessage("t.conf:2:12: a number of 0 to 999 expected");
  }
}
