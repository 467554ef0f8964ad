import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ManualClock, StreamingContext, type StreamingOptions } from 'millrace'
import { expect, onTestFinished, test } from 'vitest'
import { millraceWith } from './command.js'

const TOKEN = 'a secret of the test'

/** Streams with a page, after two batches. */
async function running(ui: NonNullable<StreamingOptions['ui']>): Promise<{ readonly url: string }> {
  const clock = new ManualClock(0)
  const ssc = new StreamingContext({ batchInterval: '1s', threads: 1, clock, ui })
  onTestFinished(() => void ssc.stop())
  ssc
    .queueStream<[string, number]>([
      [
        ['a', 1],
        ['b', 2],
      ],
      [['a', 3]],
    ])
    .updateStateByKey<number>((values, sum = 0) => values.reduce((total, n) => total + n, sum))
    .uid('sums')
    .output('sums')
  await ssc.start()
  await clock.advance(2000)
  await ssc.awaitIdle()
  return { url: ssc.ui!.url! }
}

async function asked(
  lines: readonly string[],
  url: string,
  env: Readonly<Record<string, string>> = {},
  ...more: string[]
) {
  const command = millraceWith({ input: `${lines.join('\n')}\n`, env }, 'shell', '--attach', url, ...more)
  const { code } = await command.ended
  return { code, stdout: command.stdout, stderr: command.stderr }
}

test('asks the page of running streams, and prints tables', async () => {
  const { url } = await running({ port: 0 })
  const { code, stdout, stderr } = await asked(
    [
      'batches(5)',
      '(await batches(0)).concat(await batches(1)).length',
      '(await batches()).map(({ records }) => records)',
      'batch(1000)',
      'state()',
      "state('sums', 'a')",
      "(await state('sums', 'c')).found",
      'threads()',
      'graph()',
      'overview()',
      "get('/api/v1/memory')",
      'configuration()',
    ],
    String(new URL(url).port),
  )
  expect(stderr).toBe('')
  expect(stdout).toMatch(
    /^batch +status +records +scheduling +processing +total\n1970-01-01T00:00:02.000Z +completed +1 .*\n1970-01-01T00:00:01.000Z +completed +2 /,
  )
  expect(stdout).toContain('\n1\n[ 1, 2 ]\n')
  expect(stdout).toContain('time: 1000')
  expect(stdout).toMatch(/stream +label .*keys +bytes\n.*updateStateByKey/)
  expect(stdout).toMatch(/uid: 'sums',\n {2}version: 2000,\n {2}found: true,\n {2}value: 4\n\}\nfalse\n/)
  expect(stdout).toMatch(/stream +operation .*uid/)
  expect(stdout).toMatch(/state +ACTIVE\n/)
  expect(stdout).toContain('resident:')
  expect(stdout).toMatch(/batchInterval +1000\n/)
  expect(code).toBe(0)
})

test('the newest data of outputs, windows and state are tables, also of SQL', async () => {
  const { url } = await running({ port: 0, token: TOKEN })
  const { code, stdout, stderr } = await asked(
    [
      'tables()',
      "table('sums')",
      "(await table('state_sums', 1)).length",
      "await sql('select sum(value) as total from sums')",
      ".sql select key, value + 0.5 as more from state_sums where key = 'b'",
      '_[0].more',
    ],
    url,
    { MILLRACE_TOKEN: TOKEN },
  )
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^table +of +time +uid\nsums +output +2000\nstate_sums +state +2000 +sums\n/)
  expect(stdout).toMatch(/\nkey +value\n[ab] +\d\n[ab] +\d\n\(2 records\)\n1\ntotal\n +6\n\(1 record\)\n/)
  expect(stdout).toMatch(/\nkey +more\nb +2.5\n\(1 record\)\n2.5\n$/)
  expect(code).toBe(0)
})

test('a query that fails is an error of its input', async () => {
  const { url } = await running({ port: 0 })
  const { code, stdout, stderr } = await asked(['.sql select wrong from sums', '.sql', '1 + 1'], url)
  expect(stderr).toContain('Binder error at line 1, column 8 of the query')
  expect(stderr).toContain('A query is one SELECT')
  expect(stdout).toBe('2\n')
  expect(code).toBe(1)
})

test('a question that the page refuses is an error of that question', async () => {
  const { url } = await running({ port: 0 })
  const { code, stdout, stderr } = await asked(['batch(5)', "get('nothing')", '1 + 1'], url)
  expect(stderr).toContain('Batch 5 does not exist, or is too old.')
  expect(stderr).toContain('There is no resource /api/v1/nothing.')
  expect(stdout).toBe('2\n')
  expect(code).toBe(1)
})

test('a page with a token wants it, from the option or the variable', async () => {
  const { url } = await running({ port: 0, token: TOKEN })
  const without = await asked([], url)
  expect(without.code).toBe(2)
  expect(without.stderr).toContain('Pass the token with --token, or in the variable MILLRACE_TOKEN.')
  expect((await asked([], url, {}, '--token', 'another secret of it')).code).toBe(2)
  expect((await asked(['threads()'], url, { MILLRACE_TOKEN: TOKEN })).stdout).toContain('ready')
  expect((await asked(['threads()'], url, {}, '--token', TOKEN)).stdout).toContain('ready')
})

test('without a page at the address the shell does not start', async () => {
  const server = createServer((_, response) => response.end('another service'))
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const other = await asked([], String(port))
  expect(other.code).toBe(2)
  expect(other.stderr).toContain('it is no page of Millrace')
  // No service listens on this port.
  const none = await asked([], '2')
  expect(none.code).toBe(2)
  expect(none.stderr).toContain('No page answers at http://127.0.0.1:2/')
  expect(none.stderr).toContain('millrace run --ui')
})
