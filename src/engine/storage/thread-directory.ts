import type { ThreadId } from '../../ids.js'
/** The existing threads, as storage needs to know them. */
export interface ThreadDirectory {
  /** Returns the ids of the threads that may own blocks, the spare last. */
  owners(): readonly ThreadId[]
}
