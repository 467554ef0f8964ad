import { Context, withEnv } from 'millrace'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { ProgramTable } from '#build/engine/scheduler/program-table.js'
import type { Program } from '#build/ops/plan.js'

const open: Context[] = []
afterEach(async () => {
  for (const ctx of open.splice(0)) await ctx.stop()
})

function program(value: unknown): Program {
  const fn = { k: 'source', text: '() => z', env: { z: { value } } } as const
  return { plan: { op: 'input', input: 0 }, sink: { op: 'apply', fn, label: 'apply' } }
}

test('programs that differ in any value have different numbers, equal ones the same', () => {
  const table = new ProgramTable({ check() {} })
  const values = [
    null,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    0,
    -0,
    1n,
    '1',
    1,
    new Date(0),
    new Date(0).toISOString(),
    {},
    new Map(),
    new Set(),
    [],
    [undefined],
  ]
  const numbers = values.map((value) => table.number(program(value)))
  expect(new Set(numbers).size).toBe(values.length)
  expect(values.map((value) => table.number(program(structuredClone(value))))).toEqual(numbers)
})

test('a thread is sent a program once, and told when it can forget it', () => {
  const table = new ProgramTable({ check() {} })
  const first = table.number(program('first'))
  expect(table.define(1, first)).toBeDefined()
  expect(table.define(1, first)).toBeUndefined()
  expect(table.define(2, first)).toBeDefined()
  for (let i = 0; i < 1100; i++) table.number(program(i))
  expect(table.undefine(1)).toEqual([first])
  expect(table.undefine(1)).toBeUndefined()
  const again = table.number(program('first'))
  expect(again).not.toBe(first)
  expect(table.define(1, again)).toBeDefined()
})

test('functions whose environments differ only in what JSON confuses give their own results', async () => {
  const ctx = new Context({ threads: 1, spare: false })
  open.push(ctx)
  const given = [null, Number.NaN, 5n, new Date(7), new Map([[1, 2]])]
  for (const z of given) {
    const [answer] = await ctx
      .range(1)
      .map(withEnv({ z }, () => z))
      .collect()
    expect(answer).toEqual(z)
  }
})

test('broadcast variables are found wherever the function is', async () => {
  const ctx = new Context({ threads: 2 })
  open.push(ctx)
  const table = ctx.broadcast({ name: 'seven' })
  const inner = withEnv({ table }, () => (table as { value: { name: string } }).value.name)
  expect(
    await ctx
      .range(2)
      .map(withEnv({ inner }, () => inner()))
      .collect(),
  ).toEqual(['seven', 'seven'])
})

test('a program that no message can carry is refused before a thread is told of anything', () => {
  const programs = new ProgramTable({ check() {} })
  const program = (value: unknown) => ({ plan: { op: 'input', input: 0 }, sink: { op: 'apply', value } }) as never
  expect(() => programs.number(program(() => 1))).toThrow(/could not be cloned/)
  expect(programs.number(program(1))).toBe(0)
})

test.each([
  ['equal tasks', () => 1],
  ['a first task that compiles', (task: number) => (task === 1 ? 40 : 1)],
  ['growing tasks', (task: number) => 0.1 + task / 1000],
  ['tasks that measure run 3 times as long', (_: number, sampled: boolean) => (sampled ? 3 : 1)],
])('tasks that measure their operations take at most 2 %% of the run time: %s', (_, msOf) => {
  frozenTime()
  const table = new ProgramTable({ check() {} })
  const number = table.number(program(1))
  expect(table.takeSample(number), 'the first task compiles the program').toBe(false)
  let [all, measured, samples] = [0, 0, 0]
  let last = 0
  for (let task = 0; task < 10_000; task++) {
    const sampled = table.takeSample(number)
    // A thread that is lost sends no answer.
    if (sampled && samples++ % 5 === 4) continue
    const ms = msOf(task, sampled)
    all += ms
    if (sampled) measured += last = ms
    table.ran(number, ms)
    if (sampled) table.sampled(number, ms)
  }
  expect(samples).toBeGreaterThan(20)
  expect(measured - last).toBeLessThanOrEqual(all / 50)
})

test('where tasks are rare, one measures its operations after 1,000 times as long as the last', () => {
  frozenTime()
  const table = new ProgramTable({ check() {} })
  const number = table.number(program(1))
  table.ran(number, 20)
  expect(table.takeSample(number)).toBe(true)
  table.ran(number, 30)
  table.sampled(number, 30)
  vi.advanceTimersByTime(29_000)
  expect(table.takeSample(number)).toBe(false)
  vi.advanceTimersByTime(1_000)
  expect(table.takeSample(number)).toBe(true)
  expect(table.takeSample(number), 'its answer is not there yet').toBe(false)
})

function frozenTime(): void {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
}
