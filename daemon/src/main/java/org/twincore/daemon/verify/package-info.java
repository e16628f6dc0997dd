/// Online verifies that a node begins by itself, and the book of all that were begun on it.
///
/// Start with [VerifyCalendar]: it is told the time and how the volumes stand, and says which
/// verify to begin. It keeps no time of its own and touches no resource; `daemon.ScheduledVerifies`
/// is the thread around it.
@NullMarked
package org.twincore.daemon.verify;

import org.jspecify.annotations.NullMarked;
