import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'

export const BENCHES = [
  'wordcount',
  'grep',
  'latency',
  'host',
  'micro',
  'faults',
  'ops',
  'kernels',
  'decisions',
  'sources',
  'standby',
  'recovery',
  'log',
  'metrics',
  'ui',
  'digests',
  'growth',
  'state-memory',
  'spark-scale',
]

const UNITS = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }
const USAGE = `usage: npm run bench -- ${BENCHES.join('|')} [--threads N] [--size 64MiB] [--runs 5] [--rate 100000] [--seconds 5] [--only op,op] [--quick] [--json]`

/** A mistake in the command line: shown without a stack. */
export class UsageError extends Error {
  constructor(message) {
    super(`${message}\n${USAGE}`)
  }
}

/** Parses the words of the command line. */
export function parseOptions(words) {
  let parsed
  try {
    parsed = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        threads: { type: 'string', default: String(Math.min(8, availableParallelism())) },
        size: { type: 'string', default: '64MiB' },
        runs: { type: 'string', default: '5' },
        rate: { type: 'string', default: '100000' },
        seconds: { type: 'string', default: '5' },
        only: { type: 'string' },
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new UsageError(error.message)
  }
  const { values, positionals } = parsed
  const unknown = positionals.find((name) => !BENCHES.includes(name))
  if (unknown !== undefined)
    throw new UsageError(`There is no benchmark named '${unknown}'. Choose of ${BENCHES.join(', ')}.`)
  if (positionals.length === 0) throw new UsageError(`No benchmark is named. Choose of ${BENCHES.join(', ')}.`)
  return {
    benches: positionals,
    threads: whole('threads', values.threads),
    bytes: parseBytes(values.size),
    runs: whole('runs', values.runs),
    rate: whole('rate', values.rate),
    seconds: whole('seconds', values.seconds),
    only: values.only,
    quick: values.quick,
    json: values.json,
  }
}

function whole(name, text) {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1) return value
  throw new UsageError(`--${name} is '${text}'; it must be a whole number of at least 1.`)
}

/** Converts '64MiB' to a number of bytes. */
export function parseBytes(text) {
  const [, number, unit] = /^(\d+)(B|KiB|MiB|GiB)$/.exec(text) ?? []
  const bytes = Number(number) * UNITS[unit]
  if (bytes > 0) return bytes
  throw new UsageError(
    `--size is '${text}'; it must be a number with a unit (${Object.keys(UNITS).join(', ')}), such as 64MiB.`,
  )
}
