import { ArgumentError } from '../../errors.js'
import { count, millis, parsed } from '../option-values.js'
import { MODES, type Mode } from './modes.js'
import { PIPELINE_NAMES, type PipelineName } from './pipelines.js'

export interface StressCommand {
  readonly kind: 'stress'
  readonly pipelines: readonly PipelineName[]
  readonly mode: Mode
  /** Ms a pipeline. */
  readonly duration: number
  readonly killsPerSecond: number
  /** Drawn if not given. */
  readonly seed: number | undefined
  readonly threads: number | undefined
  /** Records a second. */
  readonly rate: number
  readonly batchInterval: number
  readonly json: boolean
}

export const STRESS_OPTIONS = {
  pipeline: { type: 'string', default: 'all' },
  mode: { type: 'string', default: 'one' },
  duration: { type: 'string', default: '60s' },
  'kills-per-second': { type: 'string', default: '2' },
  seed: { type: 'string' },
  threads: { type: 'string' },
  rate: { type: 'string', default: '10000' },
  'batch-interval': { type: 'string', default: '100ms' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

const MAX_SEED = 2 ** 32 - 1
const MAX_RATE = 10_000_000
const MAX_KILLS_PER_SECOND = 100

/** The command, or undefined where its help is asked for. */
export function parseStress(args: readonly string[]): StressCommand | undefined {
  const { values, positionals } = parsed('stress', args, STRESS_OPTIONS)
  if (values.help) return undefined
  if (positionals.length > 0) {
    throw new ArgumentError(
      `stress takes options only and got: ${positionals.join(' ')}. Write --pipeline wordcount, for example.`,
    )
  }
  return {
    kind: 'stress',
    pipelines:
      values.pipeline === 'all' ? PIPELINE_NAMES : [oneOf(values.pipeline, PIPELINE_NAMES, '--pipeline', ', or all')],
    mode: oneOf(values.mode, MODES, '--mode'),
    duration: millis(values.duration, '--duration'),
    killsPerSecond: perSecond(values['kills-per-second']),
    seed: values.seed === undefined ? undefined : count(values.seed, '--seed', 0, MAX_SEED),
    threads: values.threads === undefined ? undefined : count(values.threads, '--threads', 1, 256),
    rate: count(values.rate, '--rate', 1, MAX_RATE),
    batchInterval: millis(values['batch-interval'], '--batch-interval'),
    json: values.json,
  }
}

function oneOf<T extends string>(text: string, allowed: readonly T[], option: string, also = ''): T {
  const found = allowed.find((name) => name === text)
  if (found) return found
  throw new ArgumentError(`${option} is '${text}'; it must be one of ${allowed.join(', ')}${also}.`, { given: text })
}

function perSecond(text: string): number {
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (number <= MAX_KILLS_PER_SECOND) return number
  throw new ArgumentError(
    `--kills-per-second is '${text}'; it must be a number from 0 to ${MAX_KILLS_PER_SECOND}, such as 0.5.`,
    {
      given: text,
    },
  )
}
