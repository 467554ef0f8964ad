import { OptionCheck } from '../options.js'

export const check = new OptionCheck('kafka')

/** Returns whether a value can be the number of a partition, or an offset. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
