import type { Dataset, Planner, SourcePartition } from '../dataset.js'
import { whyFunction } from '../functions/meaning/meaning.js'
import type { FnRef, UserRef } from '../functions/ref.js'
import { ChainRdd } from './chain.js'
import type { Rdd } from './rdd.js'

/** Returns the note of `textStep`, or an empty text without one. */
export function kernelNote(dataset: Dataset): string {
  const step = textStep(dataset)
  return step ? step() : ''
}

/**
 * Returns how to get a note on the function of a step over lines of text: whether kernels know its meaning, or why it runs as
 * a function; an empty text for library functions. Returns null for other datasets, and undefined if that is unknown,
 * because the source is empty. Cost of the note: one parse of an unknown function, the first time.
 */
export function textStep(dataset: Dataset): (() => string) | null | undefined {
  if (!(dataset instanceof ChainRdd)) return null
  const isText = isOverText(dataset)
  if (!isText) return isText === false ? null : undefined
  // The note may be asked for long after the dataset is gone, so it must not hold it.
  const { table } = (dataset as Rdd<unknown>).context
  const { fn } = dataset.step
  let note: string | undefined
  return () => (note ??= noteOn(fn, table))
}

function noteOn(fn: FnRef, table: Rdd<unknown>['context']['table']): string {
  const refs = usersOf(fn)
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

/** Returns whether only steps lie between a dataset and a source of lines; undefined for a source without partitions or data. */
function isOverText(dataset: Dataset): boolean | undefined {
  while (dataset instanceof ChainRdd && dataset.storage === undefined) dataset = dataset.parent
  if (dataset.dependencies.length > 0) return false
  if (dataset.partitions === 0) return undefined
  let text: boolean | undefined = false
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

function isText(source: SourcePartition): boolean | undefined {
  switch (source.from) {
    case 'file':
      return source.reading === undefined
    case 'file-part':
      return source.files.reading === undefined
    case 'received':
      if (source.slices.length === 0) return undefined
      return source.slices.every((slice) => (slice as { block?: { codec?: unknown } }).block?.codec === 'text')
    default:
      return false
  }
}
