package org.twincore.it;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/// The walls that Maven's module arrows cannot hold (ARCHITECTURE.md names each).
class ArchitectureTest {
  private static final String[] PURE = {
    "org.twincore.drbd..", "org.twincore.nbd..", "org.twincore.fuse..", "org.twincore.sim.."
  };
  private static final String[] ENGINE = {"org.twincore.drbd.engine.."};

  private static final JavaClasses ALL =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("org.twincore");

  @Test
  void seesTheWholeProduct() {
    assertThat(ALL.size()).isGreaterThan(100);
  }

  @Test
  void pureModulesTouchNoMachine() {
    noClasses()
        .that()
        .resideInAnyPackage(PURE)
        .and()
        .haveNameNotMatching("org\\.twincore\\.sim\\.(Main|contract\\..*).*")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "java.net..", "java.nio.channels..", "java.nio.file..", "java.lang.foreign..")
        .check(ALL);
  }

  @Test
  void theCoreKnowsNoThreadLockOrClock() {
    noClasses()
        .that()
        .resideInAnyPackage("org.twincore.drbd..", "org.twincore.nbd..", "org.twincore.fuse..")
        .should()
        .dependOnClassesThat()
        .haveNameMatching(
            "java\\.lang\\.Thread|java\\.util\\.concurrent\\..*|java\\.time\\.Clock"
                + "|java\\.security\\.SecureRandom|java\\.util\\.Random|java\\.io\\.File.*")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(java.util.UUID.class, "randomUUID")
        .check(ALL);
  }

  /// A jump of the machine's clock changes nothing but stamps: every wait is in nanoTime.
  @Test
  void onlyStampsReadTheWallClock() {
    noClasses()
        .that()
        .haveNameNotMatching(
            "org\\.twincore\\.(daemon\\.(EventStream|Node|resource\\.ResourceNode|verify\\.VerifySchedule)"
                + "|cli\\.drbdmeta\\.DumpCommands|bench\\..*)(\\$.*)?")
        .should()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(Instant.class, "now")
        .orShould()
        .dependOnClassesThat()
        .haveNameMatching(
            "java\\.time\\.Clock|java\\.util\\.(Date|Timer|Calendar)"
                + "|java\\.time\\.(Local|Zoned|Offset)DateTime")
        .check(ALL);
  }

  @Test
  void onlyHostLinuxCallsForeignFunctions() {
    noClasses()
        .that()
        .resideOutsideOfPackage("org.twincore.host.linux..")
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.lang.foreign.Linker")
        .check(ALL);
  }

  @Test
  void onlyHostAndDaemonStartThreads() {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            "org.twincore.host..", "org.twincore.daemon..", "org.twincore.cli..")
        .should()
        .callMethod(Thread.class, "ofVirtual")
        .orShould()
        .callMethod(Thread.class, "ofPlatform")
        .orShould()
        .callMethod(Thread.class, "start")
        .check(ALL);
  }

  @Test
  void theEngineHasNoPackageCircles() {
    slices().matching("org.twincore.drbd.engine.(*)..").should().beFreeOfCycles().check(ALL);
  }

  @Test
  void theProductHasNoCirclesBetweenItsWings() {
    slices().matching("org.twincore.(*)..").should().beFreeOfCycles().check(ALL);
  }

  @Test
  void subMachinesNeverReachTheResource() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "org.twincore.drbd.engine.exchange..",
            "org.twincore.drbd.engine.port..",
            "org.twincore.drbd.engine.activity..",
            "org.twincore.drbd.engine.state..",
            "org.twincore.drbd.engine.undo..",
            "org.twincore.drbd.engine.request..",
            "org.twincore.drbd.engine.connection..",
            "org.twincore.drbd.engine.resync..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.twincore.drbd.engine")
        .check(ALL);
  }

  @Test
  void theEngineSeesNeitherEdgeNorTools() {
    noClasses()
        .that()
        .resideInAnyPackage(ENGINE)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.twincore.host..",
            "org.twincore.daemon..",
            "org.twincore.cli..",
            "org.twincore.admin..",
            "org.twincore.nbd..")
        .check(ALL);
  }

  @Test
  void noNameSaysAPattern() {
    noClasses()
        .should()
        .haveSimpleNameEndingWith("Manager")
        .orShould()
        .haveSimpleNameEndingWith("Util")
        .orShould()
        .haveSimpleNameEndingWith("Utils")
        .orShould()
        .haveSimpleNameEndingWith("Helper")
        .orShould()
        .haveSimpleNameEndingWith("Impl")
        .orShould()
        .haveSimpleNameStartingWith("Abstract")
        .check(ALL);
  }

  @Test
  void classesAreClosedForInheritance() {
    classes().should(BE_CLOSED).check(ALL);
  }

  private static final ArchCondition<JavaClass> BE_CLOSED =
      new ArchCondition<>("be final, sealed, an interface, an enum or anonymous") {
        @Override
        public void check(JavaClass type, ConditionEvents events) {
          boolean closed =
              type.getModifiers().contains(JavaModifier.FINAL)
                  || type.isInterface()
                  || type.isEnum()
                  || type.isAnonymousClass()
                  || type.isAnnotation()
                  || type.reflect().isSealed()
                  || type.getPackageName().startsWith("org.twincore.sim.contract");
          if (!closed) {
            events.add(SimpleConditionEvent.violated(type, type.getName() + " is open"));
          }
        }
      };
}
