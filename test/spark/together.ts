import { runBatches } from 'millrace/testing'
import { build, withoutRepeated } from '../conformance/run-stream.mjs'

interface Case {
  readonly id: string
  readonly given: Given
  readonly read: Given
}

interface Given {
  readonly batchMs: number
  readonly numPartitions?: number
  readonly runBatches: number
  readonly inputs?: readonly (readonly unknown[])[]
  readonly source?: unknown
  readonly slices?: unknown
  readonly recovery?: { readonly batchesBeforeRestart: number }
  readonly expectError?: unknown
}

type Batches = { readonly time: number; readonly records: unknown[] }[]
type Options = NonNullable<Parameters<typeof runBatches>[2]>

/** Whether a case can share its context with others: nothing of it concerns the whole context. */
export function canShare({ given }: Case): boolean {
  return !(given.source || given.slices || given.expectError)
}

/** Cases that can share a context, because they have the same batches, partitions and restart. */
export function shared(cases: readonly Case[]): Case[][] {
  // A context runs as many batches as its longest case.
  const length = (batches: number) => (batches > 8 ? 'long' : 'short')
  const form = ({ given: { batchMs, numPartitions = 2, runBatches, recovery } }: Case) =>
    `${batchMs}/${numPartitions}/${length(runBatches)}/${recovery?.batchesBeforeRestart}`
  const some = cases.filter(canShare)
  return [...new Set(some.map(form))].map((wanted) => some.filter((each) => form(each) === wanted))
}

/** Runs cases beside each other in one context, whose start takes seconds. Resolves with what each gave, by its id. */
export async function observeTogether(cases: readonly Case[], options: Options): Promise<Map<string, object>> {
  const lists = cases.map(({ read }) => read.inputs ?? [])
  // Of every case, because a case checks that its fields are read.
  const [{ batchMs, partitions, restartAfter }] = cases.map(({ read: { batchMs, numPartitions, recovery } }) => {
    return { batchMs, partitions: numPartitions ?? 2, restartAfter: recovery?.batchesBeforeRestart }
  }) as [{ batchMs: number; partitions: number; restartAfter: number | undefined }]
  const batches = Math.max(...cases.map(({ read }) => read.runBatches))
  const outputs = (await runBatches(
    (ssc, ...streams) => {
      const all = cases.flatMap(({ id, read }, i) => {
        const before = lists.slice(0, i).flat().length
        const made = build(ssc, read, streams.slice(before, before + lists[i]!.length))
        return Object.entries(made).map(([name, stream]) => [`${id} ${name}`, stream])
      })
      return Object.fromEntries(all)
    },
    lists.flat() as never,
    { batchInterval: batchMs, partitions, batches, restartAfter, ...options },
  )) as Record<string, Batches>
  const once = withoutRepeated(outputs) as typeof outputs
  const own = ({ id, read }: Case) => {
    const last = read.runBatches * batchMs
    const mine = Object.entries(once).filter(([name]) => name.startsWith(`${id} `))
    return mine.map(([name, batches]) => [name.slice(id.length + 1), batches.filter(({ time }) => time <= last)])
  }
  return new Map(cases.map((each) => [each.id, Object.fromEntries(own(each))]))
}
