import { CheckpointError } from '../../errors.js'
import { changedValues, namedValues, restoreNamed } from '../../ops/rdd/accumulators.js'
import type { RddContext } from '../../ops/rdd/context.js'
import { ByteWriter } from '../../pool/blocks/byte-writer.js'
import { decodeRecords, encodeRecords } from '../../pool/blocks/records-codec.js'
import { describe } from '../../values/describe.js'
import type { Checkpoint } from './checkpoint.js'

/** Returns the present values of the accumulators that have a name. */
export function saveAccumulators(context: RddContext): Checkpoint['accumulators'] {
  return namedValues(context).map(([name, value]) => saved(name, value))
}

export function restoreAccumulators(context: RddContext, accumulators: Checkpoint['accumulators']): void {
  restoreNamed(
    context,
    accumulators.map(({ name, value }) => [name, decoded(name, value)]),
  )
}

/** The values of accumulators with a name that no record of a batch has. */
export class UnrecordedAccumulators {
  readonly #context: RddContext
  /** The number of changes that the last record of each contains. */
  readonly #recorded = new Map<string, number>()

  constructor(context: RddContext) {
    this.#context = context
  }

  /** Returns the values for a record. Call `recorded` once it is written. */
  values(): { readonly values: Checkpoint['accumulators']; readonly recorded: () => void } {
    const changed = changedValues(this.#context).filter(([name, , revision]) => this.#recorded.get(name) !== revision)
    return {
      values: changed.map(([name, value]) => saved(name, value)),
      recorded: () => {
        for (const [name, , revision] of changed) this.#recorded.set(name, revision)
      },
    }
  }
}

function saved(name: string, value: unknown): Checkpoint['accumulators'][number] {
  const bytes = new ByteWriter()
  encodeRecords(bytes, [value])
  return { name, value: Buffer.from(bytes.bytes()).toString('base64') }
}

function decoded(name: string, value: string): unknown {
  try {
    return decodeRecords(Buffer.from(value, 'base64'))[0]
  } catch (cause) {
    throw new CheckpointError(
      `The value of the accumulator ${describe(name)} in the checkpoint cannot be decoded. Remove the checkpoint, so that the one before counts.`,
      { name },
      cause,
    )
  }
}
