import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock, type StreamingContext } from 'millrace'
import { expect, onTestFinished, test } from 'vitest'
import { inDriverThread, raw, watched } from './support.js'

interface Step {
  readonly rdd: number
  readonly label: string
  readonly partitions: number[]
  readonly of: number
  readonly parents: { readonly rdd: number; readonly kind: string }[]
  readonly sources: string[]
  readonly blocks: {
    readonly kind: string
    readonly partition: number
    readonly bytes?: number
    readonly slots: number[]
  }[]
}

async function get(ssc: Pick<StreamingContext, 'ui'>, path: string) {
  const { status, text } = await raw(ssc.ui!.url!, { path: `/api/v1/${path}` })
  return { status, body: JSON.parse(text) }
}

/** The lineage of a partition of the stream with this label. */
async function lineage(ssc: Pick<StreamingContext, 'ui'>, label: string, partition: number): Promise<Step[]> {
  const { streams } = (await get(ssc, 'graph')).body as { streams: { id: number; label: string }[] }
  const { id } = streams.find((stream) => stream.label === label)!
  const { status, body } = await get(ssc, `lineage/${id}?partition=${partition}`)
  expect([status, body.label, body.partition], JSON.stringify(body)).toEqual([200, label, partition])
  return body.steps
}

function streams() {
  const clock = new ManualClock(0)
  const ssc = watched({ clock, batchInterval: 1000 })
  onTestFinished(() => void ssc.stop())
  const tick = async (times = 1) => {
    await clock.advance(1000 * times)
    await ssc.awaitIdle()
  }
  return { ssc, tick }
}

