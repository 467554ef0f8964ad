import type { ReaderRef } from '../ops/source.js'
import { PACKAGE_ROOT } from '../package-root.js'
import { bundledUrl } from '../pool/bundled-modules.js'

/** Readers that the worker of the executors has in its own file, by their path in the package. */
const BUNDLED_READERS: readonly string[] = ['formats/reader.js']

/**
 * Returns a reader as executors can load it: those of the package's formats from the worker itself. The modules of others must exist at
 * their URL on each executor.
 */
export function portableReader(reader: ReaderRef): ReaderRef {
  const path = BUNDLED_READERS.find((name) => reader.module === new URL(name, PACKAGE_ROOT).href)
  return path === undefined ? reader : { ...reader, module: bundledUrl(path) }
}
