import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context } from 'millrace'
import { afterAll, expect, test } from 'vitest'

/** A join of lines runs on bytes from the file to the sum: text, shuffle, look-up, combine. */
const folder = mkdtempSync(join(tmpdir(), 'millrace-join-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const USERS = 300
const orders = Array.from({ length: 6000 }, (_, i) => [`u${(i * 7919) % (USERS + 50)}`, (i * 31) % 1000] as const)
// Lines that kernels leave to the function, between others.
const amounts = orders.map(([, amount], i) => (i % 501 === 0 ? `${amount}e0` : String(amount)))
const regionOf = (user: number) => `r${(user * 13) % 11}`
const ordersFile = join(folder, 'orders.csv')
const usersFile = join(folder, 'users.csv')
writeFileSync(ordersFile, orders.map(([user], i) => `${user},${amounts[i]}\n`).join(''))
writeFileSync(usersFile, Array.from({ length: USERS }, (_, i) => `u${i},${regionOf(i)}\n`).join(''))

const expected = new Map<string, number>()
for (const [user, amount] of orders) {
  const number = Number(user.slice(1))
  if (number < USERS) expected.set(regionOf(number), (expected.get(regionOf(number)) ?? 0) + amount)
}

/** Sums orders by region, twice: the second time the users are read from their blocks. */
async function sums(ctx: Context): Promise<unknown[]> {
  const users = ctx
    .textFile(usersFile)
    .map((line) => line.split(',') as unknown as [string, string])
    .partitionBy(3)
    .persist()
  const found: unknown[] = []
  for (let i = 0; i < 2; i++) {
    const joined = ctx
      .textFile(ordersFile, 4)
      .map((line) => {
        const [user, amount] = line.split(',')
        return [user!, Number(amount)] as [string, number]
      })
      .join(users)
    found.push(
      await joined
        .map(([, [amount, region]]) => [region, amount] as [string, number])
        .reduceByKey((a, b) => a + b)
        .collectAsMap(),
    )
  }
  return found
}

test.each([1, 2, 3])('the sums by region are those of the model on %i threads', async (threads) => {
  await using ctx = new Context({ threads })
  expect(await sums(ctx)).toEqual([expected, expected])
})

test.each(
  (['task:start', 'block:unsealed', 'block:sealed', 'task:computed', 'task:end'] as const).flatMap((point) =>
    [2, 7, 12].map((nth) => [point, nth] as const),
  ),
)('they are the same if a thread dies at %s, passing %i', async (point, nth) => {
  const passes = new SharedArrayBuffer(4)
  await using ctx = new Context({ threads: 2, faults: [{ point, nth, passes }] })
  const lost: string[] = []
  ctx.on('threadLost', ({ reason }) => lost.push(reason))
  expect(await sums(ctx)).toEqual([expected, expected])
  expect(lost).toEqual(['terminated'])
})
