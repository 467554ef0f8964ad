import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import type { RddContext } from './context.js'
import { type BaseRdd, isRdd, nodeOf } from './facade.js'
import type { Rdd } from './rdd.js'

/**
 * Returns the node of an operation's other dataset. Ids of datasets and shuffles are unique in their context only, so a
 * dataset of another context would read the wrong data.
 *
 * @throws ArgumentError unless `other` is a dataset of the same context.
 */
export function operand<T>(rdd: Rdd<unknown>, other: BaseRdd<T>, label: string): Rdd<T> {
  return ofContext(rdd.context, other, label)
}

/** Returns the node of a dataset that is passed to an operation of a context. @throws ArgumentError as `operand`. */
export function ofContext<T>(context: RddContext, other: BaseRdd<T>, label: string): Rdd<T> {
  if (!isRdd(other)) {
    throw new ArgumentError(`${label} needs another dataset, got ${describe(other)}.`, { label })
  }
  const node = nodeOf<T>(other)
  if (node.context !== context) {
    throw new ArgumentError(
      `${label}: the datasets belong to different contexts. Create both with one context; for streams, that is ssc.context.`,
      { label },
    )
  }
  return node
}
