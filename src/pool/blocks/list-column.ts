import { hasOtherNames } from '../../values/data.js'
import { LEAST_ROWS } from './shaped-rows.js'

/** Arrays with more items in total are packed, because cyclic arrays would fill the memory. */
const MOST_ITEMS = 1024 * 1024
/** Longer arrays are not written as tuples, even if all have one length. */
const MOST_COLUMNS = 8

/** Writes arrays as their lengths and all of their items. */
export interface Lists {
  readonly lengths: readonly number[]
  readonly items: readonly unknown[]
}

/** Returns the items of arrays without holes and other properties; undefined if there is any other value. */
export function asLists(values: readonly unknown[]): Lists | undefined {
  if (values.length < LEAST_ROWS || !Array.isArray(values[0])) return undefined
  const lengths = new Array<number>(values.length)
  const items: unknown[] = []
  for (let row = 0; row < values.length; row++) {
    const list = values[row]
    if (!Array.isArray(list) || Object.getPrototypeOf(list) !== Array.prototype) return undefined
    if (items.length + list.length > MOST_ITEMS || hasOtherNames(list)) return undefined
    lengths[row] = list.length
    for (let i = 0; i < list.length; i++) {
      const item: unknown = list[i]
      if (item === undefined && !(i in list)) return undefined
      items.push(item)
    }
  }
  return { lengths, items }
}

/** Returns the items by index, if all arrays are short and have one length. */
export function asColumns({ lengths, items }: Lists): unknown[][] | undefined {
  const width = lengths[0]!
  if (width === 0 || width > MOST_COLUMNS || !lengths.every((length) => length === width)) return undefined
  return Array.from({ length: width }, (_, column) => lengths.map((_, row) => items[row * width + column]))
}

export function cutLists({ lengths, items }: Lists): unknown[][] {
  let at = 0
  return lengths.map((length) => {
    at += length
    return items.slice(at - length, at)
  })
}
