import { MOST_PARTITIONS } from '../../ops/partitioner.js'
import {
  finite,
  flag,
  integer,
  LAST_TIME,
  list,
  object,
  or,
  refuse,
  satisfying,
  text,
  time,
} from '../../values/schema.js'
import type { Checkpoint } from './checkpoint.js'
import { isDataName } from './names.js'

const index = integer(0, 2 ** 31 - 1, 'a whole number')
const bytes = integer(0, Number.MAX_SAFE_INTEGER, 'a number of bytes')
const rate = satisfying('a number of records above 0', (value) => {
  return typeof value === 'number' && value > 0 && Number.isFinite(value)
})

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
  // -1 for received text, whose lines are not counted.
  count: integer(-1, Number.MAX_SAFE_INTEGER, 'a number of records'),
})

const operation = object({
  uid: text,
  form: text,
  stateVersion: integer(0, Number.MAX_SAFE_INTEGER, 'a version, a whole number'),
  placed: or(
    null,
    object({
      by: satisfying("'hash', 'custom' or 'range'", (value) => ['hash', 'custom', 'range'].includes(value as never)),
      partitions: integer(1, MOST_PARTITIONS, 'a number of partitions'),
    }),
  ),
  held: or(null, object({ begun: time, since: time })),
})

const checkpoint = object({
  time,
  zeroTime: time,
  batchInterval: integer(1, LAST_TIME, 'a number of ms'),
  ended: flag,
  operations: list(operation),
  progress: list(object({ uid: text })),
  positions: list(object({ uid: text })),
  rates: list(
    object({
      uid: text,
      rate: or(null, rate),
      measured: or(null, object({ time: finite, rate, error: finite })),
    }),
  ),
  accumulators: list(object({ name: text, value: text })),
  states: list(
    object({
      uid: text,
      partition: index,
      version: time,
      snapshots: list(object({ time, full: flag, name: or(undefined, text), after: or(undefined, text), block })),
      keys: list(object({ time, full: flag, block })),
    }),
  ),
  rdds: list(object({ uid: text, time, partitions: or(null, list(block)), hashed: flag })),
})

/** Returns the value as a checkpoint. Throws an Error that names the first field with an impossible value. */
export function checkCheckpoint(value: unknown): Checkpoint {
  checkpoint(value, '')
  const made = value as Checkpoint
  if (made.time < made.zeroTime) refuse('time', made.time, `at least zeroTime, ${made.zeroTime}`)
  const [twice] = made.operations.map(({ uid }) => uid).filter((uid, i, all) => all.indexOf(uid) !== i)
  if (twice !== undefined) refuse('operations', twice, 'operations that each have a uid of their own')
  const known = new Set(made.operations.map(({ uid }) => uid))
  const named = [made.progress, made.positions, made.rates, made.states, made.rdds].flatMap((row) =>
    row.map(({ uid }) => uid),
  )
  for (const uid of named) if (!known.has(uid)) refuse('operations', uid, 'the uid of one of them')
  return made
}
