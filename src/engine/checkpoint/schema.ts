import type { Checkpoint } from './format.js'
import { isDataName } from './names.js'

/** Throws an Error that names the field and what it may hold. */
type Check = (value: unknown, field: string) => void

/** The last moment that a Date can hold, in ms. */
const LAST_TIME = 8.64e15

function refuse(field: string, value: unknown, allowed: string): never {
  const given = JSON.stringify(value) ?? 'missing'
  throw new Error(`its field ${field || 'body'} is ${given.slice(0, 80)}; it must be ${allowed}`)
}

function satisfying(allowed: string, test: (value: unknown) => boolean): Check {
  return (value, field) => {
    if (!test(value)) refuse(field, value, allowed)
  }
}

function integer(least: number, most: number, what: string): Check {
  return satisfying(`${what} from ${least} to ${most}`, (value) => {
    return Number.isInteger(value) && (value as number) >= least && (value as number) <= most
  })
}

function object(fields: Readonly<Record<string, Check>>): Check {
  return (value, field) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(field, value, 'an object')
    for (const [name, check] of Object.entries(fields)) {
      check((value as Record<string, unknown>)[name], field ? `${field}.${name}` : name)
    }
  }
}

function list(check: Check): Check {
  return (value, field) => {
    if (!Array.isArray(value)) refuse(field, value, 'a list')
    for (const [i, item] of value.entries()) check(item, `${field}[${i}]`)
  }
}

function or(missing: null | undefined, check: Check): Check {
  return (value, field) => {
    if (value !== missing) check(value, field)
  }
}

const text = satisfying('a text', (value) => typeof value === 'string')
const flag = satisfying('true or false', (value) => typeof value === 'boolean')
const time = integer(0, LAST_TIME, 'a time in ms, a whole number')
const index = integer(0, 2 ** 31 - 1, 'a whole number')
const bytes = integer(0, Number.MAX_SAFE_INTEGER, 'a number of bytes')

const block = object({
  file: satisfying(
    'the name of a data file in the same directory',
    (value) => typeof value === 'string' && isDataName(value),
  ),
  offset: bytes,
  length: bytes,
  crc: integer(0, 2 ** 32 - 1, 'a CRC-32'),
  codec: satisfying("'text', 'records' or 'shuffle'", (value) =>
    ['text', 'records', 'shuffle'].includes(value as never),
  ),
  // Text from a network is not counted.
  count: integer(-1, Number.MAX_SAFE_INTEGER, 'a number of records'),
})

/** What streams know of past batches: times, alone, in lists or in fields. JSON reads 1e400 as Infinity. */
const progress: Check = (value, field) => {
  if (typeof value === 'number' && !(Math.abs(value) <= LAST_TIME)) refuse(field, value, 'a time in ms')
  if (typeof value !== 'object' || value === null) return
  for (const [name, item] of Object.entries(value)) progress(item, `${field}.${name}`)
}

const checkpoint = object({
  time,
  zeroTime: time,
  ended: flag,
  graph: list(text),
  progress: list(object({ stream: index, value: progress })),
  positions: list(object({ stream: index })),
  states: list(
    object({
      operator: index,
      partition: index,
      version: time,
      snapshots: list(object({ time, full: flag, name: or(undefined, text), after: or(undefined, text), block })),
      keys: list(object({ time, full: flag, block })),
    }),
  ),
  rdds: list(object({ stream: index, time, partitions: or(null, list(block)), hashed: flag })),
})

/** The value as a checkpoint. Throws an Error that names the first field whose value no checkpoint can have. */
export function checkCheckpoint(value: unknown): Checkpoint {
  checkpoint(value, '')
  const made = value as Checkpoint
  if (made.time < made.zeroTime) refuse('time', made.time, `at least zeroTime, ${made.zeroTime}`)
  return made
}
