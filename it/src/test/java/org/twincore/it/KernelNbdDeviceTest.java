package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/// Two nodes of ours in one guest, whose /dev/drbd0 are devices of the guest kernel's NBD client
/// (`device-by = nbd`): node `a` shows them in /dev/a, node `b` in /dev/b.
///
/// The tests are the chapters of one story: an emulated processor takes a minute to start it all.
@Tag("full")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class KernelNbdDeviceTest {
  /// What the user of a device may wait for an error when its node is killed.
  private static final int ERROR_SECONDS = 5;

  private static final String CONFIG =
      """
      resource r0 {
        net { ping-timeout 100; }
        on a { device /dev/drbd0; disk /t/a.img; address 127.0.0.1:7101; meta-disk internal; }
        on b { device /dev/drbd0; disk /t/b.img; address 127.0.0.1:7102; meta-disk internal; }
      }
      """;

  /// For the guest's shell.
  ///
  /// * `node N` starts a node; its process is the number in /t/N.pid, its log /t/N.log
  /// * `adm N WORD...` is drbdadm
  /// * `up N` brings r0 up at node N, and tries once more: the first command to a cold node may
  ///   take longer in an emulated guest than the five seconds that drbdadm waits
  /// * `soon COMMAND` waits until the command succeeds
  /// * `nbd_of N` is the nbd0 or so that node N's device leads to; `busy`: node a's has requests in
  ///   flight
  /// * `wardens` are the processes that watch devices
  private static final String SHELL =
      """
      . /opt/env
      node() { rm -f /t/run/$1.sock; $JAVA -cp $CP org.twincore.daemon.Main --name $1 --settings /t/$1.conf --run /t/run \
      --state /t/state </dev/null 5>&- 6<&- 7<&- >/t/$1.out 2>&1 & echo $! >/t/$1.pid; soon test -S /t/run/$1.sock; }
      adm() { echo "$@" >&5; while read -r l <&6; do case "$l" in "exit "*) return ${l#exit };; esac; \
      echo "$l"; done; return 99; }
      up() { adm $1 up r0 || { adm $1 down r0; adm $1 up r0; }; }
      soon() { n=0; until "$@" >/dev/null 2>&1; do n=$((n+1)); [ $n -lt 900 ] || { "$@"; return 1; }; \
      sleep 0.2; done; }
      state() { adm $1 cstate r0; adm $1 dstate r0; }
      in_step() { [ "$(state a | tr '\\n' ' ')" = "Connected UpToDate/UpToDate " ]; }
      nbd_of() { for d in /sys/block/nbd*; do grep -q /$1.devices/ $d/backend 2>/dev/null && echo \
      ${d##*/}; done; true; }
      none_of() { [ -z "$(nbd_of $1)" ]; }
      wardens() { for p in /proc/[0-9]*; do grep -qs DeviceWarden $p/cmdline && echo ${p##*/}; done; true; }
      busy() { [ "$(tr -d ' ' </sys/block/$(nbd_of a)/inflight)" != 00 ]; }
      """;

  @TempDir private static Path folder;
  private static KernelPeer guest;

  @BeforeAll
  static void bootAGuestWithJava() throws IOException, InterruptedException {
    KernelPeer.require();
    Tool.require("e2fsprogs", "mkfs.ext4");
    Path disk = folder.resolve("java.disk");
    GuestJava.make(disk, Files.createDirectory(folder.resolve("java")), "/opt");
    guest =
        KernelPeer.bootPlain(
            folder.resolve("console"), "--extra-disk", disk.toString(), "--mem-mb", "1024");
    guest.run("modprobe ext4 && mkdir -p /opt /t /mnt /dev/a /dev/b");
    guest.run("mount -t ext4 -o ro /dev/vdb /opt && mount -t tmpfs tmpfs /t");
    guest.run("mkdir /t/run /t/state && ln -sf /bin/blockdev /sbin/blockdev");
    for (String line : SHELL.lines().toList()) {
      guest.run(line);
    }
    for (String line : CONFIG.lines().toList()) {
      guest.run("echo '" + line + "' >>/t/drbd.conf");
    }
    for (String node : new String[] {"a", "b"}) {
      guest.run("truncate -s 24M /t/" + node + ".img");
      String settings = "device-by = nbd|device-folder = /dev/" + node + "|log-file = /t/" + node;
      guest.run("echo '" + settings + ".log' | tr '|' '\\n' >/t/" + node + ".conf");
    }
    guest.run("mkfifo /t/ask /t/said");
    guest.run(
        "$JAVA -cp $CP org.twincore.it.GuestTools /t/run /t/drbd.conf </t/ask >/t/said & true");
    guest.run("exec 5>/t/ask 6</t/said");
  }

  @AfterAll
  static void endTheGuest() {
    if (guest != null) {
      guest.close();
    }
  }

  private static void expect(String command, String... texts) throws IOException {
    assertThat(guest.run(command)).as(command).contains(texts);
  }

  /// A command that must fail with this code; what it said.
  private static String refused(int code, String command) throws IOException {
    return guest.run(command + " 2>&1; [ $? = " + code + " ]");
  }

  @Test
  @Order(1)
  void withoutTheDriverItSaysHowToGetIt() throws IOException {
    guest.run("node a");
    expect("cat /t/a.log", "no block devices until then", "'modprobe nbd' loads it");
    expect("lsmod | grep -c '^nbd ' || true", "0");
    guest.run("modprobe nbd; modprobe crc32c_generic; true");
  }

  @Test
  @Order(2)
  void aPrimarysDeviceIsThereAndASecondarysCannotBeOpened() throws IOException {
    guest.run("node b");
    guest.run("adm a create-md r0; adm b create-md r0");
    guest.run("up a && up b");
    guest.run("c() { [ \"$(adm a cstate r0)\" = Connected ]; }; soon c");
    guest.run("adm a new-current-uuid --clear-bitmap r0 && soon in_step");
    assertThat(refused(1, "dd if=/dev/a/drbd0 count=1")).contains("No such device or address");
    guest.run("adm a primary r0");
    expect("stat -c '%t %F' /dev/a/drbd0", "2b block special file");
    assertThat(refused(1, "dd if=/dev/b/drbd0 count=1")).contains("No such device or address");
    expect("cat /sys/block/$(nbd_of a)/backend", "/t/run/a.devices/drbd0.");
    expect("cat /sys/block/$(nbd_of a)/queue/write_cache", "write back");
    expect("cat /sys/block/$(nbd_of a)/queue/fua", "1");
    guest.run("[ $(cat /sys/block/$(nbd_of a)/queue/discard_max_bytes) -gt 0 ]");
  }

  @Test
  @Order(3)
  void carriesAFileSystem() throws IOException {
    guest.run("/sbin/mke2fs -q -t ext4 /dev/a/drbd0 && mount -t ext4 /dev/a/drbd0 /mnt");
    guest.run("dd if=/dev/urandom of=/mnt/file bs=65536 count=100 && sync");
    guest.run("sha256sum /mnt/file >/t/sum; echo one >/mnt/note");
  }

  @Test
  @Order(4)
  void noDemotionWhileSomebodyHasItOpen() throws IOException {
    assertThat(refused(11, "adm a secondary r0")).contains("(-12) Device is held open by someone");
    assertThat(refused(11, "adm a down r0")).contains("(-12) Device is held open by someone");
    guest.run("echo two >/mnt/note && sync && sha256sum -c /t/sum");
    guest.run("umount /mnt && /sbin/e2fsck -fn /dev/a/drbd0");
    guest.run("exec 7</dev/a/drbd0");
    assertThat(refused(11, "adm a secondary r0")).contains("(-12)");
    guest.run("dd bs=512 count=1 of=/dev/null <&7 && exec 7<&-");
  }

  /// What the other node wrote meanwhile is read, not what this kernel remembers.
  @Test
  @Order(5)
  void rolesSwapAndNoCachedBlockOutlivesADemotion() throws IOException {
    String note = "two";
    for (String node : new String[] {"b", "a", "b", "a"}) {
      String other = node.equals("a") ? "b" : "a";
      guest.run("dd if=/dev/" + other + "/drbd0 of=/dev/null bs=1M 2>/dev/null");
      guest.run("adm " + other + " secondary r0 && none_of " + other);
      guest.run("adm " + node + " primary r0");
      guest.run("mount -t ext4 /dev/" + node + "/drbd0 /mnt && sha256sum -c /t/sum");
      expect("cat /mnt/note", note);
      note = "written by " + node;
      guest.run("echo " + note + " >/mnt/note");
      guest.run("dd if=/dev/urandom of=/mnt/file bs=65536 count=100");
      guest.run("sha256sum /mnt/file >/t/sum; umount /mnt");
      guest.run("/sbin/e2fsck -fn /dev/" + node + "/drbd0");
    }
  }

  @Test
  @Order(6)
  void growsUnderAMountedFileSystem() throws IOException {
    guest.run("soon in_step");
    guest.run("mount -t ext4 /dev/a/drbd0 /mnt && cat /sys/block/$(nbd_of a)/size >/t/before");
    guest.run("truncate -s 32M /t/a.img /t/b.img && adm a resize r0");
    guest.run(
        "larger() { [ $(cat /sys/block/$(nbd_of a)/size) -ge $(( $(cat /t/before) + 16384 )) ]; };"
            + " soon larger");
    guest.run("sha256sum -c /t/sum && umount /mnt");
    guest.run("soon in_step");
  }

  /// Its requests are with the node, which answers nothing any more: nobody but the warden would
  /// give them an error.
  @Test
  @Order(7)
  void usersOfAKilledNodeGetErrorsSoon() throws IOException {
    guest.run("mount -t ext4 /dev/a/drbd0 /mnt");
    guest.run("[ -n \"$(wardens)\" ]");
    guest.run("kill -STOP $(cat /t/a.pid)");
    guest.run(
        "{ dd if=/dev/zero of=/mnt/file bs=64K count=16 conv=fsync; echo ended $?; }"
            + " >/t/w 2>&1 & true");
    guest.run("soon busy");
    guest.run("t0=$(uptime_s); kill -KILL $(cat /t/a.pid); soon grep -q ended /t/w");
    guest.run("t1=$(uptime_s); echo $t0 to $t1; [ $((t1 - t0)) -le " + ERROR_SECONDS + " ]");
    expect("cat /t/w", "put/output error", "ended 1");
    guest.run("umount /mnt && soon none_of a");
  }

  @Test
  @Order(8)
  void theNextStartClearsWhatIsLeft() throws IOException {
    guest.run("node a");
    guest.run("ls /t/run/a.devices /dev/a; [ -z \"$(ls /t/run/a.devices)\" ]");
    guest.run("up a && soon in_step");
    guest.run("adm a primary r0 && mount -t ext4 /dev/a/drbd0 /mnt && umount /mnt");
    guest.run("/sbin/e2fsck -fn /dev/a/drbd0");
  }

  /// Node and warden killed together: the device is dead, and stays until the next start.
  @Test
  @Order(9)
  void theNextStartGivesErrorsToWhoStillWaits() throws IOException {
    guest.run("exec 7<>/dev/a/drbd0");
    guest.run("kill -STOP $(cat /t/a.pid)");
    guest.run(
        "{ dd if=/dev/a/drbd0 iflag=direct of=/dev/null count=8; echo ended $?; }"
            + " >/t/w 2>&1 & true");
    guest.run("soon busy");
    guest.run("kill -KILL $(wardens) $(cat /t/a.pid); sleep 1; ! grep ended /t/w");
    guest.run("node a && soon grep -q ended /t/w");
    expect("cat /t/w", "put/output error");
    guest.run("exec 7<&- && soon none_of a");
    guest.run("up a && soon in_step && adm a primary r0 && adm a secondary r0");
  }
}
