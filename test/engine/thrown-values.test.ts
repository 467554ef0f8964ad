import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Context, TaskFailedError } from 'millrace'
import { afterAll, describe, expect, test } from 'vitest'

const ctx = new Context({ threads: 1, spare: false, maxFailures: 1 })
afterAll(() => ctx.stop())
const failure = (fn: () => unknown) =>
  ctx
    .parallelize([1], 1)
    .map(fn)
    .collect()
    .then(
      () => undefined,
      (error: unknown) => error,
    ) as Promise<TaskFailedError & { cause: Error & Record<string, unknown> }>

describe('the message of whatever a function throws arrives', () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      'undefined',
      () => {
        throw undefined
      },
      /undefined/,
    ],
    [
      'null',
      () => {
        throw null
      },
      /null/,
    ],
    [
      'a number',
      () => {
        throw 42
      },
      /42/,
    ],
    [
      'a symbol',
      () => {
        throw Symbol('sy')
      },
      /sy/,
    ],
    [
      'a plain object',
      () => {
        throw { code: 'E_X', why: 'because' }
      },
      /because/,
    ],
    [
      'an object without a prototype',
      () => {
        throw Object.assign(Object.create(null), { why: 'because' })
      },
      /because/,
    ],
    [
      'an object whose inspection throws',
      () => {
        throw new Proxy(
          {},
          {
            get() {
              throw new Error('trap')
            },
            ownKeys() {
              throw new Error('trap')
            },
          },
        )
      },
      /\S/,
    ],
    [
      'a field without a prototype that holds a function',
      () => {
        throw Object.assign(new Error('bare'), { headers: Object.assign(Object.create(null), { f() {} }) })
      },
      /bare/,
    ],
    [
      'a getter that throws',
      () => {
        throw Object.defineProperty(new Error('outer'), 'bad', {
          enumerable: true,
          get() {
            throw new Error('inner')
          },
        })
      },
      /outer/,
    ],
    [
      'a message getter that throws',
      () => {
        throw Object.defineProperty(new Error('x'), 'message', {
          get() {
            throw new Error('inner')
          },
        })
      },
      /inner/,
    ],
    [
      'a message that is an object',
      () => {
        throw Object.assign(new Error('x'), { message: Object.assign(Object.create(null), { a: 'deep' }) })
      },
      /deep/,
    ],
    [
      'a code without a prototype',
      () => {
        throw Object.assign(new Error('coded'), { code: Object.create(null) })
      },
      /coded/,
    ],
    [
      'an error that is its own cause',
      () => {
        const e = new Error('cycle')
        e.cause = e
        throw e
      },
      /cycle/,
    ],
    [
      'a frozen error',
      () => {
        throw Object.freeze(new Error('frozen'))
      },
      /frozen/,
    ],
    [
      'a DOMException',
      () => {
        throw new DOMException('dom', 'AbortError')
      },
      /dom/,
    ],
  ])('%s', async (_, fn, message) => {
    const error = await failure(fn)
    expect(error).toBeInstanceOf(TaskFailedError)
    expect(error.message).toMatch(message)
  })

  test('an AggregateError keeps its errors', async () => {
    const { cause } = await failure(() => {
      throw new AggregateError([new TypeError('one'), 'two'], 'both')
    })
    expect(cause.message).toBe('both')
    expect((cause.errors as Error[]).map(({ name, message }) => [name, message])).toEqual([
      ['TypeError', 'one'],
      ['NonError', 'two'],
    ])
  })

  test('an AggregateError keeps its first eight errors', async () => {
    const { cause } = await failure(() => {
      throw new AggregateError(Array.from({ length: 12 }, (_, i) => new Error(String(i))))
    })
    expect((cause.errors as Error[]).map(({ message }) => message)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7'])
  })

  test('a message of megabytes is cut', async () => {
    const error = await failure(() => {
      throw new Error('x'.repeat(5_000_000))
    })
    expect(error.message).toMatch(/x{1000}.*more characters/)
    expect(error.message.length).toBeLessThan(20_000)
  })
})

test("the stack of the job's error names file, line and column of functions that travelled as text", () => {
  const program = fileURLToPath(new URL('error-programs/throws-in-functions.mjs', import.meta.url))
  const [one, several] = JSON.parse(execFileSync(process.execPath, [program], { encoding: 'utf8' })) as string[]
  expect(one!.split('\n')[1]).toContain('throws-in-functions.mjs:11:')
  expect(one!.split('\n')[1]).toMatch(/:11:(\d+)\)/)
  expect(Number(/:11:(\d+)\)/.exec(one!)![1])).toBe(
    'const one = await failed(ctx.parallelize([1]).map((x) => x.missing.'.length + 1,
  )
  expect(several!.split('\n')[1]).toMatch(/throws-in-functions\.mjs:15:22\)/)
})
