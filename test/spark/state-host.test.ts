import { deserialize, serialize } from 'node:v8'
import { beforeEach, expect, test } from 'vitest'
import type { Plan } from '#build/ops/plan.js'
import { ByteWriter } from '#build/pool/blocks/byte-writer.js'
import { decodeRecords, encodeRecords } from '#build/pool/blocks/records-codec.js'
import { newThreadStatus } from '#build/pool/thread-status.js'
import { unpackBlock } from '#build/spark/block-wire.js'
import type { StageInput, TaskReport } from '#build/spark/stage-input.js'
import { KEYS, SNAPSHOT, unpackStateBlock } from '#build/spark/state-block.js'
import type { ReadFrame } from '#build/spark/worker/task-frames.js'
import { TaskHost } from '#build/spark/worker/task-host.js'
import { TaskMemory } from '#build/spark/worker/task-memory.js'

const how = {
  kind: 'update',
  fn: { k: 'source', text: '(values, sum = 0) => values.reduce((a, b) => a + b, sum)' },
  form: 'values',
} as const
const DRIVER = { host: '127.0.0.1', port: 1, token: '' }

type Block = { readonly key: number; readonly block: Buffer }

/** Runs the tasks of one partition of updateStateByKey, as an executor sends them to a Node process. */
class Process {
  readonly #host: TaskHost

  private constructor(host: TaskHost) {
    this.#host = host
  }

  static async start(): Promise<Process> {
    return new Process(
      await TaskHost.open({ codegen: true, fileSystems: {} }, newThreadStatus(), new TaskMemory(), DRIVER),
    )
  }

  /** Computes version `to` from the chain of `from`. Resolves with the chain, and the keys that the task reports. */
  async make(
    name: string,
    from: number | undefined,
    to: number,
    pairs: [string, number][],
    chain?: Block[],
    hot = false,
    partition = 0,
  ) {
    const writer = new ByteWriter()
    encodeRecords(writer, pairs)
    const values: StageInput = { in: 'values', count: pairs.length, payload: new Uint8Array(writer.bytes()) }
    const changes: Plan[][] = [[{ op: 'input', input: 1 }], []]
    const plan: Plan = { op: 'state', input: 0, operator: how, changes, emit: 'nothing', label: 'updateStateByKey#3' }
    const state = stateOf(name, from, to, partition)
    const { blocks, report, dropped } = await this.#run(1, plan, [state, values], chain, hot)
    const states = (deserialize(report) as TaskReport).states
    return { chain: blocks.filter(({ key }) => key === KEYS || key === SNAPSHOT), states, dropped }
  }

  /** Reads the entries of a version. */
  async read(name: string, time: number, chain: Block[], hot: boolean): Promise<unknown[]> {
    const plan: Plan = {
      op: 'state',
      input: 0,
      operator: how,
      changes: [],
      emit: 'entries',
      label: 'updateStateByKey#3',
    }
    const { blocks } = await this.#run(2, plan, [stateOf(name, time, time)], chain, hot)
    return decodeRecords(unpackBlock(blocks[0]!.block).payload) as unknown[]
  }

  async #run(program: number, plan: Plan, inputs: StageInput[], chain: Block[] | undefined, hot: boolean) {
    const read = (blocks: Block[]): ReadFrame => {
      const state = { last: lastOf(blocks), isHot: hot, isHeld: true }
      return { input: 0, kind: 'state', ...state, blocks: hot ? [] : blocks.map(({ block }) => block) }
    }
    const answer = await this.#host.run({
      program,
      define: serialize({ plan, sink: { op: 'collect' } }),
      partition: 0,
      inputs: serialize({ inputs, batchTime: 1000 }),
      broadcasts: [],
      reads: chain ? [read(chain)] : [],
    })
    if (answer.outcome !== 'succeeded') throw new Error(JSON.stringify(deserialize(answer.report).error))
    // As the executor reads it, before the next task.
    return { ...answer, blocks: answer.blocks.map(({ key, block }) => ({ key, block: Buffer.concat(block) })) }
  }
}

function stateOf(name: string, from: number | undefined, to: number, partition = 0): StageInput {
  return { in: 'state', name, operator: 3, partition, from, to, scan: false }
}

