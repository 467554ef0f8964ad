import { Context } from 'millrace'
import { afterEach, expect, test } from 'vitest'

let ctx: Context | undefined
afterEach(() => ctx?.stop())

test('a task that waits behind the one that ends its thread is not blamed', async () => {
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  // The thread is given a second task in advance, each time.
  ctx = new Context({ threads: 1, logger: quiet })
  const blamed: number[] = []
  ctx.on('taskRetried', ({ partition }) => blamed.push(partition))
  const job = ctx
    .parallelize([0, 1], 2)
    .map((x) => {
      if (x === 0) process.exit(3)
      return x
    })
    .collect()
  await expect(job).rejects.toMatchObject({ code: 'ERR_MILLRACE_TASK_FAILED', details: { partition: 0, attempts: 4 } })
  expect(blamed).toEqual([0, 0, 0])
})
