package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/// Sections 6.3 and 6.4 of the chapter, as its reader would type them on two hosts; docs/chapter.md
/// tells the same with its output and says where we differ.
@TestInstance(TestInstance.Lifecycle.PER_METHOD)
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ChapterWalkTest {
  private static final Path ROOT = Path.of(System.getProperty("twincore.root"));
  private static final Path CONFIGURATION =
      ROOT.resolve("it/src/test/resources/conf/chapter-6.3.1.conf");
  private static final Path FSYNC_FILES = ROOT.resolve("it/src/test/lab/fsync-files");

  /// The peer is noticed to be gone after ping-int and ping-timeout: 10.5 s.
  private static final long PING_SECONDS = 30;

  private static final long SYNC_SECONDS = 90;
  private static final long ERROR_SECONDS = 5;

  private Path folder;
  private TwoHosts hosts;

  @BeforeEach
  void boot() throws IOException, InterruptedException {
    Tool.require("e2fsprogs", "mkfs.ext3", "fsck.ext3");
    Tool.require("python3", "python3");
    folder = Files.createTempDirectory("twincore-hosts");
    hosts = TwoHosts.boot(folder);
  }

  @AfterEach
  void shutDown() throws IOException {
    if (hosts != null) {
      hosts.close();
    }
  }

  /// Up to a file system on /dev/drbd0, mounted on node1.
  private void configureAndInitialise(String diskKind, int sizeMib, String moreDiskOptions)
      throws IOException, InterruptedException {
    hosts.disks(diskKind, sizeMib);
    String configuration =
        Files.readString(CONFIGURATION)
            .replace("on-io-error panic;", "on-io-error panic; " + moreDiskOptions);
    Files.writeString(folder.resolve("drbd.conf"), configuration);
    for (int host = 1; host <= 2; host++) {
      hosts.ok(host, "cp " + folder.resolve("drbd.conf") + " /etc/drbd.conf");
      hosts.ok(host, "drbdadm create-md drbd1");
    }
    startBoth();
    assertThat(hosts.ok(1, "service drbd status"))
        .contains("drbd driver loaded OK; device status:", "Connected", "Secondary/Secondary");
    hosts.ok(1, "drbdadm -- --do-what-I-say primary all");
    assertThat(hosts.ok(1, "service drbd status"))
        .contains("SyncSource", "Primary/Secondary", "sync'ed:");
    hosts.ok(1, "mkfs.ext3 -q /dev/drbd0");
    hosts.ok(1, "mkdir -p /data && mount /dev/drbd0 /data");
    awaitUpToDate(1);
  }

  /// Each waits for the other, as wfc-timeout says: for ever.
  private void startBoth() throws IOException, InterruptedException {
    hosts.background(1, "start", "service drbd start; echo exit code $?");
    hosts.ok(2, "service drbd start");
    hosts.await(1, "drbdadm cstate all", "Connected", SYNC_SECONDS);
  }

  private void awaitUpToDate(int host) throws IOException, InterruptedException {
    hosts.await(host, "drbdadm proc", "ds:UpToDate/UpToDate", SYNC_SECONDS);
  }

  private void unmountAndDemote(int host) throws IOException, InterruptedException {
    hosts.ok(host, "umount /data");
    hosts.ok(host, "drbdadm secondary all");
  }

  private void promoteCheckAndMount(int host) throws IOException, InterruptedException {
    hosts.ok(host, "drbdadm primary all");
    hosts.ok(host, "fsck.ext3 -f -n /dev/drbd0");
    hosts.ok(host, "mkdir -p /data && mount /dev/drbd0 /data");
  }

  @Test
  void rolesAreSwappedThereAndBackWithAllFilesTheSame() throws Exception {
    for (int host = 1; host <= 2; host++) {
      hosts.ok(host, "echo status-style = 0.7 >/etc/twincore.conf");
    }
    configureAndInitialise("plain", 160, "");
    assertThat(hosts.ok(1, "df -h /data")).contains("/dev/drbd0", "/data");
    hosts.ok(1, "cp -a /usr/share/perl5 /data/ || cp -a /usr/lib/python3 /data/");
    hosts.ok(1, "cd /data && find . -type f -print0 | sort -z | xargs -0 sha256sum >/root/sums");
    hosts.ok(1, "cp /root/sums /data/sums");

    TwoHosts.Said held = hosts.run(1, "drbdadm secondary all");
    assertThat(held.exitCode()).isEqualTo(11);
    assertThat(held.text()).contains("(-12) Device is held open by someone");
    unmountAndDemote(1);
    assertThat(hosts.run(1, "mount /dev/drbd0 /data").exitCode()).isNotZero();
    assertThat(hosts.ok(1, "service drbd status"))
        .contains("cs:Connected st:Secondary/Secondary ld:Consistent");

    promoteCheckAndMount(2);
    assertThat(hosts.ok(2, "service drbd status")).contains("st:Primary/Secondary");
    assertThat(hosts.ok(1, "service drbd status")).contains("st:Secondary/Primary");
    hosts.ok(2, "cd /data && sha256sum --quiet -c sums");
    hosts.ok(2, "echo from node2 >/data/sums2 && rm -r /data/p*");
    unmountAndDemote(2);

    promoteCheckAndMount(1);
    assertThat(hosts.ok(1, "cat /data/sums2; ls /data")).contains("from node2").doesNotContain("p");
    hosts.ok(1, "service drbd stop"); // unmounts by itself
    promoteCheckAndMount(2);
    hosts.ok(2, "umount /data");
    for (int host = 1; host <= 2; host++) {
      hosts.ok(host, "service drbd stop");
      assertThat(hosts.run(host, "service drbd status").exitCode()).isEqualTo(3);
      assertThat(hosts.run(host, "ls /dev/drbd0").exitCode()).isNotZero();
    }
  }

  /// SIGTERM to a node whose device is mounted: what its users wrote is at the peer too.
  @Tag("full")
  @Test
  void aNodeThatEndsTakesTheMountedDeviceWithItAndLosesNothing() throws Exception {
    configureAndInitialise("plain", 64, "");
    hosts.ok(1, "head -c 5000000 /dev/urandom >/data/f && sha256sum /data/f >/root/sum");
    hosts.ok(
        1, "node=$(cat /run/twincore/*.pid); kill $node; timeout 15 tail --pid=$node -f /dev/null");
    assertThat(hosts.run(1, "dd if=/dev/zero of=/data/g bs=1M count=1 conv=fsync").exitCode())
        .isNotZero();
    hosts.await(2, "drbdadm cstate all", "WFConnection", PING_SECONDS);
    assertThat(hosts.ok(2, "drbdadm dstate all")).contains("UpToDate/");
    promoteCheckAndMount(2);
    assertThat(hosts.ok(2, "sha256sum /data/f"))
        .isEqualTo(Files.readString(hosts.file(1, "/root/sum")));
  }

  /// kill -9 of the primary's node under a mounted file system.
  @Test
  void aKilledNodeGivesErrorsAtOnceAndItsNextStartClearsWhatIsLeft() throws Exception {
    configureAndInitialise("plain", 64, "");
    writePromisedFiles();
    hosts.ok(1, "kill -9 $(cat /run/twincore/*.pid)");
    hosts.await(1, "pgrep -f 'fsync-file[s] write' || echo no writer", "no writer", ERROR_SECONDS);
    assertThat(hosts.log(1, "writer")).content().contains("Input/output error");
    assertThat(hosts.run(1, "ps -eo state,args | grep ^D").text()).isEmpty();

    hosts.await(2, "drbdadm cstate all", "WFConnection", PING_SECONDS);
    promoteRecoverAndMount(2);
    assertThat(lostFiles(2)).isEqualTo("0 lost");

    hosts.ok(1, "umount /data");
    hosts.ok(1, "service drbd start");
    awaitUpToDate(1);
    assertThat(hosts.ok(1, "cat /proc/mounts; losetup -n -O BACK-FILE"))
        .doesNotContain("/run/twincore/node1");
    unmountAndDemote(2);
    promoteCheckAndMount(1);
    assertThat(lostFiles(1)).isEqualTo("0 lost");
  }

  private void promoteRecoverAndMount(int host) throws IOException, InterruptedException {
    hosts.ok(host, "drbdadm primary all");
    hosts.ok(host, "fsck.ext3 -p /dev/drbd0 || test $? = 1"); // the journal may be replayed
    hosts.ok(host, "mkdir -p /data && mount /dev/drbd0 /data");
  }

  @Test
  void afterThePrimarysPowerCutTheOtherGoesOnAndTheRestIsResynced() throws Exception {
    configureAndInitialise("volatile", 256, "");
    restartSoThatNoExtentIsHot();
    writePromisedFiles();
    hosts.powerCut(1);
    hosts.await(2, "drbdadm cstate all", "WFConnection", PING_SECONDS);
    promoteRecoverAndMount(2);
    assertThat(lostFiles(2)).isEqualTo("0 lost");
    hosts.ok(2, "dd if=/dev/urandom of=/data/more bs=1M count=4 conv=fsync");

    hosts.powerOn(1);
    hosts.ok(1, "service drbd start");
    awaitUpToDate(1);
    assertThat(resyncedKib(1)).isBetween(4096L, 256L * 1024 / 2);
    unmountAndDemote(2);
    promoteCheckAndMount(1);
    assertThat(lostFiles(1)).isEqualTo("0 lost");
    assertThat(hosts.ok(1, "stat -c %s /data/more").strip()).isEqualTo("" + (4 << 20));
  }

  /// mkfs wrote everywhere; a crash counts what the activity log covers as changed.
  private void restartSoThatNoExtentIsHot() throws IOException, InterruptedException {
    unmountAndDemote(1);
    for (int host = 1; host <= 2; host++) {
      hosts.ok(host, "service drbd stop");
    }
    startBoth();
    promoteCheckAndMount(1);
  }

  @Test
  void afterAPowerCutOfBothEitherHasEveryPromisedFile() throws Exception {
    cutThePowerOfBoth("");
    assertThat(filesLostAt(2)).isEqualTo("0 lost");
    hosts.powerOn(1);
    hosts.ok(1, "service drbd start");
    awaitUpToDate(1);
    unmountAndDemote(2);
    promoteCheckAndMount(1);
    assertThat(lostFiles(1)).isEqualTo("0 lost");
  }

  /// The same must not pass when nobody flushes: the disks of this test do forget.
  @Tag("full")
  @Test
  void withoutFlushesAPowerCutOfBothLosesFiles() throws Exception {
    cutThePowerOfBoth("disk-barrier no; disk-flushes no; md-flushes no;");
    assertThat(filesLostAt(2)).isNotEqualTo("0 lost");
  }

  private void cutThePowerOfBoth(String diskOptions) throws IOException, InterruptedException {
    configureAndInitialise("volatile", 96, diskOptions);
    for (int host = 1; host <= 2; host++) {
      hosts.ok(host, "sync && sync /dev/hdd1");
    }
    writePromisedFiles();
    hosts.powerCut(2);
    hosts.powerCut(1);
  }

  /// Only that host comes back and goes on without the other.
  private String filesLostAt(int host) throws IOException, InterruptedException {
    hosts.powerOn(host);
    hosts.background(host, "start", "service drbd start");
    hosts.await(host, "drbdadm cstate all", "WFConnection", SYNC_SECONDS);
    boolean isMounted =
        hosts.run(host, "drbdadm primary all").exitCode() == 0
            && hosts.run(host, "fsck.ext3 -p /dev/drbd0 || test $? = 1").exitCode() == 0
            && hosts.run(host, "mkdir -p /data && mount /dev/drbd0 /data").exitCode() == 0;
    return isMounted ? lostFiles(host) : "the file system is lost";
  }

  private Path promised() {
    return folder.resolve("promised");
  }

  /// Files whose fsync returned; still being written when this returns.
  private void writePromisedFiles() throws IOException, InterruptedException {
    hosts.ok(1, "mkdir /data/files");
    hosts.background(
        1, "writer", "exec python3 " + FSYNC_FILES + " write /data/files " + promised() + " 1");
    hosts.await(1, "tail -1 " + promised() + " 2>/dev/null | grep '[0-9][0-9][0-9]'", "\n", 60);
  }

  private String lostFiles(int host) throws IOException, InterruptedException {
    String said = hosts.ok(host, "python3 " + FSYNC_FILES + " check /data/files " + promised());
    return said.strip().lines().reduce((_, last) -> last).orElse("");
  }

  /// What the node's log says of the last resync that it was the target of.
  private long resyncedKib(int host) throws IOException, InterruptedException {
    Pattern began = Pattern.compile("began resync as target, will fetch (\\d+) KiB");
    Matcher matcher = began.matcher(hosts.ok(host, "cat /var/log/twincore.log"));
    long last = -1;
    while (matcher.find()) {
      last = Long.parseLong(matcher.group(1));
    }
    return last;
  }
}
