/// The tools, one package each; [Tools] starts them.
@NullMarked
package org.twincore.cli;

import org.jspecify.annotations.NullMarked;