const lastOf = (chain: Block[]) => unpackStateBlock(chain.filter(({ key }) => key === SNAPSHOT).at(-1)!.block).name

let node: Process
beforeEach(async () => {
  node = await Process.start()
})

test('two applications whose streams and times have the same numbers do not share state', async () => {
  const one = await node.make('one/3', undefined, 1000, [['a', 1]])
  const two = await node.make('two/3', undefined, 1000, [['a', 10]])
  expect(lastOf(one.chain)).not.toBe(lastOf(two.chain))
  const next = await node.make('one/3', 1000, 2000, [['a', 1]], one.chain, true)
  const other = await node.make('two/3', 1000, 2000, [['a', 10]], two.chain, true)
  expect(await node.read('one/3', 2000, [...one.chain, ...next.chain], true)).toEqual([['a', 2]])
  expect(await node.read('two/3', 2000, [...two.chain, ...other.chain], true)).toEqual([['a', 20]])
  expect(next.states).toEqual([{ operator: 3, partition: 0, version: 2000, keys: 1, updated: 1 }])
})

test('state that a process holds is used only if its last snapshot is that of the chain', async () => {
  const kept = await node.make('app/3', undefined, 1000, [['a', 1]])
  // Another attempt of the same task: its output was lost, and Spark has the first one.
  await node.make('app/3', undefined, 1000, [['a', 100]])
  await expect(node.read('app/3', 1000, kept.chain, true)).rejects.toThrow('does not hold partition 0')
  expect(await node.read('app/3', 1000, kept.chain, false)).toEqual([['a', 1]])
})

test('a first version starts empty, whatever the process holds for its time', async () => {
  await node.make('app/3', undefined, 1000, [['a', 1]])
  const again = await node.make('app/3', undefined, 1000, [['b', 2]])
  expect(await node.read('app/3', 1000, again.chain, true)).toEqual([['b', 2]])
})

test('another process continues from the chain, and names its snapshots differently', async () => {
  const first = await node.make('app/3', undefined, 1000, [
    ['a', 1],
    ['b', 5],
  ])
  const second = await node.make('app/3', 1000, 2000, [['a', 2]], first.chain, true)
  const other = await Process.start()
  const third = await other.make('app/3', 2000, 3000, [['c', 7]], grown(first.chain, second.chain), false)
  const all = grown(grown(first.chain, second.chain), third.chain)
  const expected = [
    ['a', 3],
    ['b', 5],
    ['c', 7],
  ]
  expect(await other.read('app/3', 3000, all, true)).toEqual(expected)
  expect(await node.read('app/3', 3000, all, false)).toEqual(expected)
  const names = all.filter(({ key }) => key === SNAPSHOT).map(({ block }) => unpackStateBlock(block).name)
  expect(new Set(names).size).toBe(names.length)
})

test('a process drops the state of a partition whose tasks go elsewhere, and of no other', async () => {
  const moved = await node.make('app/3', undefined, 1000, [['a', 1]])
  const kept = await node.make('other/3', undefined, 1000, [['a', 5]])
  let chain: Block[] | undefined
  const dropped: string[] = []
  for (let time = 1000; time <= 30_000; time += 1000) {
    const made = await node.make('app/3', chain && time - 1000, time, [['b', 1]], chain, chain !== undefined, 1)
    chain = grown(chain ?? [], made.chain)
    dropped.push(...made.dropped)
  }
  expect(dropped).toEqual(['app/3/0'])
  await expect(node.read('app/3', 1000, moved.chain, true)).rejects.toThrow('does not hold partition 0')
  expect(await node.read('app/3', 1000, moved.chain, false)).toEqual([['a', 1]])
  expect(await node.read('other/3', 1000, kept.chain, true)).toEqual([['a', 5]])
})

/** As the executor's StateChain does it: a full block replaces those of its kind. */
function grown(chain: Block[], written: Block[]): Block[] {
  const replaced = (key: number) => written.some((each) => each.key === key && unpackStateBlock(each.block).full)
  return [...chain.filter(({ key }) => !replaced(key)), ...written]
}
