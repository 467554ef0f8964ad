import { builtin } from '../../ops/functions/builtin.js'
import { ChainRdd } from '../../ops/rdd/chain.js'
import { type BaseRdd, facade, nodeOf } from '../../ops/rdd/facade.js'
import type { Columns } from '../columns.js'
import { mustBeInstalled } from '../installed.js'
import { joinStreams } from './ipc-stream.js'
import { loadEncoder } from './run-encoder.js'

/**
 * Resolves with a dataset as a stream of Arrow. Each task encodes its partition.
 *
 * @throws SourceError if the package `@uwdata/flechette` is missing.
 */
export async function toArrow(rdd: BaseRdd<unknown>, columns: Columns): Promise<Uint8Array> {
  mustBeInstalled('toArrow needs', '@uwdata/flechette', 2)
  const node = nodeOf(rdd)
  const fn = node.context.capture(builtin('toArrow', columns), 'toArrow', 'later')
  const step = { op: 'mapAsync', fn, label: 'toArrow', whole: true, concurrency: 1, ordered: true } as const
  const streams = await facade(new ChainRdd<Uint8Array>(node, step)).collect()
  // Without records too, the stream has the schema.
  return joinStreams([(await loadEncoder()).encode(columns, []), ...streams])
}
