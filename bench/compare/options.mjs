import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { LTS } from '../peers/other-node.mjs'
import { PEERS } from '../peers/registry.mjs'
import { WORKLOADS } from './workloads.mjs'

const UNITS = { kb: 1e3, mb: 1e6, gb: 1e9, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 }
const NAMES = { workloads: WORKLOADS.map(({ name }) => name), peers: Object.keys(PEERS) }

export const COMPARE_USAGE =
  'usage: npm run bench -- compare [--workloads wordcount,grep,...] [--peers spark,polars,...] [--size 32mb] [--rounds 5] [--threads 2] [--node 24|path] [--quick]'

/** A mistake in the command line: shown without a stack. */
export class CompareUsageError extends Error {
  constructor(message) {
    super(`${message}\n${COMPARE_USAGE}`)
  }
}

/** Parses the words after `compare`. Millrace always takes part. */
export function parseCompare(words) {
  const { values } = parsed(words)
  const quick = values.quick
  return {
    workloads: listed('workloads', values.workloads),
    peers: ['millrace', ...listed('peers', values.peers).filter((name) => name !== 'millrace')],
    bytes: sizeOf(values.size ?? (quick ? '8mb' : '32mb')),
    rounds: whole('rounds', values.rounds ?? (quick ? '2' : '5')),
    threads: whole('threads', values.threads),
    node: values.node,
    turnMs: quick ? 300 : 1000,
    quick,
    out: values.out,
  }
}

function parsed(words) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        workloads: { type: 'string' },
        peers: { type: 'string' },
        size: { type: 'string' },
        rounds: { type: 'string' },
        threads: { type: 'string', default: String(Math.min(2, availableParallelism())) },
        node: { type: 'string', default: LTS },
        quick: { type: 'boolean', default: false },
        out: { type: 'string' },
      },
    })
  } catch (error) {
    throw new CompareUsageError(error.message)
  }
}

function listed(option, text) {
  const known = NAMES[option]
  if (text === undefined) return known
  const names = text.split(',').map((name) => name.trim())
  // A name also stands for all names that begin with it: nexmark for nexmark-q0 and so on.
  const matches = (name) => known.filter((each) => each === name || each.startsWith(`${name}-`))
  const unknown = names.find((name) => matches(name).length === 0)
  if (unknown === undefined) return [...new Set(names.flatMap((name) => (known.includes(name) ? name : matches(name))))]
  throw new CompareUsageError(`--${option} names '${unknown}'; there are ${known.join(', ')}.`)
}

function whole(name, text) {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1) return value
  throw new CompareUsageError(`--${name} is '${text}'; it must be a whole number of at least 1.`)
}

/** '64mb' (10^6) or '64MiB' (2^20) as a number of bytes. */
function sizeOf(text) {
  const [, number, unit] = /^(\d+)\s*([kmg]i?b)$/i.exec(text) ?? []
  const bytes = Number(number) * UNITS[unit?.toLowerCase()]
  if (bytes > 0) return bytes
  throw new CompareUsageError(`--size is '${text}'; it must be a number with a unit, such as 64mb or 64MiB.`)
}