/** The operations of a lineage, without the numbers of their streams. */
const operations = (steps: Step[]) => steps.map(({ label }) => label.replace(/#\d+$/, ''))

test('a partition of a shuffle leads to every map partition, their blocks with their threads, and the input', async () => {
  const { ssc, tick } = streams()
  const words = ssc.queueStream<string>([], { default: ['a', 'b', 'c', 'd', 'e', 'f'] })
  words
    .map((word) => [word, 1] as [string, number])
    .filter(([word]) => word !== 'f')
    .reduceByKey((a, b) => a + b)
    .foreachRDD((rdd) => rdd.collect())
  await ssc.start()
  await tick()
  const steps = await lineage(ssc, 'reduceByKey', 1)
  expect(operations(steps)).toEqual(['reduceByKey', 'filter', 'map', 'queue'])
  const [reduced, filtered, mapped, input] = steps as [Step, Step, Step, Step]
  expect(reduced).toMatchObject({ partitions: [1], of: 2, parents: [{ rdd: filtered.rdd, kind: 'shuffle' }] })
  const all = Array.from({ length: filtered.of }, (_, i) => i)
  for (const [step, parent] of [
    [filtered, mapped],
    [mapped, input],
  ] as const)
    expect(step).toMatchObject({ partitions: all, parents: [{ rdd: parent.rdd, kind: 'narrow' }] })
  expect(filtered.blocks.map(({ kind, partition }) => [kind, partition])).toEqual(all.map((p) => ['map output', p]))
  for (const { bytes, slots } of filtered.blocks) {
    expect(bytes).toBeGreaterThan(0)
    expect(slots.length).toBeGreaterThan(0)
    expect(slots.every((slot) => [-1, 0, 1].includes(slot))).toBe(true)
  }
  const counts = input.sources.map((text) => Number(/^(\d+) records of the driver$/.exec(text)![1]))
  expect(counts.reduce((a, b) => a + b)).toBe(6)
  expect(input.parents).toEqual([])
})

test('a narrow partition leads to one partition only', async () => {
  const { ssc, tick } = streams()
  ssc
    .queueStream<number>([], { default: [1, 2, 3, 4] })
    .map((n) => n + 1)
    .foreachRDD((rdd) => rdd.collect())
  await ssc.start()
  await tick()
  for (const { partitions } of await lineage(ssc, 'map', 1)) expect(partitions).toEqual([1])
})

test('a window leads to the batches that it contains', async () => {
  const { ssc, tick } = streams()
  ssc
    .queueStream<number>([], { default: [1, 2] })
    .window(3000)
    .foreachRDD((rdd) => rdd.collect())
  await ssc.start()
  await tick(4)
  const window = (await get(ssc, 'graph')).body.streams.find(({ label }: Step) => label === 'window')
  const inputs = new Set<number>()
  for (let partition = 0; ; partition++) {
    const { status, body } = await get(ssc, `lineage/${window.id}?partition=${partition}`)
    if (status !== 200) break
    const input = (body.steps as Step[]).find(({ sources }) => sources.length > 0)!
    inputs.add(input.rdd)
    expect(body.steps[0].partitions).toEqual([partition])
  }
  expect(inputs.size).toBe(3)
})

test('files are named with their bytes, and state with the thread that has it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-lineage-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'one')
  writeFileSync(file, 'a line\n')
  utimesSync(file, 0.5, 0.5)
  const { ssc, tick } = streams()
  ssc.textFileStream(directory, { newFilesOnly: false }).foreachRDD((rdd) => rdd.collect())
  ssc
    .queueStream<[string, number]>([], { default: [['a', 1]] })
    .updateStateByKey<number>((values, sum = 0) => sum + values.length)
    .foreachRDD((rdd) => rdd.collect())
  await ssc.start()
  await tick()
  const [files] = (await get(ssc, 'lineage/0')).body.steps as [Step]
  expect(files.sources).toEqual([`${file}, bytes 0 to 7`])
  const state = (await lineage(ssc, 'updateStateByKey', 0)).flatMap(({ blocks }) => blocks)
  const { slots } = state.find(({ kind }) => kind === 'state')!
  expect(slots).toHaveLength(1)
  expect([0, 1]).toContain(slots[0])
})

test('nodes of the graph say whether kernels know their functions, also after an empty batch', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'one')
  writeFileSync(file, 'a b\n')
  utimesSync(file, 0.5, 0.5)
  const { ssc, tick } = streams()
  ssc
    .textFileStream(directory, { newFilesOnly: false })
    .filter((line) => line.indexOf('a') >= 0)
    .flatMap((line) => line.split(' '))
    .map((word) => [word, 1] as [string, number])
    .reduceByKey((a, b) => a + b)
    .mapValues((n) => n + 1)
    .foreachRDD((rdd) => rdd.collect())
  await ssc.start()
  const notes = async () => {
    const { streams } = (await get(ssc, 'graph')).body as { streams: { label: string; kernels?: string }[] }
    return streams.map(({ label, kernels }) => [label, kernels])
  }
  const expected = [
    ['filter', 'a function: it calls `indexOf`'],
    ['flatMap', 'known to kernels'],
    ['map', undefined],
    ['reduceByKey', undefined],
    ['mapValues', undefined],
  ]
  // Nothing looks at the batch with the file while it is the newest one.
  await tick()
  await tick()
  expect((await notes()).slice(1)).toEqual(expected)
})

test('requests that cannot be answered say why', async () => {
  const { ssc, tick } = streams()
  ssc.queueStream<number>([], { default: [1] }).foreachRDD((rdd) => rdd.collect())
  await ssc.start()
  expect(await get(ssc, 'lineage/0')).toMatchObject({ status: 409, body: { error: { code: 'lineage' } } })
  await tick()
  expect(await get(ssc, 'lineage/0')).toMatchObject({ status: 200, body: { time: 1000 } })
  expect(await get(ssc, 'lineage/7')).toMatchObject({ status: 404 })
  expect(await get(ssc, 'lineage/0?partition=99')).toMatchObject({ status: 404 })
  for (const path of ['lineage/', 'lineage/a', 'lineage/-1', 'lineage/0?partition=1e3', 'lineage/0?partition=-1'])
    expect(await get(ssc, path), path).toMatchObject({ status: 400 })
})

test('streams in a driver thread have lineages too', async () => {
  const pipeline = await inDriverThread()
  const steps = await lineage(pipeline, 'updateStateByKey', 0)
  expect(steps.length).toBeGreaterThan(1)
})
