package org.twincore.drbd.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

/// The layout of `dump`; that it is DRBD's own is proven against Debian's tool in `it`.
class ConfigPrinterTest {
  private static final String PRINTED =
      """
      # /c/main.conf
      global {
          minor-count 5;
          cmd-timeout-medium 600;
          cmd-timeout-long 0;
      }

      common {
          net {
              protocol           C;
          }
          disk {
              resync-rate      10M;
          }
          handlers {
              split-brain      "a \\"b\\\\";
          }
      }

      # resource r on alice: not ignored, not stacked
      # defined at /c/main.conf:22
      resource r {
          on alice {
              volume 0 {
                  disk {
                      c-plan-ahead   0;
                  }
                  device       minor 1;
                  disk         /dev/a;
                  meta-disk        /dev/m [3];
              }
              address          ipv4 127.0.0.1:7788;
          }
          on bob {
              volume 0 {
                  device       /dev/drbd1 minor 1;
                  disk         "/dev/a b";
                  meta-disk    internal;
              }
              address          ipv6 [fe80::1%eth0]:7788;
          }
          startup {
              wfc-timeout       10;
              become-primary-on alice;
          }
      }

      """;

  private static NodeConfiguration read(String text) throws ConfigException {
    return NodeChecks.forDump(
        NodeConfiguration.of(MapSource.read(text), MapSource.ALICE, NodeConfiguration.Match.HOST),
        Optional.empty());
  }

  @Test
  void printsWhatItReadsBackToTheSame() throws Exception {
    String once = ConfigPrinter.print(read(PRINTED));

    assertThat(once).isEqualTo(PRINTED);
  }

  @Test
  void turnsOldSpellingsIntoTodays() throws Exception {
    String old =
        "resource r { protocol a; syncer { rate 5M; verify-alg md5; } disk { no-md-flushes; } }";

    assertThat(ConfigPrinter.print(read(old)))
        .contains("net {\n        protocol           A;\n        verify-alg       md5;\n    }")
        .contains("resync-rate       5M;\n        md-flushes        no;");
  }

  @Test
  void printsXmlWithEscapes() throws Exception {
    assertThat(XmlPrinter.print(read("resource \"<r>\" { handlers { pri-lost \"a&b'\"; } }")))
        .contains("<resource name=\"&lt;r&gt;\" conf-file-line=\"/c/main.conf:1\">")
        .contains("<option name=\"pri-lost\" value=\"a&amp;b&apos;\"/>");
  }

  @Test
  void readsWhatShowPrints() throws Exception {
    RunningResource running =
        RunningResource.read(
                """
                resource "r 0" {
                    net { ping-int 5; shared-secret "a \\"b"; }
                    _remote_host { address ipv6 [::1]:2; }
                    _this_host { address ipv4 127.0.0.1:1;
                        volume 3 { device minor 7; disk "/dev/a b"; meta-disk "/dev/m";
                            disk { size 4294967296s; resync-rate 10240k; } }
                        volume 4 { device minor 8; } }
                }
                """)
            .getFirst();

    assertThat(running.name()).isEqualTo("r 0");
    assertThat(running.net().word(Option.SHARED_SECRET)).isEqualTo("a \"b");
    assertThat(running.peer()).contains(new Endpoint("ipv6", "::1", 2));
    RunningResource.Volume volume = running.volume(3).orElseThrow();
    assertThat(volume.minor()).isEqualTo(7);
    assertThat(volume.metaDisk()).isEqualTo(new MetaDisk("/dev/m", "flexible"));
    assertThat(volume.options().num(Option.SIZE)).isEqualTo(4294967296L);
    assertThat(volume.options().num(Option.RESYNC_RATE)).isEqualTo(10240);
    assertThat(running.volume(4).orElseThrow().disk()).isEmpty();
  }
}
