/// The rules of state: which changes a change implies, which are refused, which side has the better
/// data, and how the generation UUIDs move.
///
/// Pure functions over values: nothing here remembers anything, asks the time, makes random numbers
/// or reaches the resource. Each table of DRBD is an enum with one constant a row, and each answer
/// names the rows that led to it, so that a test or the simulator can count which rows were
/// reached. Start with `StateRules` for one volume's state word, `SyncHandshake` for what happens
/// when two disks meet, and `UuidChanges` for what is written afterwards.
@NullMarked
package org.twincore.drbd.engine.state;

import org.jspecify.annotations.NullMarked;
