import { type Broadcast, Context, StateError, withEnv } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'

const MIB = 1_048_576
const open: Context[] = []
afterEach(() => Promise.all(open.splice(0).map((ctx) => ctx.stop())))

function context(options: ConstructorParameters<typeof Context>[0] = {}): Context {
  const ctx = new Context({ threads: 1, spare: false, ...options })
  open.push(ctx)
  return ctx
}

const length = (text: Broadcast<string>) => withEnv({ text }, () => text.value.length)
const codeOf = (action: () => unknown) => {
  try {
    action()
  } catch (error) {
    return (error as { code?: string }).code
  }
  return undefined
}

describe('destroy()', () => {
  test('a task that needs it fails its action at once: the error names the variable and the remedy', async () => {
    const ctx = context()
    const retried: unknown[] = []
    ctx.on('taskRetried', (event) => retried.push(event))
    const text = ctx.broadcast('abc')
    const lengths = ctx.range(3).map(length(text))
    expect(await lengths.sum()).toBe(9)
    text.destroy()
    const failure = await lengths.sum().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(StateError)
    expect(failure).toMatchObject({ code: 'ERR_MILLRACE_STATE', details: { broadcast: 0, name: 'text' } })
    expect((failure as Error).message).toMatch(
      /`text` was used after destroy\(\)\. Call destroy\(\) after the last use, or call unpersist\(\)/,
    )
    expect(retried).toEqual([])
    expect(await ctx.range(3).count()).toBe(3)
  })

  test('a function that another function carries is found too, in stages of shuffles', async () => {
    const ctx = context({ threads: 2 })
    const text = ctx.broadcast('abc')
    const inner = length(text)
    const counts = ctx
      .range(4)
      .map(withEnv({ inner }, (n: number) => [n % 2, inner()] as [number, number]))
      .reduceByKey((a, b) => a + b)
    text.destroy()
    await expect(counts.collect()).rejects.toThrow('`text` was used after destroy()')
  })

  test('the driver cannot read it, nor functions that the driver calls', async () => {
    const ctx = context()
    const text = ctx.broadcast('abc')
    expect(text.value).toBe('abc')
    text.destroy()
    expect(() => text.value).toThrow(/Broadcast variable 0 was used after destroy/)
    const sorted = ctx.parallelize([3, 1, 2], 2).sortBy(withEnv({ text }, (n) => n * text.value.length))
    await expect(sorted.collect()).rejects.toThrow('was used after destroy()')
  })

  test('a second call has no effect, and unpersist() after it is an error', () => {
    const text = context().broadcast('abc')
    text.destroy()
    text.destroy()
    expect(codeOf(() => text.unpersist())).toBe('ERR_MILLRACE_STATE')
  })

  test('a number is not used twice', async () => {
    const ctx = context()
    ctx.broadcast('a').destroy()
    const text = ctx.broadcast('bcd')
    expect(await ctx.range(1).map(length(text)).collect()).toEqual([3])
  })

  test('it may be called on a stopped context', async () => {
    const ctx = context()
    const text = ctx.broadcast('abc')
    await ctx.range(1).foreach(length(text))
    await ctx.stop()
    text.unpersist()
    text.destroy()
  })

  test('persisted partitions stay readable; computing them again fails', async () => {
    const ctx = context()
    const text = ctx.broadcast('abc')
    const lengths = ctx.range(2).map(length(text)).cache()
    await lengths.count()
    text.destroy()
    expect(await lengths.collect()).toEqual([3, 3])
    lengths.unpersist()
    await expect(lengths.collect()).rejects.toThrow('was used after destroy()')
  })
})

describe.each(['unpersist', 'destroy'] as const)('%s()', (free) => {
  test('frees the blocks: more variables than memoryLimit holds, one after the other', async () => {
    const ctx = context({ memoryLimit: 4 * MIB })
    for (let i = 0; i < 20; i++) {
      const text = ctx.broadcast('x'.repeat(MIB))
      expect(await ctx.range(2).map(length(text)).collect()).toEqual([MIB, MIB])
      text[free]()
    }
    expect(localEngineOf(ctx).memory.usedBytes).toBe(0)
  })

  test('the thread drops the value that it has decoded', async () => {
    const ctx = context()
    const table = ctx.broadcast({ name: 'x' })
    const refer = withEnv({ table }, () => {
      Object.assign(globalThis, { seen: new WeakRef(table.value) })
    })
    await ctx.range(1).foreach(refer)
    table[free]()
    const isGone = () => {
      process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc')
      process.getBuiltinModule('node:vm').runInNewContext('gc')()
      return (globalThis as unknown as { seen: WeakRef<object> }).seen.deref() === undefined
    }
    expect(await ctx.range(1).map(isGone).collect()).toEqual([true])
  })

  test('a task that runs finishes with the value', async () => {
    const ctx = context()
    const text = ctx.broadcast('abc')
    const gate = new SharedArrayBuffer(8)
    const late = withEnv({ text, gate }, () => {
      const words = new Int32Array(gate)
      Atomics.store(words, 0, 1)
      Atomics.notify(words, 0)
      Atomics.wait(words, 1, 0)
      return text.value.length
    })
    const action = ctx.range(0, 1, 1, 1).map(late).collect()
    const words = new Int32Array(gate)
    await (Atomics.waitAsync(words, 0, 0).value as Promise<string>)
    text[free]()
    Atomics.store(words, 1, 1)
    Atomics.notify(words, 1)
    expect(await action).toEqual([3])
    expect(localEngineOf(ctx).memory.usedBytes).toBe(0)
  })

  test('a task cannot call it', async () => {
    const ctx = context({ maxFailures: 1 })
    const text = ctx.broadcast('abc')
    const calls = ctx.range(1).foreach(withEnv({ text, free }, () => text[free]()))
    await expect(calls).rejects.toThrow(new RegExp(`${free}\\(\\) of a broadcast variable was called in a task`))
    expect(text.value).toBe('abc')
  })
})

test('after unpersist() a task gets the value again, in every thread', async () => {
  const ctx = context({ threads: 2 })
  const text = ctx.broadcast('abc')
  const lengths = ctx.range(0, 8, 1, 4).map(length(text))
  for (let i = 0; i < 3; i++) {
    expect(await lengths.sum()).toBe(24)
    text.unpersist()
    text.unpersist()
    // A thread that was late still holds a task that the other took over, and the value for it.
    await expect.poll(() => localEngineOf(ctx).memory.usedBytes, { timeout: 600_000 }).toBe(0)
  }
  expect(text.value).toBe('abc')
})
