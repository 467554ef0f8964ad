import { ArgumentError } from '../../errors.js'
import { count, millis, parsed } from '../option-values.js'
import { MODES, type Mode } from './modes.js'
import { PIPELINE_NAMES, type PipelineName } from './pipelines.js'
import { type Setup, USUAL_SETUP } from './setup.js'

/** Options of a single run, which is one round per pipeline. */
export interface SingleRun extends Setup {
  readonly kind: 'stress'
  readonly pipelines: readonly PipelineName[]
  readonly mode: Mode
  /** Duration per pipeline, in ms. */
  readonly duration: number
  readonly killsPerSecond: number
  /** Seed of the run. Default: random. */
  readonly seed: number | undefined
  readonly threads: number | undefined
  /** Records per second. */
  readonly rate: number
  readonly batchInterval: number
  readonly json: boolean
  /** File for the report as a page. */
  readonly report: string | undefined
}

/** Options of a long run: rounds over pipelines and modes, each with its own random setup. */
export interface LongRun {
  readonly kind: 'long stress'
  readonly pipelines: readonly PipelineName[]
  readonly modes: readonly Mode[]
  /** Number of kills after which the run ends. */
  readonly kills: number
  /** Time after which the run ends, in ms, even if fewer threads were killed. */
  readonly within: number
  /** Duration per round, in ms. */
  readonly duration: number
  readonly killsPerSecond: number
  readonly seed: number | undefined
  readonly json: boolean
}

export type StressCommand = SingleRun | LongRun

export const STRESS_OPTIONS = {
  pipeline: { type: 'string', default: 'all' },
  mode: { type: 'string' },
  duration: { type: 'string' },
  'kills-per-second': { type: 'string' },
  seed: { type: 'string' },
  threads: { type: 'string' },
  rate: { type: 'string' },
  'batch-interval': { type: 'string' },
  replicas: { type: 'string' },
  replication: { type: 'string' },
  speculation: { type: 'boolean' },
  'memory-limit': { type: 'string' },
  'snapshot-interval': { type: 'string' },
  kills: { type: 'string' },
  within: { type: 'string' },
  report: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

const MAX_SEED = 2 ** 32 - 1
const MAX_RATE = 10_000_000
const MAX_KILLS = 10_000_000
const MAX_KILLS_PER_SECOND = 100
/** Options that a long run refuses: each round draws them from its seed, or does not use them. */
const NOT_WITH_KILLS = [
  'threads',
  'rate',
  'batch-interval',
  'replicas',
  'replication',
  'speculation',
  'memory-limit',
  'snapshot-interval',
  'report',
] as const

/** Parses the options. Returns undefined for `--help`. */
export function parseStress(args: readonly string[]): StressCommand | undefined {
  const { values, positionals } = parsed('stress', args, STRESS_OPTIONS)
  if (values.help) return undefined
  if (positionals.length > 0) {
    throw new ArgumentError(
      `stress takes options only and got: ${positionals.join(' ')}. Write --pipeline wordcount, for example.`,
    )
  }
  return values.kills === undefined ? singleRun(values) : longRun(values, values.kills)
}

type Values = ReturnType<typeof parsed<typeof STRESS_OPTIONS>>['values']

function singleRun(values: Values): SingleRun {
  if (values.within !== undefined) throw new ArgumentError('--within limits a long run: add --kills.')
  return {
    kind: 'stress',
    pipelines: pipelinesOf(values),
    mode: oneOf(values.mode ?? 'one', MODES, '--mode'),
    duration: millis(values.duration ?? '60s', '--duration'),
    killsPerSecond: perSecond(values['kills-per-second'] ?? '2', 0),
    seed: seedOf(values),
    threads: values.threads === undefined ? undefined : count(values.threads, '--threads', 1, 256),
    rate: count(values.rate ?? '10000', '--rate', 1, MAX_RATE),
    batchInterval: millis(values['batch-interval'] ?? '100ms', '--batch-interval'),
    replicas: values.replicas === undefined ? USUAL_SETUP.replicas : count(values.replicas, '--replicas', 1, 3),
    replication: oneOf(values.replication ?? USUAL_SETUP.replication, ['reference', 'copy'], '--replication'),
    speculation: values.speculation ?? USUAL_SETUP.speculation,
    memoryLimit:
      values['memory-limit'] === undefined
        ? USUAL_SETUP.memoryLimit
        : count(values['memory-limit'], '--memory-limit', 4, 2 ** 20),
    snapshotInterval:
      values['snapshot-interval'] === undefined
        ? USUAL_SETUP.snapshotInterval
        : count(values['snapshot-interval'], '--snapshot-interval', 1, 100_000),
    json: values.json,
    report: values.report,
  }
}

function longRun(values: Values, kills: string): LongRun {
  const other = NOT_WITH_KILLS.find((name) => values[name] !== undefined)
  if (other) {
    throw new ArgumentError(
      `--${other} does not go with --kills: each round of a long run has a setup of its own, which follows from --seed. Remove one of the two.`,
    )
  }
  return {
    kind: 'long stress',
    pipelines: pipelinesOf(values),
    modes: values.mode === undefined ? MODES : [oneOf(values.mode, MODES, '--mode')],
    kills: count(kills, '--kills', 1, MAX_KILLS),
    within: millis(values.within ?? '2h', '--within'),
    duration: millis(values.duration ?? '5s', '--duration'),
    killsPerSecond: perSecond(values['kills-per-second'] ?? '10', 0.1),
    seed: seedOf(values),
    json: values.json,
  }
}

function pipelinesOf({ pipeline }: Values): readonly PipelineName[] {
  return pipeline === 'all' ? PIPELINE_NAMES : [oneOf(pipeline, PIPELINE_NAMES, '--pipeline', ', or all')]
}

function seedOf({ seed }: Values): number | undefined {
  return seed === undefined ? undefined : count(seed, '--seed', 0, MAX_SEED)
}

function oneOf<T extends string>(text: string, allowed: readonly T[], option: string, also = ''): T {
  const found = allowed.find((name) => name === text)
  if (found) return found
  throw new ArgumentError(`${option} is '${text}'; it must be one of ${allowed.join(', ')}${also}.`, { given: text })
}

function perSecond(text: string, least: number): number {
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (number >= least && number <= MAX_KILLS_PER_SECOND) return number
  throw new ArgumentError(
    `--kills-per-second is '${text}'; it must be a number from ${least} to ${MAX_KILLS_PER_SECOND}, such as 0.5.`,
    { given: text },
  )
}
