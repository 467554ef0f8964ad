import { CheckpointError } from '../../errors.js'
import { namedValues, restoreNamed } from '../../ops/rdd/accumulators.js'
import type { RddContext } from '../../ops/rdd/context.js'
import { ByteWriter } from '../../pool/blocks/byte-writer.js'
import { decodeRecords, encodeRecords } from '../../pool/blocks/records-codec.js'
import { describe } from '../../values/describe.js'
import type { Checkpoint } from './checkpoint.js'

/** Returns the present values of the accumulators that have a name. */
export function saveAccumulators(context: RddContext): Checkpoint['accumulators'] {
  return namedValues(context).map(([name, value]) => {
    const bytes = new ByteWriter()
    encodeRecords(bytes, [value])
    return { name, value: Buffer.from(bytes.bytes()).toString('base64') }
  })
}

export function restoreAccumulators(context: RddContext, { accumulators }: Checkpoint): void {
  restoreNamed(
    context,
    accumulators.map(({ name, value }) => [name, decoded(name, value)]),
  )
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
