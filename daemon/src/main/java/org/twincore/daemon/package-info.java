/// `twincore node`: one process that carries all DRBD resources of one node.
///
/// [Node] puts everything together with constructors; [NodeDesk] says what each admin request
/// means; [Main] starts and stops it. No rule of DRBD is decided here.
@NullMarked
package org.twincore.daemon;

import org.jspecify.annotations.NullMarked;
