import { ArgumentError } from '../../../errors.js'
import type { FileSystemsOptions } from '../../../files/file-systems.js'
import { checkNames } from '../../../ops/option-names.js'
import { describe } from '../../../values/describe.js'
import { entriesOf } from '../state-conversion.js'
import { CheckpointFiles } from './checkpoint-files.js'

export interface ReadStateOptions {
  /** The batch time of the checkpoint in ms. Default: the newest complete checkpoint. */
  readonly at?: number
  /** File systems by scheme, as in the options of a context. */
  readonly fileSystems?: FileSystemsOptions
}

/**
 * Reads the keyed state of one operation from a checkpoint directory, without a context and beside a running owner. Yields
 * each key with its state, partition by partition, in no order of keys. State of `updateStateByKey` and `mapWithState` is the
 * value that their functions store; that of windows has an internal form.
 *
 * Memory: the data files of the checkpoint, and one decoded partition.
 *
 * ```ts
 * const { tmpdir } = await import('node:os')
 * const { readState, StreamingContext } = await import('millrace')
 * const directory = `${tmpdir()}/read-state-${process.pid}-${Date.now()}`
 * const ssc = new StreamingContext({ batchInterval: '1s', threads: 1, checkpointDir: directory })
 * ssc.pushStream<[string, number]>('pairs').updateStateByKey<number>((values, sum = 0) => sum + values.length).uid('sums').print()
 * await ssc.start()
 * await ssc.stop()
 * for await (const [key, state] of readState<string, number>(directory, 'sums')) console.log(key, state)
 * ```
 *
 * @throws ArgumentError if the checkpoint has no state of that operation; it names those that it has.
 * @throws CheckpointError if there is no such checkpoint, or it is damaged.
 */
export async function* readState<K = unknown, S = unknown>(
  directory: string | URL,
  uid: string,
  options: ReadStateOptions = {},
): AsyncIterable<[K, S]> {
  checkNames(options, ['at', 'fileSystems'], 'readState')
  const files = await CheckpointFiles.open(directory, options.fileSystems)
  try {
    const { checkpoint, bytesOf } = await files.find(options.at)
    const states = checkpoint.states.filter((state) => state.uid === uid)
    if (states.length === 0 && !checkpoint.operations.some((operation) => operation.uid === uid && operation.placed)) {
      const known = checkpoint.operations.filter(({ placed }) => placed).map((operation) => describe(operation.uid))
      throw new ArgumentError(
        `readState got uid ${describe(uid)}; the checkpoint of batch ${checkpoint.time} ms has the keyed state of ${known.join(', ') || 'no operation'}.`,
        { uid, known },
      )
    }
    for (const state of states) {
      for (const { key, value } of entriesOf(state, bytesOf)) yield [key as K, value as S]
    }
  } finally {
    await files.close()
  }
}
