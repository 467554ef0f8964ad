import type { Dataset, Planner, SourcePartition } from '../dataset.js'
import { whyFunction } from '../functions/meaning.js'
import type { FnRef, UserRef } from '../functions/ref.js'
import { ChainRdd } from './chain.js'
import type { Rdd } from './rdd.js'

/**
 * Returns a note on the function of a step over lines of text: whether kernels know its meaning, or why it runs as a
 * function. Returns an empty text for other datasets and for library functions. Cost: one parse of an unknown function.
 */
export function kernelNote(dataset: Dataset): string {
  if (!(dataset instanceof ChainRdd) || !isOverText(dataset)) return ''
  const { table } = (dataset as Rdd<unknown>).context
  const refs = usersOf(dataset.step.fn)
  if (refs.length === 0) return ''
  const targetOf = (ref: UserRef) => (ref.k === 'table' ? table.get(ref.i) : undefined)
  const why = refs.map((ref) => whyFunction(ref, targetOf(ref))).find((why) => why !== undefined)
  return why === undefined ? 'known to kernels' : `a function: it ${why}`
}

/** Returns the functions of users in a reference. */
function usersOf(fn: FnRef): UserRef[] {
  if (fn.k !== 'builtin') return [fn]
  return (fn.args ?? []).flatMap((arg) => ('fn' in arg ? usersOf(arg.fn) : []))
}

/** Returns whether only steps lie between a dataset and a source of lines. */
function isOverText(dataset: Dataset): boolean {
  while (dataset instanceof ChainRdd && dataset.storage === undefined) dataset = dataset.parent
  if (dataset.dependencies.length > 0 || dataset.partitions === 0) return false
  let text = false
  dataset.plan(0, {
    ...NO_INPUTS,
    source: (source) => {
      text = isText(source)
      return 0
    },
  })
  return text
}

/** For plans of sources, which have no other inputs. */
const NO_INPUTS: Omit<Planner, 'source'> = {
  of: () => ({ op: 'input', input: 0 }),
  shuffle: () => 0,
  state: () => 0,
  rejects: () => 0,
  observe: () => 0,
  watermark: () => 0,
}

function isText(source: SourcePartition): boolean {
  switch (source.from) {
    case 'file':
      return source.reading === undefined
    case 'file-part':
      return source.files.reading === undefined
    case 'received':
      return (
        source.slices.length > 0 &&
        source.slices.every((slice) => (slice as { block?: { codec?: unknown } }).block?.codec === 'text')
      )
    default:
      return false
  }
}
