package org.twincore.sim.fault;

/// One kind of fault.
public interface Fault {
  /// For the trace and the coverage table.
  String name();

  /// Does it, if the cluster's state allows it now. Whether it was done.
  boolean inflict(Victims victims);

  /// A fault from its name and deed.
  static Fault of(String name, Deed deed) {
    return new Fault() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public boolean inflict(Victims victims) {
        return deed.inflict(victims);
      }
    };
  }

  /// What a fault does; false if it may not be done now.
  @FunctionalInterface
  interface Deed {
    boolean inflict(Victims victims);
  }
}
