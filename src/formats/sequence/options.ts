import { checkLongs, oneOf } from '../option-checks.js'
import { WRITABLE_NAMES, type WritableName } from './writables.js'

export interface SequenceOptions {
  /**
   * How whole numbers of 64 bits are read: 'number' (default) refuses those beyond 2^53, 'bigint' reads all as bigint.
   */
  readonly longs?: 'number' | 'bigint'
}

export interface SequenceWriteOptions {
  /** Hadoop's class of the keys. Default, by a partition's first key: a text is Text, a whole number LongWritable. */
  readonly key?: WritableName
  /** Hadoop's class of the values, with the same default. */
  readonly value?: WritableName
  /**
   * The unit that deflate compresses: nothing ('none', the default), each value ('record'), or blocks of many records
   * ('block'), which is smallest.
   */
  readonly compression?: 'none' | 'record' | 'block'
}

export interface CheckedSequenceWriteOptions {
  readonly key: WritableName | undefined
  readonly value: WritableName | undefined
  readonly compression: 'none' | 'record' | 'block'
}

export const READ_NAMES = ['longs'] as const satisfies (keyof SequenceOptions)[]
export const WRITE_NAMES = ['key', 'value', 'compression'] as const satisfies (keyof SequenceWriteOptions)[]

export function checkSequenceOptions(given: SequenceOptions, label: string): Required<SequenceOptions> {
  const { longs = 'number' } = given
  checkLongs(longs, label)
  return { longs }
}

export function checkSequenceWriteOptions(given: SequenceWriteOptions, label: string): CheckedSequenceWriteOptions {
  const { key, value, compression = 'none' } = given
  if (key !== undefined) oneOf(key, WRITABLE_NAMES, 'key', label)
  if (value !== undefined) oneOf(value, WRITABLE_NAMES, 'value', label)
  oneOf(compression, ['none', 'record', 'block'], 'compression', label)
  return { key, value, compression }
}
