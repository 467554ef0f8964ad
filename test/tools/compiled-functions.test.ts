import { createHash } from 'node:crypto'
import { transform } from 'esbuild'
import { Context, withEnv } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { capture } from '#build/ops/functions/capture.js'

let ctx: Context
beforeAll(() => {
  ctx = new Context({ threads: 1, spare: false })
})
afterAll(() => ctx.stop())

type Fn = (x: Record<string, number>) => unknown
/** A function as esbuild leaves it, with its helpers around it. */
async function compiled(source: string, options: object): Promise<Fn> {
  const { code } = await transform(`function make(limit) { return ${source} }\nglobalThis.made = make(1)`, options)
  new Function(code)()
  return (globalThis as unknown as { made: Fn }).made
}

describe('functions that a tool has changed', () => {
  test.each([
    ['es2017', '(x) => ({ ...x, y: 1 })', '__spreadProps'],
    ['es2017', '({ a, ...rest }) => rest', '__objRest'],
    ['es2015', '(x) => { const load = async () => x; return String(load) }', '__async'],
  ])('at target %s, %s: the error names the helper and the target to set', async (target, source, helper) => {
    const fn = await compiled(source, { target })
    expect(() => ctx.parallelize([{ a: 1 }]).map(fn)).toThrow(
      expect.objectContaining({ code: 'ERR_MILLRACE_CAPTURE', message: expect.stringContaining(helper) }),
    )
    expect(() => ctx.parallelize([{ a: 1 }]).map(fn)).toThrow(/target: 'es2022'/)
  })

  test('minified, with a capture: the error says so', async () => {
    const fn = await compiled('(x) => x.a > limit', { minify: true })
    expect(() => ctx.parallelize([{ a: 1 }]).map(fn)).toThrow(/minify: false/)
  })

  test('with the counters of istanbul: runs', async () => {
    const fn = new Function(
      'return (x) => { cov_1a2b3c().f[0]++; cov_1a2b3c().s[4]++; return x > 1 ? (cov_1a2b3c().b[0][0]++, 5) : (cov_1a2b3c().b[0][1]++, 6) }',
    )() as (x: number) => number
    expect(await ctx.parallelize([1, 2]).map(fn).collect()).toEqual([6, 5])
  })
})

test('a variable named like a counter of istanbul is a variable', () => {
  const captured = (text: string) => () => capture(new Function(`return ${text}`)(), 'map')
  for (const use of ['cov_rate', 'cov_rate()', 'cov_rate().s', 'cov_rate().t[0]', 'cov_rate().s[0] + cov_rate']) {
    expect(captured(`(x) => x + ${use}`), use).toThrow('the function uses `cov_rate`')
  }
})

test('an imported function given through withEnv: the advice is one that works', () => {
  const hash = withEnv({ createHash }, (text: string) => createHash('md5').update(text).digest('hex'))
  expect(() => ctx.parallelize(['a']).map(hash)).toThrow(/pipeline module, where imports work.*getBuiltinModule/)
  expect(() => ctx.parallelize(['a']).map(hash)).not.toThrow('withEnv({ Hash')
})
