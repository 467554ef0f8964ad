import { Context, StateError } from 'millrace'
import { expect, test } from 'vitest'

const makes: [string, (ctx: Context) => unknown][] = [
  ['parallelize', (ctx) => ctx.parallelize([1])],
  ['textFile', (ctx) => ctx.textFile('words.txt')],
  ['range', (ctx) => ctx.range(3)],
  ['range of fractions', (ctx) => ctx.range(0, 1, 0.1)],
  ['emptyRDD', (ctx) => ctx.emptyRDD()],
  ['broadcast', (ctx) => ctx.broadcast(1)],
]

test.each(makes)('a stopped context refuses %s', async (_, make) => {
  const ctx = new Context({ threads: 1, spare: false })
  make(ctx)
  await ctx.stop()
  expect(() => make(ctx)).toThrow(StateError)
  expect(() => make(ctx)).toThrow('The context is stopped')
})

test('a dataset of a stopped context takes no operation', async () => {
  const ctx = new Context({ threads: 1, spare: false })
  const numbers = ctx.range(3)
  await ctx.stop()
  expect(() => numbers.map((x) => x + 1)).toThrow('The context is stopped')
  await expect(numbers.count()).rejects.toThrow('The context is stopped')
})
