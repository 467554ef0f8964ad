import { readFileSync } from 'node:fs'

/** An operation of a case and its parameters; functions are JavaScript text. */
export interface CaseStep {
  readonly op: string
  readonly fn?: string
  readonly fnKind?: string
  readonly reduce?: string
  readonly inverse?: string
  readonly filter?: string
  readonly compare?: string
  readonly windowMs?: number
  readonly slideMs?: number
  readonly timeoutMs?: number
  readonly checkpointMs?: number
  readonly numPartitions?: number
  readonly ascending?: boolean
  readonly initialState?: readonly [unknown, unknown][]
  readonly partitionFn?: string
  readonly shuffle?: boolean
  readonly zero?: unknown
  readonly from?: unknown
  readonly to?: unknown
  readonly withReplacement?: boolean
  readonly fractions?: Readonly<Record<string, number>>
  readonly seed?: number
  readonly other?: number | Branch
  readonly others?: readonly Branch[]
  readonly otherSteps?: readonly CaseStep[]
}

/** Another input and what is done to it first. */
export interface Branch {
  readonly input: number
  readonly steps: readonly CaseStep[]
}

export interface StreamCase {
  readonly id: string
  readonly name: string
  readonly kind?: string
  readonly batchMs: number
  readonly numPartitions?: number
  readonly inputs?: readonly (readonly (readonly unknown[] | null)[])[]
  readonly source?: {
    readonly kind: string
    readonly oneAtATime: boolean
    readonly enqueue: readonly (readonly (readonly unknown[])[])[]
  }
  readonly op?: readonly CaseStep[]
  readonly expected?: readonly (readonly unknown[])[]
  readonly expectedSnapshots?: readonly (readonly unknown[])[]
  readonly expectedProperties?: {
    readonly flattenedOutputSorted: readonly unknown[]
    readonly someSnapshotEquals: readonly unknown[]
    readonly lastSnapshotEquals: readonly unknown[]
  }
  readonly expectedPartitions?: readonly { readonly count: number; readonly elements: readonly unknown[] }[]
  readonly foreach?: { readonly calls: number; readonly elements: number }
  readonly outputTimesMs?: readonly number[]
  readonly ordered: boolean
  readonly runBatches: number
  readonly dropEmptyOutputs?: boolean
  readonly recovery?: unknown
  readonly slices?: unknown
  readonly expectError?: { readonly where: string; readonly batch?: number; readonly contains?: string }
}

export interface DatasetCase {
  readonly id: string
  readonly name: string
  readonly rdds: readonly Readonly<Record<string, unknown>>[]
  readonly op: readonly CaseStep[]
  readonly action: Readonly<Record<string, unknown>> & { readonly op: string }
  readonly expected?: unknown
  readonly tolerance?: number
  readonly thenInputUnchanged?: readonly unknown[]
  readonly expectProps?: Readonly<Record<string, unknown>>
  readonly expectError?: { readonly kind: string; readonly contains?: string }
  readonly ordered: boolean
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`./cases/${name}.json`, import.meta.url), 'utf8'))

export const streamCases = read('dstream-cases') as readonly StreamCase[]
export const datasetCases = read('rdd-cases') as readonly DatasetCase[]
export const estimatorCases = (read('pid-cases') as { readonly cases: readonly { readonly id: string }[] }).cases

/** The function that a text stands for. */
// biome-ignore lint/suspicious/noExplicitAny: cases have functions of every shape
export const compiled = (source: string): any => new Function(`return (${source})`)()

/** As the cases write values: an absent optional value is null. */
export function asWritten(value: unknown): unknown {
  if (value === undefined) return null
  return Array.isArray(value) ? value.map(asWritten) : value
}
