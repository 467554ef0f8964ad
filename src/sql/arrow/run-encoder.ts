import { SqlError } from '../../errors.js'
import { defineBuiltin } from '../../ops/functions/builtin.js'
import { PACKAGE_ROOT } from '../../package-root.js'
import { ExportLoader } from '../../pool/export-loader.js'
import type { Columns } from '../columns.js'

/** Encodes records for a thread, which loads it with the first table. */
export interface ArrowEncoder {
  /** Returns records as a stream of Arrow. @throws DataError for a record that the columns cannot hold. */
  encode(columns: Columns, records: readonly unknown[]): Uint8Array
}

const encoders = new ExportLoader<ArrowEncoder>('Arrow encoder', 'encode', 'encode(columns, records)', SqlError)

/** Resolves with the encoder, which needs `@uwdata/flechette`. */
export function loadEncoder(): Promise<ArrowEncoder> {
  return encoders.load({ module: new URL('sql/arrow/encoder.js', PACKAGE_ROOT).href, export: 'encoder' })
}

defineBuiltin(
  'toArrow',
  (columns: Columns) => async (records: readonly unknown[]) => [(await loadEncoder()).encode(columns, records)],
  'later',
)
