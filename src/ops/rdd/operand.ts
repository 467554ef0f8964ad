import { ArgumentError } from '../../errors.js'
import { describe } from '../functions/plain-data.js'
import type { RddBuilder } from './builder.js'
import { Rdd } from './rdd.js'

/**
 * The other dataset of an operation. Throws ArgumentError unless it is one, and of the same context: numbers of datasets and
 * shuffles are those of their context, so another's data would be taken for this one's.
 */
export function operand<R extends Rdd<unknown>>(rdd: Rdd<unknown>, other: R, label: string): R {
  return ofContext(rdd.context, other, label)
}

/** The same of an operation of a context. */
export function ofContext<R extends Rdd<unknown>>(context: RddBuilder, other: R, label: string): R {
  if (!(other instanceof Rdd)) {
    throw new ArgumentError(`${label} needs another dataset, got ${describe(other)}.`, { label })
  }
  if (other.context !== context) {
    throw new ArgumentError(
      `${label}: the datasets belong to different contexts. Make both with one context; of streams, that is ssc.context.`,
      { label },
    )
  }
  return other
}
